//! Imports of a report file into a Management Center, when something goes wrong.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector_lab::management_center::{Faults, ManagementCenter};
use support::{Ended, Results, Running, connector, faulty, held, meant, report, small};
use tempfile::TempDir;

/// A report, a Management Center, and imports of the one into the other.
pub(crate) struct Import {
    pub(crate) center: ManagementCenter,
    pub(crate) report: PathBuf,
    meant: BTreeMap<IpAddr, Results>,
    folder: TempDir,
}

/// How an import ends, and what it leaves.
pub(crate) struct Promise<'a> {
    pub(crate) exit: i32,
    /// Part of a sentence on standard error.
    pub(crate) says: &'a str,
    /// Connections that were made.
    pub(crate) connections: RangeInclusive<u64>,
    pub(crate) held: Held,
}

impl<'a> Promise<'a> {
    /// Nothing is imported, by one connection.
    pub(crate) const fn fails(exit: i32, says: &'a str) -> Self {
        Promise {
            exit,
            says,
            connections: 1..=1,
            held: Held::None,
        }
    }
}

/// What the Management Center holds in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Each host of the report, as the report means it.
    All,
    /// Some of the hosts, each as the report means it.
    Some,
    /// No host.
    None,
}

impl Import {
    /// Of some hosts, in frames so small that there are many of them.
    pub(crate) async fn into(faults: Faults) -> Self {
        Self::of(24, faults).await
    }

    pub(crate) async fn of(hosts: u32, faults: Faults) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (report, expected) = report(folder.path(), small(hosts));
        Import {
            center: faulty(faults).await,
            report,
            meant: meant(&expected),
            folder,
        }
    }

    /// The folder that the program works in. It holds the report.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The import with these settings, about to start.
    pub(crate) fn command(&self, settings: &[&str]) -> Command {
        self.command_with(&[], settings)
    }

    /// The same with these options instead of the right ones.
    pub(crate) fn command_with(&self, options: &[(&str, &str)], settings: &[&str]) -> Command {
        let (port, pkcs12) = (self.center.address().port().to_string(), self.center.pkcs12());
        let right = [
            ("--server", "127.0.0.1"),
            ("--port", &port),
            ("--pkcs12", pkcs12.to_str().unwrap()),
            ("--report", self.report.to_str().unwrap()),
            ("--summary", "json"),
        ];
        let kept = right
            .iter()
            .filter(|(name, _)| options.iter().all(|(other, _)| other != name));
        let mut command = connector(self.folder());
        for (name, value) in kept.chain(options) {
            command.args([name, value]);
        }
        // Frames so small that there are many, and none of them too small for a host.
        let small = [
            "commands.add_host=y",
            "commands.description_length=60",
            "management_center.max_frame=6000",
        ];
        let names = settings.iter().map(|setting| setting.split('=').next());
        let names: Vec<_> = names.collect();
        let small = small
            .iter()
            .filter(|setting| !names.contains(&setting.split('=').next()));
        for setting in small.chain(settings) {
            command.args(["--set", setting]);
        }
        command.env("TMPDIR", self.folder());
        command
    }

    /// Imports, and asserts how that ends.
    pub(crate) async fn ends(&self, settings: &[&str], promise: Promise<'_>) -> Ended {
        let ended = Running::of(self.command(settings)).ended().await;
        self.assert(&ended, &promise).await;
        ended
    }

    /// Asserts how an import has ended, and what it left.
    pub(crate) async fn assert(&self, ended: &Ended, promise: &Promise<'_>) {
        ended.assert_code(promise.exit).assert_says(promise.says);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        if let Ok(summary) = serde_json::from_str::<serde_json::Value>(&ended.stdout) {
            let findings = &summary["templates"][0]["findings"];
            if let Some(selected) = findings["selected"].as_u64().filter(|_| findings["not_sent"].is_u64()) {
                let told = ["acknowledged", "refused", "not_sent"].map(|what| findings[what].as_u64().unwrap());
                assert_eq!(selected, told.iter().sum::<u64>(), "{findings}");
                assert_eq!(promise.exit == 0, told[0] == selected, "{findings}");
            }
        }
        self.assert_held(promise.held, &ended.stderr).await;
        let connections = self.center.network_map().counters.connections;
        assert!(
            promise.connections.contains(&connections),
            "{connections} connections, not {:?}\nstderr: {}",
            promise.connections,
            ended.stderr
        );
        self.assert_nothing_is_left();
    }

    /// Asserts what the Management Center holds once nobody is connected.
    pub(crate) async fn assert_held(&self, promised: Held, told: &str) {
        self.center.idle().await;
        let held = held(&self.center.network_map());
        assert_eq!(self.not_whole(), [] as [IpAddr; 0], "{told}");
        let some = match held.len() {
            0 => Held::None,
            all if all == self.meant.len() => Held::All,
            _ => Held::Some,
        };
        assert_eq!(some, promised, "{} of {}\n{told}", held.len(), self.meant.len());
    }

    /// Hosts of which the Management Center holds something else than the report means.
    pub(crate) fn not_whole(&self) -> Vec<IpAddr> {
        let held = held(&self.center.network_map()).into_iter();
        held.filter(|(address, results)| self.meant.get(address) != Some(results))
            .map(|(address, _)| address)
            .collect()
    }

    /// Asserts that the folder holds what it held before.
    pub(crate) fn assert_nothing_is_left(&self) {
        assert_eq!(names(self.folder()), ["report.xml"]);
    }

    /// One of the hosts of which several things are told, and how the line of one of them begins.
    pub(crate) fn line(&self, index: usize) -> (IpAddr, String) {
        let mut several = self.meant.iter().filter(|(_, results)| results.len() > 1);
        let (address, results) = several.nth(index).unwrap();
        let (qid, ..) = results.first().unwrap();
        (*address, format!("AddScanResult,{address},\"Qualys\",{qid},"))
    }

    /// Asserts that the next import, with which nothing goes wrong, completes.
    pub(crate) async fn next_completes(&self) {
        self.center.set_faults(Faults::default());
        let ended = Running::of(self.command(&[])).ended().await;
        ended.assert_code(0);
        self.assert_held(Held::All, &ended.stderr).await;
        self.assert_nothing_is_left();
    }
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Which of the cuts of a conversation or a file are made: all of them if `EVERY_BYTE` is set, otherwise so many that an
/// everyday run bears them, spread evenly.
pub(crate) fn cuts(length: u64, everyday: u64) -> impl Iterator<Item = u64> {
    let step = match std::env::var_os("EVERY_BYTE") {
        Some(_) => 1,
        None => length.div_ceil(everyday),
    };
    (0..length).step_by(step as usize)
}
