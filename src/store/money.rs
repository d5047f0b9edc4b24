//! Sums up the cost of takes by day, model, item and other properties, for reports and spreadsheets.

use super::error::StoreError;
use super::read::Reader;
use super::read::reviews::Reviews;
use super::runs::RunId;
use super::takes;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{MoneyState, Phase};
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use jiff::civil::Date;
use rusqlite::{Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// The property by which takes are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The day of the take's last submission, in UTC.
    Day,
    /// The model of the take, as `provider/model`.
    Model,
    /// The provider of the take.
    Provider,
    /// The id of the item of the take's job.
    Item,
    /// The name of the shot of the take's job.
    Shot,
    /// The tags of the item. A take counts in the group of each tag, or in the group with an empty name if the item has
    /// no tags.
    Tag,
    /// The outcome alone ([`Group::phase`] and [`Group::account`]), so the groups have empty names. Groups by any other
    /// property are also divided by outcome.
    Outcome,
}

impl By {
    /// Returns the name of the property for grouping, as users type it and as programs read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Item => "item",
            Self::Shot => "shot",
            Self::Tag => "tag",
            Self::Outcome => "outcome",
        }
    }
}

/// The first day, in UTC, from which takes are counted; `None` counts the takes of all days.
pub type Since = Option<Date>;

/// The sums for all takes that have the same value of the property [`By`], the same phase and the same [`MoneyState`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name of the group: a day, model, provider, item, shot or tag.
    pub name: String,
    /// The phase (the position in the life cycle) in which the takes of the group are.
    pub phase: Phase,
    /// The state of the takes' money: free, reserved, settled, or in doubt (perhaps charged).
    pub account: MoneyState,
    /// The number of takes that these sums cover.
    pub takes: u64,
    /// The amount that budgets count for the takes; zero if they are free.
    pub usd: Usd,
    /// The sum of the takes' prices.
    pub price: Usd,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Day => "t.day",
            Self::Model => "t.provider || '/' || t.model",
            Self::Provider => "t.provider",
            Self::Item => "j.item",
            Self::Shot => "j.shot",
            Self::Tag => "coalesce(tag.value, '')",
            Self::Outcome => "''",
        }
    }

    /// Returns the SQL join that is needed for the names of the groups, besides the tables `takes` and `jobs`; empty if
    /// no join is needed.
    const fn joined(self) -> &'static str {
        match self {
            Self::Tag => "LEFT JOIN json_each(j.tags) tag",
            Self::Day | Self::Model | Self::Provider | Self::Item | Self::Shot | Self::Outcome => "",
        }
    }

    /// Reports whether one take may count in several groups, so that the groups add up to more than the total.
    #[must_use]
    pub const fn overlaps(self) -> bool {
        matches!(self, Self::Tag)
    }
}

impl Reader {
    /// Returns the sums for a project (`None`: for all projects) in the order of the group names. Cancelled takes and
    /// takes that wait to be sent are left out.
    pub async fn money(&self, project: Option<&str>, by: By, since: Since) -> Result<Vec<Group>, StoreError> {
        let project = project.map(str::to_owned);
        let sql = format!(
            "SELECT {} AS name, t.state, t.account, count(*), sum(t.amount), sum(t.price)
             FROM takes t JOIN jobs j ON j.id = t.job {}
             WHERE t.day >= :since AND t.state NOT IN ('pending', 'cancelled')
             AND (:project IS NULL OR j.project = :project)
             GROUP BY name, t.state, t.account ORDER BY name, t.state, t.account",
            by.column(),
            by.joined()
        );
        // Days are written so that text sorts as time does; every day follows the empty text.
        let since = since.map(|day| day.to_string()).unwrap_or_default();
        self.read(move |db| {
            db.prepare_cached(&sql)?
                .query_map(named_params! { ":since": since, ":project": project }, group)?
                .collect()
        })
        .await
    }
}

impl Reader {
    /// Returns the number of approved clips in each group, by the group's name.
    ///
    /// A clip counts if it is approved by the newest review of its job, or of another job with the same clip and
    /// fingerprint. A clip that several jobs of a group share counts once. `since` leaves out clips whose request was
    /// sent before that day.
    pub async fn approved(
        &self,
        project: Option<&str>,
        by: By,
        since: Since,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let project = project.map(str::to_owned);
        let sql = format!(
            "SELECT {} AS name, j.id, j.fingerprint, t.id, j.filed_sha256
             FROM jobs j JOIN takes t ON t.id = j.filed_take {}
             WHERE t.day >= :since AND (:project IS NULL OR j.project = :project)",
            by.column(),
            by.joined()
        );
        let since = since.map(|day| day.to_string()).unwrap_or_default();
        self.read(move |db| {
            let reviews = Reviews::read(db)?;
            let mut select = db.prepare_cached(&sql)?;
            let mut rows = select.query(named_params! { ":since": since, ":project": project })?;
            let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let (order, clip) = (takes::parsed(row, 2)?, takes::parsed(row, 4)?);
                let review = reviews.newest(row.get(1)?, Some(&clip), order);
                if ReviewState::of(review, Some(&clip), &order) == ReviewState::Approved {
                    found.entry(row.get(0)?).or_default().insert(row.get(3)?);
                }
            }
            Ok(found.into_iter().map(|(name, clips)| (name, clips.len() as u64)).collect())
        })
        .await
    }
}

impl Reader {
    /// Returns the number of takes that were charged more than their price, and the sum of the excess.
    ///
    /// The takes of the run and of the interrupted runs that it resumed are counted. The takes in `learned` are counted
    /// as well: their charge became known only now, and any run may have submitted them.
    pub async fn above_price(
        &self,
        run: RunId,
        learned: &BTreeSet<TakeId>,
    ) -> Result<(u64, Usd), StoreError> {
        let sql = "SELECT count(*), coalesce(sum(settled - price), 0) FROM takes
             WHERE settled > price AND account <> 'free' AND (
                 run IN (SELECT id FROM runs WHERE chain = (SELECT chain FROM runs WHERE id = ?1))
                 OR id IN (SELECT value FROM json_each(?2)))";
        let learned: Vec<&str> = learned.iter().map(|take| take.0.as_str()).collect();
        let learned = serde_json::json!(learned).to_string();
        self.read(move |db| {
            db.query_row(sql, (run.0, learned), |row| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), Usd::from_micros(row.get(1)?)))
            })
        })
        .await
    }
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group {
        name: row.get(0)?,
        phase: takes::parsed(row, 1)?,
        account: takes::account_from(row, 2)?,
        takes: row.get::<_, i64>(3)?.cast_unsigned(),
        usd: Usd::from_micros(row.get(4)?),
        price: Usd::from_micros(row.get(5)?),
    })
}
