//! Detections and the KnowledgeBase, as Qualys' interfaces for machines deliver them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::slice::from_ref;

use proptest::prelude::*;

use super::super::{Asked, Knowledge, describe, detections, knowledge_base};
use super::*;

const DETECTIONS: &str = include_str!("../../../tests/reports/detections.xml");
const KNOWLEDGE_BASE: &str = include_str!("../../../tests/reports/knowledge_base.xml");

/// An answer whose response holds this.
fn answer(response: &str) -> String {
    format!("<HOST_LIST_VM_DETECTION_OUTPUT><RESPONSE>{response}</RESPONSE></HOST_LIST_VM_DETECTION_OUTPUT>")
}

fn host(id: u64, address: &str, qid: u32, status: &str) -> String {
    format!(
        "<HOST><ID>{id}</ID>{address}<DETECTION_LIST><DETECTION><QID>{qid}</QID><TYPE>Confirmed</TYPE>\
         <STATUS>{status}</STATUS></DETECTION></DETECTION_LIST></HOST>"
    )
}

fn asked(hosts: &[(u64, &str)]) -> Asked {
    let hosts = hosts
        .iter()
        .map(|(id, address)| (*id, address.parse::<IpAddr>().unwrap()));
    hosts.collect()
}

#[test]
fn a_saved_answer_says_what_a_report_says() {
    let mut report = parsed(DETECTIONS);
    assert_eq!(report.about().format, Format::Detections);
    assert!(report.about().generated.is_some());
    let mut knowledge = Knowledge::default();
    assert_eq!(knowledge.unknown(from_ref(&report)), [11, 12, 13]);
    let qids: HashSet<u32> = [11, 12, 13].into();
    let entries = knowledge_base(KNOWLEDGE_BASE.as_bytes(), &EVERYTHING, &qids).unwrap();
    knowledge.learn(&qids, vec![entries]).unwrap();
    assert_eq!(knowledge.unknown(from_ref(&report)), [0; 0]);
    knowledge.explain(&mut report);
    let selected = Selection::default().apply(report);
    insta::assert_snapshot!(hosts(&selected), @r"
    10.0.0.1 (a.example, Linux)
      11 443/Tcp
      12 -/-
    2001:db8::5 (-, -)
      11 -/-
    ");
    insta::assert_snapshot!(vulnerabilities(&selected), @r#"
    11 Some(2) A header is <missing> | The server doesn't say it. | ["CVE-2026-0001"] [4711]
    12 Some(4) QID 12 |  | [] []
    "#);
    insta::assert_snapshot!(counts(&selected), @r"
    hosts: 4 read, 2 selected, 0 clean, left out: other_network 1, unknown 1
    findings: 8 read, 3 selected (2 with CVE), left out: other_network 1, ignored 1, disabled 1, kind 1, fixed 1
    by severity: [0, 0, 2, 0, 1, 0]
    ");
    assert_eq!(selected.undescribed(), None);
    insta::assert_snapshot!(knowledge.warnings().join("\n"), @"2 QIDs are missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids");
}

#[test]
fn a_saved_knowledge_base_describes_a_saved_answer_or_says_why_not() {
    let mut report = parsed(DETECTIONS);
    describe(&mut report, Ok(KNOWLEDGE_BASE.as_bytes()), &EVERYTHING).unwrap();
    let selected = Selection::default().apply(report);
    insta::assert_snapshot!(vulnerabilities(&selected), @r#"
    11 Some(2) A header is <missing> | The server doesn't say it. | ["CVE-2026-0001"] [4711]
    12 Some(4) QID 12 |  | [] []
    "#);
    insta::assert_snapshot!(selected.undescribed().unwrap(), @"1 QID is missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids");
    let refused = |source| {
        describe(&mut parsed(DETECTIONS), source, &EVERYTHING)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(refused(Ok(DETECTIONS.as_bytes())), @"report.knowledge_base: the answer's root element is HOST_LIST_VM_DETECTION_OUTPUT, not KNOWLEDGE_BASE_VULN_LIST_OUTPUT");
    insta::assert_snapshot!(refused(Ok(&KNOWLEDGE_BASE.as_bytes()[..700])), @"report.knowledge_base: the report is cut off after 700 bytes and 0 hosts; get it again");
}

#[test]
fn without_the_knowledge_base_severities_are_those_of_the_findings() {
    let selection = Selection {
        min_severity: 3,
        ..Selection::default()
    };
    let selected = selection.apply(parsed(DETECTIONS));
    insta::assert_snapshot!(vulnerabilities(&selected), @"12 Some(4) QID 12 |  | [] []");
    assert!(selected.describes_nothing());
}

#[test]
fn a_page_cut_off_anywhere_is_never_used() {
    let asked = asked(&[(2, "2001:db8::5")]);
    for (whole, root) in [(DETECTIONS, "</HOST_LIST_VM"), (KNOWLEDGE_BASE, "</KNOWLEDGE_BASE")] {
        let end = whole.rfind(root).unwrap() + whole[whole.rfind(root).unwrap()..].find('>').unwrap();
        let read = |bytes: &[u8]| match root {
            "</HOST_LIST_VM" => detections(bytes, &EVERYTHING, &asked, &Progress::default()).map(|_| ()),
            _ => knowledge_base(bytes, &EVERYTHING, &HashSet::new()).map(|_| ()),
        };
        for cut in 0..=end {
            match read(&whole.as_bytes()[..cut]).unwrap_err() {
                Error::Empty(_) => assert!(cut == 0),
                error => assert!(error.is_cut_off(), "cut at {cut}: {error}"),
            }
        }
        read(&whole.as_bytes()[..=end]).unwrap();
    }
}

#[test]
fn only_hosts_that_were_asked_for_count_and_where_the_list_has_them() {
    let xml = answer(&format!(
        "<HOST_LIST>{}{}{}{}</HOST_LIST>",
        host(1, "<IP>10.0.0.1</IP>", 7, "Active"),
        host(2, "<IP>10.0.0.22</IP>", 7, "Active"),
        host(3, "<IP>10.0.0.3</IP>", 7, "Active"),
        host(4, "", 7, "Active"),
    ));
    let asked = asked(&[(1, "10.0.0.1"), (2, "10.0.0.2"), (4, "2001:db8::4"), (5, "10.0.0.5")]);
    let page = detections(xml.as_bytes(), &EVERYTHING, &asked, &Progress::default()).unwrap();
    assert_eq!((page.next, page.hosts), (None, [1, 2, 4].into()));
    let selected = Selection::default().apply(page.report);
    insta::assert_snapshot!(hosts(&selected), @r"
    10.0.0.1 (-, -)
      7 -/-
    2001:db8::4 (-, -)
      7 -/-
    ");
    insta::assert_snapshot!(counts(&selected), @r"
    hosts: 4 read, 2 selected, 0 clean, left out: moved 2
    findings: 4 read, 2 selected (0 with CVE), left out: moved 2
    by severity: [2, 0, 0, 0, 0, 0]
    ");
}

#[test]
fn what_stands_in_a_place_that_moved_there_keeps_it_from_being_clean() {
    let xml = answer(&format!(
        "<HOST_LIST>{}{}</HOST_LIST>",
        host(1, "<IP>10.0.0.1</IP>", 7, "Fixed"),
        host(2, "<IP>10.0.0.1</IP>", 7, "Active"),
    ));
    let asked = asked(&[(1, "10.0.0.1"), (2, "10.0.0.2")]);
    let page = detections(xml.as_bytes(), &EVERYTHING, &asked, &Progress::default()).unwrap();
    let selected = Selection::default().apply(page.report);
    assert_eq!(selected.counts().hosts_clean, 0);
    assert!(selected.may_hide("10.0.0.1".parse().unwrap()));
}

#[test]
fn a_page_may_end_in_a_warning_without_a_host() {
    let more = |url: &str| {
        let warning = format!("<WARNING><CODE>1980</CODE><TEXT>2 record limit exceeded.</TEXT>{url}</WARNING>");
        let xml = answer(&warning);
        detections(xml.as_bytes(), &EVERYTHING, &Asked::new(), &Progress::default())
    };
    let url = "<URL><![CDATA[\n https://engine.example/?action=list&x=1&id_min=5641289\n]]></URL>";
    let page = more(url).unwrap();
    assert_eq!((page.next, page.report.about().hosts), (Some(5_641_289), 0));
    assert_eq!(
        more("<URL>https://engine.example/?x=1&amp;id_min=7</URL>")
            .unwrap()
            .next,
        Some(7)
    );
    insta::assert_snapshot!(more("<URL>https://engine.example/?id_min=x</URL>").unwrap_err(), @"another page follows (WARNING 1980), but its URL names no id_min to ask for; hosts would be missing");
}

#[test]
fn a_saved_page_of_several_is_added_at_most() {
    let warning = "<WARNING><CODE>1980</CODE><URL>?id_min=9</URL></WARNING>";
    let xml = answer(&format!(
        "<HOST_LIST>{}</HOST_LIST>{warning}",
        host(1, "<IP>10.0.0.1</IP>", 7, "Active")
    ));
    let strict = Keep {
        unfinished: false,
        ..EVERYTHING
    };
    let error = parse(xml.as_bytes(), &strict, &Progress::default()).unwrap_err();
    insta::assert_snapshot!(error, @"this is one page of several (WARNING 1980): hosts of the others may share addresses with its own; get all of it in one answer (truncation_limit=0), or let it be added to what is held (report.unfinished_scans=merge)");
    let selected = Selection::default().apply(parsed(xml));
    assert!(!selected.host(0, &mut Vec::new()).unwrap().whole);
}

#[test]
fn answers_in_the_place_of_a_page_are_recognised() {
    let refused = |xml: &str| {
        let page = detections(xml.as_bytes(), &EVERYTHING, &Asked::new(), &Progress::default());
        page.unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        refused("<SIMPLE_RETURN><RESPONSE><CODE>1960</CODE><TEXT> wait </TEXT></RESPONSE></SIMPLE_RETURN>"),
        @"this is no report but an answer of Qualys: wait (code 1960)"
    );
    insta::assert_snapshot!(
        refused("<GENERIC_RETURN><RETURN status=\"FAILED\" number=\"999\">Internal error</RETURN></GENERIC_RETURN>"),
        @"this is no report but an answer of Qualys: Internal error (code 999)"
    );
    insta::assert_snapshot!(refused("<html><body>Log in</body></html>"), @"this is an HTML page instead of a report; open it in a browser to see what it says");
    insta::assert_snapshot!(refused(" \n"), @"the report is empty (2 bytes)");
    insta::assert_snapshot!(refused(KNOWLEDGE_BASE), @"the answer's root element is KNOWLEDGE_BASE_VULN_LIST_OUTPUT, not HOST_LIST_VM_DETECTION_OUTPUT");
}

/// Answers that others have recorded, where the folder of public samples is at hand.
#[test]
fn every_public_sample_is_read() {
    let Some(folder) = connector_lab::testing::samples("detections") else {
        return;
    };
    let sample = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let mut read = String::new();
    for name in ["es_hld_qds.xml", "guide_hld_page_v5.xml", "qd_hld_sample1.xml"] {
        let report = parsed(sample(name));
        assert_eq!(report.remarks().sentences().count(), 0, "{name}");
        let qids = Knowledge::default().unknown(from_ref(&report));
        let everywhere = Selection {
            networks: "all".parse().unwrap(),
            ..all()
        };
        let selected = everywhere.apply(report);
        counts(&selected);
        writeln!(read, "{name}: {} hosts, QIDs {qids:?}", selected.len()).unwrap();
    }
    let entries = knowledge_base(&sample("es_kb_11830.xml")[..], &EVERYTHING, &[11_830].into()).unwrap();
    let mut knowledge = Knowledge::default();
    knowledge.learn(&[11_830].into(), vec![entries]).unwrap();
    let mut report = parsed(answer(&format!(
        "<HOST_LIST>{}</HOST_LIST>",
        host(1, "<IP>10.0.0.1</IP>", 11_830, "New")
    )));
    knowledge.explain(&mut report);
    read += &vulnerabilities(&all().apply(report));
    for name in [
        "gq_host_ids.xml",
        "gq_host_ids_none.xml",
        "guide_host_list_truncated.xml",
        "qd_host_list_ec2.xml",
    ] {
        let mut hosts = Vec::new();
        let end = host_list::read(&sample(name)[..], |host| hosts.push(host)).unwrap();
        let hosts: Vec<_> = hosts.iter().map(|host| (host.id, host.address)).collect();
        writeln!(read, "{name}: {hosts:?}, next {:?}", end.next).unwrap();
    }
    insta::assert_snapshot!(read, @r#"
    es_hld_qds.xml: 1 hosts, QIDs [197595, 197597]
    guide_hld_page_v5.xml: 1 hosts, QIDs [11]
    qd_hld_sample1.xml: 1 hosts, QIDs [38170, 38173, 38601]
    11830 Some(2) HTTP Security Header Not Detected | This QID reports the absence of the following | ["CVE-2022-31629", "CVE-2022-31628"] []
    gq_host_ids.xml: [(107800671, None)], next None
    gq_host_ids_none.xml: [], next None
    guide_host_list_truncated.xml: [(135151, Some(11.11.1.111))], next Some(145359)
    qd_host_list_ec2.xml: [(135151, Some(10.97.5.247))], next None
    "#);
}

/// Pieces of answers, in an order that makes no sense.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = DETECTIONS
        .split_inclusive('>')
        .chain(KNOWLEDGE_BASE.split_inclusive('>'));
    let pieces: Vec<String> = pieces.map(String::from).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_order_of_elements_is_too_odd(text in pieces()) {
        let asked = asked(&[(2, "2001:db8::5"), (3, "10.0.0.3")]);
        for xml in [text.clone(), answer(&text), answer(&format!("<HOST_LIST>{text}</HOST_LIST>"))] {
            if let Ok(page) = detections(xml.as_bytes(), &EVERYTHING, &asked, &Progress::default()) {
                counts(&all().apply(page.report));
            }
            let _ = knowledge_base(xml.as_bytes(), &EVERYTHING, &[11].into());
        }
    }

    #[test]
    fn damage_is_refused_or_counted(place in 0..DETECTIONS.len(), byte: u8) {
        let mut bytes = DETECTIONS.as_bytes().to_vec();
        bytes[place] = byte;
        if let Ok(report) = parse(&bytes[..], &EVERYTHING, &Progress::default()) {
            counts(&all().apply(report));
        }
    }
}
