//! Several frames under way at once change nothing but the time that it takes.

use connector_lab::management_center::{AnswerFault, Faults, Options};

use crate::support::{Ended, center, held, imported, meant, report, run, sending, small};

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
