//! What Kubernetes shows of a pod that has ended: the termination message.

use std::fs;
use std::path::Path;
use std::process::Command;

use connector_lab::management_center::Options;
use support::{Ended, center, connector, report, run, sending, small};

/// Runs with a file as Kubernetes mounts it; how it ended, and what is left there.
pub(crate) async fn told(folder: &Path, mut command: Command) -> (Ended, String) {
    let file = folder.join("termination-log");
    fs::write(&file, "").unwrap();
    command.env("QC_LOG__TERMINATION_FILE", &file);
    let ended = run(command).await;
    (ended, fs::read_to_string(file).unwrap())
}

#[tokio::test]
async fn it_tells_what_was_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.arg("--report").arg(&path);
    let (ended, line) = told(folder.path(), command).await;
    let summary = ended.assert_code(0).summary();
    let (hosts, findings) = (&summary["hosts"]["acknowledged"], &summary["findings"]["acknowledged"]);
    let cleared = &summary["hosts"]["cleared"];
    assert_eq!(
        line,
        format!("0 (all imported): {hosts} hosts and {findings} findings imported, {cleared} hosts cleared")
    );
    assert!(hosts.as_u64() > Some(40));
}

#[tokio::test]
async fn it_tells_why_an_import_failed() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args(["--report", "none.xml"]);
    let (ended, line) = told(folder.path(), command).await;
    let summary = ended.assert_code(74).summary();
    let error = summary["error"].as_str().unwrap();
    assert_eq!(
        line,
        format!("74 (reading or writing failed): none.xml: {error}; 0 hosts and 0 findings imported")
    );
}

#[tokio::test]
async fn it_tells_what_is_wrong_with_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command
        .args(["--report", "report.xml", "--csvfile", "out.csv"])
        .env("QC_LOG__LEVEL", "loud")
        .env("QC_QUALYS__PASWORD", "d0ntp@n1c");
    let (ended, line) = told(folder.path(), command).await;
    ended.assert_code(78);
    let mistakes: Vec<_> = ended
        .stderr
        .lines()
        .map(|line| line.trim_start_matches("error: "))
        .collect();
    assert_eq!(mistakes.len(), 2);
    assert_eq!(
        line,
        format!("78 (the configuration is wrong): {}", mistakes.join("; "))
    );
    assert!(!line.contains("d0ntp@n1c"));
}

#[tokio::test]
async fn a_wrong_command_line_isnt_repeated_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command.args(["--pasword", "d0ntp@n1c"]);
    let (ended, line) = told(folder.path(), command).await;
    ended.assert_code(64).assert_says("--pasword");
    assert_eq!(
        line,
        "64 (the command line is wrong): what is wrong with it stands in the log"
    );
}
