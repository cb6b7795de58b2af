//! What no public sample has: see tests/reports.

use super::*;
use std::time::{Duration, SystemTime};

const ODDITIES: &str = include_str!("../../../tests/reports/oddities.xml");
const SCAN: &str = include_str!("../../../tests/reports/scan.xml");

#[test]
fn an_odd_report_is_read_for_what_it_says() {
    let selected = Selection::default().apply(parsed(ODDITIES));
    insta::assert_snapshot!(hosts(&selected), @r#"
    10.0.0.2 (agent-says.example.com, Ubuntu / Tiny Core Linux / Linux 2.6.x)
      1001 443/Tcp
      1001 8443/Tcp
      1002 -/-
      1004 -/-
      1005 -/-
    2001:db8::5 (-, -)
      999999 -/Tcp
    2001:db8::7 (-, -)
      1001 -/-
    "#);
    insta::assert_snapshot!(vulnerabilities(&selected), @r#"
    1001 Some(4) Café au lait "Größe" Overflow | Reads <any> file]]>; see advisory. Naïve – 日本語 two | ["CVE-2026-0001", "CVE-2026-10002"] [4711]
    1002 Some(2) R&D <test> | In the other format's place | [] []
    1004 None Riddle |  | [] []
    1005 Some(5) Five |  | [] []
    1006 Some(5) Six |  | [] []
    999999 None QID 999999 |  | [] []
    "#);
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 9 read, 3 selected, 0 clean, left out: host_error 1, bad_address 1, other_network 1, unknown 1, no_findings 1, duplicate 1
    findings: 15 read, 7 selected (3 with CVE), left out: bad_address 2, other_network 1, unreadable 1, kind 1, fixed 1, duplicate 2
    by severity: [2, 0, 1, 0, 3, 1]
    "#);
    insta::assert_snapshot!(remarks(ODDITIES).sentences().collect::<Vec<_>>().join("\n"), @r"
    unknown finding TYPE 'Riddle' (once), taken as potential
    unknown VULN_STATUS 'Asleep' (once), taken as active
    a host is replaced by an error (once): Host could not be reached
    a host whose address the report doesn't say (2 times): no host is cleared
    an IPv6 address beside its stand-in of 0.0.0.0/8 (once) is taken for the host's
    an element that may hold hosts or findings can't be read (2 times; such as HOST_LIST): no host that it may be about is cleared
    a finding without a numeric QID (once; such as 'many') is left out: its host isn't cleared
    a glossary entry without a numeric QID (once) is left out
    a Bugtraq id that is no number (once) is left out
    ");
}

#[test]
fn it_says_which_report_it_is() {
    let about = parsed(ODDITIES).about().clone();
    assert_eq!(about.format, Format::AssetData);
    assert_eq!(about.title.as_deref(), Some("Wöchentlich – <alles>"));
    let generated = SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_835_967);
    assert_eq!(about.generated, Some(generated));
    assert_eq!(
        (about.bytes, about.hosts, about.findings),
        (ODDITIES.len() as u64, 9, 15)
    );
}

#[test]
fn whoever_watches_sees_how_far_it_is() {
    let progress = Progress::default();
    parse(ODDITIES.as_bytes(), &EVERYTHING, &progress).unwrap();
    assert_eq!((progress.bytes(), progress.hosts()), (ODDITIES.len() as u64, 9));
}

#[test]
fn another_network_is_imported_when_asked_for() {
    let selection = Selection {
        networks: "12".parse().unwrap(),
        ..Selection::default()
    };
    let selected = selection.apply(parsed(ODDITIES));
    insta::assert_snapshot!(hosts(&selected), @r#"
    10.0.0.2 (-, -)
      1006 -/-
    "#);
    let both = Selection {
        networks: "all".parse().unwrap(),
        ranges: "10.0.0.2".parse().unwrap(),
        ..Selection::default()
    };
    let selected = both.apply(parsed(ODDITIES));
    insta::assert_snapshot!(hosts(&selected), @r#"
    10.0.0.2 (agent-says.example.com, Ubuntu / Tiny Core Linux / Linux 2.6.x)
      1001 443/Tcp
      1001 8443/Tcp
      1002 -/-
      1004 -/-
      1005 -/-
      1006 -/-
    "#);
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 9 read, 1 selected, 0 clean, left out: host_error 1, bad_address 1, outside_ranges 4, duplicate 2
    findings: 15 read, 6 selected (2 with CVE), left out: bad_address 2, outside_ranges 3, unreadable 1, kind 1, duplicate 2
    by severity: [1, 0, 1, 0, 2, 2]
    "#);
}

#[test]
fn a_scan_says_the_same_in_other_words() {
    let selected = all().apply(parsed(SCAN));
    assert_eq!(selected.about().format, Format::Scan);
    assert_eq!(selected.about().title.as_deref(), Some("Nightly & more"));
    insta::assert_snapshot!(hosts(&selected), @r#"
    10.0.0.10 (ten.example.com, Linux 6.x)
      6 -/-
      42366 80/Tcp
      42366 443/Tcp
      82023 -/-
      105459 -/-
    "#);
    insta::assert_snapshot!(vulnerabilities(&selected), @r#"
    6 Some(1) DNS Host Name | The name. | [] []
    42366 Some(3) TLS in the past | Old & weak | ["CVE-2011-3389", "CVE-2026-0003"] [49778]
    82023 Some(1) Open TCP Services List |  | [] []
    105459 Some(5) End of life |  | [] []
    "#);
    insta::assert_snapshot!(counts(&selected), @r#"
    hosts: 2 read, 1 selected, 0 clean, left out: no_findings 1
    findings: 6 read, 5 selected (2 with CVE), left out: unreadable 1
    by severity: [0, 2, 0, 2, 0, 1]
    "#);
    insta::assert_snapshot!(remarks(SCAN).sentences().collect::<Vec<_>>().join("\n"), @r"
    the scan's status is 'CANCELED' instead of FINISHED: hosts may miss
    a finding without a numeric QID (once; such as '') is left out: its host isn't cleared
    ");
}

#[test]
fn the_glossary_may_come_first() {
    let (host_list, glossary) = ODDITIES.split_once("<HOST_LIST>\n    <HOST>").unwrap();
    let (hosts_text, rest) = glossary.split_once("</HOST_LIST>\n  <GLOSSARY>").unwrap();
    let (glossary, rest) = rest.split_once("</GLOSSARY>").unwrap();
    let reversed = format!("{host_list}<GLOSSARY>{glossary}</GLOSSARY><HOST_LIST><HOST>{hosts_text}</HOST_LIST>{rest}");
    assert_ne!(reversed, ODDITIES);
    let (one, two) = (all().apply(parsed(ODDITIES)), all().apply(parsed(reversed)));
    assert_eq!(hosts(&one), hosts(&two));
    assert_eq!(one.vulnerabilities(), two.vulnerabilities());
    assert_eq!(one.counts(), two.counts());
}

#[test]
fn nothing_is_kept_that_nobody_asked_for() {
    let report = parse(ODDITIES.as_bytes(), &Keep::default(), &Progress::default()).unwrap();
    let selected = all().apply(report);
    assert!(!hosts(&selected).contains("example") && !hosts(&selected).contains("Linux"));
    assert!(
        selected
            .vulnerabilities()
            .iter()
            .all(|vulnerability| vulnerability.description.is_empty())
    );
    let keep = Keep {
        description_length: 5,
        ..Keep::default()
    };
    let selected = all().apply(parse(ODDITIES.as_bytes(), &keep, &Progress::default()).unwrap());
    assert_eq!(&*selected.vulnerabilities()[0].description, "Reads <any> file]]>;");
}

#[test]
fn what_is_no_host_report_is_refused_with_the_reason() {
    let refused = |xml: &str| refused(xml).to_string();
    insta::assert_snapshot!(refused("<WAS_SCAN_REPORT/>"), @"this is a web application report (WAS_SCAN_REPORT), which has no hosts; use a report of host findings");
    insta::assert_snapshot!(refused("<SIMPLE_RETURN><RESPONSE><DATETIME/><CODE>1965</CODE><TEXT>This API cannot be run again for another 12 seconds.</TEXT></RESPONSE></SIMPLE_RETURN>"), @"this is no report but an answer of Qualys: This API cannot be run again for another 12 seconds. (code 1965)");
    insta::assert_snapshot!(refused("<SIMPLE_RETURN><RESPONSE><TEXT>New report launched</TEXT></RESPONSE></SIMPLE_RETURN>"), @"this is no report but an answer of Qualys: New report launched");
    insta::assert_snapshot!(refused("<GENERIC_RETURN><API name=\"x\"/><RETURN status=\"FAILED\" number=\"2000\">Bad Login</RETURN></GENERIC_RETURN>"), @"this is no report but an answer of Qualys: Bad Login (code 2000)");
    insta::assert_snapshot!(refused("<html><body><br>Proxy says no"), @"this is an HTML page instead of a report; open it in a browser to see what it says");
    insta::assert_snapshot!(refused("<!DOCTYPE html>\n<html lang='en'>"), @"this is an HTML page instead of a report; open it in a browser to see what it says");
    insta::assert_snapshot!(refused("<QUALYS_REPORT/>"), @"this is no host report: its root element is QUALYS_REPORT, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT");
    insta::assert_snapshot!(refused("<ASSET_DATA_REPORT><ERROR number=\"1903\">Report too &quot;big&quot;</ERROR></ASSET_DATA_REPORT>"), @r#"Qualys reports an error in the place of the report: Report too "big" (code 1903)"#);
    insta::assert_snapshot!(refused("<SCAN value=\"None\"><ERROR number=\"5000\">No scan</ERROR></SCAN>"), @"Qualys reports an error in the place of the report: No scan (code 5000)");
    insta::assert_snapshot!(refused("<SCAN><IP name=\"&who;\"/></SCAN>"), @"the report can't be read at byte 6 (after 6 bytes and 0 hosts): it isn't well-formed XML: at 1..4: unrecognized entity `who`");
    insta::assert_snapshot!(refused(ODDITIES.split_once("<NON_RUNNING_SERVICE").unwrap().0), @"the report is cut off after 2926 bytes and 3 hosts, the last 10.0.0.1; get it again");
}

#[test]
fn an_error_further_down_is_of_its_host_only() {
    let xml = report(
        "<HOST><IP>10.0.0.1</IP><NEW><ERROR>no</ERROR></NEW><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO></VULN_INFO_LIST></HOST>",
        "",
    );
    assert_eq!(all().apply(parsed(xml)).counts().hosts_selected, 1);
}

#[test]
fn forbidden_characters_and_endless_texts_are_said_but_stop_nothing() {
    let title = format!("Odd\u{1}\u{2} {}", "x ".repeat(1 << 20));
    let xml = report(
        "<HOST><IP>10.0.0.1</IP><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE><RESULT>\u{3}</RESULT></VULN_INFO></VULN_INFO_LIST></HOST>",
        &format!("<VULN_DETAILS><QID>1</QID><TITLE>{title}</TITLE></VULN_DETAILS>"),
    );
    let selected = all().apply(parsed(&xml));
    assert!(selected.vulnerabilities()[0].title.starts_with("Odd x x x"));
    let odd = [(&Remark::LongText, 1), (&Remark::ControlCharacter, 2)];
    assert!(remarks(xml).iter().eq(odd));
}

#[test]
fn a_scan_that_is_not_finished_is_refused_unless_asked_for_and_then_nothing_of_it_is_whole() {
    let error = parse(SCAN.as_bytes(), &Keep::default(), &Progress::default()).unwrap_err();
    insta::assert_snapshot!(error, @"the scan's status is 'CANCELED' instead of FINISHED: hosts and findings may be missing from it; wait for the scan's end and get its results again, or let it be added to what is held (report.unfinished_scans=merge)");
    assert_eq!(
        crate::problem::Problem::kind(&error),
        crate::problem::Kind::ReportUnusable
    );
    let selected = all().apply(parsed(SCAN));
    assert_eq!(selected.about().unfinished.as_deref(), Some("CANCELED"));
    assert!(!selected.host(0, &mut Vec::new()).unwrap().whole);
    let finished = SCAN
        .replace("CANCELED", "Finished")
        .replace("<VULN severity", "<VULN number='9' severity");
    let selected = all().apply(parse(finished.as_bytes(), &Keep::default(), &Progress::default()).unwrap());
    assert_eq!(selected.about().unfinished, None);
    assert!(selected.host(0, &mut Vec::new()).unwrap().whole);
    let both = finished.replace("</HEADER>", "<KEY value='STATUS'>ERROR</KEY></HEADER>");
    assert!(matches!(
        parse(both.as_bytes(), &Keep::default(), &Progress::default()),
        Err(Error::Unfinished(_))
    ));
}

#[test]
fn an_error_in_the_place_of_a_part_refuses_the_report_or_its_host() {
    let findings = "<VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO>";
    let host = |inside: &str| format!("<HOST><IP>10.0.0.1</IP>{inside}</HOST>");
    let error = "<ERROR number=\"7\">no more</ERROR>";
    for xml in [
        report(&(host(findings) + error), ""),
        report("", &("<VULN_DETAILS><QID>1</QID></VULN_DETAILS>".to_owned() + error)),
        format!("<ASSET_DATA_REPORT><GLOSSARY>{error}</GLOSSARY></ASSET_DATA_REPORT>"),
    ] {
        let error = refused(xml).to_string();
        assert_eq!(
            error,
            "Qualys reports an error in the place of the report: no more (code 7)"
        );
    }
    for inside in [
        format!("<VULN_INFO_LIST>{findings}{error}</VULN_INFO_LIST>"),
        format!("<VULN_INFO_LIST>{findings}<VULN_INFO>{error}</VULN_INFO></VULN_INFO_LIST>"),
    ] {
        let counts = all().apply(parsed(report(&host(&inside), ""))).counts().clone();
        assert_eq!(
            (counts.hosts_selected, counts.hosts_left_out.get(LeftOut::HostError)),
            (0, 1)
        );
    }
}

#[test]
fn what_a_report_does_not_describe_is_said_once_with_its_number() {
    let hosts = |qids: &[u32]| -> String {
        let finding = |qid: &u32| format!("<VULN_INFO><QID>{qid}</QID><TYPE>Vuln</TYPE></VULN_INFO>");
        let findings: String = qids.iter().map(finding).collect();
        format!("<HOST><IP>10.0.0.1</IP><VULN_INFO_LIST>{findings}</VULN_INFO_LIST></HOST>")
    };
    let said = |qids: &[u32], glossary: &str| all().apply(parsed(report(&hosts(qids), glossary))).undescribed();
    let one = "<VULN_DETAILS><QID>1</QID><TITLE>One</TITLE></VULN_DETAILS>";
    assert_eq!(said(&[1], one), None);
    insta::assert_snapshot!(said(&[1, 2], one).unwrap(), @"1 QID is missing from the report's glossary, and goes on as 'QID n' without title, severity and CVE ids");
    insta::assert_snapshot!(said(&[1, 2, 3, 3], one).unwrap(), @"2 QIDs are missing from the report's glossary, and go on as 'QID n' without title, severity and CVE ids");
    insta::assert_snapshot!(said(&[1, 2], "").unwrap(), @"the report describes no vulnerability: its template prints no details (vulnerability details must be on in the template's Display). Findings go on as 'QID n', without CVE ids, so no event's impact can follow from them");
    assert_eq!(said(&[], ""), None);
    let other = "<VULN_DETAILS><QID>9</QID><TITLE>Nine</TITLE></VULN_DETAILS>";
    insta::assert_snapshot!(said(&[1, 2], other).unwrap(), @"2 QIDs are missing from the report's glossary, and go on as 'QID n' without title, severity and CVE ids");
}

#[test]
fn an_id_that_names_no_cve_is_none() {
    let xml = report(
        "<HOST><IP>10.0.0.1</IP><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO></VULN_INFO_LIST></HOST>",
        "<VULN_DETAILS><QID>1</QID><CVE_ID_LIST><CVE_ID><ID>CVE-banana</ID></CVE_ID></CVE_ID_LIST></VULN_DETAILS>",
    );
    let selected = all().apply(parsed(&xml));
    assert_eq!(
        (selected.counts().findings_selected, selected.counts().with_cve),
        (1, 0)
    );
    assert!(remarks(&xml).iter().eq([(&Remark::BadCveId, 1)]));
    let only_with_cve = Selection {
        only_with_cve: true,
        ..all()
    };
    assert_eq!(
        only_with_cve
            .apply(parsed(xml))
            .counts()
            .findings_left_out
            .get(LeftOut::NoCve),
        1
    );
}

#[test]
fn an_address_beside_its_stand_in_is_the_host_s() {
    let findings = "<VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO></VULN_INFO_LIST>";
    let xml = |ip: &str| report(&format!("<HOST>{ip}{findings}</HOST>"), "");
    let of = |ip: &str| all().apply(parsed(xml(ip)));
    let address = |selected: &Selected| selected.address(0).map(|address| address.to_string());
    let beside = "<IP v6=' 2001:db8::5'>0.0.0.5</IP>";
    assert_eq!(address(&of(beside)).as_deref(), Some("2001:db8::5"));
    assert!(remarks(xml(beside)).iter().eq([(&Remark::TrueAddress, 1)]));
    assert_eq!(
        address(&of("<IP v6='2001:db8::5'>10.0.0.5</IP>")).as_deref(),
        Some("10.0.0.5")
    );
    for unusable in ["x", "0.0.0.6", "10.0.0.6", "::ffff:10.0.0.6"] {
        let selected = of(&format!("<IP v6='{unusable}'>0.0.0.5</IP>"));
        assert_eq!(selected.counts().hosts_left_out.get(LeftOut::StandIn), 1, "{unusable}");
    }
}

#[test]
fn a_vulnerability_has_as_many_cves_as_it_has() {
    let ids: String = (0..250)
        .map(|n| format!("<CVE_ID><ID>CVE-2026-{n:04}</ID></CVE_ID>"))
        .collect();
    let xml = report(
        "<HOST><IP>10.0.0.1</IP><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE></VULN_INFO></VULN_INFO_LIST></HOST>",
        &format!("<VULN_DETAILS><QID>1</QID><CVE_ID_LIST>{ids}</CVE_ID_LIST></VULN_DETAILS>"),
    );
    assert_eq!(all().apply(parsed(xml)).vulnerabilities()[0].cves.len(), 250);
}

#[test]
fn a_report_about_nothing_is_a_report() {
    let ranges = "<RANGE><START>10.1.0.0</START><END>10.1.0.9</END></RANGE>".repeat(5000);
    let xml = format!(
        "<ASSET_DATA_REPORT><HEADER/><APPENDICES><NO_VULNS><IP_LIST>{ranges}</IP_LIST></NO_VULNS></APPENDICES></ASSET_DATA_REPORT>"
    );
    let selected = all().apply(parsed(xml));
    assert!(selected.is_empty());
    assert_eq!(selected.counts(), &Counts::default());
}
