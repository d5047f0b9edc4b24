//! What is to be done about each wanted job, against everything that was ever ordered.
//!
//! The fingerprint decides payment, the key decides place. In this order: the job's own take, a take that nobody
//! wants any more, a take of another wanted job; only what none of these can serve is paid for.

use super::clips::Clips;
use super::fingerprint::{Change, changes};
use super::known::{Filed, Known, KnownJob, KnownTake};
use super::orphans::Orphans;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Wanted};
use crate::manifest::{OnChange, Reuse, Rules};
use std::collections::{HashMap, HashSet};

/// What is to be done about one wanted job.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Its clip is there.
    Unchanged {
        /// The take that made it.
        take: TakeId,
        /// Where the clip stands now, if that is not where it is wanted; moving it is free.
        refile: Option<Filed>,
    },
    /// Its take was ordered before and is on its way, or waits to be sent.
    Underway {
        /// The take.
        take: TakeId,
        /// Whether nothing was sent yet, so that its price is still to be paid.
        unsent: bool,
    },
    /// A job that is no longer wanted, or not in this run, had the same order: its take goes over to this job.
    Renamed {
        /// The take.
        take: TakeId,
        /// The job that had it.
        from: JobKey,
        /// Whether nothing was sent yet.
        unsent: bool,
        /// The clip, where there is one already.
        filed: Option<Filed>,
    },
    /// Another wanted job has, or is getting, the same clip: this one gets a copy, free.
    Shared {
        /// The job that is rendered.
        leader: JobKey,
        /// Its take, where there is one already.
        take: Option<TakeId>,
        /// Where the clip can be copied from, if it is there already.
        from: Option<Filed>,
    },
    /// Nothing like it was ever ordered.
    New,
    /// It was ordered with other inputs before.
    Changed {
        /// What differs from the newest take.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
    },
    /// It was ordered with other inputs before, and the clip that came of them is kept.
    Kept {
        /// What differs from the order of that clip.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
        /// Whether it is kept only until somebody agrees that it is rendered anew.
        asks: bool,
        /// Where the clip stands now, if that is not where it is wanted; moving it is free.
        refile: Option<Filed>,
    },
    /// Nobody knows if its order was accepted, and the manifest allows it to be given again: perhaps a second charge.
    Again {
        /// The take in doubt, which is given up when the new one was accepted, or may have been.
        instead_of: TakeId,
    },
    /// An unsettled take stands in the way: it may have been charged, or its clip is still coming.
    Blocked {
        /// That take.
        by: TakeId,
        /// The job it belongs to.
        key: JobKey,
        /// Where it stands.
        state: State,
    },
    /// The same order failed or was given up before; it is not sent again by itself.
    Failed {
        /// That take.
        take: TakeId,
        /// Where it stands.
        state: State,
    },
}

impl Decision {
    /// Whether the job's price will be paid if this is carried out.
    #[must_use]
    pub const fn costs(&self) -> bool {
        match self {
            Self::New | Self::Changed { .. } | Self::Again { .. } => true,
            Self::Underway { unsent, .. } | Self::Renamed { unsent, .. } => *unsent,
            Self::Unchanged { .. }
            | Self::Kept { .. }
            | Self::Shared { .. }
            | Self::Blocked { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// One word for tables and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged { refile: None, .. } => "unchanged",
            Self::Unchanged { refile: Some(_), .. } => "moved",
            Self::Underway { unsent: true, .. } => "waiting",
            Self::Underway { unsent: false, .. } => "in flight",
            Self::Renamed { .. } => "renamed",
            Self::Shared { .. } => "shared",
            Self::New => "new",
            Self::Changed { .. } => "changed",
            Self::Kept { asks: false, .. } => "kept",
            Self::Kept { asks: true, .. } => "asks",
            Self::Again { .. } => "again",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What a run is about.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The jobs that may be sent. Of the others, what they have or are getting can be shared, and what only waits can be
    /// taken over.
    pub selected: &'a dyn Fn(&JobKey) -> bool,
    /// How much the manifest lets be paid, ever, for orders that are given again because they are in doubt; `None` where
    /// a person decides about these.
    pub resubmit: Option<Usd>,
    /// What the manifest says of a job beside its order.
    pub rules: &'a dyn Fn(&JobKey) -> Rules,
    /// Jobs whose item is left out for what is wrong with it: what they have stays theirs.
    pub left_out: &'a dyn Fn(&JobKey) -> bool,
}

impl Scope<'_> {
    /// Every job, where the manifest says nothing beside the orders.
    pub const ALL: Self =
        Scope { selected: &|_| true, resubmit: None, rules: &|_| Rules::NONE, left_out: &|_| false };
}

/// Decides for every selected job; the places of the others are empty.
#[must_use]
pub fn decide(wanted: &[Wanted], known: &Known, scope: Scope<'_>) -> Vec<Option<Decision>> {
    let Scope { selected, resubmit, rules, left_out } = scope;
    let own: HashMap<&JobKey, &KnownJob> = known.jobs.iter().map(|job| (&job.key, job)).collect();
    let wanted_keys: HashSet<&JobKey> = wanted.iter().map(|job| &job.key).collect();
    // What nobody waits for in this run: takes of vanished jobs, and what a job that is not selected has not sent yet.
    // What stands in for a take in doubt stays with it.
    let mut orphans = Orphans::of(&known.jobs, |job, take| {
        take.instead_of.is_none()
            && !left_out(&job.key)
            && (!wanted_keys.contains(&job.key) || (!selected(&job.key) && is_unsent(take)))
    });
    // Another project's unsent takes are its own to send; what may be paid is collected here if it is wanted here. Only
    // what a person must decide about stays where it is: this project's rules for doubt are not that one's.
    let mut strays = Orphans::of(&known.elsewhere, |_, take| take.state.is_unsettled());
    let clips = Clips::of(known);

    // First what each job has itself: only then is it known who can lead others.
    let by_itself = |job: &Wanted| by_itself(job, own.get(&job.key)?, &clips, rules(&job.key).on_change);
    let mut decisions: Vec<Option<Decision>> = wanted.iter().map(by_itself).collect();
    if let Some(most) = resubmit {
        let selected = wanted.iter().zip(&mut decisions).filter(|(job, _)| selected(&job.key));
        order_again(selected, &own, most - known.resubmitted);
    }
    let mut leaders: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (at, decision) in decisions.iter().enumerate() {
        let key = &wanted[at].key;
        // What is not sent in this run cannot serve others.
        if decision.as_ref().is_some_and(|decision| serves(decision) && (selected(key) || !decision.costs()))
        {
            leaders.entry(wanted[at].fingerprint).or_default().push(at);
        }
    }
    for at in 0..wanted.len() {
        if decisions[at].is_some() || !selected(&wanted[at].key) {
            continue;
        }
        let job = &wanted[at];
        let known = own.get(&job.key).copied();
        let lead = || {
            let leaders = leaders.get(&job.fingerprint)?;
            let leader = *leaders.iter().find(|leader| may_share(&wanted[**leader].key, &job.key))?;
            Some(share(&wanted[leader], decisions[leader].as_ref(), &clips))
        };
        let rendered = || {
            let (owner, take) = clips.rendered(job, may_share)?;
            Some(Decision::Shared {
                leader: owner.clone(),
                take: Some(take.clone()),
                from: clips.of_take(take),
            })
        };
        let taken_over = |orphan| taken_over(orphan, &clips);
        let free = match rules(&job.key).reuse {
            Reuse::Never => None,
            Reuse::Always => orphans
                .take(job, |take| match take.state {
                    // What was never sent is still to be paid: not where the same clip is there.
                    State::Pending { .. } => rendered().is_none(),
                    // A job with a clip of its own gets a copy, for which that one makes room.
                    State::Done { .. } => known.is_none_or(|known| known.filed.is_none()),
                    _ => true,
                })
                .map(taken_over)
                .or_else(lead)
                .or_else(rendered)
                .or_else(|| strays.take(job, |_| true).map(taken_over)),
        };
        decisions[at] = Some(free.unwrap_or_else(|| fresh(job, known)));
        if decisions[at].as_ref().is_some_and(serves) {
            leaders.entry(job.fingerprint).or_default().push(at);
        }
    }
    decisions.into_iter().zip(wanted).map(|(decision, job)| decision.filter(|_| selected(&job.key))).collect()
}

/// Orders anew what is in doubt, as long as the money allowed for it lasts. What an earlier run has ordered so and not
/// sent is sent.
fn order_again<'a>(
    jobs: impl Iterator<Item = (&'a Wanted, &'a mut Option<Decision>)>,
    own: &HashMap<&JobKey, &KnownJob>,
    mut allowed: Usd,
) {
    for (job, decision) in jobs {
        let Some(Decision::Blocked { by, key, state }) = decision else { continue };
        if *key != job.key || !state.is_in_doubt() {
            continue;
        }
        let takes = own.get(&job.key).map_or(&[][..], |known| &known.takes);
        // Refused for good: the same order would be refused again, and the older one is a person's to settle.
        let refused = |take: &KnownTake| {
            take.instead_of.as_ref() == Some(&*by)
                && take.fingerprint == job.fingerprint
                && matches!(take.state, State::Failed { .. })
        };
        if takes.iter().any(refused) {
            continue;
        }
        let stands_in = |take: &&KnownTake| is_unsent(take) && take.instead_of.as_ref() == Some(&*by);
        // Their prices are off the allowance already, and are decided about anew.
        allowed += takes.iter().filter(stands_in).map(|take| take.price).sum();
        // Without a known price nothing is sent at all.
        let price = job.price.unwrap_or_default();
        if price > allowed {
            continue;
        }
        allowed = allowed - price;
        let same = takes.iter().filter(stands_in).find(|take| take.fingerprint == job.fingerprint);
        *decision = Some(match same {
            Some(take) => Decision::Underway { take: take.id.clone(), unsent: true },
            None => Decision::Again { instead_of: by.clone() },
        });
    }
}

/// What the job's own takes say, if they settle it.
fn by_itself(job: &Wanted, known: &KnownJob, clips: &Clips<'_>, on_change: OnChange) -> Option<Decision> {
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint;
    // The clip under the job's name may be its own or a copy of another job's: what counts is what was ordered.
    let filed = known.filed.as_ref().filter(|filed| clips.order(&filed.take) == Some(job.fingerprint));
    let is_kept = on_change == OnChange::Keep && filed.is_none() && known.filed.is_some();
    if let Some(wish) = known.takes.iter().filter(same).find(|take| is_unsent(take))
        && known.takes.iter().all(|take| !take.state.is_unsettled())
        && !is_kept
    {
        // Where the job has its clip, a person wants another one all the same.
        return Some(Decision::Underway { take: wish.id.clone(), unsent: true });
    }
    if let Some(filed) = filed {
        let refile = Some(filed.clone()).filter(|filed| filed.path != job.path);
        return Some(Decision::Unchanged { take: filed.take.clone(), refile });
    }
    // What stands under the job's name came of other inputs.
    let stands = known.filed.as_ref().filter(|_| on_change != OnChange::Render);
    let done = |take: &&KnownTake| same(take) && matches!(take.state, State::Done { .. });
    if let (Some(done), None) = (known.takes.iter().find(done), stands) {
        return Some(Decision::Unchanged { take: done.id.clone(), refile: clips.of_take(&done.id) });
    }
    if let Some(unsettled) = known.takes.iter().find(|take| take.state.is_unsettled()) {
        return Some(if same(&unsettled) && !is_held(unsettled) {
            Decision::Underway { take: unsettled.id.clone(), unsent: false }
        } else {
            blocked(known, unsettled)
        });
    }
    // What waits unsent was agreed to.
    let agreed = |take: &KnownTake| on_change == OnChange::Ask && same(&take) && is_unsent(take);
    if let Some(filed) = stands.filter(|_| !known.takes.iter().any(agreed)) {
        return Some(Decision::Kept {
            fields: clips.request(&filed.take).map_or_else(Vec::new, |old| changes(old, &job.request)),
            superseded: unsent(known),
            asks: on_change == OnChange::Ask,
            refile: Some(filed.clone()).filter(|filed| filed.path != job.path),
        });
    }
    let take = known.takes.iter().filter(same).find(|take| !let_go(take))?;
    Some(match take.state {
        State::Pending { .. } => Decision::Underway { take: take.id.clone(), unsent: true },
        _ => Decision::Failed { take: take.id.clone(), state: take.state.clone() },
    })
}

fn blocked(job: &KnownJob, take: &KnownTake) -> Decision {
    Decision::Blocked { by: take.id.clone(), key: job.key.clone(), state: take.state.clone() }
}

/// The take goes over to another job, unless a person must decide about it first.
fn taken_over((from, take): (&KnownJob, &KnownTake), clips: &Clips<'_>) -> Decision {
    if is_held(take) {
        return blocked(from, take);
    }
    Decision::Renamed {
        take: take.id.clone(),
        from: from.key.clone(),
        unsent: is_unsent(take),
        filed: from.filed.clone().filter(|filed| filed.take == take.id).or_else(|| clips.of_take(&take.id)),
    }
}

fn is_held(take: &KnownTake) -> bool {
    matches!(take.state, State::Held { .. })
}

fn is_unsent(take: &KnownTake) -> bool {
    matches!(take.state, State::Pending { .. })
}

/// Whether the take was taken off the list, or back from the provider at no cost: what the manifest still asks for is
/// ordered anew.
fn let_go(take: &KnownTake) -> bool {
    matches!(
        take.state,
        State::Cancelled { .. } | State::Failed { refusal: Refusal::Cancelled, charged: Charged::No, .. }
    )
}

/// Whether others can wait for the job's clip, or for what stands in its way: a take in doubt frees nobody.
const fn serves(decision: &Decision) -> bool {
    !matches!(decision, Decision::Shared { .. } | Decision::Kept { .. })
}

/// Variants of one item are wishes for several renderings; anything else with the same order wants the same clip.
pub(super) fn may_share(leader: &JobKey, follower: &JobKey) -> bool {
    (&leader.shot, &leader.item) != (&follower.shot, &follower.item)
}

fn share(leader: &Wanted, decision: Option<&Decision>, clips: &Clips<'_>) -> Decision {
    let take = match decision {
        Some(blocked @ Decision::Blocked { .. }) => return blocked.clone(),
        Some(Decision::Failed { take, state }) => {
            return Decision::Failed { take: take.clone(), state: state.clone() };
        }
        Some(
            Decision::Unchanged { take, .. }
            | Decision::Underway { take, .. }
            | Decision::Renamed { take, .. },
        ) => Some(take.clone()),
        Some(
            Decision::New
            | Decision::Changed { .. }
            | Decision::Again { .. }
            | Decision::Shared { .. }
            | Decision::Kept { .. },
        )
        | None => None,
    };
    let from = take.as_ref().and_then(|take| clips.of_take(take));
    Decision::Shared { leader: leader.key.clone(), take, from }
}

fn fresh(job: &Wanted, known: Option<&KnownJob>) -> Decision {
    let takes = known.map_or(&[][..], |known| &known.takes);
    let Some(newest) = takes.iter().find(|take| !let_go(take)) else {
        return Decision::New;
    };
    let done = takes.iter().find(|take| matches!(take.state, State::Done { .. }));
    Decision::Changed {
        fields: changes(&done.unwrap_or(newest).request, &job.request),
        superseded: known.map(unsent).unwrap_or_default(),
    }
}

/// The job's takes that wait to be sent.
fn unsent(known: &KnownJob) -> Vec<TakeId> {
    known.takes.iter().filter(|take| is_unsent(take)).map(|take| take.id.clone()).collect()
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
