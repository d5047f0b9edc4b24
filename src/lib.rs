//! Batch runner for paid video-generation APIs: it turns a product catalog into a folder tree of clips.
//!
//! A YAML manifest lists items (products, scenes) and shots (kinds of clip); every combination is one *job*. A job is
//! rendered by a *take*, and a take is sent to a provider in an *attempt*. The glossary below explains all words.
//!
//! - To use the program from Rust, open an [`app::Project`]; `examples/embed.rs` is a complete program.
//! - To add a provider, implement [`provider::Provider`]; `docs/src/developer/adding-a-provider.md` lists the steps.
//! - To follow a job, read the next section; `docs/src/design/architecture.md` names the Rust function of each step.
//!
//! # From manifest to clip
//!
//! Data flows one way: manifest + catalog → plan → store → engine → files + ledger → report.
//!
//! 1. [`load`] reads the manifest, the product file and the pictures, and makes the wanted jobs with [`plan::expand`].
//! 2. [`plan::decide`] compares each job with the history in the store: render, keep, reuse, ask or wait.
//! 3. [`app`] checks budgets and guards, and asks for consent. Then [`store::Store::admit`] records the takes.
//! 4. [`engine`] asks [`domain::lifecycle`] for the next action of each take, and performs the action.
//! 5. [`store::Store::apply`] saves the new state of the take before the next action, with its money in the ledger.
//! 6. [`transport`] downloads the clip into a part file, and [`files`] gives it the final name as the last step.
//!
//! # Floors
//!
//! A module imports only from lower floors, and never from another module of its own floor. A test reads this table.
//! The code that decides (floors 0 to 3) has no input or output, no clock and no random numbers. The code that uses the
//! disk and the network begins at floor 4. The engine calls it, and the command line connects everything.
//!
//! | floor | modules | content |
//! |---|---|---|
//! | 9 | `cli` | turns arguments into a use case, and its report into text or JSON and an exit code |
//! | 8 | `rehearsal` `review` | a run with the sandbox as the servers · the report as a page for reviews |
//! | 7 | `report` `sandbox` | reports and events as text and JSON · the test server with fake providers |
//! | 6 | `app` | the use cases (open, plan, run, collect, resolve …), with all guards, budgets and questions |
//! | 5 | `engine` `load` | the loop: find the next action, act, save, report · manifest, sheet and pictures from disk |
//! | 4 | `store` `transport` `files` | SQLite and ledger · HTTP · folder tree |
//! | 3 | `plan` | items × shots × model rules → jobs with key, fingerprint, price; the difference from the history |
//! | 2 | `manifest` `catalog` `provider` | YAML → shots · a product file → items · job → call, reply → progress |
//! | 1 | `wire` `media` | calls and replies as values · image headers and MP4 boxes from bytes |
//! | 0 | `domain` | item, shot, job, life cycle, money, policy, fault, problem, notice |
//!
//! # Glossary
//!
//! The user's guide has a glossary for users. These are the words of the code:
//!
//! - **Manifest**: the YAML file of a project, with its items, shots, providers, budgets and rules.
//! - **Catalog**: the items of a project, from a product file (also called the sheet) or from the manifest itself.
//! - **Item**: one product, product variant, picture or scene, which is one row of the catalog.
//! - **Shot**: a kind of clip that is made for every item: a model, a prompt template and other fields.
//! - **Matrix, cell, variant**: the axes of a shot, one combination of their values, and the name of that combination.
//! - **Job**: one wanted clip, named by its key `shot/item` or `shot/item/variant`.
//! - **Wanted job**: a job that the manifest asks for now, in contrast to a job that is only in the history.
//! - **Template**: everything that the manifest says about the clips of one shot and one model.
//! - **Draft**: a job's `Request` before its pictures were read and its price was computed.
//! - **Request**: in the code the fields of one rendering as the manifest sets them, without anything of a provider's
//!   API; on the pages one paid call to a provider.
//! - **Fingerprint**: the hash of those fields, not of the paid call; it decides whether a rendering must be paid for
//!   again.
//! - **Take**: one paid rendering of a job, from its first attempt to its clip; messages call it a rendering.
//! - **Attempt**: one try to submit a take, with its own request id; it is recorded as an *intent* before it is sent.
//! - **Submission**: the paid call of an attempt.
//! - **Task**: the provider's record of an accepted submission, with its task id; from then on the take is paid.
//! - **Poll**: a free call that asks for the status of a task.
//! - **Look-up**: a free call that searches the provider's tasks for the request id of an unanswered submission.
//! - **Clip**: the video file of a take; its link expires after about a day.
//! - **Run**: one start of `run`, `retry` or `redo`, or several starts if earlier ones were interrupted.
//! - **Plan**: the decisions about all jobs of a run, with their number and price.
//! - **Decision**: the action that the plan takes for one job: render, keep, reuse, ask or wait.
//! - **Plan tables**: the temporary tables that hold the jobs of one plan next to the project's history.
//! - **Bucket**: the class in which a report counts a job, such as `done` or `to_render`.
//! - **Filing**: to move or copy an existing clip to the path that the plan wants for a job, free of charge.
//! - **State, phase**: the state is a take's position in its life cycle, with its data; the phase is the name alone.
//! - **Held**: the state of a take that needs a person's decision.
//! - **Doubt**: the uncertainty whether a submission was accepted; its price counts as spent until that is known.
//! - **Written off**: the state of a take that a person has ended; money that may have been charged counts as spent.
//! - **Adopt**: to take over a task that a person found in the provider's console.
//! - **Collect**: to poll paid tasks and download their clips, without a new submission.
//! - **Owed**: paid, or perhaps paid, and not downloaded yet.
//! - **Drive**: the async task that carries out the actions for one take in a run.
//! - **Lane**: the queue and the pace of one provider's model.
//! - **Account**: one provider in a run (not the `account` of JSON), with its key, its lanes, the pace of its
//!   polls and the reasons to stop it.
//! - **Slot**: the place of one running task in a lane, from the submission until the provider is finished.
//! - **Tick**: the current time with a random number, as input of the code that decides.
//! - **Trial submission**: the single submission that tests whether a lane or a provider works again after a pause; the
//!   code also calls it a probe. (`Provider::probe` is a free call.)
//! - **Breaker**: a rule that pauses or ends submissions after missing answers, missing clips, or too much doubt.
//! - **Budget**: the most that a run, a day or a month may cost.
//! - **Guard**: a limit on what one run may change or spend without a person's consent.
//! - **Canary, rollout**: the first clips of a shot and a model, and the rule to render the rest after their review.
//! - **Review**: a person's decision about a clip: approved, rejected or undecided.
//! - **Redo**: another rendering of a finished job, at a new charge.
//! - **Check, finding, verdict**: an automatic test of a clip, a defect that it found, and the result of all checks.
//! - **Provider, model, card**: the paid service, one of its products, and the description of that product's rules.
//! - **State folder**: the folder `.shotlist` next to the manifest, with database, ledger and partial downloads.
//! - **Ledger**: the append-only file with one line for each event that may cost money.
//! - **Sidecar**: the JSON file next to a clip that says how the clip was made.
//! - **Reserve**: the file of 8 MiB in the state folder that is released for the last writes when the disk is full.
//! - **Sandbox, rehearsal**: the fake providers inside the program, and a run that uses them.
//! - **Fault**: a failed call, classified by what the engine does next.
//! - **Problem**: a mistake in the user's input, with its place and a hint.
//! - **News**: a message of the library to its caller while a command works.
//! - **Notice**: the kind of news that reports an event of a run, sent after the event was saved.

pub mod domain;

pub mod media;
pub mod wire;

pub mod catalog;
pub mod manifest;
pub mod provider;

pub mod plan;

pub mod files;
pub mod store;
pub mod transport;

pub mod engine;
pub mod load;

pub mod app;

pub mod report;
#[cfg(feature = "sandbox")]
pub mod sandbox;

#[cfg(feature = "sandbox")]
pub mod rehearsal;
pub mod review;

pub mod cli;
