//! Sends free queries to a provider: for the status of a task, and for the task of an unanswered submission.

use super::{Drive, Left, Next};
use crate::domain::fault::{Fault, FaultKind, Said, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Absence, Event, Intent, State, Task};
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use crate::engine::batched_polls::{Answer, WaitingPoll};
use crate::engine::handles::CALL;
use crate::engine::ids;
use crate::engine::lane::learn::AUTH_RETRY;
use crate::engine::lane::{Asking, Closed};
use crate::engine::world::Failure;
use crate::provider::card::ModelCard;
use crate::provider::{self, Listing, reply};
use crate::transport::{SendFault, SendFaultKind};
use crate::wire::{Call, Reply};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;

/// The largest number of pages that one look-up (the search in a provider's task list) reads. No account has enough
/// tasks in the searched period to fill this number of pages. A list with more pages cannot prove that a submission
/// never arrived.
const PAGES: usize = 200;

/// The most by which the clocks of this computer and a provider may differ if a task list is to prove that a submission
/// never arrived.
///
/// This computer chooses the time span of a search, and the provider applies it by its own clock. So the span begins
/// before the submission, by at least twice this difference.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The result of searching the provider's task list for one submission.
enum Found {
    /// The list has the submission's task.
    Task(TaskId),
    /// All pages were read without finding the task. Contains the request ids of the listed tasks, from shotlist or
    /// from other clients.
    Others(Vec<RequestId>),
    /// The list does not show whether the submission arrived; the contained message gives the reason.
    Incomplete(Said),
}

impl Drive {
    /// Polls a task, alone or in a batch with others, and returns its status; `None` if the run stopped first.
    pub(super) async fn ask(&self, card: &Arc<ModelCard>, task: &Task) -> Option<Answer> {
        let stop = self.world.stop.waiting();
        let polls = &self.account.waiting_polls;
        loop {
            let mut answer = polls.enter(card, task, self.world.clock.now());
            let asked = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                // The poll of another take asked about this task as well.
                answer = &mut answer => match answer {
                    Ok(answer) => return Some(answer),
                    Err(_) => continue,
                },
                permit = self.account.poll_admission(stop) => {
                    let permit = permit?;
                    let most = self.account.provider.bulk().map_or(1, |bulk| bulk.most().get());
                    let asked = polls.take(&task.id, most, self.world.clock.now());
                    if asked.is_empty() {
                        permit.give_back();
                    } else if !self.put(asked, permit).await {
                        return None;
                    }
                    answer
                }
            };
            // The answer came just now, or comes from the poll of another take, which may be stopped or panic.
            tokio::select! {
                biased;
                answer = asked => if let Ok(answer) = answer { return Some(answer) },
                () = stop.cancelled() => return None,
            }
        }
    }

    /// Sends waiting polls as one call and gives each poll its answer; returns `false` if the run stopped first.
    async fn put(&self, asked: Vec<WaitingPoll>, permit: Asking<'_>) -> bool {
        let provider = &self.account.provider;
        let answers: Vec<Answer> = match (&asked[..], provider.bulk()) {
            ([_, _, ..], Some(bulk)) => {
                let tasks: Vec<TaskId> = asked.iter().map(|poll| poll.task.clone()).collect();
                let named: Vec<_> = asked.iter().map(|poll| (&*poll.card, &poll.task)).collect();
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
        permit.heard(fault, self.world.clock.tick().jitter);
        for (poll, answer) in asked.into_iter().zip(answers) {
            poll.answer(answer);
        }
        true
    }

    /// Makes one free call. Returns `None` if the run stopped first: the answer to a free query may be dropped.
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

    /// Makes one free call, and repeats it while the system has no free file descriptor for its connection.
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

    /// Checks with a free query, before the first submission of a run, whether submissions may be sent. So a refused
    /// key costs no paid request.
    ///
    /// A refused key is tried once more after a few seconds, because a person may be replacing the key at this moment.
    /// If the key is refused again, or if the query is redirected, nothing is submitted to the provider in this run.
    /// After any other answer, or none, submissions may be sent.
    pub(super) async fn is_let_in(&self) -> bool {
        let account = &self.account;
        let mut let_in = account.let_in.lock().await;
        let Some(call) = account.provider.probe().filter(|_| !*let_in) else { return true };
        if !account.is_open() {
            return false;
        }
        for is_last in [false, true] {
            let Some(answer) = self.free(&call).await else { return false };
            let is_redirect = answer.as_ref().is_ok_and(|reply| (300..400).contains(&reply.status));
            // 403 may be about a task that does not exist.
            let refused = answer
                .ok()
                .filter(|reply| reply.status != 403)
                .and_then(|reply| account.provider.polled(&TaskId(provider::NO_TASK.into()), &reply).err());
            match refused {
                // A paid request would be redirected, too, and its outcome unknown.
                Some(Fault { kind: FaultKind::Stop(why @ (Stop::Auth | Stop::Setup)), said })
                    if if why == Stop::Auth { is_last } else { is_redirect } =>
                {
                    let Closed { who, why, said } = account.close(WhyStopped::Provider(why), said);
                    self.world.tell(&Notice::Stopped { who, why, said });
                    return false;
                }
                Some(Fault { kind: FaultKind::Stop(Stop::Auth), .. }) => {
                    let due = self.world.clock.tick().after(AUTH_RETRY);
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

    /// Checks with a free query whether the provider accepts the key although it has refused a poll. Returns false if
    /// the provider has no such query, or if the answer does not show it.
    pub(super) async fn accepts_key(&self) -> bool {
        let Some(call) = self.account.provider.probe() else { return false };
        let Some(Ok(reply)) = self.free(&call).await else { return false };
        let refused = self.account.provider.polled(&TaskId(provider::NO_TASK.into()), &reply).err();
        !matches!(refused, Some(Fault { kind: FaultKind::Stop(_), .. })) && reply.status < 500
    }

    /// Checks whether the provider answers a free query; `true` for a provider that has no such query.
    pub(super) async fn is_reachable(&self) -> bool {
        let Some(call) = self.account.provider.probe() else { return true };
        let said = match self.free(&call).await {
            Some(Ok(reply)) if reply.status < 500 => return true,
            Some(Ok(reply)) => {
                Said::text(format!("it answers a free test request with HTTP {}", reply.status))
            }
            Some(Err(fault)) => fault.said,
            None => return false,
        };
        if let Some(Closed { who, why, said }) = self.account.unreached(said) {
            self.world.tell(&Notice::Stopped { who, why, said });
        }
        false
    }

    /// Searches the provider's task list for an unanswered submission, by its request id.
    ///
    /// If the list has exactly this request id, the take gets the task. If the complete list has other request ids of
    /// shotlist but not this one, the submission never arrived. A list without any request id of shotlist does
    /// not show whether the submission arrived.
    pub(super) async fn look_up(&self, take: &Take) -> Next {
        let State::Doubtful { intent, since, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        // Taken before the first page is requested: the listing is at least as new.
        let at = self.world.clock.tick();
        let found = match self.account.provider.look_up() {
            Some(look_up) => match self.walk(look_up, intent).await {
                Ok(found) => found,
                Err(left) => return Ok(Err(left)),
            },
            None => Found::Incomplete(Said::text("this version of shotlist cannot look the request up")),
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

    /// Decides what a complete task list without the submission's request id proves, and returns the decision as an
    /// event and a message.
    ///
    /// The list can prove that the submission never arrived only if the list is from the account to which the
    /// submission was sent. That is certain only if the API key has not changed since the submission.
    async fn denied(
        &self,
        intent: &Intent,
        since: Timestamp,
        others: Vec<RequestId>,
        at: Tick,
    ) -> Result<(Event, Said), Failure> {
        let name = self.account.provider.name();
        let unclear = |words: &str| Ok((Event::Unclear, Said::text(format!("{name} {words}"))));
        let key_since = self.account.key_use.get().map(|key| key.since);
        let Some(key_since) = key_since.filter(|since| intent.at >= *since) else {
            return unclear(
                "is now used with another API key than for this request, so its task list proves nothing",
            );
        };
        let echoes_ours = self.world.store.any_attempt(others, key_since).await.map_err(Failure::store)?;
        let look_up = self.lane.policy.look_up.as_ref();
        match look_up.and_then(|look_up| Absence::prove(true, echoes_ours, since, at, look_up)) {
            Some(proof) => {
                let words =
                    format!("{name} lists other requests of this project but not this one: it never arrived");
                Ok((Event::Absent(proof), Said::text(words)))
            }
            None if echoes_ours => unclear("does not list the request, but it is too early to be sure"),
            None => {
                unclear("lists no request of this project, so its list cannot show whether this one arrived")
            }
        }
    }

    /// Saves the result of a search in the provider's task list that did not find the submission's task. The message
    /// `said` is saved only if no further search will follow. Until then, the take keeps the message about the
    /// submission that got no answer.
    async fn looked(&self, take: &Take, event: Event, said: Said, at: Tick) -> Next {
        let to = take.state.clone().on(event.clone(), at, &self.lane.policy).map_err(Failure::Illegal)?;
        let said = (!matches!(to, State::Doubtful { .. })).then_some(said);
        self.record_at(at, take, event, said, None).await
    }

    /// Reads the provider's task list until the submission's task is found or the pages end.
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
            permit.heard(reply.as_ref().err(), self.world.clock.tick().jitter);
            let now = self.world.clock.now();
            let listed = reply.and_then(|reply| Ok((look_up.listed(&reply)?, clocks_agree(&reply, now))));
            let Listing { tasks, next } = match listed {
                Ok((listing, agree)) => {
                    are_clocks_alike &= agree;
                    listing
                }
                Err(Fault { kind: FaultKind::Stop(_), .. }) if !was_refused => {
                    was_refused = true;
                    let due = self.world.clock.tick().after(AUTH_RETRY);
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
                    // It may be the task in question, listed without its name.
                    None => all_are_named = false,
                }
            }
            let Some(next) = next else {
                if !all_are_named {
                    let name = self.account.provider.name();
                    let words = format!(
                        "{name} lists tasks without request ids, so its list cannot show whether this one arrived"
                    );
                    return Ok(Found::Incomplete(Said::text(words)));
                }
                return Ok(if are_clocks_alike {
                    Found::Others(others)
                } else {
                    let name = self.account.provider.name();
                    let words = format!(
                        "the clock of {name} is unknown or differs from this computer's, so its list cannot show \
                         whether the request arrived"
                    );
                    Found::Incomplete(Said::text(words))
                });
            };
            // Pages that shift or repeat while they are read are not a whole listing.
            if pages.len() + 1 >= PAGES || !pages.insert(next.clone()) {
                let name = self.account.provider.name();
                return Ok(Found::Incomplete(Said::text(format!("the task list of {name} does not end"))));
            }
            page = Some(next);
        }
    }
}

/// Checks whether a reply contains the provider's time, and whether that time differs from `now` by at most [`SKEW`].
fn clocks_agree(reply: &Reply, now: Timestamp) -> bool {
    let theirs = reply::sent(reply).and_then(|sent| Timestamp::try_from(sent).ok());
    theirs.is_some_and(|theirs| theirs.duration_since(now).abs() <= SKEW)
}

/// The facts that decide how long this run polls a task that takes too long to render.
///
/// The run waits for at least one answer of the provider, because the task may have ended long ago. If the provider
/// never answers, the run stops polling when the policy's `patience` is over, counted from the first poll.
#[derive(Debug, Default)]
pub(super) struct PollLimits {
    /// The time of this run's first poll of the task.
    since: Option<Timestamp>,
    /// True if the provider's last answer was that the task is still rendering.
    heard: bool,
}

impl PollLimits {
    pub(super) fn note(&mut self, now: Timestamp, polled: &Result<Take, Left>) {
        self.since.get_or_insert(now);
        self.heard = matches!(polled, Ok(Take { state: State::Running { counters, .. }, .. }) if counters.setbacks == 0);
    }

    /// Checks whether this run should stop polling a task that takes too long.
    ///
    /// The run stops once the provider answers that the task still renders, or when `policy.patience` has passed since
    /// the first poll of this run. If this computer's clock may be wrong, only `policy.patience` counts.
    pub(super) fn ended(&self, at: Tick, policy: &Policy, is_clock_doubtful: bool) -> bool {
        self.heard && !is_clock_doubtful || self.since.is_some_and(|since| at.since(since) > policy.patience)
    }
}
