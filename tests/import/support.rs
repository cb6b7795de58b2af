//! What all of these tests need: the program, a Management Center, a generated report and what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use connector_lab::accounts;
use connector_lab::management_center::{self, Faults, Host, ManagementCenter, NetworkMap, Options};
use connector_lab::report::{self, Expected, Finding, Kind, Protocol, Report, Status};
use serde_json::Value;

/// Scan results: QID, port, protocol number, title, numbers of CVEs.
pub(crate) type Results = BTreeSet<(String, Option<u16>, Option<u8>, String, BTreeSet<String>)>;

/// The program, in a folder of its own and with nothing of this process' environment.
pub(crate) fn connector(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
    command.current_dir(folder).env_clear();
    command
}

/// The program on its way to `center`, adding hosts.
pub(crate) fn sending(folder: &Path, center: &ManagementCenter) -> Command {
    let mut command = connector(folder);
    command
        .args(["--server", "127.0.0.1", "--port", &center.address().port().to_string()])
        .arg("--pkcs12")
        .arg(center.pkcs12())
        .args(["--set", "commands.add_host=y"]);
    command
}

/// Runs the program without holding up the far ends.
pub(crate) async fn run(mut command: Command) -> Ended {
    if !command.get_args().any(|argument| argument == "--summary") {
        command.args(["--summary", "json"]);
    }
    let output = tokio::task::spawn_blocking(move || command.output());
    Ended::new(output.await.unwrap().unwrap())
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn new(output: Output) -> Self {
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that a person is told so on standard error.
    pub(crate) fn assert_says(&self, sentence: &str) -> &Self {
        assert!(
            self.stderr.contains(sentence),
            "not said: {sentence}\nstderr: {}",
            self.stderr
        );
        self
    }

    /// The summary of the only template.
    pub(crate) fn summary(&self) -> Value {
        self.whole_summary()["templates"][0].clone()
    }

    /// The whole summary, whose numbers add up.
    pub(crate) fn whole_summary(&self) -> Value {
        let summary = serde_json::from_str(&self.stdout).unwrap();
        assert_eq!(accounts::check(&summary), Ok(()), "{summary}");
        summary
    }
}

pub(crate) async fn center(options: Options) -> ManagementCenter {
    ManagementCenter::start(options).await.unwrap()
}

/// A Management Center with which something goes wrong.
pub(crate) async fn faulty(faults: Faults) -> ManagementCenter {
    center(Options {
        faults,
        ..Options::default()
    })
    .await
}

/// How an import into a [`faulty`] Management Center ends, and of how many hosts of all it then holds what is meant.
pub(crate) async fn imported(faults: Faults, settings: &[&str]) -> (Ended, usize, usize) {
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
pub(crate) fn report(folder: &Path, options: report::Options) -> (PathBuf, Expected) {
    let report = Report::new(options).unwrap();
    let path = folder.join("report.xml");
    report.write_to(&mut std::fs::File::create(&path).unwrap()).unwrap();
    (path, report.expected())
}

/// A small estate with everything that makes estates difficult.
pub(crate) fn small(hosts: u32) -> report::Options {
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
pub(crate) fn held(map: &NetworkMap) -> BTreeMap<IpAddr, Results> {
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
pub(crate) fn meant(expected: &Expected) -> BTreeMap<IpAddr, Results> {
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
