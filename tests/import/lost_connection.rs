//! A connection that is lost, at any frame, costs time and nothing else.

use connector_lab::management_center::{AnswerFault, Faults};

use crate::support::{faulty, held, meant, report, run, sending, small};

#[tokio::test]
async fn the_map_is_right_after_a_loss_at_every_frame() {
    a_loss_at_every_frame(1).await;
}

#[tokio::test]
async fn the_map_is_right_after_a_loss_with_frames_under_way() {
    a_loss_at_every_frame(4).await;
}

async fn a_loss_at_every_frame(window: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(24));
    let mut lost = 0;
    for fault in [
        AnswerFault::CloseBefore,
        AnswerFault::CloseAfter,
        AnswerFault::CloseWithin(5),
        AnswerFault::Reset,
    ] {
        for answer in 0..8 {
            let faults = Faults {
                connections: Some(1),
                ..Faults::default().answer(answer, fault)
            };
            let center = faulty(faults).await;
            let mut command = sending(folder.path(), &center);
            command
                .arg("--report")
                .arg(&path)
                .args(["--set", "management_center.max_frame=4096"]);
            command.args(["--set", &format!("management_center.window={window}")]);
            let ended = run(command).await;
            let summary = ended.assert_code(0).summary();
            center.idle().await;
            let held = held(&center.network_map());
            assert_eq!(held, meant(&expected), "{fault:?} at {answer}: {}", ended.stderr);
            lost += usize::from(center.network_map().counters.connections == 2 || summary["connections"] == 2);
        }
    }
    assert!(lost >= 24, "only {lost} connections were lost");
}

#[tokio::test]
async fn a_center_that_is_gone_for_good_ends_in_69() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(24));
    let faults = Faults {
        refuse_connections_after: Some(1),
        ..Faults::default().answer(2, AnswerFault::CloseBefore)
    };
    let center = faulty(faults).await;
    let mut command = sending(folder.path(), &center);
    command
        .arg("--report")
        .arg(&path)
        .args(["--set", "management_center.max_frame=4096"]);
    let ended = run(command).await;
    ended
        .assert_code(69)
        .assert_says("can't connect to the Management Center");
    let summary = ended.summary();
    let (hosts, findings) = (&summary["hosts"], &summary["findings"]);
    assert!(hosts["not_sent"].as_u64().unwrap() > 0);
    let told = ["acknowledged", "refused", "not_sent"].map(|what| findings[what].as_u64().unwrap());
    assert_eq!(findings["selected"], told.iter().sum::<u64>());
}
