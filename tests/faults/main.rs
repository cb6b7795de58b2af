//! The fault matrix: a file (with its folder, where it has one) is a stage, a test is a fault, and the first sentence of its comment is the promised outcome.
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
mod download_of_detections;
mod from_file;
mod from_hosts;
mod from_qualys;
mod launch;
mod limits;
mod list;
mod look_up;
mod names;
mod parse;
mod send;
mod tidy_up;
mod wait;
mod write;
