//! Names and patterns of jobs, as `--only` takes them.
//!
//! A name comes before a pattern. Catalogs have products called `A[1]`, and as a pattern this would match `A1`,
//! another product.

use super::error::Error;
use super::exit::Exit;
use crate::domain::ident::composed;
use crate::domain::key::JobKey;
use crate::store::Worksheet;
use globset::{Glob, GlobMatcher};
use std::cell::RefCell;

/// A selection of jobs by names and patterns; without any it holds all jobs.
pub(crate) struct Names(Vec<Name>);

/// One name or pattern of a selection.
struct Name {
    written: String,
    meaning: Meaning,
    /// First job that it matched.
    first: RefCell<Option<JobKey>>,
}

/// The way in which a name is matched.
enum Meaning {
    /// The name is the exact key or item.
    Spelled,
    /// The name is a pattern for keys and items.
    Pattern(GlobMatcher),
}

impl Names {
    /// Reads names and patterns.
    ///
    /// `is_name` returns whether a job or an item has exactly that name.
    ///
    /// # Errors
    ///
    /// Returns an error where a pattern is malformed or `is_name` fails.
    pub(crate) fn of<E>(written: &[String], is_name: impl Fn(&str) -> Result<bool, E>) -> Result<Self, Error>
    where
        Error: From<E>,
    {
        let mut names = Vec::new();
        for written in written {
            // Ids are composed, and terminals paste letters with their accents apart.
            let written = &composed(written);
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

    /// Reads names and patterns of wanted jobs.
    pub(crate) fn of_wanted(worksheet: &Worksheet, written: &[String]) -> Result<Self, Error> {
        let book = worksheet.book();
        Self::of(written, |name| book.has_name(name).map_err(Error::from))
    }

    /// Returns whether the selection holds a job, by its key or its item.
    pub(crate) fn has(&self, key: &JobKey) -> bool {
        let spelled = key.to_string();
        let mut has = self.0.is_empty();
        for name in &self.0 {
            let is_meant = match &name.meaning {
                Meaning::Spelled => name.written == spelled || key.item == name.written,
                Meaning::Pattern(pattern) => pattern.is_match(&spelled) || pattern.is_match(key.item.raw()),
            };
            if is_meant {
                has = true;
                name.first.borrow_mut().get_or_insert_with(|| key.clone());
            }
        }
        has
    }

    /// Returns the first name or pattern that matched no job.
    ///
    /// [`Self::has`] must have been called for every job before.
    pub(crate) fn unmatched(&self) -> Option<&str> {
        self.0.iter().find(|name| name.first.borrow().is_none()).map(|name| name.written.as_str())
    }

    /// Returns a warning for each pattern that may be meant as a name.
    ///
    /// [`Self::has`] must have been called for every job before.
    ///
    /// # Errors
    ///
    /// Returns an error where a name or a pattern matched no job.
    pub(crate) fn warnings(&self) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        for Name { written, meaning, first } in &self.0 {
            match (meaning, &*first.borrow()) {
                (_, None) => {
                    return Err(Error::new(Exit::Usage, format!("no job matches --only {written}"))
                        .money("not charged"));
                }
                // A star only makes sense in a pattern.
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
mod tests;
