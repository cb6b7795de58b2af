//! What arrives in the Pushgateway, and under which name.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use connector_lab::management_center::{Faults, Options};
use support::{Running, center, connector, faulty, report, run, sending, small, until};

use crate::gateway::{Gateway, PASSWORD};

fn pushing(mut command: Command, gateway: &Gateway) -> Command {
    command.env("QC_TELEMETRY__PUSHGATEWAY__URL", gateway.url());
    command
}

/// An import that needs nobody but the Pushgateway.
fn writing(folder: &Path, gateway: &Gateway) -> Command {
    let (path, _) = report(folder, small(20));
    let mut command = pushing(connector(folder), gateway);
    command.args(["--csvfile", "commands.csv", "--report"]).arg(path);
    command
}

#[tokio::test]
async fn an_import_says_what_its_summary_says() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = center(Options::default()).await;
    let mut command = pushing(sending(folder.path(), &center), &gateway);
    command.arg("--report").arg(&path);
    let ended = run(command).await;
    ended.assert_code(0);
    let summary = ended.summary();
    let value = |name: &str, labels: &str| {
        let series = gateway.series(name);
        let (series, value) = series.iter().find(|(series, _)| series.contains(labels)).unwrap();
        assert!(
            series.contains("import=\"default\",job=\"qualys-connector\""),
            "{series}"
        );
        *value
    };
    let said = |pointer: &str| summary.pointer(pointer).unwrap().as_f64().unwrap();
    for (name, labels, pointer) in [
        ("report_hosts", "", "/hosts/read"),
        ("report_findings", "", "/findings/read"),
        ("report_bytes", "", "/bytes"),
        ("hosts", "outcome=\"acknowledged\"", "/hosts/acknowledged"),
        ("findings", "outcome=\"acknowledged\"", "/findings/acknowledged"),
        ("findings", "outcome=\"refused\"", "/findings/refused"),
        ("commands", "outcome=\"sent\"", "/commands/sent"),
        ("selected_hosts", "", "/hosts/selected"),
        ("left_out_findings", "reason=\"fixed\"", "/findings/left_out/fixed"),
        ("frames", "", "/frames"),
    ] {
        assert_eq!(value(name, labels), said(pointer), "{name}{labels}");
    }
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - value("last_success_timestamp_seconds", "")).abs() < 60.0);
    for end in ["client", "server"] {
        assert!(value(&format!("{end}_certificate_expiry_timestamp_seconds"), "") > now);
    }
    assert!(value("peak_memory_bytes", "") > 1e6);
    assert_eq!(value("running", ""), 0.0);
}

#[tokio::test]
async fn a_failed_run_leaves_the_last_success_and_says_where_it_failed() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(writing(folder.path(), &gateway)).await.assert_code(0);
    let before = gateway.series("last_success_timestamp_seconds");
    let hosts = gateway.series("report_hosts");
    assert_eq!((before.len(), hosts.len()), (1, 1));
    let mut command = pushing(connector(folder.path()), &gateway);
    command.args(["--csvfile", "commands.csv", "--report", "missing.xml"]);
    let code = run(command).await.code.unwrap();
    assert_ne!(code, 0);
    assert_eq!(gateway.series("last_success_timestamp_seconds"), before);
    assert_eq!(gateway.series("report_hosts"), hosts);
    assert_eq!(
        gateway.series("last_exit_code").into_values().collect::<Vec<_>>(),
        [f64::from(code)]
    );
    let failed = gateway.series("last_failed_stage");
    let failed: Vec<_> = failed.into_iter().filter(|(_, value)| *value != 0.0).collect();
    assert!(
        failed.len() == 1 && failed[0].0.contains("stage=\"parse\""),
        "{failed:?}"
    );
}

#[tokio::test]
async fn groups_keep_their_names_whatever_they_are_made_of() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["berlin", "eu/berlin", "Büro 1+1%2F?#&", "..", "a\"b\\c", "x@base64"] {
        let mut command = writing(folder.path(), &gateway);
        command
            .env("QC_TELEMETRY__IMPORT", name)
            .env("QC_TELEMETRY__PUSHGATEWAY__JOB", "a/b");
        let ended = run(command).await;
        ended.assert_code(0);
        assert!(!ended.stderr.contains("weren't pushed"), "{}", ended.stderr);
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        let labels = format!("{{import=\"{escaped}\",job=\"a/b\"}}");
        let found = gateway.series("last_exit_code");
        assert!(found.contains_key(&labels), "{labels}: {found:?}");
    }
    assert_eq!(gateway.series("last_exit_code").len(), 6);
}

#[tokio::test]
async fn a_configuration_that_is_wrong_elsewhere_is_told() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = pushing(connector(folder.path()), &gateway);
    command.args(["--csvfile", "x.csv", "--set", "qualys.url=nowhere"]);
    run(command).await.assert_code(78);
    assert_eq!(
        gateway.series("last_exit_code").into_values().collect::<Vec<_>>(),
        [78.0]
    );
    assert!(gateway.series("last_success_timestamp_seconds").is_empty());
    let mut command = pushing(connector(folder.path()), &gateway);
    command.args(["--csvfile", "x.csv", "--set", "telemetry.pushgateway.timeout=soon"]);
    run(command).await.assert_code(78);
}

#[tokio::test]
async fn a_long_import_says_how_far_it_is_and_one_that_is_terminated_says_so() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(300));
    let center = faulty(Faults {
        slow_answers: Duration::from_millis(100),
        ..Faults::default()
    })
    .await;
    let mut command = pushing(sending(folder.path(), &center), &gateway);
    command
        .args([
            "--set",
            "management_center.max_frame=2048",
            "--set",
            "telemetry.pushgateway.interval=100ms",
        ])
        .arg("--report")
        .arg(&path);
    let running = Running::of(command);
    let on = |name: &str, label: &str| {
        let series = gateway.series(name);
        series
            .iter()
            .any(|(labels, value)| labels.contains(label) && *value > 0.0)
    };
    until("live numbers of hosts", || {
        on("running_stage", "stage=\"send\"") && on("running_hosts", "state=\"acknowledged\"")
    })
    .await;
    assert!(on("running", ""));
    assert!(gateway.series("last_exit_code").is_empty());
    running.signal("TERM");
    running.ended().await.assert_code(143);
    assert_eq!(
        gateway.series("last_exit_code").into_values().collect::<Vec<_>>(),
        [143.0]
    );
    assert!(!on("running", "") && !on("running_stage", ""));
    assert!(on("last_failed_stage", "stage=\"send\"") && on("hosts", "outcome=\"not_sent\""));
}

#[tokio::test]
async fn tls_and_a_login_are_passed_and_a_wrong_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let Some((gateway, ca)) = Gateway::guarded(folder.path()) else {
        return;
    };
    let guarded = |password: &str, ca: Option<&Path>| {
        let mut command = writing(folder.path(), &gateway);
        command
            .env("QC_TELEMETRY__PUSHGATEWAY__URL", gateway.https())
            .env("QC_TELEMETRY__PUSHGATEWAY__USERNAME", "pusher")
            .env("QC_TELEMETRY__PUSHGATEWAY__PASSWORD", password)
            .envs(ca.map(|ca| ("QC_TELEMETRY__PUSHGATEWAY__CA_FILE", ca)));
        command
    };
    let ended = run(guarded(PASSWORD, Some(&ca))).await;
    ended.assert_code(0);
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
    let ended = run(guarded("wrong", Some(&ca))).await;
    ended.assert_code(0).assert_says("answers 401 Unauthorized");
    run(guarded(PASSWORD, None))
        .await
        .assert_code(0)
        .assert_says("can't be reached");
    let mut command = guarded("wrong", Some(&ca));
    command.args(["--set", "telemetry.metrics_required=y"]);
    let ended = run(command).await;
    ended.assert_code(69);
    // Nothing else was wrong.
    assert_eq!(ended.summary()["exit"], 0);
}

#[tokio::test]
async fn what_a_pushgateway_refuses_is_told_in_its_words() {
    let Some(gateway) = Gateway::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = "# TYPE qualys_connector_last_exit_code counter\nqualys_connector_last_exit_code 1\n";
    let answer = gateway.post("/metrics/job/somebody-else", other);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let ended = run(writing(folder.path(), &gateway)).await;
    ended
        .assert_code(0)
        .assert_says("answers 400 Bad Request: pushed metrics are invalid or inconsistent with existing metrics");
}
