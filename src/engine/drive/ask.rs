//! Free questions to a provider: how a task stands, and whether a submission in doubt is among its tasks.

use super::{Drive, Left, Next};
use crate::domain::fault::{Fault, FaultKind, Said, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Absence, Event, Intent, State, Task};
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use crate::engine::handles::CALL;
use crate::engine::ids;
use crate::engine::lane::learn::AUTH_RETRY;
use crate::engine::lane::{Asking, Closed};
use crate::engine::together::{Answer, Question};
use crate::engine::world::Failure;
use crate::provider::card::ModelCard;
use crate::provider::{self, Listing, reply};
use crate::transport::{SendFault, SendFaultKind};
use crate::wire::{Call, Reply};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;

/// Pages of one look-up: far more than one account fills in the window of any. A list without an end proves nothing.
const PAGES: usize = 200;

/// How far the clocks of a provider and of this computer may lie apart: a listing is asked for by our clock and answered
/// by theirs, and its window reaches at least twice as far back.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What the pages of a listing said about one submission.
enum Found {
    /// The task is there.
    Task(TaskId),
    /// All pages came and none has it. These are the clients' names for the tasks that are there, ours or not.
    Others(Vec<RequestId>),
    /// Not all of it came.
    Incomplete(Said),
}

impl Drive {
    /// How a task stands, in an answer of its own or one for many; `None` where a stop came first.
    pub(super) async fn ask(&self, card: &Arc<ModelCard>, task: &Task) -> Option<Answer> {
        let stop = self.world.stop.waiting();
        let questions = &self.account.questions;
        loop {
            let mut answer = questions.enter(card, task, self.world.clock.now());
            let asked = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                // Somebody asked for this one as well.
                answer = &mut answer => match answer {
                    Ok(answer) => return Some(answer),
                    Err(_) => continue,
                },
                permit = self.account.poll_admission(stop) => {
                    let permit = permit?;
                    let most = self.account.provider.bulk().map_or(1, |bulk| bulk.most().get());
                    let asked = questions.take(&task.id, most, self.world.clock.now());
                    if asked.is_empty() {
                        permit.give_back();
                    } else if !self.put(asked, permit).await {
                        return None;
                    }
                    answer
                }
            };
            // Answered just now, or by whoever is asking: also that one may be stopped, or die.
            tokio::select! {
                biased;
                answer = asked => if let Ok(answer) = answer { return Some(answer) },
                () = stop.cancelled() => return None,
            }
        }
    }

    /// Puts questions as one call and hands out the answers; `false` where a stop cut it off.
    async fn put(&self, asked: Vec<Question>, permit: Asking<'_>) -> bool {
        let provider = &self.account.provider;
        let answers: Vec<Answer> = match (&asked[..], provider.bulk()) {
            ([_, _, ..], Some(bulk)) => {
                let tasks: Vec<TaskId> = asked.iter().map(|question| question.task.clone()).collect();
                let named: Vec<_> = asked.iter().map(|question| (&*question.card, &question.task)).collect();
                let Some(reply) = self.free(&bulk.poll(&named)).await else { return false };
                // A call that failed is a setback for each.
                reply
                    .and_then(|reply| bulk.polled(&tasks, &reply))
                    .unwrap_or_else(|fault| vec![Err(fault); tasks.len()])
            }
            ([one, ..], _) => {
                let Some(reply) = self.free(&provider.poll(&one.card, &one.task)).await else { return false };
                vec![reply.and_then(|reply| {
                    let progress = provider.polled(&one.task, &reply)?;
                    let label = provider.label(&reply).filter(ids::is_ours);
                    Ok(match label.filter(|label| *label != one.ours) {
                        Some(label) => reply::of_another_request(&reply, &one.ours, &label),
                        None => progress,
                    })
                })]
            }
            ([], _) => Vec::new(),
        };
        let fault = answers.iter().find_map(|answer| answer.as_ref().err());
        permit.heard(fault, self.world.clock.moment().jitter);
        for (question, answer) in asked.into_iter().zip(answers) {
            question.answer(answer);
        }
        true
    }

    /// One free call; `None` where a stop cut it off: an answer to a free question need not be heard.
    async fn free(&self, call: &Call) -> Option<Result<Reply, Fault>> {
        let _open = self.world.handles.take(CALL).await;
        tokio::select! {
            biased;
            () = self.world.stop.waiting().cancelled() => None,
            answer = self.call(call) => {
                if let Ok(reply) = &answer {
                    self.world.note_date(reply);
                }
                Some(answer.map_err(|fault| Fault::new(FaultKind::Busy { after: None }, fault.said)))
            }
        }
    }

    /// One free call, made again where no file was left for it.
    async fn call(&self, call: &Call) -> Result<Reply, SendFault> {
        let mut attempts = 0;
        loop {
            let answer = self.world.free.ask(&self.account.endpoint, call).await;
            let is_out = answer.as_ref().is_err_and(|fault| fault.kind == SendFaultKind::NoFiles);
            if !self.world.calls_again(is_out, &mut attempts).await {
                return answer;
            }
        }
    }

    /// Asks a free question before the first submission of a run, so that a refused key costs no paid request. Returns
    /// whether submissions may go.
    ///
    /// A refusal is asked about once more: the key may be about to be exchanged. Any other answer, and none, is left to
    /// the submission.
    pub(super) async fn is_let_in(&self) -> bool {
        let account = &self.account;
        let mut let_in = account.let_in.lock().await;
        let Some(call) = account.provider.probe().filter(|_| !*let_in) else { return true };
        if !account.is_open() {
            return false;
        }
        for is_last in [false, true] {
            let Some(answer) = self.free(&call).await else { return false };
            // 403 may be about a task that nobody has.
            let refused = answer
                .ok()
                .filter(|reply| reply.status != 403)
                .and_then(|reply| account.provider.polled(&TaskId(provider::NO_TASK.into()), &reply).err());
            match refused {
                Some(Fault { kind: FaultKind::Stop(why @ Stop::Auth), said }) if is_last => {
                    let Closed { who, why, said } = account.close(WhyStopped::Provider(why), said);
                    self.world.tell(&Notice::Stopped { who, why, said });
                }
                Some(Fault { kind: FaultKind::Stop(Stop::Auth), .. }) => {
                    let due = self.world.clock.moment().after(AUTH_RETRY);
                    if !self.world.clock.until(due, self.world.stop.submissions()).await {
                        return false;
                    }
                }
                _ => {
                    *let_in = true;
                    return true;
                }
            }
        }
        false
    }

    /// Whether the provider answers a free question, where it has one.
    pub(super) async fn is_reachable(&self) -> bool {
        let Some(call) = self.account.provider.probe() else { return true };
        let said = match self.free(&call).await {
            Some(Ok(reply)) if reply.status < 500 => return true,
            Some(Ok(reply)) => Said::text(format!("it answers a free question with HTTP {}", reply.status)),
            Some(Err(fault)) => fault.said,
            None => return false,
        };
        if let Some(Closed { who, why, said }) = self.account.unreached(said) {
            self.world.tell(&Notice::Stopped { who, why, said });
        }
        false
    }

    /// Asks the provider for a submission in doubt, by our own name for it.
    ///
    /// The task is adopted only where the listing names that very attempt. That it is absent is concluded only from a
    /// whole listing that repeats another of our names: what does not tell ours at all proves nothing.
    pub(super) async fn look_up(&self, take: &Take) -> Next {
        let State::Doubtful { intent, since, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        // Before the first page is asked for: what the listing shows is at least as new.
        let at = self.world.clock.moment();
        let found = match self.account.provider.look_up() {
            Some(look_up) => match self.walk(look_up, intent).await {
                Ok(found) => found,
                Err(left) => return Ok(Err(left)),
            },
            None => Found::Incomplete(Said::text("this version of the program has no way to ask about it")),
        };
        self.world.reach("look_up.after_response");
        match found {
            Found::Task(id) => self.own(take, Event::Found(id)).await,
            Found::Others(others) => {
                let (event, said) = self.denied(intent, *since, others, at).await?;
                self.looked(take, event, said, at).await
            }
            Found::Incomplete(said) => self.looked(take, Event::Unclear, said, at).await,
        }
    }

    /// What a whole listing without our id proves. Only one of the account to which the request went, which is surely so
    /// where the key is still the one it was sent with.
    async fn denied(
        &self,
        intent: &Intent,
        since: Timestamp,
        others: Vec<RequestId>,
        at: Moment,
    ) -> Result<(Event, Said), Failure> {
        let name = self.account.provider.name();
        let unclear = |words: &str| Ok((Event::Unclear, Said::text(format!("{name} {words}"))));
        let Some(key_since) = self.account.key_since.get().filter(|since| intent.at >= **since) else {
            return unclear("is asked with another key than it was sent with, which proves nothing");
        };
        let echoes_ours = self.world.store.any_attempt(others, *key_since).await.map_err(Failure::store)?;
        let look_up = self.lane.policy.look_up.as_ref();
        match look_up.and_then(|look_up| Absence::prove(true, echoes_ours, since, at, look_up)) {
            Some(proof) => {
                let words =
                    format!("{name} shows others of ours from that time and not this one: it never came");
                Ok((Event::Absent(proof), Said::text(words)))
            }
            None if echoes_ours => unclear("does not show it, which so soon proves nothing"),
            None => unclear("shows nothing of ours from that time, which proves nothing"),
        }
    }

    /// Saves what a look-up brought that found no task. Its words are told and kept where it was the last one; before,
    /// those that came with the doubt stay.
    async fn looked(&self, take: &Take, event: Event, said: Said, at: Moment) -> Next {
        let to = take.state.clone().on(event.clone(), at, &self.lane.policy).map_err(Failure::Illegal)?;
        let said = (!matches!(to, State::Doubtful { .. })).then_some(said);
        self.record_at(at, take, event, said, None).await
    }

    /// Reads the listing until the task is found or the pages end.
    async fn walk(&self, look_up: &dyn provider::LookUp, intent: &Intent) -> Result<Found, Left> {
        let mut others = Vec::new();
        let mut page = None;
        let mut pages = HashSet::new();
        let mut are_clocks_alike = true;
        let mut all_are_named = true;
        let mut was_refused = false;
        loop {
            let stop = self.world.stop.waiting();
            let permit = self.account.poll_admission(stop).await.ok_or(Left::Stopping)?;
            let reply = self.free(&look_up.list(intent, page.as_deref())).await.ok_or(Left::Stopping)?;
            permit.heard(reply.as_ref().err(), self.world.clock.moment().jitter);
            let now = self.world.clock.now();
            let listed = reply.and_then(|reply| Ok((look_up.listed(&reply)?, clocks_agree(&reply, now))));
            let Listing { tasks, next } = match listed {
                Ok((listing, agree)) => {
                    are_clocks_alike &= agree;
                    listing
                }
                Err(Fault { kind: FaultKind::Stop(_), .. }) if !was_refused => {
                    was_refused = true;
                    let due = self.world.clock.moment().after(AUTH_RETRY);
                    if !self.world.clock.until(due, stop).await {
                        return Err(Left::Stopping);
                    }
                    continue;
                }
                Err(Fault { kind: FaultKind::Stop(why), said }) => {
                    let Closed { said, .. } = self.account.close(WhyStopped::Provider(why), said);
                    self.world.poll_refused(self.account.provider.name(), why, said);
                    return Err(Left::Stopping);
                }
                Err(fault) => return Ok(Found::Incomplete(fault.said)),
            };
            for (task, id) in tasks {
                match id {
                    Some(id) if id == intent.request_id => return Ok(Found::Task(task)),
                    Some(id) => others.push(id),
                    // It may be the one that is looked for, listed without its name.
                    None => all_are_named = false,
                }
            }
            let Some(next) = next else {
                if !all_are_named {
                    let name = self.account.provider.name();
                    let words = format!("{name} lists tasks without the names that their client gave them");
                    return Ok(Found::Incomplete(Said::text(words)));
                }
                return Ok(if are_clocks_alike {
                    Found::Others(others)
                } else {
                    let name = self.account.provider.name();
                    let words = "tells another time than this computer, or none";
                    let words = format!("{name} {words}: what its list leaves out proves nothing");
                    Found::Incomplete(Said::text(words))
                });
            };
            // Pages that shift or repeat while they are read are no whole listing.
            if pages.len() + 1 >= PAGES || !pages.insert(next.clone()) {
                let name = self.account.provider.name();
                return Ok(Found::Incomplete(Said::text(format!("the list of {name} does not end"))));
            }
            page = Some(next);
        }
    }
}

/// Whether a reply tells the time, and the same as we have.
fn clocks_agree(reply: &Reply, now: Timestamp) -> bool {
    let theirs = reply::sent(reply).and_then(|sent| Timestamp::try_from(sent).ok());
    theirs.is_some_and(|theirs| theirs.duration_since(now).abs() <= SKEW)
}

/// How long this run waits for a task that has been rendering too long already: at least until it has been heard of
/// once, for it may have ended long ago; with a provider that does not answer, for as long as with a new one.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When this run first asked.
    since: Option<Timestamp>,
    /// Whether the provider said that it is still rendering.
    heard: bool,
}

impl Patience {
    pub(super) fn note(&mut self, now: Timestamp, polled: &Result<Take, Left>) {
        self.since.get_or_insert(now);
        self.heard =
            matches!(polled, Ok(Take { state: State::Running { watch, .. }, .. }) if watch.setbacks == 0);
    }

    /// Returns whether no more is to be waited; by a clock that is wrong, how long a task renders is not known.
    pub(super) fn ended(&self, at: Moment, policy: &Policy, is_clock_doubtful: bool) -> bool {
        self.heard && !is_clock_doubtful || self.since.is_some_and(|since| at.since(since) > policy.patience)
    }
}
