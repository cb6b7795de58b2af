//! What a report's template leaves out: hosts whose open findings may be among it aren't clean.

use super::*;

/// A report of a host whose only finding is fixed, and of one with an open finding, with these details of its template.
fn of_template(details: &str) -> String {
    let host = |address: &str, status: &str| {
        format!(
            "<HOST><IP>{address}</IP><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE><VULN_STATUS>{status}</VULN_STATUS>\
             </VULN_INFO></VULN_INFO_LIST></HOST>"
        )
    };
    let hosts = host("10.0.0.1", "Fixed") + &host("10.0.0.2", "Active");
    report(&hosts, "").replace(
        "</ASSET_DATA_REPORT>",
        &format!(
            "<APPENDICES><NO_RESULTS/><TEMPLATE_DETAILS>{details}</TEMPLATE_DETAILS></APPENDICES></ASSET_DATA_REPORT>"
        ),
    )
}

/// Whether the first host is clean, and what is said; the second is replaced whatever the template leaves out.
fn said(selection: &Selection, details: &str) -> String {
    let selected = selection.apply(parsed(of_template(details)));
    counts(&selected);
    let open = selected.host(selected.len() - 1, &mut Vec::new()).unwrap();
    assert!(open.whole && !open.clean && open.address.to_string() == "10.0.0.2");
    match (selected.counts().hosts_clean, selected.filtered()) {
        (1, None) => "clean".to_owned(),
        (0, Some(filtered)) => {
            assert_eq!(selected.counts().hosts_left_out.get(LeftOut::Unknown), 1);
            let (_, missing) = filtered.split_once('(').unwrap();
            missing.split_once(')').unwrap().0.to_owned()
        }
        other => panic!("{other:?}"),
    }
}

fn summary(text: &str) -> String {
    said(
        &Selection::default(),
        &format!("<FILTER_SUMMARY>{text}</FILTER_SUMMARY>"),
    )
}

#[test]
fn a_template_that_leaves_nothing_out_keeps_nobody_from_being_clean() {
    for text in [
        "",
        "\n Status:New, Active, Re-Opened, Fixed\n Vulnerabilities:\n State:Active\n Included Operating Systems:\n All Operating Systems\n",
        "Status:\nNew, Active,\nReopened, FIXED",
        // What isn't exploitable, and what a user ignores, is left out by the user's own will.
        "Status: New, Active, Re-Opened, Fixed\nDisplay non-running kernels:\nOff\nExclude non-running kernels:\nOn\n\
         Exclude non-running services: Off\nExclude QIDs not exploitable due to configuration:\nOn\n\
         Potential Vulnerabilities:\nState: Active, Disabled, Ignored\nInformation Gathered:\nState:Active",
    ] {
        assert_eq!(summary(text), "clean", "{text}");
    }
    assert_eq!(
        said(
            &Selection::default(),
            "<VULN_LISTS>Complete</VULN_LISTS><SELECTIVE_VULNS/>"
        ),
        "clean"
    );
}

#[test]
fn a_filter_that_may_leave_out_open_findings_keeps_everybody_from_being_clean() {
    insta::assert_snapshot!(summary("Status:Fixed"), @"no status new; no status active; no status reopened");
    insta::assert_snapshot!(summary("Status:New, Re-Opened, Fixed"), @"no status active");
    insta::assert_snapshot!(summary("Vulnerabilities:\nState:Ignored"), @"State: Ignored");
    insta::assert_snapshot!(summary("Status:New, Active, Asleep, Re-Opened"), @"Status: New, Active, Asleep, Re-Opened");
    insta::assert_snapshot!(summary("Included Operating Systems:\nWindows"), @"Included Operating Systems: Windows");
    insta::assert_snapshot!(summary("Exclude non-running kernels:\nMaybe"), @"Exclude non-running kernels: Maybe");
    insta::assert_snapshot!(summary("Severity: 4, 5\u{202e}"), @r"Severity: 4, 5\u{202e}");
    let lists = "<VULN_LISTS><![CDATA[Test Vuln]]></VULN_LISTS><SELECTIVE_VULNS>11, 1000</SELECTIVE_VULNS>";
    insta::assert_snapshot!(said(&Selection::default(), lists), @"other filters 11, 1000; search list Test Vuln");
    let wrapped = "<NEW><FILTER_SUMMARY>Status:Fixed</FILTER_SUMMARY></NEW>";
    insta::assert_snapshot!(said(&Selection::default(), wrapped), @"other filters Status:Fixed");
    let excluded = "<EXCLUDED_VULNS>7</EXCLUDED_VULNS>";
    insta::assert_snapshot!(said(&Selection::default(), excluded), @"other filters 7");
}

#[test]
fn what_nobody_asks_for_may_be_left_out() {
    let selection = Selection {
        statuses: "active".parse().unwrap(),
        ..Selection::default()
    };
    let only_active = "<FILTER_SUMMARY>Status:Active, Fixed</FILTER_SUMMARY>";
    assert_eq!(said(&selection, only_active), "clean");
    insta::assert_snapshot!(said(&Selection::default(), only_active), @"no status new; no status reopened");
}

#[test]
fn one_template_of_several_is_enough() {
    let fixed = || parsed(of_template("<FILTER_SUMMARY>Status:Fixed</FILTER_SUMMARY>"));
    let all = || parsed(of_template(""));
    for reports in [vec![fixed(), all()], vec![all(), fixed()]] {
        let selected = Selection::default().apply(merge(reports).unwrap());
        assert_eq!(selected.counts().hosts_clean, 0);
        insta::allow_duplicates! {
            insta::assert_snapshot!(selected.filtered().unwrap(), @"no host is cleared, since the report's template may leave out open findings (no status new; no status active; no status reopened). Let the template report them all, and choose with selection.* instead");
        }
    }
}

#[test]
fn a_saved_answer_clears_nobody() {
    let selected = Selection::default().apply(parsed(include_str!("../../../tests/reports/detections.xml")));
    assert_eq!(selected.counts().hosts_clean, 0);
    insta::assert_snapshot!(selected.filtered().unwrap(), @"no host is cleared: a saved answer doesn't say which findings were asked for");
}
