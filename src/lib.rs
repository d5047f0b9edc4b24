//! Batch runner for paid video-generation APIs: a product catalog in, clips in a folder tree out.
//!
//! A YAML manifest lists items (SKUs, scenes) and shots; every combination is one *job*. A job is rendered by a
//! *take*, a take is sent to a provider in an *attempt*. The code that decides (floors 0 to 3) does no input or
//! output, reads no clock and rolls no dice; the shells around it (floor 4) know nothing of each other; the engine
//! puts them to work, and the command line puts everything together.
//!
//! Data flows one way: manifest + catalog → plan → store → engine → files + ledger → report.
//!
//! # Floors
//!
//! A module imports only from lower floors; modules of one floor do not know each other. A test reads this table.
//!
//! | floor | modules | what |
//! |---|---|---|
//! | 9 | `cli` | arguments → a request; a report → text or JSON; exit code |
//! | 8 | `rehearsal` `review` | the sandbox as the far end of a project · the report as a page on loopback that decides |
//! | 7 | `report` `sandbox` | reports and news as text and JSON · the test server that plays the providers, from its own tables |
//! | 6 | `app` | the use cases: open a project, plan, run, collect, resolve …; every guard, quota, output check and question |
//! | 5 | `engine` `load` | the one loop: look, act, apply, save, tell · manifest, sheet and pictures from disk |
//! | 4 | `store` `transport` `files` | SQLite and ledger · HTTP · folder tree |
//! | 3 | `plan` | items × shots × model rules → jobs with key, fingerprint, price; the difference against what is known |
//! | 2 | `manifest` `catalog` `provider` | YAML → shots · a product file → items · job → call, reply → progress |
//! | 1 | `wire` `media` | calls and replies as values · image headers and MP4 boxes from bytes |
//! | 0 | `domain` | item, shot, job, life cycle, money, policy, fault, problem, notice |

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
