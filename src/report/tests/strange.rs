//! Markup that nobody knows and that may hold hosts or findings: it is counted, and what it may be about isn't cleared.

use super::*;

fn finding(status: &str) -> String {
    format!("<VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE><VULN_STATUS>{status}</VULN_STATUS></VULN_INFO>")
}

fn host(address: &str, inside: &str) -> String {
    format!("<HOST><IP>{address}</IP><VULN_INFO_LIST>{inside}</VULN_INFO_LIST></HOST>")
}

/// What becomes of a report of a host that is clean but for `more` in its list, and of another clean one; `beside` stands
/// in the list of hosts.
fn said(more: &str, beside: &str) -> String {
    let hosts = host("10.0.0.1", &(finding("Fixed") + more)) + &host("10.0.0.2", &finding("Fixed")) + beside;
    let report = parsed(report(&hosts, ""));
    let remarks: Vec<_> = report.remarks().sentences().collect();
    let selected = Selection::default().apply(report);
    format!("{}\n{}", counts(&selected), remarks.join("\n"))
}

#[test]
fn a_new_element_of_a_host_or_a_finding_changes_nothing() {
    let plain = host("10.0.0.1", &finding("Fixed"));
    let new = plain
        .replace(
            "</IP>",
            "</IP><CLOUD_PROVIDER>x</CLOUD_PROVIDER><TAGS><HOSTS>1</HOSTS></TAGS>",
        )
        .replace("</QID>", "</QID><TRURISK><QID>2</QID></TRURISK>");
    let said = |hosts: &str| {
        let report = parsed(report(hosts, ""));
        assert_eq!(report.remarks().iter().count(), 0);
        let selected = Selection::default().apply(report);
        assert_eq!(selected.counts().hosts_clean, 1);
        counts(&selected)
    };
    assert_eq!(said(&plain), said(&new));
}

#[test]
fn findings_in_other_markup_are_counted_and_their_host_is_not_cleared() {
    let open = finding("Active");
    let prefixed = open.replace("VULN_INFO>", "q:VULN_INFO>");
    insta::assert_snapshot!(said(&prefixed, ""), @r"
    hosts: 2 read, 0 selected, 1 clean, left out: unknown 1
    findings: 3 read, 0 selected (0 with CVE), left out: unreadable 1, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as q:VULN_INFO): no host that it may be about is cleared
    ");
    insta::assert_snapshot!(said(&open.to_lowercase(), ""), @r"
    hosts: 2 read, 0 selected, 1 clean, left out: unknown 1
    findings: 3 read, 0 selected (0 with CVE), left out: unreadable 1, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as vuln_info): no host that it may be about is cleared
    ");
    insta::assert_snapshot!(said(&format!("<NEW>{open}</NEW>"), ""), @r"
    hosts: 2 read, 0 selected, 1 clean, left out: unknown 1
    findings: 3 read, 0 selected (0 with CVE), left out: unreadable 1, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as NEW): no host that it may be about is cleared
    ");
    for inside in [
        format!("<vuln_info_list>{open}</vuln_info_list>"),
        format!("<q:VULN_INFO_LIST>{open}</q:VULN_INFO_LIST>"),
        format!("<NEW><VULN_INFO_LIST>{open}</VULN_INFO_LIST></NEW>"),
        open.clone(),
        format!("<VULN_INFO_LIST><VULN_INFO><QID>x</QID>{open}</VULN_INFO></VULN_INFO_LIST>"),
    ] {
        let strange = host("10.0.0.3", &finding("Fixed")).replace("</HOST>", &format!("{inside}</HOST>"));
        let selected = Selection::default().apply(parsed(report(&strange, "")));
        counts(&selected);
        let counts = selected.counts();
        assert_eq!(
            (counts.hosts_clean, counts.hosts_left_out.get(LeftOut::Unknown)),
            (0, 1),
            "{inside}"
        );
        assert!(counts.findings_left_out.get(LeftOut::Unreadable) > 0, "{inside}");
    }
}

#[test]
fn a_host_with_open_findings_beside_strange_ones_is_updated_and_not_replaced() {
    let strange = host("10.0.0.1", &(finding("Active") + "<q:VULN_INFO/>"));
    let selected = Selection::default().apply(parsed(report(&strange, "")));
    assert!(!selected.host(0, &mut Vec::new()).unwrap().whole);
}

#[test]
fn hosts_in_other_markup_may_be_any_so_nobody_is_cleared() {
    let open = host("10.0.0.2", &finding("Active"));
    insta::assert_snapshot!(said("", &open.replace("HOST>", "q:HOST>")), @r"
    hosts: 3 read, 0 selected, 0 clean, left out: bad_address 1, unknown 2
    findings: 2 read, 0 selected (0 with CVE), left out: fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as q:HOST): no host that it may be about is cleared
    ");
    insta::assert_snapshot!(said("", &host("10.0.0.3", "").replace("</HOST>", &format!("{open}</HOST>"))), @r"
    hosts: 4 read, 0 selected, 0 clean, left out: bad_address 1, unknown 3
    findings: 3 read, 0 selected (0 with CVE), left out: unreadable 1, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as HOST): no host that it may be about is cleared
    ");
    insta::assert_snapshot!(said("", &format!("<NEW>{open}</NEW>")), @r"
    hosts: 2 read, 0 selected, 0 clean, left out: unknown 2
    findings: 2 read, 0 selected (0 with CVE), left out: fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    an element that may hold hosts or findings can't be read (once; such as NEW): no host that it may be about is cleared
    ");
    for list in ["host_list", "q:HOST_LIST"] {
        let clean = report(&host("10.0.0.2", &finding("Fixed")), "");
        let beside = format!("<{list}>{open}</{list}><GLOSSARY>");
        let selected = Selection::default().apply(parsed(clean.replace("<GLOSSARY>", &beside)));
        assert_eq!(selected.counts().hosts_clean, 0, "{list}");
    }
}

#[test]
fn what_is_said_twice_of_a_finding_is_not_known() {
    let open = finding("Active");
    for (name, other) in [
        ("QID", "<QID>2</QID>"),
        ("TYPE", "<TYPE>Ig</TYPE>"),
        ("VULN_STATUS", "<VULN_STATUS>Fixed</VULN_STATUS>"),
        ("PORT", "<PORT>1</PORT><PORT>2</PORT>"),
        ("PROTOCOL", "<PROTOCOL>tcp</PROTOCOL><PROTOCOL>udp</PROTOCOL>"),
    ] {
        let twice = open.replace("</VULN_INFO>", &format!("{other}</VULN_INFO>"));
        let said = said(&twice, "");
        assert!(said.contains("left out: unreadable 1, fixed 2"), "{name}: {said}");
        assert!(said.contains("1 clean, left out: unknown 1"), "{name}: {said}");
        assert!(said.contains("stands twice (once)"), "{name}: {said}");
    }
}

#[test]
fn what_is_said_twice_of_a_detection_is_not_known_either() {
    let detection = |more: &str| {
        format!(
            "<DETECTION><QID>1</QID><TYPE>Confirmed</TYPE><SEVERITY>1</SEVERITY><STATUS>Active</STATUS>{more}</DETECTION>"
        )
    };
    for more in [
        "<IS_IGNORED>0</IS_IGNORED><IS_IGNORED>1</IS_IGNORED>",
        "<IS_DISABLED>0</IS_DISABLED><IS_DISABLED>1</IS_DISABLED>",
        "<STATUS>Fixed</STATUS>",
    ] {
        let xml = format!(
            "<HOST_LIST_VM_DETECTION_OUTPUT><RESPONSE><HOST_LIST><HOST><ID>1</ID><IP>10.0.0.1</IP><DETECTION_LIST>{}\
             </DETECTION_LIST></HOST></HOST_LIST></RESPONSE></HOST_LIST_VM_DETECTION_OUTPUT>",
            detection(more)
        );
        let selected = all().apply(parsed(xml));
        assert_eq!(
            selected.counts().findings_left_out.get(LeftOut::Unreadable),
            1,
            "{more}"
        );
    }
}

#[test]
fn cves_in_other_markup_may_be_of_any_finding_that_is_asked_for() {
    let open = "<CVE_ID_LIST><CVE_ID><ID>CVE-2024-1234</ID></CVE_ID></CVE_ID_LIST>";
    let said = |cves: &str| {
        let details = |qid, cves| format!("<VULN_DETAILS><QID>{qid}</QID><TITLE>T</TITLE>{cves}</VULN_DETAILS>");
        let hosts = host(
            "10.0.0.1",
            &(finding("Fixed") + &finding("Active").replace("<QID>1", "<QID>2")),
        );
        let described = details(1, open) + &details(2, cves);
        let selection = Selection {
            only_with_cve: true,
            ..Selection::default()
        };
        let selected = selection.apply(parsed(report(&hosts, &described)));
        (selected.counts().hosts_clean, selected.counts().hosts_selected)
    };
    assert_eq!(said(open), (0, 1));
    assert_eq!(said(&format!("<NEW>{open}</NEW>")), (0, 0));
}

#[test]
fn a_host_with_two_addresses_may_be_either() {
    let both = host("10.0.0.2", &finding("Active")).replace("</IP>", "</IP><IP>10.0.0.3</IP>");
    insta::assert_snapshot!(said("", &both), @r"
    hosts: 3 read, 0 selected, 0 clean, left out: bad_address 1, unknown 2
    findings: 3 read, 0 selected (0 with CVE), left out: bad_address 1, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    a host whose address the report doesn't say (once): no host is cleared
    ");
}

#[test]
fn an_unreadable_qid_is_said_once_with_an_example() {
    let bad = |qid: &str| finding("Active").replace("<QID>1</QID>", qid);
    let three = bad("<QID>qid_7</QID>") + &bad("<QID>8\u{202e}</QID>") + &bad("");
    insta::assert_snapshot!(said(&three, ""), @r"
    hosts: 2 read, 0 selected, 1 clean, left out: unknown 1
    findings: 5 read, 0 selected (0 with CVE), left out: unreadable 3, fixed 2
    by severity: [0, 0, 0, 0, 0, 0]
    a finding without a numeric QID (3 times; such as 'qid_7') is left out: its host isn't cleared
    ");
    let scan = "<SCAN><HEADER><KEY value='STATUS'>FINISHED</KEY></HEADER><IP value='10.0.0.1'><VULNS><CAT value='x'>\
                <VULN number='seven'/></CAT></VULNS></IP></SCAN>";
    let remarks: Vec<_> = parsed(scan).remarks().sentences().collect();
    insta::assert_snapshot!(remarks.join("\n"), @"a finding without a numeric QID (once; such as 'seven') is left out: its host isn't cleared");
}

#[test]
fn two_descriptions_of_a_qid_become_one() {
    let of = |severity: u8, cve: &str| {
        format!(
            "<VULN_DETAILS><QID>1</QID><TITLE>T</TITLE><SEVERITY>{severity}</SEVERITY><CVE_ID_LIST><CVE_ID><ID>{cve}</ID></CVE_ID>\
             </CVE_ID_LIST></VULN_DETAILS>"
        )
    };
    let (low, high) = (of(1, "CVE-2026-0001"), of(5, "CVE-2026-0002"));
    let selection = Selection {
        min_severity: 4,
        ..Selection::default()
    };
    let hosts = host("10.0.0.1", &finding("Active"));
    for glossary in [low.clone() + &high, high.clone() + &low] {
        let report = parsed(report(&hosts, &glossary));
        assert!(report.remarks().iter().eq([(&Remark::TwoDescriptions, 1)]));
        let selected = selection.apply(report);
        insta::allow_duplicates! {
            insta::assert_snapshot!(vulnerabilities(&selected), @r#"1 Some(5) T |  | ["CVE-2026-0001", "CVE-2026-0002"] []"#);
        }
    }
    assert_eq!(remarks(report(&hosts, &(high.clone() + &high))).iter().count(), 0);
}
