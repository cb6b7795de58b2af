//! 50,000 hosts: no span is lost, as there is none for a host or a frame.

use connector_lab::management_center::Options;
use connector_lab::report;
use support::{center, report, run};

use crate::collector::Collector;
use crate::promise::kept;
use crate::span::only;
use crate::traced;

#[tokio::test]
async fn fifty_thousand_hosts_overflow_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = report::Options {
        hosts: 50_000,
        findings: 2,
        qids: 100,
        longest_result: 200,
        ..report::Options::default()
    };
    let (path, _) = report(folder.path(), options);
    let center = center(Options {
        counts_only: true,
        ..Options::default()
    })
    .await;
    let collector = Collector::http().await;
    let mut command = traced(folder.path(), &center, &collector, &path);
    command.args([
        "--set",
        "management_center.max_frame=2000",
        "--set",
        "commands.description_length=0",
    ]);
    // All of them must have room at once, in a queue of the usual length.
    command.env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    let ended = run(command).await;
    ended.assert_code(0);
    assert!(!ended.stderr.contains("didn't reach"), "{}", ended.stderr);
    let spans = collector.spans();
    kept(&spans);
    let send = only(&spans, "send");
    assert!(send.count("frames") > 5_000, "{} frames", send.count("frames"));
    assert!(spans.len() < 500, "{} spans", spans.len());
    let batches: u64 = spans
        .iter()
        .filter(|span| span.name == "frames")
        .map(|span| span.count("frames"))
        .sum();
    assert_eq!(batches, send.count("frames"));
    assert_eq!(only(&spans, "parse").count("hosts.read"), 50_000);
    assert!(send.count("hosts.acknowledged") > 25_000);
}
