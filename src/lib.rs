//! qualys-connector takes vulnerability reports from Qualys to a Cisco Management Center's Host Input.
//!
//! One invocation is one import, and data flows one way through it:
//!
//! ```text
//! reports     configure ─► launch ─► wait ─► download ─► parse ─┐
//!                                                               ├─► merge ─► select ─► send ─► tidy up
//! a file      configure ─► parse ───────────────────────────────┤                └───► write a CSV file
//!                                                               │
//! detections  configure ─► list ─► download ─► parse ─► look up ┘
//! ```
//!
//! | module | is the home of |
//! |---|---|
//! | [`process`] | one invocation, from its arguments to its exit code |
//! | [`page`] | one HTML file that shows a run |
//! | [`cli`] | what the user types |
//! | [`check`] | the preflight: everything that an import needs, tried |
//! | [`explain`](mod@explain) | codes and answers, explained |
//! | [`import`] | the story above, stage by stage |
//! | [`config`] | the layers that settings come from, and the checked result |
//! | [`qualys`] | launch, wait, download: Qualys' report share |
//! | [`report`] | parse and select: what a report says |
//! | [`host_input`] | send and write: commands for the Management Center |
//! | [`state`] | the optional memory between runs |
//! | [`telemetry`] | logs, traces, metrics |
//! | `http` | the one way out over HTTP |
//! | `tls` | which servers of the web are trusted |
//! | `input_file` | small files that are read whole, within a bound |
//! | `whole_file` | files that appear whole or not at all |
//! | [`printable`] | strangers' words, made safe to show |
//! | [`problem`] | whatever can go wrong: one table of what it means, what to do, whether it is tried again |
//! | [`stage`] | the stages of an import: one list of names |
//! | [`exit`] | the exit codes that schedulers act on |
//! | `mutex` | locks, and what another thread's panic means for them |
//!
//! Imports run downward in this list only.

pub mod check;
pub mod cli;
pub mod config;
pub mod exit;
pub mod explain;
pub mod host_input;
mod http;
pub mod import;
mod input_file;
mod mutex;
pub mod page;
pub mod printable;
pub mod problem;
pub mod process;
pub mod qualys;
pub mod report;
pub mod stage;
pub mod state;
pub mod telemetry;
mod tls;
mod whole_file;
