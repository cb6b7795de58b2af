//! Qualys' own reports, where the folder of public samples is at hand.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn samples() -> Option<PathBuf> {
    connector_lab::testing::samples("qualys")
}

fn sample(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn every_sample_is_read_or_refused_for_the_right_reason() {
    let Some(folder) = samples() else { return };
    let mut outcomes = String::new();
    let names = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| name.ends_with(".xml")).collect::<BTreeSet<_>>() {
        let source = file::open(&folder.join(&name)).unwrap();
        match parse(source, &EVERYTHING, &Progress::default()) {
            Ok(report) => {
                let remarks = report.remarks().sentences().count();
                assert_eq!(remarks, 0, "{name}");
                let selected = all().apply(report);
                counts(&selected);
                let Counts {
                    hosts_read,
                    findings_read,
                    findings_selected,
                    ..
                } = selected.counts();
                let vulnerabilities = selected.vulnerabilities().len();
                let read = format!(
                    "{hosts_read} hosts, {findings_read} findings, {findings_selected} selected, {vulnerabilities} QIDs"
                );
                writeln!(outcomes, "{name}: {read}").unwrap();
            }
            Err(error) => writeln!(outcomes, "{name}: {error}").unwrap(),
        }
    }
    insta::assert_snapshot!(outcomes, @r#"
    dd_empty.xml: 0 hosts, 0 findings, 0 selected, 0 QIDs
    dd_infra_0.xml: 1 hosts, 0 findings, 0 selected, 0 QIDs
    dd_infra_multiple.xml: 2 hosts, 24 findings, 24 selected, 12 QIDs
    dd_qualys_sample_report.xml: 7 hosts, 301 findings, 301 selected, 92 QIDs
    dd_same_qid_different_ports.xml: 1 hosts, 3 findings, 3 selected, 1 QIDs
    dd_test_qualys_wrong_root.xml: this is no host report: its root element is QUALYS_REPORT, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT
    dradis_simple.xml: 1 hosts, 7 findings, 7 selected, 7 QIDs
    dradis_simple_was.xml: this is a web application report (WAS_SCAN_REPORT), which has no hosts; use a report of host findings
    dradis_two_hosts_common_issue.xml: 2 hosts, 14 findings, 14 selected, 11 QIDs
    dradis_with_ciphers.xml: 1 hosts, 1 findings, 1 selected, 1 QIDs
    gq_hld_unknown.xml: 0 hosts, 0 findings, 0 selected, 0 QIDs
    gq_kb_316760.xml: this is no host report: its root element is KNOWLEDGE_BASE_VULN_LIST_OUTPUT, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT
    gq_kb_unknown.xml: this is no host report: its root element is KNOWLEDGE_BASE_VULN_LIST_OUTPUT, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT
    rq_bad_login_2000.xml: this is no report but an answer of Qualys: Bad Login/Password (code 2000)
    rq_delete_ok.xml: this is no report but an answer of Qualys: Report deleted
    rq_fetch_not_ready_7001.xml: this is no report but an answer of Qualys: Report cannot be fetched. (code 7001)
    rq_launch_ok.xml: this is no report but an answer of Qualys: New report launched
    rq_report_template_list.xml: this is no host report: its root element is REPORT_TEMPLATE_LIST, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT
    rq_scan_report.xml: 1 hosts, 16 findings, 16 selected, 13 QIDs
    "#);
}

#[test]
fn the_training_report_is_what_its_readme_says() {
    let Some(folder) = samples() else { return };
    let xml = sample(&folder, "dd_qualys_sample_report.xml");
    let of_kind = |kinds: &str| {
        let selection = Selection {
            kinds: kinds.parse().unwrap(),
            ..all()
        };
        selection.apply(parsed(&xml)).counts().findings_selected
    };
    assert_eq!(
        (of_kind("information"), of_kind("confirmed"), of_kind("potential")),
        (209, 90, 2)
    );
    let selected = all().apply(parsed(&xml));
    assert_eq!(selected.vulnerabilities().len(), 92);
    let without_cve = selected.vulnerabilities().iter().filter(|v| v.cves.is_empty()).count();
    let most = selected.vulnerabilities().iter().max_by_key(|v| v.cves.len()).unwrap();
    assert_eq!((without_cve, most.qid, most.cves.len()), (71, 11803, 16));
    let without_threat = selected.vulnerabilities().iter().filter(|v| v.description.is_empty());
    assert!(without_threat.map(|v| v.qid).eq([38050, 86001, 86002]));
    for vulnerability in selected.vulnerabilities() {
        let Vulnerability { title, description, .. } = vulnerability;
        assert!(!title.starts_with("QID "));
        for markup in [
            "<P>", "<BR>", "<B>", "<UL>", "<LI>", "<A HREF", "</", "&quot;", "&apos;", "&lt;", "&amp;",
        ] {
            assert!(!description.contains(markup), "{markup} in {description}");
        }
    }
}

#[test]
fn a_reading_of_the_whole_tree_finds_the_same() {
    let Some(folder) = samples() else { return };
    for name in [
        "dd_qualys_sample_report.xml",
        "dd_same_qid_different_ports.xml",
        "rq_scan_report.xml",
        "dd_infra_0.xml",
        "dd_infra_multiple.xml",
        "dradis_simple.xml",
        "dradis_two_hosts_common_issue.xml",
        "dradis_with_ciphers.xml",
    ] {
        let xml = sample(&folder, name);
        assert!(
            tree::read(&xml).is_some_and(|(_, titles)| name.contains("infra") || !titles.is_empty()),
            "{name}"
        );
        tree::compare(&xml);
    }
}
