//! A collector that is gone, or never answers, costs the budget at most and changes nothing.

use std::time::{Duration, Instant};

use connector_lab::management_center::Options;
use serde_json::Value;
use support::{Ended, center, report, run, sending, small};
use tokio::net::TcpListener;

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

/// What is said of a collector that answers so.
async fn said(answer: Vec<u8>) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1 << 20];
            let mut length = 0;
            // A request is one piece, or the rest of it follows at once.
            while let Ok(Ok(read @ 1..)) =
                tokio::time::timeout(Duration::from_millis(200), stream.read(&mut request[length..])).await
            {
                length += read;
            }
            let _ = stream.write_all(&answer).await;
        }
    });
    let (ended, _) = run_with(&endpoint, "http/protobuf", 0).await;
    let lines = ended.stderr.lines();
    lines.filter(|line| line.contains("didn't reach")).collect()
}

fn answer(kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_page_is_no_delivery_and_what_was_rejected_is_counted() {
    let page = said(answer("text/html", b"<html>Welcome</html>")).await;
    assert!(
        page.contains("it answered 200 OK with text/html instead of OTLP"),
        "{page}"
    );
    assert_eq!(said(answer("application/x-protobuf", b"")).await, "");
    let part = said(answer("application/x-protobuf", b"\x0a\x09\x08\x02\x12\x05full\x07")).await;
    assert!(
        part.contains("2 spans didn't reach the collector: it rejected 2 of them: full"),
        "{part}"
    );
}
