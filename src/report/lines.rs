//! One line for each thing that happened, for terminals without bars, pipes and log files.

use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};

/// The line of a notice; `None` for steps that only `--verbose` tells.
#[must_use]
pub fn line(notice: &Notice, verbose: bool) -> Option<String> {
    match notice {
        Notice::Moved { key, price, path, from, to, said, .. } => {
            let said = said.as_ref().map(|said| format!("  {said}")).unwrap_or_default();
            let text = match &**to {
                State::Done { .. } => format!("done     {key}  {price}  {path}"),
                State::Failed { refusal, charged, .. } => {
                    format!("failed   {key}  {} ({}){said}", refusal.name(), charged_words(*charged, *price))
                }
                State::Held { reason, .. } => {
                    let money = if reason.charge_in_doubt() {
                        format!("may have been charged, up to {price}")
                    } else {
                        format!("charged {price}, the clip is missing")
                    };
                    format!("held     {key}  {} ({money}){said}", reason.name())
                }
                State::Pending { tries_left: 0, .. } => format!("left     {key}  not charged{said}"),
                State::Pending { .. } if *from == "submitting" => {
                    format!("again    {key}  not charged{said}")
                }
                State::Running { task, .. } if *from == "submitting" => {
                    format!("sent     {key}  {price}  task {}", task.id)
                }
                state if verbose => format!("{:<8} {key}{said}", state.name()),
                _ => return None,
            };
            Some(text)
        }
        Notice::Filed { key, path } => Some(format!("filed    {key}  {}  {path}", Usd::ZERO)),
        Notice::Stopped { who, why, said } => Some(format!("stopped  {who}  {}  {said}", why_words(*why))),
        Notice::Stopping { on_wire: 0 } => Some(
            "stopping: no new submissions, saving what is in flight (Ctrl-C again to leave now; nothing is lost)"
                .to_owned(),
        ),
        Notice::Stopping { on_wire } => Some(format!(
            "stopping: no new submissions; awaiting the answers to {on_wire} paid requests for up to 60 s \
             (Ctrl-C again to leave sooner; nothing is lost)"
        )),
        Notice::Warning(text) => Some(format!("warning  {text}")),
        Notice::Trouble(text) => Some(format!("error    {text}")),
    }
}

/// What a failure cost, in words.
#[must_use]
pub fn charged_words(charged: Charged, price: Usd) -> String {
    match charged {
        Charged::No => "not charged".to_owned(),
        Charged::Yes => format!("charged {price}"),
        Charged::Unknown => format!("may have been charged, up to {price}"),
    }
}

/// Why nothing more is submitted, in words.
#[must_use]
pub fn why_words(why: WhyStopped) -> &'static str {
    use crate::domain::fault::Stop;
    match why {
        WhyStopped::Provider(Stop::Auth) => "the key is refused",
        WhyStopped::Provider(Stop::Balance) => "the balance is exhausted",
        WhyStopped::Provider(Stop::Account) => "the account is locked",
        WhyStopped::Provider(Stop::Setup) => "the set-up is wrong",
        WhyStopped::Model => "this model is refused",
        WhyStopped::Ambiguity => "three submissions got no answer",
        WhyStopped::NoProgress => "an hour without progress",
    }
}
