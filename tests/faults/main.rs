//! The fault matrix: a file is a stage, a test is a fault, and the first line of its comment is the promised outcome.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "what helps a test fails and tells as tests do"
)]

mod clock;
mod download;
mod launch;
mod names;
mod qualys;
mod tidy_up;
mod wait;

#[path = "../import/support.rs"]
#[expect(dead_code, reason = "written for imports of all kinds")]
mod import_support;
#[path = "../qualys/scripted.rs"]
#[expect(dead_code, reason = "written for conversations of all kinds")]
mod scripted;
