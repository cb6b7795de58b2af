//! The CSV file holds the same commands, whole or not at all.

use std::fs;

use connector_lab::management_center::Options;

use crate::support::{center, connector, held, meant, report, run, sending, small};

#[tokio::test]
async fn the_file_sent_later_is_the_same_import() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(60));
    let mut command = connector(folder.path());
    command
        .args(["-csvfile", "Output.csv", "--set", "commands.add_host=y", "--report"])
        .arg(&path);
    run(command).await.assert_code(0);
    let text = fs::read_to_string(folder.path().join("Output.csv")).unwrap();
    assert!(text.starts_with("SetSource,Qualys\nAddHost,"));
    assert!(text.bytes().all(|byte| byte == b'\n' || (0x20..0x7f).contains(&byte)));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args(["send", "Output.csv"]);
    run(command).await.assert_code(0);
    center.idle().await;
    assert_eq!(held(&center.network_map()), meant(&expected));
}

#[tokio::test]
async fn nothing_is_left_of_a_file_whose_report_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let mut command = connector(folder.path());
    command.args(["-csvfile", "Output.csv", "--report", "report.xml"]);
    run(command).await.assert_code(65);
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["report.xml"]);
}
