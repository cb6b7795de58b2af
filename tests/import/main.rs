//! Imports through the real program, over real TLS, into the lab's Management Center.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod bad_input;
mod chromium;
mod csv_file;
mod detections;
mod documented;
mod memory;
mod network_map;
mod overlapping;
mod page;
mod plan;
mod qualys;
mod refused;
mod samples;
mod summary;
mod terminal;
mod termination;
mod too_long;
mod window;
