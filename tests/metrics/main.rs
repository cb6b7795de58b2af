//! Metrics, as they arrive in Debian's Pushgateway and in a file, and as they don't.
//!
//! Needs the program `prometheus-pushgateway`; without it most of these tests are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod arrival;
mod file;
mod gateway;
mod misbehaviour;
mod prometheus;
mod recording;
mod secrets;
