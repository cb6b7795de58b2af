//! The summary, as people and machines read it.

use connector_lab::management_center::{Faults, Options};
use support::{center, faulty, report, run, sending, small};

/// Without what differs from run to run.
pub(crate) fn steady(text: &str, folder: &std::path::Path) -> String {
    let text = text.replace(&folder.display().to_string(), "FOLDER");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(last) = lines.last_mut().filter(|line| line.ends_with(" s")) {
        let end = last.rfind(" in ").unwrap();
        last.truncate(end);
        last.push_str(" in TIME");
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_person_reads_what_became_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = faulty(Faults {
        drop_lines: vec!["AddScanResult,10.0.0.9,".to_owned()],
        ..Faults::default()
    })
    .await;
    let mut command = sending(folder.path(), &center);
    command.args(["--summary", "text", "--report"]).arg(&path);
    let ended = run(command).await;
    insta::assert_snapshot!("text", steady(&ended.stdout, folder.path()));
}

#[tokio::test]
async fn a_machine_reads_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.arg("--report").arg(&path);
    let ended = run(command).await;
    assert_eq!(ended.assert_code(0).stdout.lines().count(), 1);
    let mut summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    summary["seconds"] = 0.into();
    for took in summary["templates"][0]["stages"].as_object_mut().unwrap().values_mut() {
        *took = 0.into();
    }
    let text = serde_json::to_string_pretty(&summary).unwrap();
    insta::assert_snapshot!("json", steady(&text, folder.path()));
}
