//! Names and patterns that select jobs, as `--only` accepts them.
//!
//! A text is a name before it is a pattern: a catalog may have a product `A[1]`, which as a pattern would match another
//! product, `A1`.

use super::error::Error;
use super::exit::Exit;
use crate::domain::ident::composed;
use crate::domain::key::JobKey;
use crate::store::PlanTables;
use globset::{Glob, GlobMatcher};
use std::cell::RefCell;

/// A selection of jobs by names and patterns; an empty selection matches all jobs.
pub(crate) struct Names(Vec<Name>);

struct Name {
    written: String,
    meaning: NameMatch,
    /// First job that the name or pattern matched; `None` as long as it has matched none.
    first: RefCell<Option<JobKey>>,
}

/// The way in which a value of `--only` is compared with jobs.
enum NameMatch {
    /// The value is the exact key of a job or the exact id of an item.
    Spelled,
    /// The value is a pattern for keys of jobs and ids of items.
    Pattern(GlobMatcher),
}

impl Names {
    /// Reads a selection from the values of `--only`.
    ///
    /// `is_name` returns whether a text is exactly the name of a job or an item; such a text is not read as a pattern.
    ///
    /// # Errors
    ///
    /// Returns an error if a pattern is malformed or `is_name` fails.
    pub(crate) fn of<E>(written: &[String], is_name: impl Fn(&str) -> Result<bool, E>) -> Result<Self, Error>
    where
        Error: From<E>,
    {
        let mut names = Vec::new();
        for written in written {
            // Ids have composed letters (NFC), but terminals may paste a letter and its accent as two characters.
            let written = &composed(written);
            let meaning = if !written.contains(['*', '?', '[', '{', '\\']) || is_name(written)? {
                NameMatch::Spelled
            } else {
                let wrong = |error: globset::Error| Error::new(Exit::Usage, format!("--only: {error}"));
                NameMatch::Pattern(Glob::new(written).map_err(wrong)?.compile_matcher())
            };
            names.push(Name { written: written.clone(), meaning, first: RefCell::default() });
        }
        Ok(Self(names))
    }

    /// Reads a selection of the manifest's jobs from the values of `--only`.
    pub(crate) fn of_wanted(plan_tables: &PlanTables, written: &[String]) -> Result<Self, Error> {
        let tables = plan_tables.lock();
        Self::of(written, |name| tables.has_name(name).map_err(Error::from))
    }

    /// Returns whether the selection matches a job, by its key or the id of its item.
    pub(crate) fn has(&self, key: &JobKey) -> bool {
        let spelled = key.to_string();
        let mut has = self.0.is_empty();
        for name in &self.0 {
            let is_meant = match &name.meaning {
                NameMatch::Spelled => name.written == spelled || key.item == name.written,
                NameMatch::Pattern(pattern) => pattern.is_match(&spelled) || pattern.is_match(key.item.raw()),
            };
            if is_meant {
                has = true;
                name.first.borrow_mut().get_or_insert_with(|| key.clone());
            }
        }
        has
    }

    /// Returns the first value of `--only` that matched no job; `None` if each value matched a job.
    ///
    /// [`Self::has`] must have been called with every job before.
    pub(crate) fn unmatched(&self) -> Option<&str> {
        self.0.iter().find(|name| name.first.borrow().is_none()).map(|name| name.written.as_str())
    }

    /// Returns a warning for each pattern that was probably meant as a name.
    ///
    /// [`Self::has`] must have been called with every job before.
    ///
    /// # Errors
    ///
    /// Returns an error if a value of `--only` matched no job.
    pub(crate) fn warnings(&self) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        for Name { written, meaning, first } in &self.0 {
            match (meaning, &*first.borrow()) {
                (_, None) => {
                    return Err(Error::new(Exit::Usage, format!("no job matches --only {written}"))
                        .money("not charged"));
                }
                // A star only makes sense in a pattern.
                (NameMatch::Pattern(_), Some(first)) if !written.contains(['*', '?', '{']) => {
                    warnings.push(format!(
                        "no job is called {written}; as a pattern it matches {first}: write {first} to \
                         name that job, or `[[]` for a bracket in a pattern"
                    ));
                }
                _ => {}
            }
        }
        Ok(warnings)
    }
}

#[cfg(test)]
mod tests;
