//! Hosts that left, by reports that are written by hand: so short, and so empty, the lab makes none.

use std::fs;
use std::ops::RangeInclusive;

use super::*;

const TEMPLATES: [u64; 2] = [424_242, 535_353];

/// A report of some hosts, each with one vulnerability.
fn report(hosts: RangeInclusive<u8>) -> String {
    report_beside(hosts, "")
}

/// The same; its appendix names hosts of which nothing passes the template's filters.
fn report_with(hosts: RangeInclusive<u8>, without_findings: RangeInclusive<u8>) -> String {
    let (first, last) = (without_findings.start(), without_findings.end());
    let range = format!("<RANGE><START>192.0.2.{first}</START><END>192.0.2.{last}</END></RANGE>");
    let appendix = format!("<APPENDICES><NO_VULNS><IP_LIST>{range}</IP_LIST></NO_VULNS></APPENDICES>");
    report_beside(hosts, &appendix)
}

fn report_beside(hosts: RangeInclusive<u8>, appendix: &str) -> String {
    let hosts = hosts.map(|host| {
        format!(
            "<HOST><IP>192.0.2.{host}</IP><VULN_INFO_LIST><VULN_INFO><QID>11</QID><TYPE>Vuln</TYPE>\
             <VULN_STATUS>Active</VULN_STATUS></VULN_INFO></VULN_INFO_LIST></HOST>"
        )
    });
    let hosts: String = hosts.collect();
    format!("<ASSET_DATA_REPORT><HEADER/><HOST_LIST>{hosts}</HOST_LIST>{appendix}</ASSET_DATA_REPORT>")
}

/// A place whose templates report this.
async fn place(reports: [String; 2]) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (template, report) in TEMPLATES.into_iter().zip(reports) {
        let file = folder.path().join(format!("{template}.xml"));
        fs::write(&file, report).unwrap();
        files.push(format!("{template}={}", file.display()).parse().unwrap());
    }
    let options = qualys::Options {
        files,
        // What is written later may be of another length.
        chunked: true,
        ..qualys::Options::default()
    };
    Place::with(folder, options).await
}

/// From now on, this is what a template reports.
fn write(place: &Place, template: u64, report: &str) {
    fs::write(place.folder.path().join(format!("{template}.xml")), report).unwrap();
}

/// The addresses of some hosts.
fn addresses(hosts: RangeInclusive<u8>) -> Vec<IpAddr> {
    hosts.map(|host| [192, 0, 2, host].into()).collect()
}

/// The addresses that hold results.
async fn held_addresses(place: &Place) -> Vec<IpAddr> {
    place.map().await.into_keys().collect()
}

#[tokio::test]
async fn a_report_that_comes_whole_and_without_a_host_clears_nobody() {
    for way in ["overlapping", "disjoint"] {
        let place = place([report(1..=20), report(21..=22)]).await;
        let settings = [
            "qualys.template_ids=424242,535353",
            &format!("commands.templates={way}"),
        ];
        place.imported(Source::Reports, &settings, 0).await;
        write(&place, TEMPLATES[1], "<ASSET_DATA_REPORT><HEADER/></ASSET_DATA_REPORT>");
        place.imported(Source::Reports, &settings, 0).await;
        assert_eq!(held_addresses(&place).await, addresses(1..=22), "{way}");
        // One that lists hosts tells which of them left.
        write(&place, TEMPLATES[1], &report(21..=21));
        place.imported(Source::Reports, &settings, 0).await;
        assert_eq!(held_addresses(&place).await, addresses(1..=21), "{way}");
    }
}

#[tokio::test]
async fn a_host_that_is_named_without_findings_has_not_left() {
    let place = place([report(1..=6), String::new()]).await;
    let settings = ["commands.delete_left_hosts=y"];
    place.imported(Source::Reports, &settings, 0).await;
    write(&place, TEMPLATES[0], &report_with(1..=3, 4..=5));
    for left_now in [1, 0] {
        let ended = place.imported(Source::Reports, &settings, 0).await;
        assert_eq!(left(&ended), Some(left_now), "{}", ended.stdout);
        assert_eq!(held_addresses(&place).await, addresses(1..=5));
        let in_map: Vec<IpAddr> = place.center.network_map().hosts.into_keys().collect();
        assert_eq!(in_map, addresses(1..=5));
    }
}
