//! Logs and traces at their real edges: sockets, TLS, processes; and a collector that shares no code with the exporter.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test fails with it"
)]

mod collector;
mod dead_collector;
mod environment;
mod failures;
mod logs;
mod promise;
mod qualys;
mod rotel;
mod secrets;
mod span;
mod syslog;
mod transport;
mod volume;

use std::path::Path;
use std::process::Command;

use collector::Collector;
use connector_lab::management_center::ManagementCenter;

/// The program on its way from a report to `center`, and its spans on theirs to `collector`.
pub(crate) fn traced(folder: &Path, center: &ManagementCenter, collector: &Collector, report: &Path) -> Command {
    let mut command = support::sending(folder, center);
    command.arg("--report").arg(report);
    collector.receives(&mut command);
    command
}
