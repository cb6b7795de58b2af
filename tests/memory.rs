//! Memory follows what is kept of a report, whatever else the report holds.
//!
//! The program reads reports from a pipe. Before the last piece is written, it has read all the others, and the kernel
//! knows how much memory it needed at most.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

const END: &str = "</ASSET_DATA_REPORT>";

/// Writes a report of these pieces; returns how the program ended, and its highest use of memory in MB, if it lived so long.
fn import(pieces: impl Iterator<Item = String>) -> (Output, u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_qualys-connector"))
        .args(["--report", "-", "--csvfile", "out.csv", "--set", "selection.kinds=all"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut report = child.stdin.take().unwrap();
    let written = (|| -> io::Result<()> {
        for piece in std::iter::once("<ASSET_DATA_REPORT>".to_owned()).chain(pieces) {
            report.write_all(piece.as_bytes())?;
        }
        Ok(())
    })();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.map_or(0, |peak| {
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1000
    });
    match written.and_then(|()| report.write_all(END.as_bytes())) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
    }
    drop(report);
    (child.wait_with_output().unwrap(), peak)
}

fn hosts(findings: &str) -> String {
    format!("<HOST_LIST><HOST><IP>10.0.0.1</IP><VULN_INFO_LIST>{findings}</VULN_INFO_LIST></HOST></HOST_LIST>")
}

fn finding(qid: u32) -> String {
    format!("<VULN_INFO><QID>{qid}</QID><TYPE>Vuln</TYPE></VULN_INFO>")
}

fn glossary(entries: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let start = "<GLOSSARY><VULN_DETAILS_LIST>".to_owned();
    let end = "</VULN_DETAILS_LIST></GLOSSARY>".to_owned();
    std::iter::once(start).chain(entries).chain(std::iter::once(end))
}

fn described(qid: u32) -> String {
    let threat = format!("{qid} is bad. ").repeat(300);
    format!("<VULN_DETAILS><QID>{qid}</QID><TITLE>T</TITLE><THREAT>{threat}</THREAT></VULN_DETAILS>")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_glossary_that_no_host_needs_is_not_kept() {
    let pieces = std::iter::once(hosts(&finding(7))).chain(glossary((0..50_000).map(described)));
    let (output, peak) = import(pieces);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!((1..70).contains(&peak), "{peak} MB");
}

#[test]
fn a_glossary_before_all_hosts_is_kept_within_bounds_and_refused_beyond() {
    let few = glossary((0..1_000).map(described)).chain(std::iter::once(hosts(&finding(999))));
    let (output, _) = import(few);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (output, _) = import(glossary((0..50_000).map(described)));
    assert_eq!(output.status.code(), Some(65), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(
        said.contains("describes more vulnerabilities before the hosts that have them"),
        "{said}"
    );
}

#[test]
fn references_without_end_of_one_vulnerability_are_not_kept() {
    let ids = |from: u32| {
        let mut ids = String::new();
        for id in from..from + 1000 {
            write!(ids, "<CVE_ID><ID>CVE-2026-{id:07}</ID></CVE_ID>").unwrap();
        }
        ids
    };
    let start = "<VULN_DETAILS><QID>7</QID><TITLE>T</TITLE><CVE_ID_LIST>".to_owned();
    let end = "</CVE_ID_LIST></VULN_DETAILS>".to_owned();
    let ids = (0..1500).map(|thousand| ids(thousand * 1000));
    let entry = std::iter::once(start).chain(ids).chain(std::iter::once(end));
    let (output, peak) = import(std::iter::once(hosts(&finding(7))).chain(glossary(entry)));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!((1..70).contains(&peak), "{peak} MB");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        said.contains("a CVE or Bugtraq id (1495904 times) is left out"),
        "{said}"
    );
}

#[test]
fn more_different_vulnerabilities_than_anybody_has_are_refused() {
    let host = |number: u32| {
        let findings: String = (number * 500..(number + 1) * 500).map(|qid| finding(qid + 1)).collect();
        hosts(&findings)
    };
    let (output, _) = import((0..2_400).map(host));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(
        said.contains("the report holds more hosts, findings and vulnerabilities than are kept of one"),
        "{said}"
    );
}
