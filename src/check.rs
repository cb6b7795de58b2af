//! The preflight: everything that an import needs, tried step by step. Nothing is changed by it, neither here nor there.
//!
//! ```text
//! configuration ─┬─► output files
//!                ├─► certificate ─► name ─► connection ─► trust ─► Host Input
//!                ├─► proxy ─► Qualys ─► login ─► rate limit ─► templates ─► clock
//!                └─► Pushgateway, collector
//! ```
//!
//! Each step is a file of its own and says what it found as [`Finding`]s: what is so, and where something is wrong,
//! what to do. A step whose forerunner failed isn't tried and says so; everything else is. What it costs is two calls
//! at Qualys, for lists, and one connection to the Management Center, over which no command goes.

use crate::config::Parts;

mod certificate;
mod clock;
mod configuration;
mod connection;
mod far_end;
mod finding;
mod host_input;
mod login;
mod management_center;
mod name;
mod output_files;
mod proxy;
mod qualys;
mod rate_limit;
mod report_file;
mod table;
mod templates;
mod trust;
mod walk;

pub use far_end::{FarEnd, FarEnds};
pub use finding::{Finding, Status};
pub use table::{Colour, Table};
pub use walk::Walk;

/// Walks through everything.
pub async fn run(parts: &Parts, far_ends: &FarEnds) -> Walk {
    let mut walk = Walk::default();
    configuration::check(parts, &mut walk);
    walk.extend(output_files::walk(parts));
    // Neither side waits for the other.
    let (management_center, qualys, telemetry) = tokio::join!(
        management_center::walk(parts),
        qualys::walk(parts, far_ends),
        far_end::walk(far_ends),
    );
    walk.extend(qualys);
    walk.extend(management_center);
    walk.extend(telemetry);
    walk
}
