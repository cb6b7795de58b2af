//! A Pushgateway that is down, hangs or babbles: the import is the same, and takes the budget longer at most.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{Ended, connector, report, request, run, small};

use crate::gateway::{free, misbehaving};

fn writing(folder: &Path, gateway: &str) -> Command {
    let (path, _) = report(folder, small(20));
    let mut command = connector(folder);
    command
        .args(["--csvfile", "commands.csv", "--report"])
        .arg(path)
        .env("QC_TELEMETRY__PUSHGATEWAY__URL", gateway)
        .env("QC_TELEMETRY__PUSHGATEWAY__TIMEOUT", "1s");
    command
}

async fn imported(gateway: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let ended = run(writing(folder.path(), gateway)).await;
    // The budget is a second; the rest is a crowded machine's.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    ended.assert_code(0);
    assert!(ended.summary()["findings"]["written"].as_u64().unwrap() > 0);
    assert!(folder.path().join("commands.csv").exists());
    ended
}

#[tokio::test]
async fn one_that_is_down() {
    imported(&format!("http://{}", free()))
        .await
        .assert_says("can't be reached (Connection refused");
    imported("http://pushgateway.invalid:9091")
        .await
        .assert_says("the Pushgateway at pushgateway.invalid:9091");
}

#[tokio::test]
async fn one_that_hangs_before_its_answer_or_within_it() {
    let silent = misbehaving(|connection| {
        sleep(Duration::from_secs(60));
        drop(connection);
    });
    imported(&silent)
        .await
        .assert_says("didn't answer within telemetry.pushgateway.timeout (1s)");
    let stuck = misbehaving(|mut connection| {
        request(&mut connection);
        connection
            .write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\nso far")
            .unwrap();
        sleep(Duration::from_secs(60));
    });
    imported(&stuck).await.assert_says("the metrics weren't pushed");
}

#[tokio::test]
async fn one_that_says_too_much_or_nonsense() {
    let babbling = misbehaving(|mut connection| {
        request(&mut connection);
        connection.write_all(b"HTTP/1.1 500 Oops\r\n\r\n").unwrap();
        while connection.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let ended = imported(&babbling).await;
    let warning = ended
        .stderr
        .lines()
        .find(|line| line.contains("weren't pushed"))
        .unwrap();
    assert!(warning.len() < 1000, "{warning}");
    let other = misbehaving(|mut connection| {
        request(&mut connection);
        // The client may have gone.
        let _ = connection.write_all(b"220 mail ready\r\n");
    });
    imported(&other).await.assert_says("the metrics weren't pushed");
    let moved = misbehaving(|mut connection| {
        request(&mut connection);
        let _ = connection.write_all(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n");
    });
    imported(&moved)
        .await
        .assert_says("it redirects, which is never followed");
}

#[tokio::test]
async fn a_hanging_one_holds_up_neither_a_long_import_nor_its_end() {
    let silent = misbehaving(|connection| {
        sleep(Duration::from_secs(60));
        drop(connection);
    });
    let folder = tempfile::tempdir().unwrap();
    let center = support::faulty(connector_lab::management_center::Faults {
        slow_answers: Duration::from_millis(50),
        ..Default::default()
    })
    .await;
    let (path, _) = report(folder.path(), small(60));
    let mut command = support::sending(folder.path(), &center);
    command
        .args([
            "--set",
            "management_center.max_frame=2048",
            "--set",
            "telemetry.pushgateway.interval=50ms",
        ])
        .arg("--report")
        .arg(&path)
        .env("QC_TELEMETRY__PUSHGATEWAY__URL", &silent)
        .env("QC_TELEMETRY__PUSHGATEWAY__TIMEOUT", "500ms");
    let ended = run(command).await;
    ended.assert_code(0);
    // Once while it runs, once at the end.
    assert_eq!(
        ended.stderr.matches("didn't answer within").count(),
        2,
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_wrong_configuration_is_told_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = writing(folder.path(), &format!("http://{}", free()));
    command.args(["--set", "selection.min_severity=9"]);
    let ended = run(command).await;
    ended.assert_code(78).assert_says("warning: the metrics weren't pushed");
}
