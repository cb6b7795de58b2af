//! Bad input gets a clear sentence and the right exit code; nothing is sent.

use std::fs;

use connector_lab::management_center::Options;
use support::{center, held, run, sending};

const EMPTY: &str = "<ASSET_DATA_REPORT></ASSET_DATA_REPORT>";

#[tokio::test]
async fn a_certificate_that_doesnt_open() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options {
        pkcs12_password: "secret".to_owned(),
        ..Options::default()
    })
    .await;
    fs::write(folder.path().join("empty.xml"), EMPTY).unwrap();
    let mut command = sending(folder.path(), &center);
    command.args(["--report", "empty.xml"]);
    run(command).await.assert_code(77).assert_says("needs a password");
    let mut command = sending(folder.path(), &center);
    command
        .args(["--report", "empty.xml"])
        .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", "canary-4711");
    let ended = run(command).await;
    ended.assert_code(77);
    assert!(!ended.stderr.contains("canary-4711") && !ended.stdout.contains("canary-4711"));
}

#[tokio::test]
async fn an_empty_report_clears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    fs::write(folder.path().join("empty.xml"), EMPTY).unwrap();
    let mut command = sending(folder.path(), &center);
    command.args(["--report", "empty.xml"]);
    run(command)
        .await
        .assert_code(0)
        .assert_says("no host of the report passes the selection");
    center.idle().await;
    assert_eq!(center.network_map().hosts.len(), 0);
}

#[tokio::test]
async fn a_template_that_leaves_out_open_findings_clears_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let report = |qid: u32, status: &str, shown: &str| {
        format!(
            "<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP><VULN_INFO_LIST><VULN_INFO><QID>{qid}</QID><TYPE>Vuln</TYPE>\
             <VULN_STATUS>{status}</VULN_STATUS></VULN_INFO></VULN_INFO_LIST></HOST></HOST_LIST><APPENDICES><TEMPLATE_DETAILS>\
             <FILTER_SUMMARY>\n Status:{shown}\n Vulnerabilities:\n State:Active\n</FILTER_SUMMARY></TEMPLATE_DETAILS></APPENDICES>\
             </ASSET_DATA_REPORT>"
        )
    };
    let all = "New, Active, Re-Opened, Fixed";
    for (qid, status, shown, after, warned) in [
        (11, "New", "New, Fixed", &["11"][..], true),
        // By now it is active, and the template says nothing more of it.
        (12, "Fixed", "New, Fixed", &["11"], true),
        (13, "New", "New, Fixed", &["13"], true),
        (12, "Fixed", all, &[], false),
    ] {
        fs::write(folder.path().join("report.xml"), report(qid, status, shown)).unwrap();
        let mut command = sending(folder.path(), &center);
        command.args(["--report", "report.xml"]);
        let ended = run(command).await;
        let summary = ended.assert_code(0).summary();
        center.idle().await;
        let qids: Vec<_> = held(&center.network_map())
            .into_values()
            .flatten()
            .map(|result| result.0)
            .collect();
        assert_eq!(qids, after, "{status} of {shown}: {summary}");
        let warning = "no host is cleared, since the report's template may leave out open findings (no status active; no status \
                       reopened)";
        assert_eq!(summary["remarks"].to_string().contains(warning), warned, "{summary}");
        assert_eq!(
            ended.stderr.matches(warning).count(),
            usize::from(warned),
            "{}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn an_unfinished_scan_replaces_and_clears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let scan = |status: &str, open: &str| {
        format!(
            "<SCAN><HEADER><KEY value=\"STATUS\">{status}</KEY></HEADER><IP value=\"192.0.2.1\"><VULNS><CAT value=\"x\">\
             <VULN number=\"{open}\" severity=\"3\"><TITLE>T</TITLE></VULN></CAT></VULNS></IP></SCAN>"
        )
    };
    let qids = || {
        let held = held(&center.network_map());
        let results = held.into_values().flatten();
        results.map(|result| result.0).collect::<Vec<_>>()
    };
    for (status, qid, settings, code, after) in [
        ("FINISHED", "11", &[][..], 0, &["11"][..]),
        ("CANCELED", "12", &[], 65, &["11"]),
        ("CANCELED", "12", &["report.unfinished_scans=merge"], 0, &["11", "12"]),
        ("FINISHED", "12", &[], 0, &["12"]),
    ] {
        fs::write(folder.path().join("scan.xml"), scan(status, qid)).unwrap();
        let mut command = sending(folder.path(), &center);
        command.args(["--report", "scan.xml"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let ended = run(command).await;
        let summary = ended.assert_code(code).summary();
        center.idle().await;
        assert_eq!(qids(), after, "{status} {settings:?}: {summary}");
    }
}
