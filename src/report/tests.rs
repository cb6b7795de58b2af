//! Whole reports, from bytes to what goes on.

use std::fmt::Write;
use std::num::NonZeroU16;

use super::selection::Selection;
use super::*;

mod collisions;
mod detections;
mod filters;
mod oddities;
mod robustness;
mod samples;
mod strange;
mod tree;

/// Everything kept.
pub(super) const EVERYTHING: Keep = Keep {
    description_length: 1024,
    names: true,
    operating_systems: true,
    unfinished: true,
};

/// Every kind and status, of the default network.
pub(super) fn all() -> Selection {
    Selection {
        kinds: "all".parse().unwrap(),
        statuses: "all".parse().unwrap(),
        ..Selection::default()
    }
}

pub(super) fn parsed(xml: impl AsRef<[u8]>) -> Report {
    parse(xml.as_ref(), &EVERYTHING, &Progress::default()).unwrap()
}

/// What is odd in a report.
pub(super) fn remarks(xml: impl AsRef<[u8]>) -> Remarks {
    parsed(xml).take_remarks()
}

pub(super) fn refused(xml: impl AsRef<[u8]>) -> Error {
    parse(xml.as_ref(), &EVERYTHING, &Progress::default()).unwrap_err()
}

/// A report whose hosts and glossary entries are these.
pub(super) fn report(hosts: &str, glossary: &str) -> String {
    format!(
        "<ASSET_DATA_REPORT><HOST_LIST>{hosts}</HOST_LIST><GLOSSARY><VULN_DETAILS_LIST>{glossary}</VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>"
    )
}

/// Hosts and findings as a person would note them down.
pub(super) fn hosts(selected: &Selected) -> String {
    let mut text = String::new();
    let mut findings = Vec::new();
    for index in 0..selected.len() {
        let host = selected.host(index, &mut findings).unwrap();
        let clean = if host.clean { " clean" } else { "" };
        let (name, system) = (host.name.unwrap_or("-"), host.operating_system.unwrap_or("-"));
        writeln!(text, "{} ({name}, {system}){clean}", host.address).unwrap();
        for finding in &findings {
            let qid = selected.vulnerability(finding).unwrap().qid;
            let port = finding.port.map_or("-".into(), |port: NonZeroU16| port.to_string());
            let protocol = finding.protocol.map_or("-".into(), |protocol| format!("{protocol:?}"));
            writeln!(text, "  {qid} {port}/{protocol}").unwrap();
        }
    }
    text
}

/// The vulnerabilities as a person would note them down.
pub(super) fn vulnerabilities(selected: &Selected) -> String {
    let mut text = String::new();
    for vulnerability in selected.vulnerabilities() {
        let Vulnerability {
            qid,
            title,
            severity,
            description,
            cves,
            bugtraqs,
            ..
        } = vulnerability;
        writeln!(
            text,
            "{qid} {severity:?} {title} | {description} | {cves:?} {bugtraqs:?}"
        )
        .unwrap();
    }
    text
}

/// The counts as a person would note them down, if they add up.
pub(super) fn counts(selected: &Selected) -> String {
    let counts = selected.counts();
    let hosts = counts.hosts_selected + counts.hosts_clean + counts.hosts_left_out.total();
    assert_eq!(counts.hosts_read, hosts, "{counts:?}");
    let findings = counts.findings_selected + counts.findings_left_out.total();
    assert_eq!(counts.findings_read, findings, "{counts:?}");
    assert_eq!(counts.findings_selected, counts.by_severity.iter().sum::<u64>());
    assert_eq!(selected.len() as u64, counts.hosts_selected + counts.hosts_clean);
    let left_out = |tally: &Tally| {
        let reasons = tally
            .iter()
            .map(|(reason, count)| format!("{} {count}", reason.label()));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        if reasons.is_empty() { "none".into() } else { reasons }
    };
    format!(
        "hosts: {} read, {} selected, {} clean, left out: {}\nfindings: {} read, {} selected ({} with CVE), left out: {}\nby severity: {:?}",
        counts.hosts_read,
        counts.hosts_selected,
        counts.hosts_clean,
        left_out(&counts.hosts_left_out),
        counts.findings_read,
        counts.findings_selected,
        counts.with_cve,
        left_out(&counts.findings_left_out),
        counts.by_severity,
    )
}
