//! Imports of hosts and their detections from a Qualys with which something goes wrong.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::Qualys;
use connector_lab::report::{self, Report};
use support::{Ended, Results, Running, center, count, from_detections, held, meant, sending, small};
use tempfile::TempDir;

use crate::from_qualys::usual;

/// One Qualys with some twenty hosts, one Management Center, and imports between them in batches of six.
pub(crate) struct Import {
    pub(crate) qualys: Qualys,
    pub(crate) center: ManagementCenter,
    meant: BTreeMap<IpAddr, Results>,
    folder: TempDir,
}

impl Import {
    pub(crate) async fn faulty(faults: &[&str]) -> Self {
        let report = report::Options { ipv6: 0, ..small(20) };
        let options = connector_lab::qualys::Options {
            report: report.clone(),
            ..usual(faults)
        };
        Import {
            qualys: Qualys::start(options).await.unwrap(),
            center: center(management_center::Options::default()).await,
            meant: meant(&Report::new(report).unwrap().expected()),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, settings: &[&str]) -> Command {
        let mut command = from_detections(sending(self.folder.path(), &self.center), &self.qualys);
        command.args([
            "--set",
            "qualys.poll_interval=30ms",
            "--set",
            "detections.hosts_per_call=6",
        ]);
        command.args(["--summary", "json"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command
    }

    pub(crate) fn start(&self, settings: &[&str]) -> Running {
        Running::of(self.command(settings))
    }

    /// Imports, and asserts how that ends.
    pub(crate) async fn ends(&self, exit: i32, says: &str, settings: &[&str]) -> Ended {
        let ended = self.start(settings).ended().await;
        ended.assert_code(exit).assert_says(says);
        self.center.idle().await;
        ended
    }

    /// Asserts that all is imported.
    pub(crate) async fn imported(&self) {
        self.center.idle().await;
        assert_eq!(held(&self.center.network_map()), self.meant);
    }

    /// Asserts that whole hosts are imported only; says how many are missing.
    pub(crate) async fn whole(&self) -> usize {
        self.center.idle().await;
        let held = held(&self.center.network_map());
        assert!(held.iter().all(|(address, results)| self.meant[address] == *results));
        self.meant.len() - held.len()
    }

    pub(crate) fn count(&self, action: &str) -> usize {
        count(&self.qualys, action)
    }

    /// Asserts that an import without faults completes what is missing.
    pub(crate) async fn next_completes(&self) {
        self.qualys.set_faults(Vec::new());
        self.ends(0, "", &[]).await;
        self.imported().await;
    }
}

/// A fault that passes costs a repetition at most; one that stays ends in 69 after seven tries, and nothing was sent.
pub(crate) async fn passes_or_ends(fault: &str, action: &str, says: &str) {
    let settings = ["qualys.idle_timeout=300ms", "qualys.connect_timeout=300ms"];
    let passing = Import::faulty(&[&format!("{fault}@{action}:1")]).await;
    passing.ends(0, "", &settings).await;
    passing.imported().await;
    let staying = Import::faulty(&[&format!("{fault}@{action}")]).await;
    staying.ends(69, says, &settings).await;
    assert_eq!(staying.center.network_map().hosts.len(), 0, "{fault}@{action}");
    staying.next_completes().await;
}
