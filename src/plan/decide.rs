//! What is to be done about each wanted job, against everything that was ever ordered.
//!
//! The fingerprint decides payment, the key decides place. In this order: the job's own take, a take that nobody
//! wants any more, a take of another wanted job; only what none of these can serve is paid for.

use super::fingerprint::{Change, changes};
use super::known::{Filed, Known, KnownJob, KnownTake};
use super::orphans::Orphans;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Wanted};
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
            Self::Unchanged { .. } | Self::Shared { .. } | Self::Blocked { .. } | Self::Failed { .. } => {
                false
            }
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
}

/// Decides for every selected job; the places of the others are empty.
#[must_use]
pub fn decide(wanted: &[Wanted], known: &Known, scope: Scope<'_>) -> Vec<Option<Decision>> {
    let Scope { selected, resubmit } = scope;
    let own: HashMap<&JobKey, &KnownJob> = known.jobs.iter().map(|job| (&job.key, job)).collect();
    let wanted_keys: HashSet<&JobKey> = wanted.iter().map(|job| &job.key).collect();
    // What nobody waits for in this run: takes of vanished jobs, and what a job that is not selected has not sent yet.
    // What stands in for a take in doubt stays with it.
    let mut orphans = Orphans::of(&known.jobs, |job, take| {
        take.instead_of.is_none()
            && (!wanted_keys.contains(&job.key) || (!selected(&job.key) && is_unsent(take)))
    });
    // Another project's unsent takes are its own to send; what may be paid is collected here if it is wanted here. Only
    // what a person must decide about stays where it is: this project's rules for doubt are not that one's.
    let mut strays = Orphans::of(&known.elsewhere, |_, take| take.state.is_unsettled());
    let clips = Clips::of(known);

    // First what each job has itself: only then is it known who can lead others.
    let mut decisions: Vec<Option<Decision>> =
        wanted.iter().map(|job| own.get(&job.key).and_then(|known| by_itself(job, known, &clips))).collect();
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
        let decision = orphans
            .take(job)
            .map(taken_over)
            .or_else(lead)
            .or_else(|| clips.rendered(job))
            .or_else(|| strays.take(job).map(taken_over));
        decisions[at] = Some(decision.unwrap_or_else(|| fresh(job, known)));
        if decisions[at].as_ref().is_some_and(serves) {
            leaders.entry(job.fingerprint).or_default().push(at);
        }
    }
    let selected = wanted.iter().map(|job| selected(&job.key));
    decisions.into_iter().zip(selected).map(|(decision, selected)| decision.filter(|_| selected)).collect()
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
fn by_itself(job: &Wanted, known: &KnownJob, clips: &Clips<'_>) -> Option<Decision> {
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint;
    // The clip under the job's name may be its own or a copy of another job's: what counts is what was ordered.
    let filed = known.filed.as_ref().filter(|filed| clips.order(&filed.take) == Some(job.fingerprint));
    if let Some(wish) = known.takes.iter().filter(same).find(|take| is_unsent(take))
        && known.takes.iter().all(|take| !take.state.is_unsettled())
    {
        // Where the job has its clip, a person wants another one all the same.
        return Some(Decision::Underway { take: wish.id.clone(), unsent: true });
    }
    if let Some(filed) = filed {
        let refile = Some(filed.clone()).filter(|filed| filed.path != job.path);
        return Some(Decision::Unchanged { take: filed.take.clone(), refile });
    }
    if let Some(done) = known.takes.iter().filter(same).find(|take| matches!(take.state, State::Done { .. }))
    {
        return Some(Decision::Unchanged { take: done.id.clone(), refile: clips.of_take(&done.id) });
    }
    if let Some(unsettled) = known.takes.iter().find(|take| take.state.is_unsettled()) {
        return Some(if same(&unsettled) && !is_held(unsettled) {
            Decision::Underway { take: unsettled.id.clone(), unsent: false }
        } else {
            blocked(known, unsettled)
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
fn taken_over((from, take): (&KnownJob, &KnownTake)) -> Decision {
    if is_held(take) {
        return blocked(from, take);
    }
    Decision::Renamed {
        take: take.id.clone(),
        from: from.key.clone(),
        unsent: is_unsent(take),
        filed: from.filed.clone().filter(|filed| filed.take == take.id),
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
    !matches!(decision, Decision::Shared { .. })
}

/// Variants of one item are wishes for several renderings; anything else with the same order wants the same clip.
fn may_share(leader: &JobKey, follower: &JobKey) -> bool {
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
        Some(Decision::New | Decision::Changed { .. } | Decision::Again { .. } | Decision::Shared { .. })
        | None => None,
    };
    let from = take.as_ref().and_then(|take| clips.of_take(take));
    Decision::Shared { leader: leader.key.clone(), take, from }
}

/// Every clip that was ever made, by take and by order.
struct Clips<'a> {
    takes: HashMap<&'a TakeId, (&'a KnownJob, &'a KnownTake)>,
    filed: HashMap<&'a TakeId, &'a Filed>,
    by_order: HashMap<Fingerprint, Vec<&'a TakeId>>,
    elsewhere: HashSet<&'a TakeId>,
}

impl<'a> Clips<'a> {
    fn of(known: &'a Known) -> Self {
        let elsewhere = known.elsewhere.iter().flat_map(|job| &job.takes).map(|take| &take.id).collect();
        let mut clips =
            Self { takes: HashMap::new(), filed: HashMap::new(), by_order: HashMap::new(), elsewhere };
        for job in known.jobs.iter().chain(&known.elsewhere) {
            if let Some(filed) = &job.filed {
                clips.filed.entry(&filed.take).or_insert(filed);
            }
            for take in &job.takes {
                clips.takes.insert(&take.id, (job, take));
                if matches!(take.state, State::Done { .. }) {
                    clips.by_order.entry(take.fingerprint).or_default().push(&take.id);
                }
            }
        }
        clips
    }

    fn order(&self, take: &TakeId) -> Option<Fingerprint> {
        self.takes.get(take).map(|(_, take)| take.fingerprint)
    }

    /// Where the take's clip stands: under some job's name, or kept beside a newer one.
    fn of_take(&self, take: &TakeId) -> Option<Filed> {
        if let Some(filed) = self.filed.get(take) {
            return Some((*filed).clone());
        }
        match self.takes.get(take)? {
            (_, KnownTake { state: State::Done { file, .. }, path, .. }) => {
                Some(Filed { take: take.clone(), path: path.clone(), file: *file })
            }
            _ => None,
        }
    }

    /// The same order was rendered before, for a job that wants something else by now or in another project.
    fn rendered(&self, job: &Wanted) -> Option<Decision> {
        let same_job =
            |owner: &KnownJob, take: &KnownTake| owner.key == job.key && self.elsewhere.contains(&take.id);
        let (owner, take) = self
            .by_order
            .get(&job.fingerprint)?
            .iter()
            .filter_map(|take| self.takes.get(take))
            .find(|(owner, take)| same_job(owner, take) || may_share(&owner.key, &job.key))?;
        let from = self.of_take(&take.id);
        Some(Decision::Shared { leader: owner.key.clone(), take: Some(take.id.clone()), from })
    }
}

fn fresh(job: &Wanted, known: Option<&KnownJob>) -> Decision {
    let takes = known.map_or(&[][..], |known| &known.takes);
    let Some(newest) = takes.iter().find(|take| !let_go(take)) else {
        return Decision::New;
    };
    let done = takes.iter().find(|take| matches!(take.state, State::Done { .. }));
    let superseded = takes.iter().filter(|take| matches!(take.state, State::Pending { .. }));
    Decision::Changed {
        fields: changes(&done.unwrap_or(newest).request, &job.request),
        superseded: superseded.map(|take| take.id.clone()).collect(),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
