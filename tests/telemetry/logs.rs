//! Log lines: what each of them carries, and what level 3 shows.

use std::collections::BTreeSet;

use connector_lab::management_center::Options;
use serde_json::Value;
use support::{center, meant, report, run, sending, small};

fn json(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn lines_carry_template_and_stage_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command
        .args(["--logfile", "log", "--level", "3", "--report"])
        .arg(&path);
    run(command).await.assert_code(0);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = json(&log);
    let found = |message: &str| {
        let mut found = lines.iter().filter(|line| line["message"] == message);
        let line = found.next().unwrap_or_else(|| panic!("{message}: {log}"));
        assert_eq!(found.next(), None);
        line
    };
    let template = path.display().to_string();
    let complete = found("QualysGuard Report Processing Complete");
    assert_eq!(
        (complete["template"].as_str(), complete["stage"].as_str()),
        (Some(template.as_str()), Some("select"))
    );
    let connected = found("connected to the Management Center");
    assert_eq!(
        (connected["template"].as_str(), connected["stage"].as_str()),
        (Some(template.as_str()), Some("send"))
    );
    for line in &lines {
        if line["template"] != Value::Null {
            assert_ne!(line["stage"], Value::Null, "{line}");
        }
        for gone in ["span", "spans", "trace_id"] {
            assert_eq!(line[gone], Value::Null, "{line}");
        }
    }
    for line in log.lines() {
        assert!(line.matches("\"stage\":").count() <= 1, "{line}");
        assert!(line.matches("\"template\":").count() <= 1, "{line}");
    }
}

#[tokio::test]
async fn the_line_about_a_failure_names_the_stage_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xml");
    std::fs::write(&path, "<ASSET_DATA_REPORT>").unwrap();
    let mut command = support::connector(folder.path());
    command.args(["-csvfile", "Output.csv", "--report"]).arg(&path);
    let ended = run(command).await;
    let lines = json(&ended.assert_code(65).stderr);
    let error = lines.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(
        (error["stage"].as_str(), error["template"].as_str()),
        (Some("parse"), path.to_str())
    );
}

#[tokio::test]
async fn level_3_shows_every_finding_that_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(40));
    let center = center(Options::default()).await;
    let mut sent = sending(folder.path(), &center);
    sent.args(["-level", "3", "--report"]).arg(&path);
    let mut written = support::connector(folder.path());
    written
        .args(["-level", "3", "-csvfile", "Output.csv", "--report"])
        .arg(&path);
    for command in [sent, written] {
        let ended = run(command).await;
        ended.assert_code(0);
        let shown: Vec<_> = json(&ended.stderr)
            .into_iter()
            .filter(|line| line["message"] == "finding imported")
            .map(|line| {
                let protocol = match line["protocol"].as_str() {
                    Some("tcp") => Some(6),
                    Some("udp") => Some(17),
                    _ => None,
                };
                let port = line["port"].as_u64().map(|port| port as u16);
                (
                    line["host"].as_str().unwrap().to_owned(),
                    line["qid"].to_string(),
                    port,
                    protocol,
                )
            })
            .collect();
        let all: BTreeSet<_> = shown.iter().cloned().collect();
        let meant: BTreeSet<_> = meant(&expected)
            .into_iter()
            .flat_map(|(host, results)| {
                let of_host = move |(qid, port, protocol, ..): (String, _, Option<u8>, String, BTreeSet<String>)| {
                    (host.to_string(), qid, port, protocol)
                };
                results.into_iter().map(of_host)
            })
            .collect();
        assert_eq!(all, meant);
        assert_eq!(shown.len(), all.len(), "each of them once");
    }
}

#[tokio::test]
async fn outputs_go_together_and_text_is_text_wherever_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let mut command = support::connector(folder.path());
    command.args(["-csvfile", "Output.csv", "--report"]).arg(&path);
    command.args(["--logfile", "log", "--stderr", "--set", "log.format=text"]);
    let ended = run(command).await;
    ended.assert_code(0);
    let file = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(file, ended.stderr);
    let complete = " INFO QualysGuard Report Processing Complete stage=select template=";
    assert_eq!(file.matches(complete).count(), 1, "{file}");
}
