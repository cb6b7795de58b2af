//! Secrets: that none comes out, whatever goes wrong; and who may read them on the machine that runs an import.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod canaries;
mod dumps;
mod echo;
mod exposed;
mod failures;
mod memory;
mod outputs;
mod place;
mod process;
mod proxies;
mod strangers;
