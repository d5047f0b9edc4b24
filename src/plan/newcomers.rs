//! What is to be done about jobs of a project in which nothing was ever ordered, told as they come.
//!
//! Then the rules of [`decide`](super::decide) leave two answers: a job is new, or has the same order as one before it.
//! For that, fingerprints and names are enough, and no job is kept.

use super::decide::{Decision, may_share};
use crate::domain::key::JobKey;
use crate::domain::numbering::{Numbering, Texts};
use crate::domain::take::Wanted;
use crate::manifest::Reuse;
use std::collections::HashMap;

/// The orders so far.
#[derive(Debug, Default)]
pub struct Newcomers {
    orders: Numbering,
    /// Of each order the job that came with it first …
    leaders: Texts,
    /// … and where there is one, the first job that is paid for itself all the same, of another item or shot.
    seconds: HashMap<usize, JobKey>,
}

impl Newcomers {
    /// Decides for the next job; nothing where only an order would help, and none may be given.
    pub fn decide(&mut self, job: &Wanted, reuse: Reuse, may_order: bool) -> Option<Decision> {
        let fingerprint = &job.fingerprint.0;
        if !may_order && !self.orders.contains(fingerprint) {
            return None;
        }
        let Some(order) = self.orders.before(fingerprint) else {
            self.leaders.push(&job.key.to_string());
            return Some(Decision::New);
        };
        let first = self.leaders.get(order).and_then(|key| key.parse::<JobKey>().ok())?;
        let is_apart = may_share(&first, &job.key);
        if reuse == Reuse::Always {
            let leader = if is_apart { Some(first) } else { self.seconds.get(&order).cloned() };
            if let Some(leader) = leader {
                return Some(Decision::Shared { leader, take: None, from: None });
            }
        }
        if !may_order {
            return None;
        }
        if is_apart {
            self.seconds.entry(order).or_insert_with(|| job.key.clone());
        }
        Some(Decision::New)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::Request;
    use crate::manifest::{OnChange, Rules};
    use crate::plan::decide::{Scope, decide};
    use crate::plan::fingerprint::fingerprint;
    use crate::plan::known::Known;
    use proptest::prelude::*;

    /// Jobs of a few items in two shots with variants; few prompts, so that many have the same order.
    fn jobs() -> impl Strategy<Value = Vec<Wanted>> {
        let job = |(item, shot, variant, prompt): (u8, u8, u8, u8)| {
            let mut request = Request::new("zai/vidu2-image".parse().unwrap());
            request.prompt = Some(prompt.to_string());
            let key = JobKey {
                shot: format!("shot {shot}"),
                item: format!("50%/{item}"),
                variant: if variant == 0 { String::new() } else { variant.to_string() },
            };
            let (title, path) = (String::new(), key.to_string());
            Wanted { key, title, fingerprint: fingerprint(&request), request, price: None, path }
        };
        prop::collection::btree_map((0u8..5, 0u8..2, 0u8..3), 0u8..4, 0..24).prop_map(move |jobs| {
            jobs.into_iter()
                .map(|((item, shot, variant), prompt)| job((item, shot, variant, prompt)))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn it_decides_as_it_does_for_all_jobs_together(jobs in jobs(), never in 0u8..3, selected in 0u8..6) {
            let rules = |key: &JobKey| Rules {
                on_change: OnChange::default(),
                reuse: if key.shot == format!("shot {never}") { Reuse::Never } else { Reuse::Always },
            };
            let selected = |key: &JobKey| key.item != format!("50%/{selected}");
            let scope = Scope { selected: &selected, rules: &rules, ..Scope::ALL };
            let mut newcomers = Newcomers::default();
            let decided: Vec<Option<Decision>> = jobs
                .iter()
                .map(|job| {
                    let is_selected = selected(&job.key);
                    is_selected.then(|| newcomers.decide(job, rules(&job.key).reuse, true)).flatten()
                })
                .collect();
            prop_assert_eq!(decided, decide(&jobs, &Known::default(), scope));
        }
    }
}
