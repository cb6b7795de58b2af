//! What doesn't fit into a frame is shortened; what can't be shortened isn't sent, and costs its host nothing.

use std::fmt::Write as _;
use std::fs;

use connector_lab::management_center::Options;
use support::{center, held, run, sending};

const FRAME: [&str; 2] = ["--set", "management_center.max_frame=4000"];

/// A report of one host with two findings, the second of which has 600 CVE ids.
fn report_of_many_ids() -> String {
    let ids = (0..600).fold(String::new(), |mut ids, id| {
        let _ = write!(ids, "<CVE_ID><ID>CVE-2024-{:04}</ID></CVE_ID>", 1000 + id);
        ids
    });
    let finding = |qid| format!("<VULN_INFO><QID id=\"qid_{qid}\">{qid}</QID><TYPE>Vuln</TYPE></VULN_INFO>");
    let details = |qid, ids: &str| {
        format!(
            "<VULN_DETAILS id=\"qid_{qid}\"><QID id=\"qid_{qid}\">{qid}</QID><TITLE>Weakness</TITLE><SEVERITY>3</SEVERITY>\
             <THREAT>Everything is lost.</THREAT><CVE_ID_LIST>{ids}</CVE_ID_LIST></VULN_DETAILS>"
        )
    };
    format!(
        "<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.7</IP><VULN_INFO_LIST>{}{}</VULN_INFO_LIST></HOST></HOST_LIST>\
         <GLOSSARY><VULN_DETAILS_LIST>{}{}</VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>",
        finding(1),
        finding(2),
        details(1, ""),
        details(2, &ids),
    )
}

#[tokio::test]
async fn a_finding_with_more_ids_than_a_frame_holds_arrives_with_those_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.xml"), report_of_many_ids()).unwrap();
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args(FRAME).args(["--report", "report.xml"]);
    let ended = run(command).await;
    let summary = ended.assert_code(0).summary();
    center.idle().await;
    let held = held(&center.network_map());
    let results = &held[&"192.0.2.7".parse().unwrap()];
    let ids: Vec<usize> = results.iter().map(|(.., ids)| ids.len()).collect();
    assert_eq!(ids[0], 0);
    assert!((200..300).contains(&ids[1]), "{ids:?}");
    assert_eq!(
        (&summary["hosts"]["acknowledged"], &summary["findings"]["acknowledged"]),
        (&1.into(), &2.into())
    );
    let left_out = format!(
        "the descriptions of 1 findings and {} CVE ids and Bugtraq numbers are left out",
        600 - ids[1]
    );
    let remarks = summary["remarks"].as_array().unwrap();
    assert!(
        remarks
            .iter()
            .any(|remark| remark.as_str().unwrap().starts_with(&left_out)),
        "{remarks:?}"
    );
}

#[tokio::test]
async fn a_command_that_fits_into_no_frame_takes_nothing_from_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let result = |host: u8, qid, length| {
        let text = "x".repeat(length);
        format!("AddScanResult,192.0.2.{host},\"Qualys\",{qid},,,\"a\",\"{text}\",\"cve_ids: \",\"bugtraq_ids: \"\n")
    };
    let host = |host, length| {
        format!(
            "AddHost,192.0.2.{host}\n{}{}ScanFlush\n",
            result(host, 1, 9),
            result(host, 2, length)
        )
    };
    let center = center(Options::default()).await;
    for (length, code) in [(9, 0), (5000, 65)] {
        let commands = format!("SetSource,Qualys\n{}{}", host(7, length), host(8, 9));
        fs::write(folder.path().join("commands.csv"), commands).unwrap();
        let mut command = sending(folder.path(), &center);
        command.args(FRAME).args(["send", "commands.csv"]);
        let ended = run(command).await;
        let summary = ended.assert_code(code).summary();
        center.idle().await;
        let held = held(&center.network_map());
        let results: Vec<_> = held.values().map(|results| results.len()).collect();
        assert_eq!(results, [2, 2], "{}", ended.stderr);
        let not_sent = u64::from(code != 0);
        for what in ["hosts", "findings"] {
            let what = &summary[what];
            assert_eq!(
                (&what["refused"], &what["not_sent"]),
                (&0.into(), &not_sent.into()),
                "{summary}"
            );
        }
        assert!(!ended.stderr.contains("refused"), "{}", ended.stderr);
    }
}
