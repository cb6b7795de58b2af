//! What Kubernetes shows of a pod that has ended: the termination message.

use std::fs;
use std::path::Path;
use std::process::Command;

use connector_lab::management_center::Options;

use crate::support::{center, connector, report, run, sending, small};

/// Runs with a file as Kubernetes mounts it, and reads what is left there.
async fn told(folder: &Path, mut command: Command, code: i32) -> String {
    let file = folder.join("termination-log");
    fs::write(&file, "").unwrap();
    command.env("QC_LOG__TERMINATION_FILE", &file);
    run(command).await.assert_code(code);
    fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn it_tells_what_was_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.arg("--report").arg(&path);
    let line = told(folder.path(), command, 0).await;
    insta::assert_snapshot!(line, @"");
}

#[tokio::test]
async fn it_tells_why_an_import_failed() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args(["--report", "none.xml"]);
    let line = told(folder.path(), command, 74).await;
    insta::assert_snapshot!(line, @"");
}

#[tokio::test]
async fn it_tells_what_is_wrong_with_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command
        .args(["--report", "report.xml", "--csvfile", "out.csv"])
        .env("QC_LOG__LEVEL", "loud")
        .env("QC_QUALYS__PASWORD", "d0ntp@n1c");
    let line = told(folder.path(), command, 78).await;
    insta::assert_snapshot!(line, @"");
}

#[tokio::test]
async fn a_wrong_command_line_isnt_repeated_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command.args(["--pass", "--pasword=d0ntp@n1c"]);
    let line = told(folder.path(), command, 64).await;
    assert_eq!(line, "64 (the command line is wrong)");
}
