//! The standard variables, as far as only a run shows that they are followed.

use std::process::Command;

use connector_lab::management_center::Options;
use support::{Ended, center, report, run, small};

use crate::collector::Collector;
use crate::promise::kept;
use crate::span::{Span, only};
use crate::traced;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A run with these variables: how it ended, and what a collector received.
async fn traced_with(variables: &[(&str, &str)]) -> (Ended, Vec<Span>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let center = center(Options::default()).await;
    let collector = Collector::http().await;
    let mut command: Command = traced(folder.path(), &center, &collector, &path);
    command.envs(variables.iter().copied());
    let ended = run(command).await;
    ended.assert_code(0);
    (ended, collector.spans())
}

#[tokio::test]
async fn a_parent_is_continued_and_every_log_line_names_the_trace() {
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let (ended, spans) = traced_with(&[("TRACEPARENT", &parent), ("TRACESTATE", "vendor=1")]).await;
    kept(&spans);
    let root = only(&spans, "qualys-connector");
    assert_eq!((root.trace.as_str(), root.parent.as_str()), (TRACE, "00f067aa0ba902b7"));
    assert_eq!(root.state, "vendor=1");
    for line in ended.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["trace_id"], TRACE, "{line}");
    }
}

#[tokio::test]
async fn a_malformed_parent_begins_a_new_trace_and_is_said_once() {
    let (ended, spans) = traced_with(&[("TRACEPARENT", "00-nonsense-01")]).await;
    kept(&spans);
    assert_eq!(ended.stderr.matches("TRACEPARENT").count(), 1, "{}", ended.stderr);
}

#[tokio::test]
async fn a_parent_that_is_not_sampled_sends_nothing_and_that_is_said_once() {
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    let (ended, spans) = traced_with(&[("TRACEPARENT", &parent)]).await;
    assert_eq!(spans.len(), 0);
    assert_eq!(ended.stderr.matches("isn't sampled").count(), 1, "{}", ended.stderr);
}

#[tokio::test]
async fn what_switches_traces_off_does() {
    for variable in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "missing.pem"),
    ] {
        let (ended, spans) = traced_with(&[variable]).await;
        assert_eq!(spans.len(), 0, "{variable:?}");
        let said = matches!(variable.1, "http/json" | "missing.pem");
        assert_eq!(ended.stderr.contains("WARN"), said, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_resource_takes_what_the_environment_says() {
    let (_, spans) = traced_with(&[
        ("OTEL_SERVICE_NAME", "imports"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "k8s.pod.name=import-1,service.name=other,service.namespace=security",
        ),
    ])
    .await;
    let resource = &spans[0].resource;
    let get = |key: &str| resource[key].as_str();
    assert_eq!(
        [get("service.name"), get("k8s.pod.name"), get("service.namespace")],
        ["imports", "import-1", "security"]
    );
    assert_eq!(get("service.instance.id").len(), 32);
}
