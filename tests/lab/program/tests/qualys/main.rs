//! The lab's Qualys as a plain HTTP client sees it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod certificates;
mod client;
mod conversation;
mod faults;
mod legacy;
mod limits;
mod logins;
mod program;
mod transfer;
