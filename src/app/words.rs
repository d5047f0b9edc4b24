//! Builds the command line that repeats a request, for hints.

use super::places::quoted;
use crate::app::selection::{Bounds, Selection};
use crate::domain::item::{Delimiter, OnePer, Reading};
use crate::domain::money::Usd;
use crate::domain::units;
use std::fmt::Display;

/// A command line under construction, without the program's name.
#[derive(Debug, Clone)]
pub(crate) struct Words(String);

impl Words {
    /// Creates a command line of only the command's name, such as `run`.
    pub(crate) fn new(command: &str) -> Self {
        Self(command.to_owned())
    }

    /// Adds an argument without a name.
    pub(crate) fn argument(self, value: &str) -> Self {
        Self(format!("{} {}", self.0, quoted(value)))
    }

    /// Adds an option without a value, if it is set.
    pub(crate) fn flag(self, name: &str, is_set: bool) -> Self {
        if is_set { Self(self.0 + " " + name) } else { self }
    }

    /// Adds an option once for each of its values.
    pub(crate) fn option(self, name: &str, values: impl IntoIterator<Item = impl Display>) -> Self {
        values.into_iter().fold(self, |words, value| words.flag(name, true).argument(&value.to_string()))
    }

    /// Adds the options that select jobs.
    pub(crate) fn selection(self, Selection { only, limit }: &Selection) -> Self {
        self.option("--only", only).option("--limit", *limit)
    }

    /// Adds the options that limit money and time.
    pub(crate) fn bounds(self, Bounds { max_cost, max_time, allow_unpriced }: &Bounds) -> Self {
        self.flag("--allow-unpriced", *allow_unpriced)
            .option("--max-cost", max_cost.map(Usd::plain))
            .option("--max-time", max_time.map(units::typed))
    }

    /// Adds the options for reading a product file.
    pub(crate) fn reading(self, reading: &Reading) -> Self {
        let Reading { one_per, dialect, sheet, all, columns, encoding, delimiter, path, element } = reading;
        let one_per = OnePer::ALL.iter().find(|(_, known)| known == one_per && *known != OnePer::default());
        let columns = columns.iter().flat_map(|(field, columns)| columns.iter().map(move |it| (field, it)));
        self.option("--one-per", one_per.map(|(name, _)| name))
            .option("--dialect", dialect)
            .option("--sheet", sheet)
            .flag("--all", *all)
            .option("--column", columns.map(|(field, column)| format!("{field}={column}")))
            .option("--encoding", encoding)
            .option("--delimiter", delimiter.map(Delimiter::name))
            .option("--path", path)
            .option("--element", element)
    }

    pub(crate) fn build(self) -> String {
        self.0
    }
}
