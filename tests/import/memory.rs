//! What is remembered between runs: hosts that left, what changed since the last good run, where a run stopped.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self, Limits, Qualys, Times};
use connector_lab::report;
use qualys_connector::state::{StateHeader, StateStore};
use serde_json::Value;
use support::{
    Ended, Results, Running, center, connector, count, from_detections, from_qualys, held, qualys, run, sending,
};

use crate::detections::{all_meant, ipv4};

mod clocks;
mod elsewhere;
mod kills;
mod lacking;
mod last;
mod left;
mod reports;
mod resumed;
mod unusable;

/// Changes since the last good import are asked for.
const LAST: &str = "detections.changed_within=last";

/// How an estate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Reports,
    Detections,
}

/// Both ends, and the folder of an import between them.
struct Place {
    folder: tempfile::TempDir,
    center: ManagementCenter,
    qualys: Qualys,
}

/// An estate; with each generation hosts are found, fixed, moved, merged and purged.
fn estate(generation: u32) -> report::Options {
    report::Options {
        generation,
        ..support::small(120)
    }
}

impl Place {
    async fn new() -> Self {
        Place::with(tempfile::tempdir().unwrap(), qualys::Options::default()).await
    }

    /// With a Qualys that is also as `options` say.
    async fn with(folder: tempfile::TempDir, options: qualys::Options) -> Self {
        let qualys = qualys(qualys::Options {
            report: estate(0),
            times: Times::instant(),
            // Many runs make many calls.
            limits: Limits {
                rate_limit: 100_000,
                ..Limits::default()
            },
            ..options
        });
        Place {
            folder,
            center: center(management_center::Options::default()).await,
            qualys: qualys.await,
        }
    }

    /// An import that remembers, and may clear every second host.
    fn import(&self, source: Source, settings: &[&str]) -> Command {
        let command = sending(self.folder.path(), &self.center);
        let mut command = match source {
            Source::Reports => {
                let named = settings
                    .iter()
                    .find_map(|setting| setting.strip_prefix("qualys.template_ids="));
                from_qualys(command, &self.qualys, named.unwrap_or("424242"))
            }
            Source::Detections => from_detections(command, &self.qualys),
        };
        for setting in ["state.dir=state", "commands.max_cleared=50%"].iter().chain(settings) {
            command.args(["--set", setting]);
        }
        command
    }

    async fn imported(&self, source: Source, settings: &[&str], code: i32) -> Ended {
        let ended = run(self.import(source, settings)).await;
        ended.assert_code(code);
        ended
    }

    /// The estate of another generation.
    fn becomes(&self, generation: u32) {
        self.qualys.set_estate(estate(generation)).unwrap();
    }

    /// What is held, and so much of it as reports show.
    async fn map(&self) -> BTreeMap<IpAddr, Results> {
        self.center.idle().await;
        held(&self.center.network_map())
    }

    async fn assert_is_estate(&self, source: Source, generation: u32) {
        let (map, meant) = (self.map().await, all_meant(estate(generation)));
        match source {
            Source::Reports => assert_eq!(ipv4(&map), ipv4(&meant)),
            Source::Detections => assert_eq!(map, meant),
        }
    }

    /// All that the estate means is held, whatever is held besides.
    async fn assert_holds_estate(&self, generation: u32) {
        let (map, meant) = (self.map().await, all_meant(estate(generation)));
        let lacks: Vec<_> = meant
            .iter()
            .filter(|(address, results)| map.get(address) != Some(results))
            .map(|(address, _)| address)
            .collect();
        assert!(lacks.is_empty(), "{lacks:?}");
    }

    /// Addresses that are held and that the estate doesn't have any more.
    async fn stale(&self, generation: u32) -> usize {
        let meant = ipv4(&all_meant(estate(generation)));
        let map = ipv4(&self.map().await);
        map.keys().filter(|address| !meant.contains_key(address)).count()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state/state.redb")
    }

    /// What is remembered, open and locked.
    fn store(&self) -> StateStore {
        StateStore::open(self.state().parent().unwrap()).unwrap()
    }

    /// Changes what is remembered of earlier runs.
    fn rewrite(&self, change: impl FnOnce(&mut StateHeader)) {
        self.store().change(change).unwrap();
    }

    /// As if the last good import had begun a minute earlier. The lab's hosts changed an hour before it was started, which is
    /// just as far back as the next import asks.
    fn a_minute_passes(&self) {
        self.rewrite(|header| header.last.iter_mut().for_each(|run| run.begun -= 60));
    }

    /// What the command `state` shows.
    async fn remembered(&self) -> Value {
        remembered(self.folder.path()).await
    }
}

/// What the command `state` shows of an import in this folder.
async fn remembered(folder: &Path) -> Value {
    let mut command = connector(folder);
    command.args(["state", "--output", "json", "--set", "state.dir=state"]);
    let shown = Running::of(command).ended().await;
    serde_json::from_str(&shown.assert_code(0).stdout).unwrap()
}

/// The number of hosts that left, if the run looked for them.
fn left(ended: &Ended) -> Option<u64> {
    ended.summary()["hosts"]["left"].as_u64()
}

/// Calls for detections so far.
fn calls(place: &Place) -> usize {
    count(&place.qualys, "detections")
}

/// The numbers of hosts that were asked for, call by call, after the first `calls`.
fn asked(place: &Place, calls: usize) -> Vec<usize> {
    let requests = place.qualys.requests();
    let calls = requests
        .iter()
        .filter(|request| request.action == "detections")
        .skip(calls);
    calls
        .filter_map(|request| request.parameters.get("ids"))
        .map(|ids| ids.split(',').count())
        .collect()
}

/// The latest call for what changed: when it came, and since when.
fn changes_asked(place: &Place) -> (SystemTime, SystemTime) {
    let time = |text: &str| humantime::parse_rfc3339(text).unwrap();
    let requests = place.qualys.requests();
    let mut calls = requests.iter().rev().filter_map(|request| {
        let since = request.parameters.get("vm_processed_after")?;
        Some((time(&request.time), time(since)))
    });
    calls.next().unwrap()
}
