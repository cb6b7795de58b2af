//! No dumps: passwords and the client's key lie in memory, so what is in memory stays there.
//!
//! A process that crashes leaves no core file and hands nothing to a handler of crashes. As the kernel then counts it
//! as private, another process of the same user reads neither its memory nor its environment; root does.

use rustix::io::Result;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps, for the rest of the process' life.
pub(super) fn forbid() -> Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, nothing)?;
    // A handler of crashes that the kernel pipes a dump to isn't bound by the limit.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}
