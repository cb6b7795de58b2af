//! The preflight, through the real program against both of the lab's far ends: what is broken is told apart, each with
//! what to do, and nothing is changed by asking.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod configuration;
mod harmless;
mod management_center;
mod qualys;
mod setup;
mod told_apart;
