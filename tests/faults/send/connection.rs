//! The connection, before and between answers.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use connector_lab::cut::{Cut, End};
use connector_lab::management_center::{AnswerFault, Faults, ServerCertificate};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use support::{Running, connector, held, run, until};

use super::{AGAIN, COMPLETES, always, at_once, once};
use crate::from_file::{Held, Import, Promise, cuts};

/// 69: it is waited for as long as connect_deadline says, and deadline leaves time for; hosts that were acknowledged stay, the
/// others are counted. 0 if it is there again by then.
#[tokio::test]
async fn refused() {
    let import = Import::into(Faults {
        refuse_connections_after: Some(1),
        ..always(3, AnswerFault::CloseBefore)
    })
    .await;
    let promise = Promise {
        held: Held::Some,
        ..Promise::fails(69, "can't connect to the Management Center: 127.0.0.1")
    };
    let ended = import.ends(&["management_center.connect_deadline=3s"], promise).await;
    ended.assert_says("it stayed so for 3s (management_center.connect_deadline)");
    assert!(
        ended.stderr.matches("connecting again in").count() >= 3,
        "{}",
        ended.stderr
    );
    assert!(ended.summary()["findings"]["not_sent"].as_u64() > Some(0));

    // Where nobody was ever reached, the deadline tells nothing else.
    let import = Import::into(Faults::default()).await;
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = closed.port().to_string();
    let command = import.command_with(&[("--port", &port)], &["management_center.deadline=1s"]);
    let ended = Running::of(command).ended().await;
    let promise = Promise {
        connections: 0..=0,
        ..Promise::fails(69, "can't connect to the Management Center: 127.0.0.1")
    };
    import.assert(&ended, &promise).await;
    assert_eq!(ended.summary()["frames"], 0);
    import.next_completes().await;

    restarts().await;
}

/// One that restarts, for longer than six attempts used to take together, is there again in time.
async fn restarts() {
    let import = Import::into(Faults {
        refuse_connections_after: Some(1),
        ..always(3, AnswerFault::CloseBefore)
    })
    .await;
    let running = Running::of(import.command(&[]));
    until("a connection", || import.center.network_map().counters.connections >= 1).await;
    tokio::time::sleep(Duration::from_secs(17)).await;
    import.center.set_faults(Faults::default());
    let ended = running.ended().await;
    import.assert(&ended, &AGAIN).await;
}

/// 0: at whatever frame a connection ends, the next one goes on at the first host that wasn't acknowledged.
#[tokio::test]
async fn reset() {
    let mut cases = Vec::new();
    for fault in [
        AnswerFault::Reset,
        AnswerFault::Cut,
        AnswerFault::CloseBefore,
        AnswerFault::CloseAfter,
    ] {
        for (answer, window) in (0..8).flat_map(|answer| [(answer, 1), (answer, 4)]) {
            cases.push(async move {
                let import = Import::into(once(always(answer, fault))).await;
                import
                    .ends(&[&format!("management_center.window={window}")], AGAIN)
                    .await;
            });
        }
    }
    at_once(cases).await;
}

/// 69: TLS and an answer are waited for as long as the settings say, until connect_deadline or, where it lets in and says
/// nothing more, six times; 0 if the next connection is better.
#[tokio::test]
async fn hang() {
    let patience = [
        "management_center.answer_timeout=2s",
        "management_center.connect_timeout=2s",
        "management_center.connect_deadline=6s",
    ];
    let silent = || Faults {
        silent: true,
        ..Faults::default()
    };
    let never = |answer| (always(answer, AnswerFault::Never), "didn't answer within 2s");
    let from_the_beginning = [(silent(), "no TLS handshake within 2s"), never(0), never(1)];
    let forever = from_the_beginning.clone().into_iter().map(async |(faults, says)| {
        let import = Import::into(faults).await;
        let promise = Promise {
            connections: 2..=6,
            ..Promise::fails(69, says)
        };
        let ended = import.ends(&patience, promise).await;
        ended.assert_says("127.0.0.1:");
        import.next_completes().await;
    });
    join_all(forever).await;
    let passing = from_the_beginning
        .into_iter()
        .chain([never(5)])
        .map(async |(faults, says)| {
            let import = Import::into(once(faults)).await;
            import.ends(&patience, Promise { says, ..AGAIN }).await;
        });
    join_all(passing).await;
}

/// 0: bytes may come one by one; 69 if that takes longer than answer_timeout.
#[tokio::test]
async fn slow_drip() {
    let dripping = |pause| Faults {
        split_answers: Some(Duration::from_millis(pause)),
        ..Faults::default()
    };
    let import = Import::into(dripping(1)).await;
    import.ends(&[], COMPLETES).await;

    let import = Import::into(dripping(100)).await;
    let promise = Promise {
        connections: 2..=6,
        ..Promise::fails(69, "didn't answer within 2s")
    };
    let patience = [
        "management_center.answer_timeout=2s",
        "management_center.connect_deadline=6s",
    ];
    import.ends(&patience, promise).await;
    import.next_completes().await;
}

/// 0: an answer that breaks off counts as none; 69 if every one does.
#[tokio::test]
async fn half_a_message() {
    let mut cases = Vec::new();
    for (answer, bytes) in (0..8).flat_map(|answer| [(answer, 5), (answer, 11)]) {
        cases.push(async move {
            let import = Import::into(once(always(answer, AnswerFault::CloseWithin(bytes)))).await;
            import.ends(&[], AGAIN).await;
        });
    }
    at_once(cases).await;

    let import = Import::into(always(1, AnswerFault::CloseWithin(11))).await;
    let promise = Promise {
        connections: 2..=6,
        ..Promise::fails(69, "the connection ended")
    };
    import.ends(&["management_center.deadline=3s"], promise).await;
    import.next_completes().await;
}

/// 0: a connection that ends at any byte, within TLS or above it, costs another connection and nothing else.
#[tokio::test]
async fn close_at_every_byte() {
    let import = Import::into(Faults::default()).await;
    let import = &import;
    // Each goes to a host of its own, so that the map tells of each.
    let imported = async |host: u64, bytes: u64, end: End| {
        let cut = Cut::after(bytes, end, import.center.address()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let commands = format!(
            "SetSource,Qualys\nAddHost,10.1.{}.{}\nAddScanResult,10.1.{0}.{1},\"Qualys\",38170,443,tcp,\"Title\",\"\",\
             \"cve_ids: 2004-0001\",\"bugtraq_ids:\"\nScanFlush\n",
            100 + host / 100,
            100 + host % 100
        );
        std::fs::write(folder.path().join("commands.csv"), commands).unwrap();
        let mut command = connector(folder.path());
        command
            .args([
                "--server",
                "127.0.0.1",
                "--port",
                &cut.address().port().to_string(),
                "--pkcs12",
            ])
            .arg(import.center.pkcs12())
            .args(["send", "commands.csv"]);
        let ended = run(command).await;
        ended.assert_code(0);
        (ended, cut.carried())
    };
    let (_, length) = imported(0, u64::MAX, End::Close).await;
    let cuts: Vec<u64> = cuts(length - 100, 160).collect();
    let count = cuts.len();
    let runs = stream::iter(cuts.into_iter().enumerate()).map(async |(number, bytes)| {
        let end = if number % 2 == 0 { End::Close } else { End::Reset };
        let (ended, carried) = imported(number as u64 + 1, bytes, end).await;
        assert!(
            ended.stderr.contains("connecting again in"),
            "{bytes}: {}",
            ended.stderr
        );
        assert!(carried > bytes);
    });
    runs.buffer_unordered(16).collect::<Vec<()>>().await;
    import.center.idle().await;
    let held = held(&import.center.network_map());
    assert_eq!(held.len(), count + 1);
    assert!(held.values().all(|results| results.len() == 1));
}

/// 69: it is asked for as long as connect_deadline says, and deadline leaves time for.
#[tokio::test]
async fn no_such_name() {
    let import = Import::into(Faults::default()).await;
    let nowhere = [("--server", "management-center.invalid")];
    let command = import.command_with(&nowhere, &["management_center.deadline=1s"]);
    let ended = Running::of(command).ended().await;
    let promise = Promise {
        connections: 0..=0,
        ..Promise::fails(
            69,
            "can't resolve the Management Center's name management-center.invalid",
        )
    };
    import.assert(&ended, &promise).await;
    import.next_completes().await;
}

/// 77: whoever shows another certificate on a later connection gets nothing; hosts that were acknowledged stay.
#[tokio::test]
async fn certificate_changes() {
    for certificate in [ServerCertificate::Foreign, ServerCertificate::Expired] {
        let later = Faults {
            certificate,
            ..Faults::default()
        };
        let import = Import::into(Faults {
            later: Some(Arc::new(later)),
            ..once(always(4, AnswerFault::Reset))
        })
        .await;
        let promise = Promise {
            connections: 2..=2,
            held: Held::Some,
            ..Promise::fails(77, "management_center.trust=fingerprint:")
        };
        let ended = import.ends(&[], promise).await;
        assert!(ended.summary()["findings"]["not_sent"].as_u64() > Some(0));
        import.next_completes().await;
    }
}
