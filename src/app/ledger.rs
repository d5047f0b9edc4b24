//! The money of a project: totals by day, model, provider, item, shot, tag or outcome, and the uncertain charges.
//!
//! The totals by model, shot and tag also have the number of approved clips and their average cost.

pub mod adjust;

use super::error::Error;
use super::find::project_name;
use super::places::show_typed;
use super::project::Project;
use super::session::reader;
use crate::domain::lifecycle::{MoneyState, Phase, State};
use crate::domain::money::Usd;
use crate::store::{By, Costs, Group, Since};
use jiff::Timestamp;

/// A request for the totals of a project's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerRequest {
    /// Kind of groups to add up, such as days or models.
    pub by: By,
    /// First day (UTC) whose renderings count; `None` for all days.
    pub since: Since,
}

/// The totals of a project's money, and the renderings whose charge is uncertain.
#[derive(Debug)]
pub struct LedgerReport {
    /// Time of the report.
    pub now: Timestamp,
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// Request that the report answers.
    pub request: LedgerRequest,
    /// Totals by group.
    pub table: Table,
    /// Renderings that may or may not have been charged, including those sent before the first day that the request
    /// names.
    pub doubtful: Vec<Costs>,
    /// Command to type next.
    pub next: String,
}

/// The totals of a project's money by group, with their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Kind of the groups, such as days or models.
    pub by: By,
    /// Rows, one for each group.
    pub rows: Vec<Row>,
    /// Sum over all renderings; one that is in several rows counts once.
    pub total: Row,
}

/// The totals of the takes in one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Name of the group: a day, model, provider, item, shot, tag or outcome. It is empty for renderings of items
    /// without a tag.
    pub name: String,
    /// Number of renderings that were sent to a provider.
    pub takes: u64,
    /// Amount that was charged for certain.
    pub settled: Usd,
    /// Amount reserved for requests that have no result yet.
    pub reserved: Usd,
    /// Amount that may or may not have been charged.
    pub in_doubt: Usd,
    /// Part of the settled amount that was charged for failed or written-off renderings, which gave no clip.
    pub wasted: Usd,
    /// Number of renderings that failed or were refused at no cost.
    pub refused: u64,
    /// Total price of the renderings that failed or were refused at no cost.
    pub refused_usd: Usd,
    /// Number of approved clips; `None` if they are not counted for this kind of group.
    pub approved: Option<u64>,
}

impl Row {
    /// Returns the average cost of an approved clip, rounded up to a millionth of a dollar.
    ///
    /// The certain and uncertain charges of all renderings are divided by the number of approved clips. Failed,
    /// rejected and replaced renderings are included. It is `None` if approved clips are not counted, or if there are
    /// none.
    #[must_use]
    pub fn per_approved(&self) -> Option<Usd> {
        (self.settled + self.in_doubt).share(self.approved?)
    }
}

impl Project {
    /// Returns the totals of the project's money, and the renderings whose charge is uncertain.
    ///
    /// It sends nothing and changes nothing.
    pub async fn ledger(&self, request: &LedgerRequest) -> Result<LedgerReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let project = project_name(places);
        let named = project.as_deref();
        let groups = reader.money(named, request.by, request.since).await?;
        let doubtful = reader.in_doubt(named).await?;
        let mut table = Table::of(request.by, &groups);
        if request.by.overlaps() {
            let all = reader.money(named, By::Outcome, request.since).await?;
            table.total = Table::of(By::Outcome, &all).total;
        }
        if counts_approved(request.by) {
            let approved = reader.approved(named, request.by, request.since).await?;
            let all = reader.approved(named, By::Outcome, request.since).await?;
            table.add_approved(&approved, all.first().map_or(0, |(_, clips)| *clips));
        }
        let next = match doubtful.first() {
            Some(first) => show_typed(places, &first.take.key),
            None => places.typed("status"),
        };
        Ok(LedgerReport { now: self.clock.now(), project, request: *request, table, doubtful, next })
    }
}

impl Table {
    /// Returns a table with one row for each group name; a row is the sum of all groups of that name.
    #[must_use]
    pub fn of(by: By, groups: &[Group]) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut total = Row { name: "total".to_owned(), ..Row::default() };
        for group in groups {
            let name = if by == By::Outcome { outcome(group) } else { &group.name };
            let at = rows.iter().rposition(|row| row.name == name).unwrap_or_else(|| {
                rows.push(Row { name: name.to_owned(), ..Row::default() });
                rows.len() - 1
            });
            rows[at].add(group);
            total.add(group);
        }
        Self { by, rows, total }
    }

    /// Sets the number of approved clips in the row of each name, and in the total (`all`).
    ///
    /// A name without a row gets a new one.
    pub(crate) fn add_approved(&mut self, approved: &[(String, u64)], all: u64) {
        self.rows.iter_mut().for_each(|row| row.approved = Some(0));
        for (name, clips) in approved {
            match self.rows.iter_mut().find(|row| row.name == *name) {
                Some(row) => row.approved = Some(*clips),
                // A clip that was paid for under another name.
                None => self.rows.push(Row { name: name.clone(), approved: Some(*clips), ..Row::default() }),
            }
        }
        self.rows.sort_by(|a, b| a.name.cmp(&b.name));
        self.total.approved = Some(all);
    }
}

/// Returns whether approved clips are counted for this kind of groups.
const fn counts_approved(by: By) -> bool {
    matches!(by, By::Model | By::Shot | By::Tag)
}

impl Row {
    fn add(&mut self, group: &Group) {
        self.takes += group.takes;
        match group.account {
            MoneyState::Settled => self.settled += group.usd,
            MoneyState::Reserved => self.reserved += group.usd,
            MoneyState::InDoubt => self.in_doubt += group.usd,
            MoneyState::Free => {
                self.refused += group.takes;
                self.refused_usd += group.price;
            }
        }
        if group.account == MoneyState::Settled && matches!(group.phase, Phase::Failed | Phase::WrittenOff) {
            self.wasted += group.usd;
        }
    }
}

/// Returns the outcome of a group's takes in words.
fn outcome(group: &Group) -> &'static str {
    match (group.phase, group.account) {
        (Phase::Done, _) => "clip",
        (Phase::Held, MoneyState::InDoubt) => "held, in doubt",
        (Phase::Held, _) => "held, clip missing",
        (Phase::Doubtful, _) => "being looked up",
        (Phase::Failed, MoneyState::Free) => "refused, free",
        (Phase::Failed, MoneyState::Settled) => "failed, charged",
        (Phase::Failed, _) => "failed, perhaps charged",
        (Phase::WrittenOff, _) => "written off",
        _ => "on its way",
    }
}

/// Returns the time and the request id of the last submission of a take; `None` if it has none.
#[must_use]
pub fn sent(state: &State) -> Option<(Timestamp, &str)> {
    let intent = match state {
        State::Doubtful { intent, .. } | State::Held { intent, .. } => intent,
        other => &other.task()?.intent,
    };
    Some((intent.at, &intent.request_id.0))
}

/// Returns the name of the reason why it is uncertain whether a take was charged.
///
/// The names are stable, so scripts can compare them.
#[must_use]
pub fn why(state: &State) -> &'static str {
    match state {
        State::Held { reason, .. } => reason.name(),
        State::Failed { .. } => "failed, perhaps charged",
        other => other.name(),
    }
}

#[cfg(test)]
mod tests;
