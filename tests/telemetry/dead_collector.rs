//! A collector that is gone, or never answers, costs the budget at most and changes nothing.

use std::time::{Duration, Instant};

use connector_lab::management_center::Options;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::{Ended, center, report, run, sending, small};

/// A run with this endpoint, and how long it took.
async fn run_with(endpoint: &str, protocol: &str, code: i32) -> (Ended, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    if code != 0 {
        std::fs::write(&path, "<ASSET_DATA_REPORT>").unwrap();
    }
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command
        .arg("--report")
        .arg(&path)
        .args(["--set", "telemetry.flush_timeout=1s"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    let begun = Instant::now();
    let ended = run(command).await;
    ended.assert_code(code);
    (ended, begun.elapsed())
}

/// The summary without what no two runs have in common.
fn result(ended: &Ended) -> Value {
    let mut summary = ended.summary();
    summary["stages"] = Value::Null;
    summary["template"] = Value::Null;
    summary["error"] = Value::Null;
    summary
}

#[tokio::test]
async fn a_dead_or_silent_collector_changes_nothing() {
    // Never accepted: the kernel takes the connection and the request, and nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    for code in [0, 65] {
        let (healthy, _) = run_with("", "http/protobuf", code).await;
        for (endpoint, protocol) in [
            ("http://127.0.0.1:9", "http/protobuf"),
            ("http://127.0.0.1:9", "grpc"),
            (&silent, "http/protobuf"),
            (&silent, "grpc"),
            ("https://127.0.0.1:9", "http/protobuf"),
        ] {
            let (ended, took) = run_with(endpoint, protocol, code).await;
            assert_eq!(result(&ended), result(&healthy), "{endpoint} {protocol}");
            // The exporter itself would wait for ten seconds.
            assert!(took < Duration::from_secs(8), "{endpoint} {protocol} took {took:?}");
            let said = ended.stderr.matches("didn't reach the collector").count();
            assert_eq!(said, 1, "{endpoint} {protocol}: {}", ended.stderr);
            let warnings = ended.stderr.matches("WARN").count();
            assert_eq!(warnings, 1, "{endpoint} {protocol}: {}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn a_log_at_debug_holds_nothing_of_the_sending_of_spans() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let center = center(Options::default()).await;
    for protocol in ["http/protobuf", "grpc"] {
        let mut command = sending(folder.path(), &center);
        command
            .args(["--level", "3", "--set", "telemetry.flush_timeout=1s", "--report"])
            .arg(&path)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        let ended = run(command).await;
        ended.assert_code(0).assert_says("didn't reach the collector");
        for library in ["hyper", "h2", "tonic", "opentelemetry", "reqwest"] {
            assert!(!ended.stderr.contains(library), "{library}: {}", ended.stderr);
        }
    }
}
