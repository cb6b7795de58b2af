//! The house rules of the source tree: modules stand on floors, files use each other one way, a type's name means one thing,
//! and exit codes decide nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod circles;
mod exits;
mod names;
mod order;
mod source;
