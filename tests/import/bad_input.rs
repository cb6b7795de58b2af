//! Bad input gets a clear sentence and the right exit code; nothing is sent.

use std::fs;

use connector_lab::management_center::Options;

use crate::support::{center, run, sending};

const EMPTY: &str = "<ASSET_DATA_REPORT></ASSET_DATA_REPORT>";

#[tokio::test]
async fn reports_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let cases: [(&[u8], &str); 9] = [
        (b"", "the report is empty"),
        (b"<html><body>Login</body></html>", "HTML page"),
        (b"<WAS_SCAN_REPORT></WAS_SCAN_REPORT>", "web application report"),
        (b"<REPORT></REPORT>", "its root element is REPORT"),
        (
            b"<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP></HOST>",
            "the report is cut off",
        ),
        (
            b"<ASSET_DATA_REPORT><ERROR>No</ERROR></ASSET_DATA_REPORT>",
            "Qualys reports an error",
        ),
        (
            b"<!DOCTYPE A [<!ENTITY a \"b\">]><ASSET_DATA_REPORT></ASSET_DATA_REPORT>",
            "DOCTYPE",
        ),
        (
            b"<ASSET_DATA_REPORT><HEADER><COMPANY>M\xfcller</COMPANY></HEADER></ASSET_DATA_REPORT>",
            "isn't UTF-8",
        ),
        (b"PK\x03\x04 nonsense", "the report is cut off"),
    ];
    for (bytes, sentence) in cases {
        fs::write(folder.path().join("report.xml"), bytes).unwrap();
        let mut command = sending(folder.path(), &center);
        command.args(["--report", "report.xml"]);
        run(command).await.assert_code(65).assert_says(sentence);
    }
    for (name, sentence) in [("missing.xml", "can't be opened"), (".", "is a directory")] {
        let mut command = sending(folder.path(), &center);
        command.args(["--report", name]);
        run(command).await.assert_code(74).assert_says(sentence);
    }
    assert_eq!(center.network_map().counters.connections, 0);
}

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
