//! The report is deleted; everything is imported by then.

use std::time::{Duration, Instant};

use support::scripted::Reply;

use crate::clock;
use crate::from_qualys::{Import, Promise, tiny};
use crate::names::{self, Answered};

/// What an import that was refused nothing asks for.
const ALL: &str = "list launch list fetch delete";

/// Seven tries, then the report is left.
fn given_up(says: &str) -> Promise<'_> {
    Promise {
        left: &["Finished"],
        ..Promise::imports(says, "list launch list fetch delete*7")
    }
}

/// The second try deletes the report, or finds it deleted.
fn overcome(says: &str) -> Promise<'_> {
    Promise {
        asked: "list launch list fetch delete*2",
        left: &[],
        ..given_up(says)
    }
}

const KEPT: &str = "wasn't deleted; it stays in Qualys' storage";

/// 0: seven tries, then the report is left, and the next import imports it again.
#[tokio::test]
async fn refused() {
    let import = Import::faulty(&["refuse=3s@fetch:1"]).await;
    import
        .ends(Promise {
            asked: "list launch list fetch",
            ..given_up("no connection (Connection refused")
        })
        .await
        .assert_says(KEPT);
    import.next_completes(1).await;
}

/// 0: seven tries, then the report is left; a second try tells one that is gone already.
#[tokio::test]
async fn reset() {
    let import = Import::faulty(&["reset@delete"]).await;
    import
        .ends(given_up("the connection broke before the answer began"))
        .await
        .assert_says(KEPT);
    import.next_completes(1).await;
    for fault in ["reset@delete:1", "done-reset@delete:1"] {
        let ended = Import::faulty(&[fault])
            .await
            .ends(overcome("the connection broke"))
            .await;
        assert!(!ended.stderr.contains(KEPT), "{}", ended.stderr);
    }
}

/// 0: each try ends by qualys.idle_timeout, then the report is left.
#[tokio::test]
async fn hang() {
    let quick = ["qualys.connect_timeout=800ms", "qualys.idle_timeout=400ms"];
    let import = Import::faulty(&["hang@delete"]).await.set(&quick);
    import
        .ends(given_up("not a byte arrived within qualys.idle_timeout"))
        .await
        .assert_says(KEPT);
    import.next_completes(1).await;
    let passing = Import::faulty(&["done-hang@delete:1"]).await.set(&quick);
    passing.ends(overcome("not a byte arrived")).await;
}

/// 0: slow is no fault while bytes come.
#[tokio::test]
async fn slow_drip() {
    Import::faulty(&["drip=400@delete"])
        .await
        .set(&["qualys.idle_timeout=3s"])
        .ends(Promise {
            asked: ALL,
            ..overcome("")
        })
        .await;
}

/// 0: the second try finds the report deleted.
#[tokio::test]
async fn half_a_message() {
    for cut in ["cut", "cut-close", "reset-body"] {
        let ended = Import::faulty(&[&format!("{cut}=200@delete:1")])
            .await
            .ends(overcome("the answer was cut off after "))
            .await;
        assert!(!ended.stderr.contains(KEPT), "{}", ended.stderr);
    }
}

/// 0: nothing but Qualys' own words counts as deleted; the report is left, after seven tries or at once.
#[tokio::test]
async fn wrong_message() {
    for (fault, asked, says) in [
        ("html", "list launch list fetch delete*7", "is a page for people (HTML)"),
        ("empty", "list launch list fetch delete*7", "the answer is empty"),
        (
            "wrong-root=SURPRISE",
            ALL,
            "the answer is <SURPRISE>, which doesn't belong here",
        ),
    ] {
        let import = Import::faulty(&[&format!("{fault}@delete")]).await;
        import
            .ends(Promise {
                asked,
                ..given_up(says)
            })
            .await
            .assert_says(KEPT);
        import.next_completes(1).await;
    }
}

/// 0: more or less than was announced is half a message; the second try finds the report deleted.
#[tokio::test]
async fn false_length() {
    for length in [200, 5000] {
        Import::faulty(&[&format!("length={length}@delete:1")])
            .await
            .ends(overcome("the answer was cut off after "))
            .await;
    }
}

/// 0: nothing is set aside for a length that is only announced; an answer without an end is left after a megabyte.
#[tokio::test]
async fn huge_length() {
    Import::faulty(&[&format!("length={}@delete:1", i64::MAX)])
        .await
        .ends(overcome("the answer was cut off after "))
        .await;
    let endless = Reply::ok(" ".repeat(2 << 20));
    Import::scripted(vec![("delete", endless)])
        .await
        .ends(Promise {
            asked: ALL,
            ..overcome("an answer is longer than it should be (more than 1048576 bytes)")
        })
        .await;
}

/// 0: the answer that nothing is there to be deleted is as good as the first.
#[tokio::test]
async fn duplicate() {
    let ended = Import::faulty(&["twice@delete"])
        .await
        .ends(Promise {
            asked: ALL,
            ..overcome("")
        })
        .await;
    assert!(!ended.stderr.contains(KEPT), "{}", ended.stderr);
}

/// 0: wherever the answer ends, the second try finds the report deleted.
#[tokio::test]
async fn close_at_every_byte() {
    const BYTES: usize = 900;
    let cut = |byte| format!("cut-wire={byte}@delete:{}", 1 + 2 * byte).parse().unwrap();
    let import = Import::of(tiny((0..BYTES).map(cut).collect())).await;
    let ended = import.of_many(BYTES).await;
    assert!(!ended.stderr.contains(KEPT), "{}", ended.stderr);
    for (action, times) in [("launch", BYTES), ("fetch", BYTES), ("list", BYTES + 1)] {
        assert_eq!(import.count(action), times, "{action}");
    }
    let deletes = import.count("delete");
    assert!(deletes > BYTES + 400 && deletes < BYTES * 2, "{deletes}");
    assert_eq!(import.lab().reports(), []);
}

/// 0: a wall clock that jumps by a day, either way, isn't noticed.
#[tokio::test]
async fn clock_jumps() {
    clock::jumps(
        &["delay=600ms@delete:1", "reset@delete:1"],
        "delete",
        1,
        "list launch list fetch delete*2",
    )
    .await;
}

/// 0: a name that is lost is looked up seven times, then the report is left.
#[tokio::test]
async fn no_such_name() {
    let lost = Promise {
        asked: "list launch list fetch",
        ..given_up("Name or service not known")
    };
    if let Some(import) = names::import(4, Answered::NoSuchName, usize::MAX, lost).await {
        import.next_completes(1).await;
    }
}

/// 0: a stranger isn't told what to delete, and the report is left; a certificate that was only renewed is no fault.
#[tokio::test]
async fn certificate_changes() {
    for (kind, says) in [("expired", "the certificate has expired"), ("foreign", "UnknownIssuer")] {
        let import = Import::faulty(&[&format!("certificate={kind}@connection:5-")]).await;
        import
            .ends(Promise {
                asked: "list launch list fetch",
                ..given_up(says)
            })
            .await
            .assert_says(KEPT);
        import.next_completes(1).await;
    }
    Import::faulty(&["certificate=renewed@connection:5-"])
        .await
        .ends(Promise {
            asked: ALL,
            ..overcome("")
        })
        .await;
}

/// 0: everything is imported; ten seconds later, the report is left.
#[tokio::test]
async fn sigterm() {
    let import = Import::faulty(&["hang@delete"]).await;
    let running = import.start();
    import.asked("delete", 1).await;
    running.signal("TERM");
    let begun = Instant::now();
    let ended = running.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let promise = Promise {
        asked: ALL,
        ..given_up("told to stop; the report may stay in Qualys' storage")
    };
    import.assert(&ended, &promise).await;
    import.next_completes(1).await;
}

/// 137: everything was imported; the next import imports the report again, or launches its own if it is gone.
#[tokio::test]
async fn sigkill() {
    for (fault, left, launches) in [("hang@delete", &["Finished"][..], 1), ("done-hang@delete", &[], 2)] {
        let import = Import::faulty(&[fault]).await;
        let running = import.start();
        import.asked("delete", 1).await;
        running.signal("KILL");
        let ended = running.ended().await;
        ended.assert_code(137);
        import.left(ALL, true, left, &ended.stderr).await;
        import.next_completes(launches).await;
    }
}

/// 0: what the other has deleted is deleted; one that wants to fetch it then launches its own.
#[tokio::test]
async fn two_at_once() {
    for (faults, launches) in [
        (&["delay=1s@delete:1"][..], 1),
        (&["delay=1s@delete:1", "delay=1500ms@fetch:2"], 2),
    ] {
        let import = Import::faulty(faults).await;
        let one = import.start();
        import.asked("delete", 1).await;
        let two = import.start();
        for ended in [one.ended().await, two.ended().await] {
            ended.assert_code(0);
            assert!(!ended.stderr.contains(KEPT), "{}", ended.stderr);
        }
        import.assert_map(true).await;
        assert_eq!(import.count("launch"), launches);
        assert_eq!(import.lab().reports(), []);
    }
}
