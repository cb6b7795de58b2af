//! The fault matrix: a file is a stage, a test is a fault, and the first sentence of its comment is the promised outcome.
//!
//! `tests/reliability.rs` makes the table of it in docs/reliability.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test fails as tests do"
)]

mod clock;
mod configure;
mod download;
mod launch;
mod limits;
mod names;
mod parse;
mod qualys;
mod send;
mod support;
mod tidy_up;
mod wait;
mod write;

#[path = "../import/support.rs"]
#[expect(dead_code, reason = "written for imports of all kinds")]
mod import_support;
#[path = "../qualys/scripted.rs"]
#[expect(dead_code, reason = "written for conversations of all kinds")]
mod scripted;
