use super::super::selection::Selection;
use super::super::tests::{parsed, report};
use super::*;

fn host(address: &str, qids: &[(u32, u16)]) -> String {
    let findings: String = qids
        .iter()
        .map(|(qid, port)| {
            format!(
                "<VULN_INFO><QID>{qid}</QID><TYPE>Vuln</TYPE><PORT>{port}</PORT><PROTOCOL>tcp</PROTOCOL></VULN_INFO>"
            )
        })
        .collect();
    format!("<HOST><IP>{address}</IP><VULN_INFO_LIST>{findings}</VULN_INFO_LIST></HOST>")
}

fn details(qid: u32, cves: &[&str]) -> String {
    let cves: String = cves
        .iter()
        .map(|id| format!("<CVE_ID><ID>{id}</ID></CVE_ID>"))
        .collect();
    format!(
        "<VULN_DETAILS><QID>{qid}</QID><TITLE>T{qid}</TITLE><SEVERITY>3</SEVERITY>\
         <CVE_ID_LIST>{cves}</CVE_ID_LIST></VULN_DETAILS>"
    )
}

#[test]
fn hosts_are_counted_once_and_findings_each_time() {
    let hosts = [
        host("10.0.0.1", &[(1, 80), (1, 443), (2, 0)]),
        host("10.0.0.2", &[(1, 80), (3, 0)]),
        host("10.0.1.1", &[(3, 0)]),
    ];
    let glossary = [
        details(1, &["CVE-2026-0001"]),
        details(2, &["CVE-2026-0001", "CVE-2026-0002"]),
        details(3, &[]),
    ];
    let report = parsed(report(&hosts.concat(), &glossary.concat()));
    let breakdown = Selection::default().apply(report).breakdown();
    let qids = |top: &Top<QidShare>| {
        top.first
            .iter()
            .map(|share| (share.qid, share.hosts, share.findings))
            .collect::<Vec<_>>()
    };
    assert_eq!(qids(&breakdown.qids), [(1, 2, 3), (3, 2, 2), (2, 1, 1)]);
    assert_eq!(qids(&breakdown.qids_without_cve), [(3, 2, 2)]);
    assert_eq!(breakdown.numbers_without_cve, [3]);
    let cves = breakdown.cves.first.iter();
    let cves: Vec<_> = cves.map(|share| (&*share.id, share.hosts, share.findings)).collect();
    assert_eq!(cves, [("CVE-2026-0001", 2, 4), ("CVE-2026-0002", 1, 1)]);
    let subnets = breakdown.subnets.first.iter();
    let subnets: Vec<_> = subnets
        .map(|share| (share.network.to_string(), share.hosts, share.findings, share.with_cve))
        .collect();
    assert_eq!(
        subnets,
        [("10.0.0.0/24".into(), 2, 5, 4), ("10.0.1.0/24".into(), 1, 1, 0)]
    );
    assert_eq!(breakdown.hosts_with_cve, 2);
    let most = breakdown.hosts.first.iter();
    let most: Vec<_> = most
        .map(|host| (host.address.0.to_string(), host.findings, host.with_cve))
        .collect();
    assert_eq!(
        most,
        [
            ("10.0.0.1".to_owned(), 3, 3),
            ("10.0.0.2".to_owned(), 2, 1),
            ("10.0.1.1".to_owned(), 1, 0)
        ]
    );
}

#[test]
fn lists_end_somewhere_and_say_how_long_they_would_be() {
    let hosts: String = (0..50)
        .map(|number| host(&format!("10.0.{number}.1"), &[(number + 1, 0)]))
        .collect();
    let breakdown = Selection::default().apply(parsed(report(&hosts, ""))).breakdown();
    assert_eq!(
        (breakdown.qids.first.len(), breakdown.qids.all, breakdown.qids.more()),
        (10, 50, 40)
    );
    assert_eq!((breakdown.subnets.first.len(), breakdown.subnets.all), (10, 50));
    assert_eq!((breakdown.cves.first.len(), breakdown.cves.all), (0, 0));
}
