//! Reports, Management Centers, and what an import of the one into the other leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector_lab::management_center::{self, Faults, Host, ManagementCenter, NetworkMap, Options};
use connector_lab::report::{self, Expected, Finding, Kind, Protocol, Report, Status};

use crate::program::{Ended, connector, run};

/// Scan results: QID, port, protocol number, title, numbers of CVEs.
pub type Results = BTreeSet<(String, Option<u16>, Option<u8>, String, BTreeSet<String>)>;

/// The program on its way to `center`, adding hosts.
pub fn sending(folder: &Path, center: &ManagementCenter) -> Command {
    let mut command = connector(folder);
    command
        .args(["--server", "127.0.0.1", "--port", &center.address().port().to_string()])
        .arg("--pkcs12")
        .arg(center.pkcs12())
        .args(["--set", "commands.add_host=y"]);
    command
}

/// A Management Center.
pub async fn center(options: Options) -> ManagementCenter {
    ManagementCenter::start(options).await.unwrap()
}

/// A Management Center with which something goes wrong.
pub async fn faulty(faults: Faults) -> ManagementCenter {
    center(Options {
        faults,
        ..Options::default()
    })
    .await
}

/// How an import into a [`faulty`] Management Center ends, and of how many hosts of all it then holds what is meant.
pub async fn imported(faults: Faults, settings: &[&str]) -> (Ended, usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(40));
    let center = faulty(faults).await;
    let mut command = sending(folder.path(), &center);
    command.arg("--report").arg(&path);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let ended = run(command).await;
    center.idle().await;
    let (held, meant) = (held(&center.network_map()), meant(&expected));
    let right = meant
        .iter()
        .filter(|(address, results)| held.get(address) == Some(results))
        .count();
    (ended, right, meant.len())
}

/// A generated report on disk, and what it says.
pub fn report(folder: &Path, options: report::Options) -> (PathBuf, Expected) {
    let report = Report::new(options).unwrap();
    let path = folder.join("report.xml");
    report.write_to(&mut std::fs::File::create(&path).unwrap()).unwrap();
    (path, report.expected())
}

/// A small estate with everything that makes estates difficult.
pub fn small(hosts: u32) -> report::Options {
    report::Options {
        hosts,
        findings: 8,
        qids: 60,
        duplicates: 20,
        clean: 5,
        fixed: 15,
        ipv6: 3,
        unexplained: 5,
        longest_result: 2000,
        ..report::Options::default()
    }
}

/// What the Management Center holds of our scanner, host by host.
pub fn held(map: &NetworkMap) -> BTreeMap<IpAddr, Results> {
    let results = |host: &Host| -> Results {
        let scanner = host.scanners.get("Qualys");
        let results = scanner.into_iter().flat_map(|scanner| &scanner.results);
        results
            .map(|result| {
                let protocol = result.proto.map(|protocol| match protocol {
                    management_center::Protocol::Tcp => 6,
                    management_center::Protocol::Udp => 17,
                });
                let cves = result.cves.iter().cloned().collect();
                (result.id.clone(), result.port, protocol, result.name.clone(), cves)
            })
            .collect()
    };
    let held = map.hosts.iter().map(|(address, host)| (*address, results(host)));
    held.filter(|(_, results)| !results.is_empty()).collect()
}

/// What the report means by the default selection, read from the generator without any XML.
pub fn meant(expected: &Expected) -> BTreeMap<IpAddr, Results> {
    let mut meant: BTreeMap<IpAddr, Results> = BTreeMap::new();
    for host in &expected.hosts {
        let selected: Results = host
            .findings
            .iter()
            .filter(|finding| selected(finding))
            .map(result)
            .collect();
        if host.network == 0 && !host.ipv6_stand_in && !selected.is_empty() {
            meant.entry(host.address.into()).or_default().extend(selected);
        }
    }
    meant
}

fn selected(finding: &Finding) -> bool {
    finding.kind != Kind::Information && finding.status != Some(Status::Fixed)
}

fn result(finding: &Finding) -> (String, Option<u16>, Option<u8>, String, BTreeSet<String>) {
    let protocol = finding.protocol.map(|protocol| match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    });
    let title = match &finding.title {
        Some(title) => deunicode::deunicode(title)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        None => format!("QID {}", finding.qid),
    };
    // The Management Center strips the prefix (likely).
    let cves = finding
        .cves
        .iter()
        .map(|cve| cve.trim_start_matches("CVE-").to_owned())
        .collect();
    (finding.qid.to_string(), finding.port, protocol, title, cves)
}
