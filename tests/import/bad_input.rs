//! Bad input gets a clear sentence and the right exit code; nothing is sent.

use std::fs;

use connector_lab::management_center::Options;

use crate::support::{center, run, sending};

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
