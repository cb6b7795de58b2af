//! Commands are sent to the Management Center.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_lab::cut::{Cut, End};
use connector_lab::management_center::{AnswerFault, Faults, ServerCertificate};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use support::{Running, connector, held, run, until};

use crate::from_file::{Held, Import, Promise, cuts};
use crate::limits::{Clock, no_more_descriptors};

/// Only the first connection sees it.
fn once(faults: Faults) -> Faults {
    Faults {
        connections: Some(1),
        ..faults
    }
}

/// An answer's fault, on every connection.
fn always(answer: u64, fault: AnswerFault) -> Faults {
    Faults::default().answer(answer, fault)
}

const COMPLETES: Promise<'_> = Promise {
    exit: 0,
    says: "",
    connections: 1..=1,
    held: Held::All,
};

/// What a passing fault costs: another connection.
const AGAIN: Promise<'_> = Promise {
    exit: 0,
    says: "connecting again in",
    connections: 2..=2,
    held: Held::All,
};

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
        exit: 69,
        says: "can't connect to the Management Center: 127.0.0.1",
        connections: 1..=1,
        held: Held::Some,
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
        exit: 69,
        says: "can't connect to the Management Center: 127.0.0.1",
        connections: 0..=0,
        held: Held::None,
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
            exit: 69,
            says,
            connections: 2..=6,
            held: Held::None,
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
        exit: 69,
        says: "didn't answer within 2s",
        connections: 2..=6,
        held: Held::None,
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
        exit: 69,
        says: "the connection ended",
        connections: 2..=6,
        held: Held::None,
    };
    import.ends(&["management_center.deadline=3s"], promise).await;
    import.next_completes().await;
}

/// 76: nothing is sent to whoever answers the header so; 0 if it is a host's answer, whose hosts are sent again one by one.
#[tokio::test]
async fn wrong_message() {
    for fault in [
        AnswerFault::Error,
        AnswerFault::WithoutDone,
        AnswerFault::Garbage,
        AnswerFault::WrongType,
    ] {
        let import = Import::into(always(1, fault)).await;
        let promise = Promise {
            exit: 76,
            says: "",
            connections: 1..=1,
            held: Held::None,
        };
        import.ends(&[], promise).await;
        assert_eq!(import.center.network_map().counters.frames, 1, "{fault:?}");
    }
    for fault in [
        AnswerFault::Error,
        AnswerFault::WithoutDone,
        AnswerFault::WrongCount(-1),
        AnswerFault::WrongCount(1),
        AnswerFault::Garbage,
    ] {
        for (answer, settings) in [
            (2, ["management_center.window=1"].as_slice()),
            (3, &["management_center.window=3"]),
        ] {
            let import = Import::into(always(answer, fault)).await;
            let says = "its hosts are sent again one by one";
            import.ends(settings, Promise { says, ..COMPLETES }).await;
        }
    }
    let import = Import::into(Faults {
        plain_text: true,
        ..Faults::default()
    })
    .await;
    let promise = Promise {
        exit: 76,
        says: "does not speak TLS",
        connections: 1..=1,
        held: Held::None,
    };
    import.ends(&[], promise).await;
}

/// 76: after an answer that is longer than announced, no byte can be placed; 69 if the bytes that it announces never come.
#[tokio::test]
async fn false_length() {
    for answer in [0, 1, 4] {
        let import = Import::into(always(answer, AnswerFault::FalseLength(-3))).await;
        let promise = Promise {
            exit: 76,
            says: "",
            connections: 1..=1,
            // Short of its end, the number of commands can still be read.
            held: if answer < 1 { Held::None } else { Held::Some },
        };
        import.ends(&[], promise).await;
        import.next_completes().await;
    }
    let patience = [
        "management_center.answer_timeout=2s",
        "management_center.connect_deadline=6s",
    ];
    let longer = [0, 1].map(async |answer| {
        let import = Import::into(always(answer, AnswerFault::FalseLength(3))).await;
        let promise = Promise {
            exit: 69,
            says: "didn't answer within 2s",
            connections: 2..=6,
            held: Held::None,
        };
        import.ends(&patience, promise).await;
        import.next_completes().await;
    });
    join_all(longer).await;
    let import = Import::into(once(always(4, AnswerFault::FalseLength(3)))).await;
    import.ends(&patience, AGAIN).await;
}

/// 76: more than 4 MiB are no answer, and not a byte of it is stored.
#[tokio::test]
async fn huge_length() {
    for answer in [0, 1, 4] {
        let import = Import::into(always(answer, AnswerFault::HugeLength)).await;
        let promise = Promise {
            exit: 76,
            says: "a frame of 4294967295 bytes was announced, at most 4194304 are accepted",
            connections: 1..=1,
            held: if answer < 4 { Held::None } else { Held::Some },
        };
        import.ends(&[], promise).await;
        import.next_completes().await;
    }
    let import = Import::into(Faults {
        long_answers: 5_000_000,
        ..Faults::default()
    })
    .await;
    let promise = Promise {
        exit: 76,
        says: "at most 4194304 are accepted",
        connections: 1..=1,
        held: Held::None,
    };
    import.ends(&[], promise).await;
}

/// 76: an answer that no frame asked for would be taken for the next one's.
#[tokio::test]
async fn duplicate() {
    const UNASKED: &str = "sent an answer that no commands asked for";
    let promise = |says, held| Promise {
        exit: 76,
        says,
        connections: 1..=1,
        held,
    };
    for (answer, held) in [(1, Held::None), (4, Held::Some)] {
        let import = Import::of(80, always(answer, AnswerFault::Twice)).await;
        import.ends(&[], promise(UNASKED, held)).await;
        import.next_completes().await;
    }
    // With more frames under way it is taken for the next one's, until one doesn't fit, or is left over at the end.
    let import = Import::of(80, always(4, AnswerFault::Twice)).await;
    import
        .ends(&["management_center.window=4"], promise(UNASKED, Held::Some))
        .await;
    import.next_completes().await;
}

/// 0: answers that change places don't fit their frames, whose hosts are sent again one by one.
#[tokio::test]
async fn out_of_order() {
    for answer in 2..6 {
        let import = Import::into(always(answer, AnswerFault::AfterNext)).await;
        let settings = ["management_center.window=4", "management_center.answer_timeout=2s"];
        // A part of a host that is longer than a frame has no frame behind it, whose answer this one waits for.
        let promise = Promise {
            connections: 1..=9,
            ..COMPLETES
        };
        import.ends(&settings, promise).await;
    }
    // With one frame under way, it is an answer that doesn't come.
    let import = Import::into(once(always(3, AnswerFault::AfterNext))).await;
    import.ends(&["management_center.answer_timeout=2s"], AGAIN).await;
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

/// 0: a clock that is set while commands are sent is looked at by nobody; time limits count the time that passes.
#[tokio::test]
async fn clock_jumps() {
    let import = Import::into(Faults {
        slow_answers: Duration::from_millis(20),
        ..Faults::default()
    })
    .await;
    let elsewhere = tempfile::tempdir().unwrap();
    let Some(clock) = Clock::new(elsewhere.path().join("clock")) else {
        return;
    };
    let mut command = import.command(&["management_center.answer_timeout=20s"]);
    clock.is_seen_by(&mut command);
    let running = Running::of(command);
    for (frames, difference) in [(4, "+3d"), (8, "-3d")] {
        until("frames", || import.center.network_map().counters.frames >= frames).await;
        clock.is_wrong_by(difference);
    }
    let ended = running.ended().await;
    import.assert(&ended, &COMPLETES).await;
    let took = ended.summary()["stages"]["send"].as_f64().unwrap();
    assert!((0.1..60.0).contains(&took), "{took} s");
}

/// 69: it is asked for as long as connect_deadline says, and deadline leaves time for.
#[tokio::test]
async fn no_such_name() {
    let import = Import::into(Faults::default()).await;
    let nowhere = [("--server", "management-center.invalid")];
    let command = import.command_with(&nowhere, &["management_center.deadline=1s"]);
    let ended = Running::of(command).ended().await;
    let promise = Promise {
        exit: 69,
        says: "can't resolve the Management Center's name management-center.invalid",
        connections: 0..=0,
        held: Held::None,
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
            exit: 77,
            says: "management_center.trust=fingerprint:",
            connections: 2..=2,
            held: Held::Some,
        };
        let ended = import.ends(&[], promise).await;
        assert!(ended.summary()["findings"]["not_sent"].as_u64() > Some(0));
        import.next_completes().await;
    }
}

/// 69: without a descriptor there is no other connection; hosts that were acknowledged stay.
#[tokio::test]
async fn descriptor_limit() {
    let import = Import::into(Faults {
        slow_answers: Duration::from_millis(50),
        ..always(6, AnswerFault::Reset)
    })
    .await;
    let running = Running::of(import.command(&["management_center.deadline=4s"]));
    until("frames", || import.center.network_map().counters.frames >= 2).await;
    no_more_descriptors(running.id());
    let ended = running.ended().await;
    let promise = Promise {
        exit: 69,
        says: "Too many open files",
        connections: 1..=1,
        held: Held::Some,
    };
    import.assert(&ended, &promise).await;
    import.next_completes().await;
}

/// 143: it ends at the next host; each host is there whole or not at all, and the rest is counted. Hosts of a frame that
/// has just been refused are sent again first. Nobody who says nothing is waited for.
#[tokio::test]
async fn sigterm() {
    at_a_host().await;
    in_doubt().await;
    in_silence().await;
}

async fn at_a_host() {
    let import = Import::of(300, slow()).await;
    let running = Running::of(import.command(&[]));
    until("frames", || import.center.network_map().counters.frames >= 12).await;
    running.signal("TERM");
    let ended = running.ended().await;
    let promise = Promise {
        exit: 143,
        says: "told to stop; ending at the next host",
        connections: 1..=1,
        held: Held::Some,
    };
    import.assert(&ended, &promise).await;
    assert!(ended.summary()["findings"]["not_sent"].as_u64() > Some(0));
    import.next_completes().await;
}

async fn in_doubt() {
    // A frame has some three hosts; the fifth is on its way behind the first, or isn't sent at all.
    for (window, in_part) in [(1, 1), (4, 2)] {
        let import = Import::of(300, Faults::default()).await;
        let (hosts, lines): (Vec<_>, _) = [0, 4].map(|index| import.line(index)).into_iter().unzip();
        import.center.set_faults(Faults {
            drop_lines: lines,
            ..slow()
        });
        let window = format!("management_center.window={window}");
        let running = Running::of(import.command(&[&window]));
        until("frames", || import.center.network_map().counters.frames >= 2).await;
        running.signal("TERM");
        let ended = running.ended().await;
        ended.assert_code(143).assert_says("sent again one by one");
        import.center.idle().await;
        assert_eq!(import.not_whole(), hosts[..in_part], "{}", ended.stderr);
        let summary = ended.summary();
        let named = summary["refusals"].as_array().unwrap().iter();
        let named: Vec<IpAddr> = named
            .map(|refusal| refusal["host"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(named, hosts[..in_part]);
        let hosts = &summary["hosts"];
        assert!(hosts["acknowledged"].as_u64() > Some(0) && hosts["not_sent"].as_u64() > Some(0));
        import.assert_nothing_is_left();
        import.next_completes().await;
    }
}

async fn in_silence() {
    let import = Import::into(Faults {
        silent: true,
        ..Faults::default()
    })
    .await;
    let running = Running::of(import.command(&["management_center.connect_timeout=60s"]));
    until("a connection", || import.center.network_map().counters.connections >= 1).await;
    let begun = Instant::now();
    running.signal("TERM");
    let ended = running.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{}", ended.stderr);
    let promise = Promise {
        exit: 143,
        says: "sending was interrupted",
        connections: 1..=1,
        held: Held::None,
    };
    import.assert(&ended, &promise).await;
    import.next_completes().await;
}

/// 137: each host is there whole or not at all, and a later run completes the rest.
#[tokio::test]
async fn sigkill() {
    let import = Import::of(300, slow()).await;
    let running = Running::of(import.command(&[]));
    until("frames", || import.center.network_map().counters.frames >= 12).await;
    running.signal("KILL");
    running.ended().await.assert_code(137);
    import.assert_held(Held::Some, "").await;
    import.assert_nothing_is_left();
    import.next_completes().await;
}

/// 0: two imports at once, of the same report: each host is whole after both.
#[tokio::test]
async fn two_at_once() {
    let import = Import::of(
        100,
        Faults {
            slow_answers: Duration::from_millis(2),
            ..Faults::default()
        },
    )
    .await;
    let (first, second) = (Running::of(import.command(&[])), Running::of(import.command(&[])));
    let (first, second) = tokio::join!(first.ended(), second.ended());
    for ended in [first, second] {
        import
            .assert(
                &ended,
                &Promise {
                    connections: 2..=2,
                    ..COMPLETES
                },
            )
            .await;
    }
}

fn slow() -> Faults {
    Faults {
        slow_answers: Duration::from_millis(50),
        ..Faults::default()
    }
}

/// Runs cases that mostly wait, some at a time.
async fn at_once(cases: Vec<impl Future<Output = ()>>) {
    stream::iter(cases).buffer_unordered(8).collect::<Vec<()>>().await;
}
