//! The fault matrix: a file is a stage, a test is a fault, and the first line of its comment is the promised outcome.
//!
//! `tests/reliability.rs` makes the table of it in docs/reliability.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what helps a test fails and tells as tests do"
)]

mod configure;
mod limits;
mod parse;
mod send;
mod support;
mod write;

#[path = "../import/support.rs"]
#[allow(dead_code, reason = "written for imports of all kinds")]
mod import_support;
