//! A failure in each stage: its span, the template's and the run's say so, and no other.

use std::process::Command;
use std::time::Duration;

use connector_lab::management_center::{AnswerFault, Faults, Options};
use support::{Running, center, connector, report, run, small, until};

use crate::collector::Collector;
use crate::promise::kept;
use crate::qualys;
use crate::span::only;
use crate::traced;

/// The tree of a run that ends with `code`.
async fn tree(command: Command, collector: &Collector, code: i32) -> String {
    run(command).await.assert_code(code);
    let spans = collector.spans();
    assert_eq!(
        only(&spans, "qualys-connector").get("process.exit.code"),
        code.to_string()
    );
    kept(&spans)
}

#[tokio::test]
async fn configure() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let collector = Collector::http().await;
    std::fs::write(folder.path().join("my.pkcs12"), "nothing").unwrap();
    let mut command = connector(folder.path());
    command.args(["--server", "127.0.0.1", "--report"]).arg(&path);
    collector.receives(&mut command);
    let tree = tree(command, &collector, 77).await;
    assert_eq!(tree, "qualys-connector !credentials\n  configure !credentials\n");
}

#[tokio::test]
async fn every_stage_at_qualys() {
    let cases = [
        ("status=401@list", 77, "launch", "credentials"),
        ("ends=Errors@launch", 65, "wait", "report"),
        ("wrong-root=NOTES@fetch", 65, "download", "report"),
    ];
    for (fault, code, stage, error) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (center, collector) = (center(Options::default()).await, Collector::http().await);
        let qualys = qualys::faulty(&[fault]).await;
        let tree = tree(
            qualys::importing(folder.path(), &center, &qualys, &collector),
            &collector,
            code,
        )
        .await;
        let failed: Vec<&str> = tree
            .lines()
            .filter(|line| line.contains('!') && !line.contains('/'))
            .map(str::trim)
            .collect();
        let expected = ["qualys-connector", "template", stage].map(|name| format!("{name} !{error}"));
        assert_eq!(failed, expected, "{fault}\n{tree}");
    }
}

#[tokio::test]
async fn parse() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::grpc().await);
    let tree = tree(traced(folder.path(), &center, &collector, &path), &collector, 65).await;
    assert_eq!(
        tree,
        "qualys-connector !report\n  configure\n  template !report\n    parse !report\n"
    );
}

#[tokio::test]
async fn send() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(20));
    let refused = *support::meant(&expected).keys().next().unwrap();
    let center = support::faulty(Faults {
        refuse_scans: [refused].into(),
        ..Faults::default()
    })
    .await;
    let collector = Collector::http().await;
    let tree = tree(traced(folder.path(), &center, &collector, &path), &collector, 76).await;
    assert_eq!(
        tree,
        "qualys-connector !protocol\n  configure\n  template !protocol\n    parse\n    select\n    send !protocol\n      frames\n"
    );
    assert_eq!(only(&collector.spans(), "send").count("hosts.refused"), 1);
}

#[tokio::test]
async fn a_connection_that_was_replaced_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let faults = Faults {
        connections: Some(1),
        ..Faults::default().answer(2, AnswerFault::CloseBefore)
    };
    let (center, collector) = (support::faulty(faults).await, Collector::http().await);
    let tree = tree(traced(folder.path(), &center, &collector, &path), &collector, 0).await;
    assert!(
        tree.ends_with("    send\n      frames !unavailable\n      frames\n"),
        "{tree}"
    );
}

#[tokio::test]
async fn write() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let collector = Collector::http().await;
    let writing = |file: &str| {
        let mut command = connector(folder.path());
        command.args(["-csvfile", file, "--report"]).arg(&path);
        collector.receives(&mut command);
        command
    };
    let written = tree(writing("Output.csv"), &collector, 0).await;
    assert!(written.ends_with("    select\n    write\n"), "{written}");
    let spans = collector.spans();
    assert!(only(&spans, "write").count("hosts.written") > 0);

    // Found out before the report is asked for: it is the template's failure, and no stage's.
    let collector = Collector::http().await;
    let mut command = writing("missing/Output.csv");
    collector.receives(&mut command);
    let tree = tree(command, &collector, 73).await;
    assert_eq!(
        tree,
        "qualys-connector !cannot_create\n  configure\n  template !cannot_create\n"
    );
}

#[tokio::test]
async fn a_file_of_commands_is_traced_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("commands.csv");
    std::fs::write(&file, "SetSource,Qualys\nAddHost,192.0.2.1\n").unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::http().await);
    let mut command = support::sending(folder.path(), &center);
    command.arg("send").arg(&file);
    collector.receives(&mut command);
    let tree = tree(command, &collector, 0).await;
    assert_eq!(tree, "qualys-connector\n  template\n    send\n      frames\n");
}

#[tokio::test]
async fn a_signal_while_frames_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(300));
    let center = support::faulty(Faults {
        slow_answers: Duration::from_millis(50),
        ..Faults::default()
    })
    .await;
    let collector = Collector::grpc().await;
    let mut command = traced(folder.path(), &center, &collector, &path);
    command.args(["--set", "management_center.max_frame=2048"]);
    let running = Running::of(command);
    until("frames", || center.network_map().counters.frames >= 12).await;
    running.signal("TERM");
    running.ended().await.assert_code(143);
    let spans = collector.spans();
    let tree = kept(&spans);
    let end = "\n    send !interrupted\n      frames\n";
    assert!(
        tree.starts_with("qualys-connector !interrupted\n") && tree.ends_with(end),
        "{tree}"
    );
    assert!(only(&spans, "send").count("hosts.acknowledged") > 0);
    assert!(only(&spans, "send").count("hosts.not_sent") > 0);
}
