//! What is remembered between runs: hosts that left, what changed since the last good run, where a run stopped.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self, Qualys, Times};
use connector_lab::report;
use support::{Results, center, from_detections, from_qualys, held, qualys, run, sending};

use crate::detections::{all_meant, ipv4};

/// Few hosts that leave: they are less than a tenth.
fn estate(generation: u32) -> report::Options {
    report::Options {
        generation,
        changing: 10,
        ..support::small(120)
    }
}

async fn with(report: report::Options) -> Qualys {
    qualys(qualys::Options {
        report,
        times: Times::instant(),
        ..qualys::Options::default()
    })
    .await
}

/// An import that remembers in `state`.
fn remembering(command: Command, settings: &[&str]) -> Command {
    let mut command = command;
    for setting in ["state.dir=state"].iter().chain(settings) {
        command.args(["--set", setting]);
    }
    command
}

fn detections(folder: &tempfile::TempDir, center: &ManagementCenter, qualys: &Qualys, settings: &[&str]) -> Command {
    remembering(from_detections(sending(folder.path(), center), qualys), settings)
}

fn reports(folder: &tempfile::TempDir, center: &ManagementCenter, qualys: &Qualys, settings: &[&str]) -> Command {
    remembering(from_qualys(sending(folder.path(), center), qualys, "424242"), settings)
}

async fn map(center: &ManagementCenter) -> BTreeMap<IpAddr, Results> {
    center.idle().await;
    held(&center.network_map())
}

#[tokio::test]
async fn hosts_that_left_are_cleared_by_the_next_import_of_every_host() {
    for ways in [detections, reports] {
        let folder = tempfile::tempdir().unwrap();
        let center = center(management_center::Options::default()).await;
        let qualys = with(estate(0)).await;
        let first = run(ways(&folder, &center, &qualys, &[])).await;
        assert_eq!(first.assert_code(0).summary()["hosts"]["left"], 0);
        qualys.set_estate(estate(1)).unwrap();
        let second = run(ways(&folder, &center, &qualys, &["commands.max_cleared=50%"])).await;
        let summary = second.assert_code(0).summary();
        assert!(summary["hosts"]["left"].as_u64().unwrap() > 0, "{summary}");
        assert_eq!(ipv4(&map(&center).await), ipv4(&all_meant(estate(1))));
        let third = run(ways(&folder, &center, &qualys, &[])).await;
        assert_eq!(third.assert_code(0).summary()["hosts"]["left"], 0);
    }
}
