use super::*;
use crate::report::tests::{all, counts, hosts, parsed, report};
use crate::report::{Counts, Selected};

fn finding(qid: u32, kind: &str, status: &str) -> String {
    let status = match status {
        "" => String::new(),
        status => format!("<VULN_STATUS>{status}</VULN_STATUS>"),
    };
    format!("<VULN_INFO><QID>{qid}</QID><TYPE>{kind}</TYPE>{status}</VULN_INFO>")
}

fn host(address: &str, findings: &[String]) -> String {
    format!(
        "<HOST><IP>{address}</IP><VULN_INFO_LIST>{}</VULN_INFO_LIST></HOST>",
        findings.concat()
    )
}

fn details(qid: u32, severity: u8, cve: bool) -> String {
    let cves = if cve {
        "<CVE_ID_LIST><CVE_ID><ID>CVE-2026-0001</ID></CVE_ID></CVE_ID_LIST>"
    } else {
        ""
    };
    format!("<VULN_DETAILS><QID>{qid}</QID><TITLE>T</TITLE><SEVERITY>{severity}</SEVERITY>{cves}</VULN_DETAILS>")
}

/// QID n has severity n; the odd ones have a CVE. QID 7 isn't in the glossary.
fn estate() -> String {
    let findings: Vec<_> = (1..=7).map(|qid| finding(qid, "Vuln", "Active")).collect();
    let hosts = [
        host("10.0.0.1", &findings),
        host(
            "10.0.0.2",
            &[
                finding(1, "Ig", ""),
                finding(2, "Practice", "New"),
                finding(3, "Vuln", "Re-Opened"),
            ],
        ),
        host("10.0.0.3", &[finding(5, "Vuln", "Fixed"), finding(1, "Ig", "")]),
    ];
    let glossary: String = (1..=6)
        .map(|qid| details(qid, qid.min(5) as u8, qid % 2 == 1))
        .collect();
    report(&hosts.concat(), &glossary)
}

fn select(selection: Selection) -> Selected {
    let selected = selection.apply(parsed(estate()));
    counts(&selected); // which checks that they add up
    selected
}

/// QIDs of the findings that go on, host by host.
fn qids(selected: &Selected) -> String {
    let mut findings = Vec::new();
    let hosts = (0..selected.len()).map(|index| {
        selected.host(index, &mut findings).unwrap();
        let qids = findings
            .iter()
            .map(|finding| selected.vulnerability(finding).unwrap().qid.to_string());
        qids.collect::<Vec<_>>().join(" ")
    });
    hosts.collect::<Vec<_>>().join(" / ")
}

#[test]
fn by_default_all_but_information_and_what_is_fixed_goes_on() {
    let selected = select(Selection::default());
    assert_eq!(qids(&selected), "1 2 3 4 5 6 7 / 2 3 / ");
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 3 read, 2 selected, 1 clean, left out: none
    findings: 12 read, 9 selected (4 with CVE), left out: kind 2, fixed 1
    by severity: [1, 1, 2, 2, 1, 2]
    "#);
}

#[test]
fn each_filter_leaves_out_what_it_says() {
    let chosen = |selection: Selection| {
        let selected = select(selection);
        let reasons: Vec<_> = selected
            .counts()
            .findings_left_out
            .iter()
            .map(|(reason, count)| format!("{} {count}", reason.label()))
            .collect();
        format!("{} | {}", qids(&selected), reasons.join(", "))
    };
    let kinds = "information".parse().unwrap();
    insta::assert_snapshot!(chosen(Selection { kinds, ..all() }), @"1 / 1 | kind 10");
    let statuses = "new, fixed".parse().unwrap();
    insta::assert_snapshot!(chosen(Selection { statuses, ..all() }), @"2 / 5 | status 10");
    insta::assert_snapshot!(chosen(Selection { min_severity: 4, ..all() }), @"4 5 6 7 / 5 | severity 7");
    let listed = "2-3, 7".parse().unwrap();
    insta::assert_snapshot!(chosen(Selection { qids: listed, ..all() }), @"2 3 7 / 2 3 | qid 7");
    let exclude_qids = "2-3, 7".parse().unwrap();
    insta::assert_snapshot!(chosen(Selection { exclude_qids, ..all() }), @"1 4 5 6 / 1 / 1 5 | qid 5");
    insta::assert_snapshot!(chosen(Selection { only_with_cve: true, ..all() }), @"1 3 5 / 1 3 / 1 5 | no_cve 5");
    let ranges = "10.0.0.2-10.0.0.9".parse().unwrap();
    insta::assert_snapshot!(chosen(Selection { ranges, ..all() }), @"1 2 3 / 1 5 | outside_ranges 7");
}

#[test]
fn a_host_is_clean_only_if_something_was_fixed_that_would_have_gone_on() {
    let clean = |selection: Selection| select(selection).counts().hosts_clean;
    assert_eq!(clean(Selection::default()), 1);
    let ranges = "10.0.0.1-10.0.0.2".parse().unwrap();
    assert_eq!(
        clean(Selection {
            ranges,
            ..Selection::default()
        }),
        0
    );
    let exclude_qids = "5".parse().unwrap();
    assert_eq!(
        clean(Selection {
            exclude_qids,
            ..Selection::default()
        }),
        0
    );
    let kinds = "all".parse().unwrap();
    assert_eq!(
        clean(Selection {
            kinds,
            ..Selection::default()
        }),
        0
    );
    assert_eq!(clean(all()), 0);
}

/// What becomes of 10.0.0.1 and of its neighbour, each with a finding that is fixed, when `more` is said of the first, and
/// `beside` stands in the list of hosts.
fn with(more: &str, beside: &str, selection: &Selection) -> String {
    let fixed = finding(5, "Vuln", "Fixed");
    let hosts = [
        host("10.0.0.1", &[fixed.clone(), more.to_owned()]),
        host("10.0.0.2", &[fixed]),
    ];
    let glossary: String = (1..=6).map(|qid| details(qid, 5, true)).collect();
    let banana = details(8, 5, true).replace("CVE-2026-0001", "CVE-banana");
    let selected = selection.apply(parsed(report(&(hosts.concat() + beside), &(glossary + &banana))));
    let said = counts(&selected);
    assert_eq!(selected.counts().hosts_selected, 0, "{more}{beside}: {said}");
    let clean = |address: &str| (0..selected.len()).any(|index| selected.address(index) == address.parse().ok());
    let word = |address: &str| if clean(address) { "clean" } else { "left alone" };
    let unknown = selected.counts().hosts_left_out.get(LeftOut::Unknown);
    format!("{}, {}, {unknown} unknown", word("10.0.0.1"), word("10.0.0.2"))
}

#[test]
fn what_is_not_known_of_a_host_never_makes_it_clean() {
    let default = Selection::default();
    assert_eq!(with("", "", &default), "clean, clean, 0 unknown");
    let new = Selection {
        statuses: "new".parse().unwrap(),
        ..Selection::default()
    };
    let confirmed = Selection {
        kinds: "confirmed".parse().unwrap(),
        ..Selection::default()
    };
    let only_with_cve = Selection {
        only_with_cve: true,
        ..Selection::default()
    };
    let no_status = "<VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO>";
    let no_type = "<VULN_INFO><QID>1</QID></VULN_INFO>";
    let unreadable = "<VULN_INFO><QID>one</QID><TYPE>Vuln</TYPE></VULN_INFO>";
    for (more, beside, selection) in [
        (unreadable, "", &default),
        ("", &*host("10.0.0.1", &[unreadable.to_owned()]), &default),
        ("", "<HOST><IP>10.0.0.1</IP><ERROR>no</ERROR></HOST>", &default),
        ("", "<HOST><ERROR>no</ERROR><IP>10.0.0.1</IP></HOST>", &default),
        (
            "",
            "<HOST><IP>10.0.0.1</IP><VULN_INFO_LIST><ERROR/></VULN_INFO_LIST></HOST>",
            &default,
        ),
        ("", "<HOST><IP network_id='one'>10.0.0.1</IP></HOST>", &default),
        (&*finding(1, "Vuln", "Asleep"), "", &new),
        (no_status, "", &new),
        (&*finding(1, "Riddle", "Active"), "", &confirmed),
        (no_type, "", &confirmed),
        (&*finding(7, "Vuln", "Active"), "", &only_with_cve),
        (&*finding(8, "Vuln", "Active"), "", &only_with_cve),
    ] {
        assert_eq!(
            with(more, beside, selection),
            "left alone, clean, 1 unknown",
            "{more}{beside}"
        );
    }
    // These may be about any host.
    for beside in [
        "<HOST><ERROR>no</ERROR></HOST>",
        "<HOST><IP>nowhere</IP></HOST>",
        "<WARNING>more</WARNING>",
    ] {
        assert_eq!(
            with("", beside, &default),
            "left alone, left alone, 2 unknown",
            "{beside}"
        );
    }
}

#[test]
fn what_is_known_enough_keeps_no_host_from_being_clean() {
    let default = Selection::default();
    let new = Selection {
        statuses: "new".parse().unwrap(),
        ..Selection::default()
    };
    let confirmed = Selection {
        kinds: "confirmed".parse().unwrap(),
        ..Selection::default()
    };
    let only_with_cve = Selection {
        only_with_cve: true,
        ..Selection::default()
    };
    for (more, beside, selection) in [
        (finding(1, "Ig", ""), "", &default),
        (finding(1, "Ig", ""), "", &new),
        (finding(1, "Vuln", "Active"), "", &new),
        (finding(1, "Practice", "Active"), "", &confirmed),
        (finding(1, "Riddle", "Fixed"), "", &confirmed),
        (finding(7, "Vuln", "Fixed"), "", &only_with_cve),
        (
            String::new(),
            "<HOST><IP network_id='3'>10.0.0.1</IP><ERROR>no</ERROR></HOST>",
            &default,
        ),
        (String::new(), "<HOST><IP>0.0.0.1</IP></HOST>", &default),
    ] {
        assert_eq!(
            with(&more, beside, selection),
            "clean, clean, 0 unknown",
            "{more}{beside}"
        );
    }
}

#[test]
fn an_ipv6_host_is_not_clean_beside_a_stand_in_that_may_be_it() {
    let host = |ip: &str| {
        format!(
            "<HOST>{ip}<VULN_INFO_LIST>{}</VULN_INFO_LIST></HOST>",
            finding(5, "Vuln", "Fixed")
        )
    };
    let clean = |stand_in: &str| {
        let hosts = host("<IP>2001:db8::1</IP>") + &host(stand_in);
        Selection::default()
            .apply(parsed(report(&hosts, "")))
            .counts()
            .hosts_clean
    };
    assert_eq!(
        (clean("<IP>0.0.0.9</IP>"), clean("<IP v6='2001:db8::2'>0.0.0.9</IP>")),
        (0, 2)
    );
}

#[test]
fn what_is_fixed_says_something_only_if_it_was_asked_for() {
    let clean = |finding: &str, selection: Selection| {
        let xml = report(&host("10.0.0.1", &[finding.to_owned()]), &details(5, 5, true));
        selection.apply(parsed(xml)).counts().hosts_clean
    };
    let severe = || Selection {
        min_severity: 3,
        ..Selection::default()
    };
    assert_eq!(clean(&finding(5, "Vuln", "Fixed"), severe()), 1);
    assert_eq!(
        clean(&finding(7, "Vuln", "Fixed"), severe()),
        0,
        "nobody knows its severity"
    );
    assert_eq!(clean(&finding(7, "Vuln", "Fixed"), Selection::default()), 1);
    assert_eq!(
        clean(&finding(5, "Riddle", "Fixed"), Selection::default()),
        0,
        "nobody knows its kind"
    );
}

#[test]
fn a_host_of_which_something_is_unknown_is_not_whole() {
    let open = finding(5, "Vuln", "Active");
    let whole = |beside: &str| {
        let xml = report(&(host("10.0.0.1", std::slice::from_ref(&open)) + beside), "");
        let selected = Selection::default().apply(parsed(xml));
        selected.host(0, &mut Vec::new()).unwrap().whole
    };
    assert!(whole("") && whole("<HOST><IP>10.0.0.2</IP><ERROR/></HOST>"));
    assert!(!whole("<HOST><IP>10.0.0.1</IP><ERROR/></HOST>"));
    assert!(!whole(&host(
        "10.0.0.1",
        &["<VULN_INFO><QID>x</QID></VULN_INFO>".to_owned()]
    )));
}

#[test]
fn entries_of_one_address_are_one_host() {
    let entries = [
        host(
            "10.0.0.9",
            &[finding(5, "Vuln", "Active"), finding(4, "Vuln", "Active")],
        ),
        host("10.0.0.1", &[finding(1, "Vuln", "Active")]),
        host(
            "10.0.0.9",
            &[
                finding(5, "Vuln", "Fixed"),
                finding(4, "Practice", "New"),
                finding(1, "Vuln", "Active"),
            ],
        ),
    ];
    let selected = Selection::default().apply(parsed(report(&entries.concat(), "")));
    insta::assert_snapshot!(hosts(&selected), @r#"
    10.0.0.1 (-, -)
      1 -/-
    10.0.0.9 (-, -)
      1 -/-
      4 -/-
      5 -/-
    "#);
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 3 read, 2 selected, 0 clean, left out: duplicate 1
    findings: 6 read, 4 selected (0 with CVE), left out: fixed 1, duplicate 1
    by severity: [4, 0, 0, 0, 0, 0]
    "#);
}

#[test]
fn a_host_of_other_networks_only_is_no_host() {
    let xml = report(
        "<HOST><IP network_id=\"3\">10.0.0.1</IP></HOST><HOST><IP>10.0.0.1</IP></HOST>",
        "",
    );
    let selected = all().apply(parsed(xml));
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 2 read, 0 selected, 0 clean, left out: other_network 1, no_findings 1
    findings: 0 read, 0 selected (0 with CVE), left out: none
    by severity: [0, 0, 0, 0, 0, 0]
    "#);
    let xml = report("<HOST><IP network_id=\"3\">10.0.0.1</IP></HOST>", "");
    assert_eq!(
        all()
            .apply(parsed(xml))
            .counts()
            .hosts_left_out
            .get(LeftOut::OtherNetwork),
        1
    );
}

#[test]
fn a_host_can_be_read_again_at_any_time() {
    let selected = select(Selection::default());
    let mut findings = Vec::new();
    let first = selected.host(0, &mut findings).unwrap();
    let before = findings.clone();
    assert!(selected.host(1, &mut findings).is_some() && selected.host(3, &mut findings).is_none());
    assert!(findings.is_empty());
    assert_eq!(selected.host(0, &mut findings), Some(first));
    assert_eq!(findings, before);
}

#[test]
fn an_empty_report_leaves_every_count_at_zero() {
    assert_eq!(
        Selection::default().apply(parsed("<ASSET_DATA_REPORT/>")).counts(),
        &Counts::default()
    );
}
