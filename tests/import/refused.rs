//! What the Management Center refuses is named and counted, and costs no other host anything.

use std::collections::BTreeSet;
use std::net::IpAddr;

use connector_lab::management_center::{AnswerFault, Faults, Options, ServerCertificate};
use support::{Ended, center, held, imported, meant, report, run, sending, small};

/// How an import ends, and of how many hosts of all the Management Center then holds what is meant.
async fn import(faults: Faults) -> (Ended, usize, usize) {
    imported(faults, &["management_center.answer_timeout=3s"]).await
}

/// A host with something to send.
fn victim() -> IpAddr {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = report(folder.path(), small(40));
    *meant(&expected).keys().nth(3).unwrap()
}

#[tokio::test]
async fn a_line_that_is_dropped_without_a_word_is_found() {
    let victim = victim();
    let faults = Faults {
        drop_lines: vec![format!("AddScanResult,{victim},")],
        ..Faults::default()
    };
    let (ended, right, all) = import(faults).await;
    let summary = ended.assert_code(76).summary();
    assert_eq!(right, all - 1);
    assert_eq!(summary["hosts"]["refused"], 1);
    assert_eq!(summary["refusals"][0]["host"], victim.to_string());
    let findings = &summary["findings"];
    let sum = findings["acknowledged"].as_u64().unwrap() + findings["refused"].as_u64().unwrap();
    assert_eq!(findings["selected"], sum);
}

#[tokio::test]
async fn a_host_that_is_refused_doesnt_stop_the_others() {
    let victims = BTreeSet::from([victim()]);
    for (scans, hosts) in [(victims.clone(), BTreeSet::new()), (BTreeSet::new(), victims)] {
        let faults = Faults {
            refuse_scans: scans,
            refuse_hosts: hosts,
            ..Faults::default()
        };
        let (ended, right, all) = import(faults).await;
        let summary = ended.assert_code(76).summary();
        assert!(right >= all - 1, "{right} of {all}: {}", ended.stderr);
        assert_eq!(summary["hosts"]["refused"], 1, "{}", ended.stderr);
    }
}

/// The beginning of a host that the Management Center can't store is in the queue when its frame is refused.
#[tokio::test]
async fn trouble_while_the_queue_is_closed_costs_no_other_host_anything() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = report(folder.path(), small(40));
    let meant = meant(&expected);
    // The second is longer than a frame, and begins in the one that closes the first.
    let mut pairs = meant.iter().zip(meant.iter().skip(1));
    let long_behind_short = pairs.find(|((_, short), (_, long))| short.len() <= 2 && long.len() >= 6);
    let ((dropped, _), (unstored, _)) = long_behind_short.unwrap();
    let faults = Faults {
        drop_lines: vec![format!("AddScanResult,{dropped},")],
        refuse_scans: BTreeSet::from([*unstored]),
        ..Faults::default()
    };
    let settings = ["management_center.max_frame=2000", "commands.description_length=100"];
    let (ended, right, all) = imported(faults, &settings).await;
    let summary = ended.assert_code(76).summary();
    assert_eq!(right, all - 2, "{}", ended.stderr);
    assert_eq!(
        (&summary["hosts"]["refused"], &summary["hosts"]["not_sent"]),
        (&2.into(), &0.into())
    );
}

/// The end of a connection closes its queue as ScanUpdate does: the import goes on over another one, but not for ever.
#[tokio::test]
async fn a_queue_that_a_command_doesnt_close_is_closed_by_ending_the_connection() {
    let victim = victim();
    let drop_line = || Faults {
        drop_lines: vec![format!("AddScanResult,{victim},")],
        ..Faults::default()
    };
    // The first frames: the header's, the hosts', the one that closes the queue.
    let once = Faults {
        connections: Some(1),
        later: Some(drop_line().into()),
        ..drop_line().answer(3, AnswerFault::WrongCount(-1))
    };
    let (ended, right, all) = import(once).await;
    let summary = ended.assert_code(76).summary();
    assert_eq!(
        (right, &summary["hosts"]["refused"]),
        (all - 1, &1.into()),
        "{}",
        ended.stderr
    );
    assert!(summary["connections"].as_u64() > Some(1), "{}", ended.stderr);
    assert_eq!(summary["hosts"]["not_sent"], 0);
}

/// What the Management Center holds of the hosts of a refused frame isn't known until they were sent again.
#[tokio::test]
async fn hosts_that_are_left_in_doubt_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) = report(folder.path(), small(40));
    let meant = meant(&expected);
    let (victim, results) = meant.iter().find(|(_, results)| results.len() > 1).unwrap();
    let (qid, ..) = results.first().unwrap();
    let faults = Faults {
        drop_lines: vec![format!("AddScanResult,{victim},\"Qualys\",{qid},")],
        // After the hosts' frame, nobody is there any more.
        refuse_connections_after: Some(1),
        ..Faults::default().answer(3, AnswerFault::CloseBefore)
    };
    let (ended, right, all) = imported(
        faults,
        &["management_center.deadline=4s", "management_center.max_frame=6000"],
    )
    .await;
    let summary = ended.assert_code(69).summary();
    assert!(right < all);
    let named = summary["refusals"].as_array().unwrap();
    assert!(
        named.iter().any(|refusal| refusal["host"] == victim.to_string()),
        "{named:?}"
    );
    assert_eq!(summary["hosts"]["refused"], named.len());
    assert!(summary["hosts"]["not_sent"].as_u64() > Some(0));
    let findings = &summary["findings"];
    let sum = ["acknowledged", "refused", "not_sent"].map(|what| findings[what].as_u64().unwrap());
    assert_eq!(findings["selected"], sum.iter().sum::<u64>());
}

#[tokio::test]
async fn a_center_that_isnt_the_right_one_gets_nothing() {
    for certificate in [
        ServerCertificate::Foreign,
        ServerCertificate::Expired,
        ServerCertificate::NotYetValid,
    ] {
        let faults = Faults {
            certificate,
            ..Faults::default()
        };
        let (ended, right, _) = import(faults).await;
        ended
            .assert_code(77)
            .assert_says("management_center.trust=fingerprint:");
        assert_eq!(right, 0);
    }
    for certificate in [ServerCertificate::OtherClient, ServerCertificate::OwnClient] {
        let faults = Faults {
            certificate,
            ..Faults::default()
        };
        let (ended, right, _) = import(faults).await;
        ended
            .assert_code(77)
            .assert_says("find out who answers at that address");
        assert_eq!(right, 0);
        assert!(!ended.stderr.contains("fingerprint:"), "{}", ended.stderr);
    }
    let close_after_tls = Faults {
        close_after_tls: true,
        ..Faults::default()
    };
    let settings = ["management_center.connect_deadline=1s"];
    let (ended, ..) = imported(close_after_tls, &settings).await;
    ended
        .assert_code(77)
        .assert_says("closed the connection before its first answer");
}

/// Which commands the number of an answer counts is only likely.
#[tokio::test]
async fn whatever_a_center_counts_all_is_imported_and_a_dropped_line_is_found() {
    let victim = victim();
    for bits in 0..16_u8 {
        let [count_header, no_count_flush, no_count_update, no_count_attribute] =
            [1, 2, 4, 8].map(|bit| bits & bit != 0);
        for replies in ["strict", "lenient"] {
            let folder = tempfile::tempdir().unwrap();
            let (path, expected) = report(folder.path(), small(40));
            let center = center(Options {
                count_header,
                no_count_flush,
                no_count_update,
                no_count_attribute,
                ..Options::default()
            })
            .await;
            let import = async |code| {
                let mut command = sending(folder.path(), &center);
                command.arg("--report").arg(&path);
                command.args(["--set", &format!("management_center.replies={replies}")]);
                command.args(["--set", "commands.hostname_attribute=DNS"]);
                let ended = run(command).await;
                ended.assert_code(code);
                center.idle().await;
                ended
            };
            let told = import(0).await;
            assert_eq!(held(&center.network_map()), meant(&expected), "{}", told.stderr);
            assert_eq!(flush_is_unseen(&told), no_count_flush, "{}", told.stdout);
            center.set_faults(Faults {
                drop_lines: vec![format!("AddScanResult,{victim},")],
                ..Faults::default()
            });
            let summary = import(76).await.summary();
            assert_eq!(summary["refusals"][0]["host"], victim.to_string());
            assert_eq!(summary["hosts"]["refused"], 1);
        }
    }
}

/// Whether a summary says that nothing shows whether hosts were replaced.
fn flush_is_unseen(ended: &Ended) -> bool {
    let summary = ended.summary();
    let remarks = summary["remarks"].as_array().unwrap().iter();
    let mut remarks = remarks.map(|remark| remark.as_str().unwrap());
    remarks.any(|remark| remark.starts_with("this Management Center doesn't count ScanFlush"))
}

/// It looks as if it didn't count ScanFlush: what was fixed stays in the network map, and the summary says that it may.
#[tokio::test]
async fn a_center_that_drops_every_flush_is_no_silent_loss() {
    let faults = Faults {
        drop_lines: vec!["ScanFlush".to_owned()],
        ..Faults::default()
    };
    let (ended, ..) = import(faults).await;
    ended.assert_code(0);
    assert!(flush_is_unseen(&ended), "{}", ended.stdout);
}
