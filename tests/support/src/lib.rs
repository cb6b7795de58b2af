//! What the tests of qualys-connector share: the program, endpoints to import from and into, and what an import should leave.
//!
//! | module | is the home of |
//! |---|---|
//! | `account` | an account at the lab's Qualys, and imports from it |
//! | `import` | reports, Management Centers, and what an import of the one into the other leaves |
//! | `program` | the program, started and ended |
//! | `request` | what a server of a test reads |
//! | [`scripted`] | a Qualys that answers byte by byte as a test wants it |
//!
//! Nothing here uses the product's code: tests of the library bring their own settings, and all others run the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what helps a test fails with it"
)]

mod account;
mod import;
mod program;
mod request;
pub mod scripted;

pub use account::{PASSWORD, USER, count, from_detections, from_qualys, qualys};
pub use import::{Results, center, faulty, held, imported, meant, report, sending, small};
pub use program::{Ended, Running, connector, program, run, until};
pub use request::request;
