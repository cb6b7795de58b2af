//! The CSV file holds the same commands, whole or not at all.

use std::fs;

use connector_lab::management_center::Options;
use support::{center, connector, held, meant, report, run, sending, small};

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

/// A file may end without ScanFlush, and with lines of any length.
#[tokio::test]
async fn a_line_that_fits_into_no_frame_is_named_and_the_rest_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let result = |host: &str, length: usize| {
        let text = "x".repeat(length);
        format!("AddScanResult,{host},\"Qualys\",7,,,\"a\",\"{text}\",\"cve_ids: \",\"bugtraq_ids: \"\n")
    };
    let whole = format!("AddHost,192.0.2.7\n{}ScanFlush\n", result("192.0.2.7", 9));
    let long = |length| result("192.0.2.8", length);
    for (lines, code, not_sent, hosts) in [
        (format!("{whole}{}", long(3000)), 65, 1, 1),
        (format!("{}{whole}", long(3000)), 65, 1, 1),
        // Each fits, but not both.
        (
            format!("{whole}AddHost,192.0.2.8\n{}{}", long(1200), long(1200)),
            0,
            0,
            2,
        ),
    ] {
        fs::write(folder.path().join("commands.csv"), format!("SetSource,Qualys\n{lines}")).unwrap();
        let center = center(Options::default()).await;
        let mut command = sending(folder.path(), &center);
        command.args(["--set", "management_center.max_frame=2000", "send", "commands.csv"]);
        let ended = run(command).await;
        let summary = ended.assert_code(code).summary();
        assert_eq!(
            (&summary["hosts"]["refused"], &summary["hosts"]["not_sent"]),
            (&0.into(), &not_sent.into())
        );
        center.idle().await;
        assert_eq!(held(&center.network_map()).len(), hosts, "{}", ended.stderr);
    }
}

/// What isn't sent is counted for a file, too.
#[tokio::test]
async fn findings_of_a_file_that_are_not_sent_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let result = "AddScanResult,192.0.2.7,\"Qualys\",7,,,\"a\",\"\",\"cve_ids: \",\"bugtraq_ids: \"\n";
    fs::write(
        folder.path().join("commands.csv"),
        format!("SetSource,Qualys\n{result}{result}ScanFlush\n"),
    )
    .unwrap();
    let mut command = connector(folder.path());
    let center = center(Options::default()).await;
    command
        .args(["--server", "127.0.0.1", "--port", "1", "--pkcs12"])
        .arg(center.pkcs12());
    command.args(["--set", "management_center.deadline=1s", "send", "commands.csv"]);
    let summary = run(command).await.assert_code(69).summary();
    assert_eq!(
        (&summary["hosts"]["not_sent"], &summary["findings"]["not_sent"]),
        (&1.into(), &2.into())
    );
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
