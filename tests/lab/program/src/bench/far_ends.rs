//! The two far ends, and the connector's way to them.

use std::net::SocketAddr;
use std::process::Command;

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self, Qualys};
use connector_lab::report;

use super::{Bench, Failure, options};

/// A Management Center that takes any number of hosts, and only counts what it is told.
pub(super) async fn center() -> Result<ManagementCenter, Failure> {
    Ok(ManagementCenter::start(management_center::Options {
        host_limit: usize::MAX,
        counts_only: true,
        ..management_center::Options::default()
    })
    .await?)
}

/// Ends a Management Center once everything has taken effect.
pub(super) async fn end(center: ManagementCenter) {
    center.idle().await;
    center.stop().await;
}

/// A Qualys whose report of `hosts` is finished at once, and generated while it is sent.
pub(super) async fn qualys(hosts: u32) -> Result<Qualys, Failure> {
    Ok(Qualys::start(qualys::Options {
        user: Some("dirk_g".to_owned()),
        password: Some("d0ntp@n1c".to_owned()),
        times: qualys::Times::instant(),
        chunked: true,
        report: options(hosts),
        ..qualys::Options::default()
    })
    .await?)
}

/// A Qualys that knows this estate, and takes as many calls as the greatest subscription has.
pub(super) async fn estate(report: report::Options) -> Result<Qualys, Failure> {
    Ok(Qualys::start(qualys::Options {
        user: Some("dirk_g".to_owned()),
        password: Some("d0ntp@n1c".to_owned()),
        limits: qualys::Limits {
            rate_limit: 2000,
            concurrency: 10,
            ..qualys::Limits::default()
        },
        report,
        ..qualys::Options::default()
    })
    .await?)
}

/// The connector on its way to a Management Center, by an address of its own or of a link.
pub(super) fn to_center(bench: &Bench, center: &ManagementCenter, address: SocketAddr, settings: &[&str]) -> Command {
    let mut command = bench.connector(settings);
    command.args(["--server", "127.0.0.1", "--port", &address.port().to_string()]);
    command.arg("--pkcs12").arg(center.pkcs12());
    command
}

/// From Qualys, by a report.
pub(super) fn from_qualys(command: &mut Command, qualys: &Qualys) {
    command.args(["--multiinfo", "424242", "--set", "qualys.poll_interval=500ms"]);
    with_login(command, qualys);
}

/// A download by a program that does nothing else.
pub(super) fn curl(qualys: &Qualys) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--compressed", "--user", "dirk_g:d0ntp@n1c"]);
    curl.args(["--header", "X-Requested-With: bench", "--cacert"])
        .arg(qualys.ca_pem_path());
    curl
}

/// Where Qualys is, and who asks.
pub(super) fn with_login(command: &mut Command, qualys: &Qualys) {
    command.arg("--set").arg(format!("qualys.url={}", qualys.url()));
    command
        .arg("--set")
        .arg(format!("qualys.ca_file={}", qualys.ca_pem_path().display()));
    command.env("QC_QUALYS__USER_ID", "dirk_g");
    command.env("QC_QUALYS__PASSWORD", "d0ntp@n1c");
}
