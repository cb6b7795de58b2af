//! The process that sends, and the machine that it runs on.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use connector_lab::management_center::{AnswerFault, Faults};
use support::{Running, until};

use super::{COMPLETES, always};
use crate::from_file::{Held, Import, Promise};
use crate::limits::{Clock, no_more_descriptors};

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
        held: Held::Some,
        ..Promise::fails(69, "Too many open files")
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
        held: Held::Some,
        ..Promise::fails(143, "told to stop; ending at the next host")
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
    let promise = Promise::fails(143, "sending was interrupted");
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
