//! What is written of a generated report, read back by somebody else's reader of CSV, is what its generator meant.

use std::collections::{BTreeMap, BTreeSet};

use connector_lab::report::{self as lab, Options};
use proptest::prelude::*;

use super::*;
use crate::report::selection::Selection;
use crate::report::{Keep, Progress, parse};

/// Of each host, each finding: QID, port, protocol, title and ids.
type Told = BTreeMap<String, BTreeSet<(u32, String, String, String, String)>>;

fn meant(report: &lab::Report) -> Told {
    let mut told = Told::new();
    for host in report.expected().hosts {
        if host.network != 0 || host.ipv6_stand_in {
            continue;
        }
        let findings = host.findings.iter().map(|finding| {
            let title = finding
                .title
                .as_ref()
                .map_or(format!("QID {}", finding.qid), |title| deunicode::deunicode(title));
            let protocol = match finding.protocol {
                Some(lab::Protocol::Tcp) => "6",
                Some(lab::Protocol::Udp) => "17",
                None => "",
            };
            let port = finding.port.map(|port| port.to_string()).unwrap_or_default();
            (
                finding.qid,
                port,
                protocol.to_owned(),
                title,
                format!("cve_ids: {}", finding.cves.join(" ")),
            )
        });
        told.entry(host.address.to_string()).or_default().extend(findings);
    }
    told.retain(|_, findings| !findings.is_empty());
    told
}

fn read_back(lines: &[u8]) -> Told {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(lines);
    let mut told = Told::new();
    for record in reader.records() {
        let record = record.unwrap();
        if &record[0] == "AddScanResult" {
            let finding = (
                record[3].parse().unwrap(),
                record[4].into(),
                record[5].into(),
                record[6].into(),
                record[8].into(),
            );
            assert!(
                told.entry(record[1].to_owned()).or_default().insert(finding),
                "told twice: {record:?}"
            );
        }
    }
    told
}

proptest! {
    #[test]
    fn an_independent_reader_finds_in_the_commands_what_the_report_meant(
        hosts in 1u32..8,
        findings in 0u32..8,
        seed: u64,
        networks in 1u32..3,
        description_length in prop::sample::select(vec![0usize, 200]),
    ) {
        let options = Options { hosts, findings, qids: 40, seed, networks, duplicates: 30, unexplained: 20, longest_result: 50, ..Options::default() };
        let report = lab::Report::new(options).unwrap();
        let mut xml = Vec::new();
        report.write_to(&mut xml).unwrap();
        let keep = Keep { description_length, ..Keep::default() };
        let all = Selection { kinds: "all".parse().unwrap(), statuses: "all".parse().unwrap(), ..Selection::default() };
        let selected = all.apply(parse(&xml[..], &keep, &Progress::default()).unwrap());
        let settings = Settings {
            add_host: true,
            source: "Qualys".parse().unwrap(),
            scanner: "Qualys".parse().unwrap(),
            domain: None,
            mode: Mode::Replace,
            clear_clean_hosts: true,
            description_length,
            set_os: false,
            hostname_attribute: None,
        };
        let commands = HostCommands::new(&settings, &selected, &Closings::of(&settings, false));
        let mut lines = Vec::new();
        for index in 0..commands.len() {
            commands.write(index, usize::MAX, &mut lines);
        }
        prop_assert_eq!(read_back(&lines), meant(&report));
    }
}
