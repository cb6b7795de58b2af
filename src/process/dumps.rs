//! Forbids core dumps, since memory holds passwords and the client's key.
//!
//! A crash leaves no core file and gives no crash handler anything. The kernel then also keeps other processes of the same user
//! from reading memory and environment; root still can.

use rustix::io::Result;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps, for the rest of the process' life.
pub(super) fn forbid() -> Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, nothing)?;
    // The limit doesn't bind a crash handler that the kernel pipes a dump to.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}
