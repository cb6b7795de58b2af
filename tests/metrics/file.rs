//! A file for node_exporter's textfile collector.

use std::fs;
use std::process::Command;

use support::{connector, report, run, small};

use crate::gateway::series;

#[tokio::test]
async fn each_run_replaces_what_it_knows_and_prometheus_has_nothing_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let writing = |report: &str| {
        let mut command = connector(folder.path());
        command.args([
            "--csvfile",
            "commands.csv",
            "--metrics-file",
            "metrics.prom",
            "--report",
            report,
        ]);
        command
    };
    run(writing(&path.display().to_string())).await.assert_code(0);
    let text = || fs::read_to_string(folder.path().join("metrics.prom")).unwrap();
    let success = series(&text(), "last_success_timestamp_seconds");
    assert_eq!(success.keys().collect::<Vec<_>>(), ["{import=\"default\"}"]);
    let code = run(writing("missing.xml")).await.code.unwrap();
    assert_eq!(
        series(&text(), "last_exit_code")["{import=\"default\"}"],
        f64::from(code)
    );
    assert_eq!(series(&text(), "last_success_timestamp_seconds"), success);
    assert_eq!(
        text().matches("# TYPE qualys_connector_last_exit_code gauge").count(),
        1
    );
    lint(&text());
}

/// By promtool, where it is installed.
fn lint(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics");
    fs::write(&path, text).unwrap();
    let linted = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(path).unwrap())
        .output();
    match linted {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => connector_lab::testing::skipped("prometheus"),
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_a_warning_or_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let writing = |more: &[&str]| {
        let mut command = connector(folder.path());
        command
            .args(["--csvfile", "commands.csv", "--metrics-file", "missing/metrics.prom"])
            .arg("--report")
            .arg(&path)
            .args(more);
        command
    };
    let sentence = "the metrics weren't written to missing/metrics.prom: ";
    run(writing(&[])).await.assert_code(0).assert_says(sentence);
    let required = ["--set", "telemetry.metrics_required=y"];
    let ended = run(writing(&required)).await;
    ended.assert_code(73).assert_says(sentence);
    assert_eq!(ended.summary()["stages"], serde_json::json!({}), "nothing was begun");
    assert!(
        fs::read_to_string(folder.path().join("commands.csv")).is_ok(),
        "by the first run"
    );
}
