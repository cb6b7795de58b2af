//! Every way to a collector: HTTP, gRPC, with TLS, compressed, with headers, after a refusal.

use std::path::Path;

use connector_lab::management_center::Options;
use support::{center, report, run, small};

use crate::collector::Collector;
use crate::promise::kept;
use crate::span::only;
use crate::traced;

async fn arrives(collector: &Collector, variables: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let center = center(Options::default()).await;
    let mut command = traced(folder.path(), &center, collector, &path);
    command.envs(variables.iter().copied());
    let ended = run(command).await;
    ended.assert_code(0);
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
    let tree = kept(&collector.spans());
    assert_eq!(
        tree,
        "qualys-connector\n  configure\n  template\n    parse\n    select\n    send\n      frames\n"
    );
    counts_are_those_of_the_summary(collector, &ended.summary(), &path);
}

fn counts_are_those_of_the_summary(collector: &Collector, summary: &serde_json::Value, report: &Path) {
    let spans = collector.spans();
    let (parse, select, send) = (only(&spans, "parse"), only(&spans, "select"), only(&spans, "send"));
    for (span, name, key) in [
        (parse, "hosts.read", "/hosts/read"),
        (parse, "findings.read", "/findings/read"),
        (parse, "bytes", "/bytes"),
        (select, "hosts.selected", "/hosts/selected"),
        (select, "hosts.clean", "/hosts/clean"),
        (select, "findings.selected", "/findings/selected"),
        (send, "hosts.acknowledged", "/hosts/acknowledged"),
        (send, "hosts.refused", "/hosts/refused"),
        (send, "hosts.not_sent", "/hosts/not_sent"),
        (send, "findings.acknowledged", "/findings/acknowledged"),
        (send, "findings.refused", "/findings/refused"),
        (send, "connections", "/connections"),
        (send, "frames", "/frames"),
        (send, "commands", "/commands/sent"),
    ] {
        assert_eq!(Some(span.count(name)), summary.pointer(key).unwrap().as_u64(), "{name}");
    }
    let frames = only(&spans, "frames");
    for name in ["frames", "commands", "bytes"] {
        assert_eq!(frames.count(name), send.count(name), "{name}");
    }
    assert_eq!(frames.get("server.address"), "127.0.0.1");
    assert_eq!(
        only(&spans, "template").get("qualys_connector.template"),
        report.display().to_string()
    );
    let run = only(&spans, "qualys-connector");
    assert_eq!(
        (run.get("process.executable.name"), run.get("process.exit.code")),
        ("qualys-connector", "0")
    );
    assert_eq!(run.parent, "");
}

#[tokio::test]
async fn spans_arrive_over_http() {
    arrives(&Collector::http().await, &[]).await;
}

#[tokio::test]
async fn spans_arrive_over_grpc() {
    arrives(&Collector::grpc().await, &[]).await;
}

#[tokio::test]
async fn spans_arrive_over_http_with_tls_compression_and_headers() {
    let collector = Collector::https().await;
    let gzip = ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    let header = (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Bearer%20canary-otlp,x-scope=1",
    );
    arrives(&collector, &[gzip, header]).await;
    let headers = collector.headers();
    assert!(headers.contains("authorization: bearer canary-otlp"), "{headers}");
    assert!(headers.contains("x-scope: 1"), "{headers}");
    assert!(headers.contains("content-encoding: gzip"), "{headers}");
}

#[tokio::test]
async fn spans_arrive_over_grpc_with_tls_compression_and_headers() {
    let collector = Collector::grpcs().await;
    let gzip = ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip");
    let header = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-scope=canary-otlp");
    arrives(&collector, &[gzip, header]).await;
    let headers = collector.headers();
    assert!(headers.contains("canary-otlp") && headers.contains("gzip"), "{headers}");
}

#[tokio::test]
async fn a_collector_that_is_busy_at_first_gets_them_once() {
    let collector = Collector::http().await;
    collector.refuse(1);
    arrives(&collector, &[]).await;
    assert_eq!(collector.requests(), 2);
}
