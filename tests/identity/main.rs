//! Identity at its real edge: PKCS12 files as other programs write them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "as in every test, but Clippy does not see one in the functions that they share"
)]

mod files;
mod internal_ca;
mod openssl;
