//! Several frames under way at once change nothing but the time that it takes.

use std::fs;

use connector_lab::management_center::{AnswerFault, Faults, Options};
use support::{Ended, center, held, imported, meant, report, run, sending, small};

/// How an import with a window ends, and of how many hosts of all the Management Center then holds what is meant.
async fn import(faults: Faults, settings: &[&str]) -> (Ended, usize, usize) {
    imported(faults, &[settings, &["management_center.answer_timeout=10s"]].concat()).await
}

#[tokio::test]
async fn frames_go_ahead_of_answers_only_when_asked_to() {
    for (window, ahead) in [("1", false), ("4", true)] {
        let folder = tempfile::tempdir().unwrap();
        let (path, expected) = report(folder.path(), small(100));
        let center = center(Options {
            faults: Faults {
                slow_answers: std::time::Duration::from_millis(5),
                ..Faults::default()
            },
            ..Options::default()
        })
        .await;
        let mut command = sending(folder.path(), &center);
        command
            .arg("--report")
            .arg(&path)
            .args(["--set", "management_center.max_frame=8192"])
            .args(["--set", &format!("management_center.window={window}")]);
        run(command).await.assert_code(0);
        center.idle().await;
        let map = center.network_map();
        assert_eq!(held(&map), meant(&expected));
        assert_eq!(map.counters.violations.early_frames > 0, ahead, "window {window}");
    }
}

/// The Management Center doesn't read on before its answer is taken, and there is more of both than buffers hold.
#[tokio::test]
async fn long_answers_and_many_frames_dont_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let large = connector_lab::report::Options {
        hosts: 250,
        ..connector_lab::report::Options::default()
    };
    let (path, expected) = report(folder.path(), large);
    let center = center(Options {
        receive_buffer: Some(4096),
        faults: Faults {
            long_answers: 1024 * 1024,
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    let mut command = sending(folder.path(), &center);
    command
        .arg("--report")
        .arg(&path)
        .args(["--set", "management_center.answer_timeout=10s"])
        .args(["--set", "management_center.window=64"]);
    let ended = run(command).await;
    assert_eq!(ended.assert_code(0).summary()["connections"], 1, "{}", ended.stderr);
    center.idle().await;
    assert_eq!(held(&center.network_map()), meant(&expected));
}

#[tokio::test]
async fn a_dropped_line_is_charged_to_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = report(folder.path(), small(40));
    let victim = *meant(&expected).keys().nth(20).unwrap();
    let faults = Faults {
        drop_lines: vec![format!("AddScanResult,{victim},")],
        ..Faults::default()
    };
    let settings = ["management_center.window=4", "management_center.max_frame=2048"];
    let (ended, right, all) = import(faults, &settings).await;
    let summary = ended.assert_code(76).summary();
    assert_eq!(right, all - 1, "{}", ended.stderr);
    assert_eq!(summary["hosts"]["refused"], 1);
    assert_eq!(summary["refusals"][0]["host"], victim.to_string());
}

#[tokio::test]
async fn hosts_that_were_acknowledged_before_a_loss_arent_sent_again() {
    let close = Faults {
        connections: Some(1),
        ..Faults::default().answer(6, AnswerFault::CloseAfter)
    };
    let mut sent = Vec::new();
    for faults in [Faults::default(), close] {
        let settings = ["management_center.window=4", "management_center.max_frame=2048"];
        let (ended, right, all) = import(faults, &settings).await;
        assert_eq!((ended.code, right), (Some(0), all), "{}", ended.stderr);
        sent.push(ended.summary()["frames"].as_u64().unwrap());
    }
    // Two frames open a connection anew; four were under way, and the first of them may be half of a host.
    assert!(
        sent[1] > sent[0] && sent[1] <= sent[0] + 8,
        "{sent:?} frames without and with a loss"
    );
}

#[tokio::test]
async fn an_answer_too_many_is_never_taken_for_success() {
    for number in 2..8 {
        let settings = ["management_center.window=3", "management_center.max_frame=2048"];
        let faults = Faults::default().answer(number, AnswerFault::Twice);
        let (ended, right, all) = import(faults, &settings).await;
        assert!(
            ended.code == Some(76) || (ended.code == Some(0) && right == all),
            "{:?} with {right} of {all} after answer {number} came twice: {}",
            ended.code,
            ended.stderr
        );
    }
}

/// An answer that comes twice is taken for that of the next frame, and so on to the last, whose own is then one too many.
#[tokio::test]
async fn the_answer_to_the_last_frame_is_waited_for_though_one_before_it_came_twice() {
    let folder = tempfile::tempdir().unwrap();
    let host = |number: u8| {
        format!(
            "AddHost,10.0.0.{number}\nAddScanResult,10.0.0.{number},\"Qualys\",7,,,\"a\",\"{}\",\"cve_ids: \",\
             \"bugtraq_ids: \"\nScanFlush\n",
            "x".repeat(500)
        )
    };
    let header = "SetSource,Qualys\n";
    // Four hosts in each frame, so that the answer of one is as good as that of another.
    let commands: String = (100..140).map(host).collect();
    fs::write(folder.path().join("commands.csv"), format!("{header}{commands}")).unwrap();
    let frame = format!("management_center.max_frame={}", header.len() + 4 * host(100).len());
    for window in ["1", "4"] {
        let center = center(Options::default()).await;
        let mut frames = 0;
        for code in [0, 76] {
            if code != 0 {
                let drop_last = Faults {
                    drop_lines: vec!["AddScanResult,10.0.0.139,".to_owned()],
                    ..Faults::default()
                };
                center.set_faults(drop_last.answer(frames - 1, AnswerFault::Twice));
            }
            let mut command = sending(folder.path(), &center);
            command.args(["--set", &frame, "--set"]);
            command.arg(format!("management_center.window={window}"));
            command.args(["send", "commands.csv"]);
            let summary = run(command).await.assert_code(code).summary();
            frames = summary["frames"].as_u64().unwrap();
        }
    }
}

/// A part of a host that is longer than a frame is refused: what is under way behind it would replace the host by the rest.
#[tokio::test]
async fn a_refused_part_of_a_long_host_costs_the_host_nothing_that_it_had() {
    let settings = ["management_center.max_frame=2000", "commands.description_length=100"];
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(40));
    let meant = meant(&expected);
    // Longer than a frame, so that its first result is in its first part and its flush in a later one.
    let (victim, results) = meant.iter().max_by_key(|(_, results)| results.len()).unwrap();
    assert!(results.len() >= 12, "{results:?}");
    for window in ["1", "4"] {
        let center = center(Options::default()).await;
        let mut whole = Vec::new();
        for drop_first in [false, true] {
            let mut command = sending(folder.path(), &center);
            command.arg("--report").arg(&path);
            for setting in settings {
                command.args(["--set", setting]);
            }
            command.args(["--set", &format!("management_center.window={window}")]);
            if drop_first {
                center.set_faults(Faults {
                    drop_lines: vec![first_result(&folder, &path, *victim)],
                    ..Faults::default()
                });
            }
            let ended = run(command).await;
            ended.assert_code(if drop_first { 76 } else { 0 });
            center.idle().await;
            whole.push((held(&center.network_map()), ended.stderr));
        }
        assert_eq!(whole[0].0, meant);
        let missing = whole[0].0[victim].difference(&whole[1].0[victim]);
        assert_eq!(missing.count(), 0, "window {window}: {}", whole[1].1);
    }
}

/// How the first result of a host begins, as a CSV file has it.
fn first_result(folder: &tempfile::TempDir, report: &std::path::Path, host: std::net::IpAddr) -> String {
    let mut command = support::connector(folder.path());
    command.args(["-csvfile", "first.csv", "--report"]).arg(report);
    assert!(command.output().unwrap().status.success());
    let lines = fs::read_to_string(folder.path().join("first.csv")).unwrap();
    let begin = format!("AddScanResult,{host},");
    let line = lines.lines().find(|line| line.starts_with(&begin)).unwrap();
    line.splitn(7, ',')
        .take(6)
        .fold(String::new(), |line, field| line + field + ",")
}
