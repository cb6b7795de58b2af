//! Merge: the reports of several templates become one, as if one template had said all of it.

use super::error::{Error, ReadUpTo};
use super::hosts::{HostsBuilder, TooBig};
use super::{About, Format, Report, limits};

/// Makes one report of several. Hosts of one address stand side by side, as several entries of it in one report do, so
/// that a host is selected, cleared and counted once; what two reports say counts as said twice. What isn't known of an
/// address in one of them isn't known in the whole.
///
/// The order of `reports` makes no difference to what is selected.
///
/// # Errors
/// [`Error::TooBig`]: together they hold more than fits.
pub fn merge(reports: Vec<Report>) -> Result<Report, Error> {
    let mut reports = reports.into_iter();
    let mut whole = reports.next().unwrap_or_default();
    if reports.len() == 0 {
        return Ok(whole);
    }
    let mut titles = vec![whole.about.title.take()];
    let mut packer = HostsBuilder::resume(whole.hosts);
    for report in reports {
        let Report {
            mut about,
            hosts,
            glossary,
            hosts_left_out,
            findings_left_out,
            remarks,
            unnamed,
            filters,
            without_findings,
            explained,
        } = report;
        packer.extend(&hosts).map_err(|TooBig| too_big(&whole.about))?;
        titles.push(about.title.take());
        whole.about = join(whole.about, about);
        whole.glossary.join(glossary, &mut whole.remarks);
        if packer.memory() + whole.glossary.memory() > limits::MEMORY {
            return Err(too_big(&whole.about));
        }
        whole.hosts_left_out.join(&hosts_left_out);
        whole.findings_left_out.join(&findings_left_out);
        whole.remarks.join(remarks);
        whole.unnamed.join(unnamed);
        whole.filters.join(filters);
        whole.without_findings.join(without_findings);
        whole.explained |= explained;
    }
    let mut titles: Vec<_> = titles.into_iter().flatten().collect();
    titles.sort_unstable();
    titles.dedup();
    whole.about.title = Some(titles.join(", ")).filter(|title| !title.is_empty());
    whole.hosts = packer.finish();
    Ok(whole)
}

fn too_big(about: &About) -> Error {
    Error::TooBig(ReadUpTo {
        bytes: about.bytes,
        hosts: about.hosts,
        last: None,
    })
}

/// All of it was known when the older of the two was made.
fn join(one: About, other: About) -> About {
    About {
        format: match (one.format, other.format) {
            (one, other) if one == other => one,
            _ => Format::AssetData,
        },
        title: None,
        generated: one.generated.into_iter().chain(other.generated).min(),
        bytes: one.bytes + other.bytes,
        hosts: one.hosts + other.hosts,
        findings: one.findings + other.findings,
        unfinished: one.unfinished.into_iter().chain(other.unfinished).min(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::super::selection::Selection;
    use super::super::tests::{all, counts, hosts, parsed, report, vulnerabilities};
    use super::*;

    fn finding(qid: &str, port: u16, kind: &str, status: &str) -> String {
        format!(
            "<VULN_INFO><QID>{qid}</QID><TYPE>{kind}</TYPE><PORT>{port}</PORT><VULN_STATUS>{status}</VULN_STATUS></VULN_INFO>"
        )
    }

    fn host(address: &str, more: &str, findings: &[String]) -> String {
        let findings = findings.concat();
        format!("<HOST><IP>{address}</IP>{more}<VULN_INFO_LIST>{findings}</VULN_INFO_LIST></HOST>")
    }

    fn details(qid: u32, more: &str) -> String {
        format!("<VULN_DETAILS><QID>{qid}</QID>{more}</VULN_DETAILS>")
    }

    fn cves(ids: &[&str]) -> String {
        let ids: String = ids.iter().map(|id| format!("<CVE_ID><ID>{id}</ID></CVE_ID>")).collect();
        format!("<CVE_ID_LIST>{ids}</CVE_ID_LIST>")
    }

    #[test]
    fn a_host_of_two_templates_is_one_host_with_the_findings_of_both() {
        let one = report(
            &[
                host(
                    "10.0.0.1",
                    "<DNS>b.example</DNS>",
                    &[finding("1", 80, "Vuln", "Active")],
                ),
                host("10.0.0.2", "", &[finding("2", 0, "Vuln", "Fixed")]),
            ]
            .concat(),
            &details(1, "<TITLE>One</TITLE><SEVERITY>3</SEVERITY>"),
        );
        let other = report(
            &[
                host("10.0.0.2", "", &[finding("3", 0, "Vuln", "Active")]),
                host(
                    "10.0.0.1",
                    "<DNS>a.example</DNS>",
                    &[finding("1", 80, "Vuln", "New"), finding("4", 443, "Practice", "New")],
                ),
                host("10.0.0.3", "", &[finding("2", 0, "Vuln", "Fixed")]),
            ]
            .concat(),
            &details(4, "<TITLE>Four</TITLE><SEVERITY>4</SEVERITY>"),
        );
        let merged = merge(vec![parsed(one), parsed(other)]).unwrap();
        let selected = Selection::default().apply(merged);
        insta::assert_snapshot!(hosts(&selected), @r#"
        10.0.0.1 (a.example, -)
          1 80/-
          4 443/-
        10.0.0.2 (-, -)
          3 -/-
        10.0.0.3 (-, -) clean
        "#);
        insta::assert_snapshot!(vulnerabilities(&selected), @r#"
        1 Some(3) One |  | [] []
        3 None QID 3 |  | [] []
        4 Some(4) Four |  | [] []
        "#);
        insta::assert_snapshot!(counts(&selected), @r#"
        hosts: 5 read, 2 selected, 1 clean, left out: duplicate 2
        findings: 6 read, 3 selected (0 with CVE), left out: fixed 2, duplicate 1
        by severity: [1, 0, 0, 1, 1, 0]
        "#);
    }

    #[test]
    fn it_is_about_all_of_them_and_as_old_as_the_oldest() {
        let of = |title: &str, day: u32| {
            let xml = format!(
                "<ASSET_DATA_REPORT><HEADER><TEMPLATE>{title}</TEMPLATE><GENERATION_DATETIME>2026-01-0{day}T00:00:00Z\
                 </GENERATION_DATETIME></HEADER></ASSET_DATA_REPORT>"
            );
            (xml.len() as u64, parsed(xml))
        };
        let [(one, west), (two, east), (three, again)] = [of("West", 3), of("East", 2), of("West", 4)];
        let about = merge(vec![west, east, again]).unwrap().about().clone();
        assert_eq!(about.title.as_deref(), Some("East, West"));
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_312_000);
        assert_eq!((about.generated, about.bytes), (Some(second), one + two + three));
    }

    #[test]
    fn two_texts_of_one_qid_become_one_whichever_comes_first() {
        let texts = [
            "<TITLE>Beta</TITLE><SEVERITY>2</SEVERITY><THREAT>Short</THREAT>".to_owned()
                + &cves(&["CVE-2026-0002", "CVE-2026-0001"]),
            "<TITLE>Alpha</TITLE><THREAT>Longer</THREAT>".to_owned() + &cves(&["CVE-2026-0003", "CVE-2026-0001"]),
            "<SEVERITY>4</SEVERITY>".to_owned(),
        ];
        let of = |index: usize| {
            let hosts = host("10.0.0.1", "", &[finding("7", 0, "Vuln", "Active")]);
            parsed(report(&hosts, &details(7, &texts[index])))
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let selected = all().apply(merge(order.map(of).into()).unwrap());
            insta::allow_duplicates! {
                insta::assert_snapshot!(vulnerabilities(&selected), @r#"7 Some(4) Alpha | Longer | ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"] []"#);
            }
        }
        let same = all().apply(merge(vec![of(0), of(0), of(2)]).unwrap());
        assert_eq!(
            &*same.vulnerabilities()[0].cves[0],
            "CVE-2026-0002",
            "in the order of the reports"
        );
    }

    #[test]
    fn nothing_and_one_are_no_special_case() {
        assert!(all().apply(merge(Vec::new()).unwrap()).is_empty());
        let xml = include_str!("../../tests/reports/oddities.xml");
        let (one, merged) = (all().apply(parsed(xml)), all().apply(merge(vec![parsed(xml)]).unwrap()));
        assert_eq!((hosts(&one), counts(&one)), (hosts(&merged), counts(&merged)));
        assert_eq!(one.about(), merged.about());
    }

    #[test]
    fn what_one_of_them_does_not_know_nobody_knows() {
        let fixed = report(&host("10.0.0.1", "", &[finding("1", 0, "Vuln", "Fixed")]), "");
        let clean = |other: String| {
            let merged = |reports| Selection::default().apply(merge(reports).unwrap()).counts().hosts_clean;
            let one = merged(vec![parsed(&fixed), parsed(&other)]);
            assert_eq!(one, merged(vec![parsed(other), parsed(&fixed)]));
            one
        };
        assert_eq!(clean(report("", "")), 1);
        for other in [
            "<HOST><IP>10.0.0.1</IP><ERROR>no answer</ERROR></HOST>".to_owned(),
            "<HOST><ERROR>no answer</ERROR></HOST>".to_owned(),
            "<WARNING>not all of it</WARNING>".to_owned(),
            host("10.0.0.1", "", &[finding("x", 0, "Vuln", "Active")]),
        ] {
            assert_eq!(clean(report(&other, "")), 0, "{other}");
        }
        assert_eq!(
            clean("<SCAN><HEADER><KEY value='STATUS'>RUNNING</KEY></HEADER></SCAN>".to_owned()),
            0
        );
    }

    #[test]
    fn random_ports_survive_it() {
        let findings = |from: u32| -> Vec<_> {
            (from..from + 70_000)
                .map(|number| {
                    finding(
                        &(1 + number / 60_000).to_string(),
                        (number % 60_000) as u16,
                        "Vuln",
                        "Active",
                    )
                })
                .collect()
        };
        let of = |from| report(&host("10.0.0.1", "", &findings(from)), "");
        let (one, other) = (of(0), of(50_000));
        let merged = all().apply(merge(vec![parsed(&one), parsed(&other)]).unwrap());
        let back = all().apply(merge(vec![parsed(other), parsed(one)]).unwrap());
        assert_eq!(merged.counts().findings_selected, 120_000);
        assert_eq!((hosts(&merged), counts(&merged)), (hosts(&back), counts(&back)));
    }

    /// An entry of a host, with all that may be odd about one.
    fn entry() -> impl Strategy<Value = String> {
        let address = prop::sample::select(vec![
            "<IP>10.0.0.1</IP>",
            "<IP network_id=\"3\">10.0.0.1</IP>",
            "<IP network_id=\"x\">10.0.0.2</IP>",
            "<IP>10.0.0.2</IP>",
            "<IP>10.0.0.3</IP>",
            "<IP>2001:db8::1</IP>",
            "<IP v6=\"2001:db8::1\">0.0.0.1</IP>",
            "<IP>0.0.0.1</IP>",
            "<IP>nowhere</IP>",
            "",
        ]);
        let more = prop::sample::select(vec![
            "",
            "",
            "",
            "<DNS>a.example</DNS>",
            "<DNS>b.example</DNS><OS>Linux</OS>",
            "<ERROR>no answer</ERROR>",
        ]);
        let qid = prop::sample::select(vec!["1", "2", "3", "4", "x"]);
        let kind = prop::sample::select(vec!["Vuln", "Practice", "Ig", "Riddle"]);
        let status = prop::sample::select(vec!["Fixed", "Fixed", "Active", "New", "Asleep", ""]);
        let finding =
            (qid, 0u16..2, kind, status).prop_map(|(qid, port, kind, status)| finding(qid, port, kind, status));
        (address, more, prop::collection::vec(finding, 0..4)).prop_map(|(address, more, findings)| {
            format!(
                "<HOST>{address}{more}<VULN_INFO_LIST>{}</VULN_INFO_LIST></HOST>",
                findings.concat()
            )
        })
    }

    /// Entries in the order in which a template lists them, and the QIDs that it describes.
    fn template() -> impl Strategy<Value = (Vec<String>, Vec<u32>)> {
        (
            prop::collection::vec(entry(), 0..5),
            prop::sample::subsequence(vec![1, 2, 3, 4], 0..4),
        )
    }

    fn glossary(qids: impl IntoIterator<Item = u32>) -> String {
        let describe = |qid: u32| {
            let ids = if qid.is_multiple_of(2) {
                cves(&["CVE-2026-0001"])
            } else {
                String::new()
            };
            details(qid, &format!("<TITLE>T{qid}</TITLE><SEVERITY>{qid}</SEVERITY>{ids}"))
        };
        qids.into_iter().map(describe).collect()
    }

    fn said(selection: &Selection, report: Report) -> String {
        let remarks: Vec<_> = report.remarks().sentences().collect();
        let selected = selection.apply(report);
        [
            hosts(&selected),
            vulnerabilities(&selected),
            counts(&selected),
            remarks.join("\n"),
        ]
        .join("\n")
    }

    proptest! {
        #[test]
        fn in_any_order_it_is_the_report_that_holds_all_entries(
            templates in prop::collection::vec(template(), 1..4),
            order in any::<prop::sample::Index>(),
            strict: bool,
        ) {
            let selections = [
                all(),
                Selection::default(),
                Selection { networks: "all".parse().unwrap(), ..Selection::default() },
                Selection {
                    kinds: "confirmed".parse().unwrap(),
                    statuses: "new".parse().unwrap(),
                    min_severity: if strict { 3 } else { 1 },
                    only_with_cve: !strict,
                    ..Selection::default()
                },
            ];
            let reports = || templates.iter().map(|(hosts, qids)| parsed(report(&hosts.concat(), &glossary(qids.clone()))));
            let turned = || {
                let mut reports: Vec<_> = reports().collect();
                reports.rotate_left(order.index(templates.len()));
                reports
            };
            let entries: String = templates.iter().flat_map(|(hosts, _)| hosts.clone()).collect();
            let known: std::collections::BTreeSet<u32> = templates.iter().flat_map(|(_, qids)| qids.clone()).collect();
            for selection in selections {
                let whole = said(&selection, parsed(report(&entries, &glossary(known.clone()))));
                prop_assert_eq!(&said(&selection, merge(reports().collect()).unwrap()), &whole);
                prop_assert_eq!(&said(&selection, merge(reports().rev().collect()).unwrap()), &whole);
                prop_assert_eq!(&said(&selection, merge(turned()).unwrap()), &whole);
            }
        }
    }
}
