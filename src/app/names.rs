//! Jobs by name or pattern, as `--only` names them.
//!
//! A name is never taken for a pattern: catalogs have products called `A[1]`, and a pattern of these letters would take
//! `A1`, another product.

use super::error::Error;
use super::exit::Exit;
use crate::domain::key::JobKey;
use globset::{Glob, GlobMatcher};
use std::cell::RefCell;

/// The jobs that are named; all where none is.
pub(crate) struct Names(Vec<Name>);

struct Name {
    written: String,
    meaning: Meaning,
    /// The first job that it took.
    first: RefCell<Option<JobKey>>,
}

enum Meaning {
    /// A key or an item of these letters.
    Spelled,
    Pattern(GlobMatcher),
}

impl Names {
    /// Reads them, where `is_name` says whether a job or an item is called so.
    pub(crate) fn of<E>(written: &[String], is_name: impl Fn(&str) -> Result<bool, E>) -> Result<Self, Error>
    where
        Error: From<E>,
    {
        let mut names = Vec::new();
        for written in written {
            let meaning = if !written.contains(['*', '?', '[', '{', '\\']) || is_name(written)? {
                Meaning::Spelled
            } else {
                let wrong = |error: globset::Error| Error::new(Exit::Usage, format!("--only: {error}"));
                Meaning::Pattern(Glob::new(written).map_err(wrong)?.compile_matcher())
            };
            names.push(Name { written: written.clone(), meaning, first: RefCell::default() });
        }
        Ok(Self(names))
    }

    /// Whether a job is among them, by its key or its item.
    pub(crate) fn has(&self, key: &JobKey) -> bool {
        let spelled = key.to_string();
        let mut has = self.0.is_empty();
        for name in &self.0 {
            let is_meant = match &name.meaning {
                Meaning::Spelled => name.written == spelled || name.written == key.item,
                Meaning::Pattern(pattern) => pattern.is_match(&spelled) || pattern.is_match(&key.item),
            };
            if is_meant {
                has = true;
                name.first.borrow_mut().get_or_insert_with(|| key.clone());
            }
        }
        has
    }

    /// Says what was taken that is not what it spells; an error where one took nothing. To be asked when every job was
    /// seen.
    pub(crate) fn warnings(&self) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        for Name { written, meaning, first } in &self.0 {
            match (meaning, &*first.borrow()) {
                (_, None) => {
                    return Err(Error::new(Exit::Usage, format!("no job matches --only {written}"))
                        .money("not charged"));
                }
                // A star says by itself that it is a pattern.
                (Meaning::Pattern(_), Some(first)) if !written.contains(['*', '?', '{']) => {
                    warnings.push(format!(
                        "no job is called {written}; as a pattern it takes {first}: to name that one write \
                         {first}, and `[[]` for a bracket in a pattern"
                    ));
                }
                _ => {}
            }
        }
        Ok(warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(written: &[&str], items: &[&str]) -> (Vec<String>, Result<Vec<String>, String>) {
        let written: Vec<String> = written.iter().map(|name| (*name).to_owned()).collect();
        let is_name = |name: &str| Ok::<_, Error>(items.contains(&name));
        let names = Names::of(&written, is_name).unwrap();
        let taken = items.iter().filter(|item| names.has(&JobKey::new("hero", **item)));
        let taken = taken.map(|item| (*item).to_owned()).collect();
        (taken, names.warnings().map_err(|error| error.to_string()))
    }

    #[test]
    fn a_name_goes_before_a_pattern_of_the_same_letters() {
        assert_eq!(taken(&["A[1]"], &["A[1]", "A1"]), (vec!["A[1]".to_owned()], Ok(Vec::new())));
        assert_eq!(taken(&["A*"], &["A*", "A1"]).0, ["A*"]);
        assert_eq!(taken(&["hero/A[1]"], &["A[1]", "A1"]).0, ["A1"], "the key is no item");
        assert_eq!(taken(&[], &["a", "b"]).0, ["a", "b"]);
    }

    #[test]
    fn a_pattern_that_takes_something_else_than_it_spells_is_told_and_one_that_takes_nothing_refused() {
        let (jobs, told) = taken(&["A[1]"], &["A1", "B"]);
        assert_eq!(jobs, ["A1"]);
        assert!(told.unwrap()[0].contains("no job is called A[1]; as a pattern it takes hero/A1"));
        assert_eq!(taken(&["A*", "{B,C}"], &["A1", "B"]), (vec!["A1".into(), "B".into()], Ok(Vec::new())));
        assert!(taken(&["A*", "C*"], &["A1"]).1.unwrap_err().contains("no job matches --only C*"));
        assert!(taken(&["A"], &["A1"]).1.is_err());
    }
}
