//! Identity and trust at their real edges: PKCS12 files as other programs write them, TLS over sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "as in every test, but Clippy does not see one in the functions that they share"
)]

mod files;
mod handshakes;
mod internal_ca;
mod openssl;
mod strangers;
