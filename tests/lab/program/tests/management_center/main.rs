//! The lab's Management Center, seen by a client that was written independently of it: one test for each behaviour
//! that a source documents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail loudly, too"
)]

mod answers;
mod certificates;
mod client;
mod context;
mod faults;
mod lines;
mod program;
mod scan_results;
mod session;
