//! A report is being made.

use std::time::Duration;

use connector_lab::qualys::{Options, Times};
use support::scripted::{ID, empty_list, list};

use crate::clock;
use crate::from_qualys::{Import, Promise, tiny, usual};
use crate::names::{self, Answered};

/// Seven looks at the report, none of them answered; the report is left to the next import.
fn given_up(says: &str) -> Promise<'_> {
    Promise {
        left: &["Finished"],
        ..Promise::fails(69, says, "list launch list*7")
    }
}

/// All imported after some of the looks failed.
fn overcome<'a>(says: &'a str, asked: &'a str) -> Promise<'a> {
    Promise::imports(says, asked)
}

/// 69: seven tries, then it gives up, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn refused() {
    let import = Import::faulty(&["refuse=2s@launch:1"]).await;
    import
        .ends(Promise {
            asked: "list launch",
            ..given_up("no connection (Connection refused")
        })
        .await
        .assert_says("wait at 127.0.0.1");
    import.next_completes(1).await;
    // The first look comes after 100 ms.
    let passing = Import::faulty(&["refuse=350ms@launch:1"])
        .await
        .set(&["qualys.poll_interval=100ms"]);
    passing
        .ends(overcome(
            "no connection (Connection refused",
            "list launch list fetch delete",
        ))
        .await;
}

/// 69: seven tries, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn reset() {
    let import = Import::faulty(&["reset@list:2-"]).await;
    import
        .ends(given_up(
            "the connection broke before the answer began (Connection reset by peer",
        ))
        .await;
    import.next_completes(1).await;
    let passing = Import::faulty(&["reset@list:2-4"]).await;
    passing
        .ends(overcome("the connection broke", "list launch list*4 fetch delete"))
        .await;
}

/// 69: each try ends by qualys.idle_timeout, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn hang() {
    let quick = ["qualys.connect_timeout=800ms", "qualys.idle_timeout=400ms"];
    let import = Import::faulty(&["hang@list:2-"]).await.set(&quick);
    import
        .ends(given_up("not a byte arrived within qualys.idle_timeout (400ms)"))
        .await;
    let passing = Import::faulty(&["hang@list:2"]).await.set(&quick);
    passing
        .ends(overcome("not a byte arrived", "list launch list*2 fetch delete"))
        .await;
}

/// 0: slow is no fault while bytes come; 75 at qualys.deadline, and the next import goes on with the report.
#[tokio::test]
async fn slow_drip() {
    Import::faulty(&["drip=600@list:2"])
        .await
        .set(&["qualys.idle_timeout=3s"])
        .ends(overcome("", "list launch list fetch delete"))
        .await;
    let import = Import::faulty(&["drip=40@list:2-"]).await;
    let late = import.start_with(&["qualys.deadline=4s"]).ended().await;
    let promise = Promise {
        exit: 75,
        asked: "list launch list",
        ..given_up("qualys.deadline was reached before the answer was complete (4s)")
    };
    import.assert(&late, &promise).await;
    import.next_completes(1).await;
}

/// 69: seven tries, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn half_a_message() {
    for cut in ["cut", "cut-close", "reset-body"] {
        let import = Import::faulty(&[&format!("{cut}=300@list:2-")]).await;
        import.ends(given_up("the answer was cut off after ")).await;
        import.next_completes(1).await;
        let passing = Import::faulty(&[&format!("{cut}=300@list:2-4")]).await;
        passing
            .ends(overcome(
                "the answer was cut off after ",
                "list launch list*4 fetch delete",
            ))
            .await;
    }
}

/// 69: a page or nothing at all, seven times; 65 for another document, and the next import goes on with the
/// report; 0 if the fault passes.
#[tokio::test]
async fn wrong_message() {
    for (fault, says) in [
        ("html", "is a page for people (HTML)"),
        ("empty", "the answer is empty"),
    ] {
        let import = Import::faulty(&[&format!("{fault}@list:2-")]).await;
        import.ends(given_up(says)).await;
        import.next_completes(1).await;
        let passing = Import::faulty(&[&format!("{fault}@list:2-4")]).await;
        passing.ends(overcome(says, "list launch list*4 fetch delete")).await;
    }
    Import::faulty(&["wrong-root=SURPRISE@list:2"])
        .await
        .ends(Promise {
            exit: 65,
            asked: "list launch list",
            ..given_up("the answer is <SURPRISE>, which doesn't belong here; check qualys.url and qualys.api_version")
        })
        .await;
}

/// 69: more or less than was announced is half a message, seven times; 0 if the fault passes.
#[tokio::test]
async fn false_length() {
    for length in [300, 5000] {
        let import = Import::faulty(&[&format!("length={length}@list:2-")]).await;
        import.ends(given_up("the answer was cut off after ")).await;
        let passing = Import::faulty(&[&format!("length={length}@list:2")]).await;
        passing
            .ends(overcome(
                "the answer was cut off after ",
                "list launch list*2 fetch delete",
            ))
            .await;
    }
}

/// 69: nothing is set aside for a length that is only announced; after seven tries it gives up.
#[tokio::test]
async fn huge_length() {
    let import = Import::faulty(&[&format!("length={}@list:2-", i64::MAX)]).await;
    import.ends(given_up("the answer was cut off after ")).await;
    import.next_completes(1).await;
}

/// 0: a report that is listed twice is looked at once.
#[tokio::test]
async fn duplicate() {
    let twice = |state| list(&[(ID, "any title", 0, state), (ID, "any title", 0, "Finished")]);
    let import = Import::scripted(vec![
        ("list", empty_list()),
        ("list", twice("Running")),
        ("list", twice("Finished")),
    ])
    .await;
    import.ends(overcome("", "list launch list*2 fetch delete")).await;
}

/// 0: states that go backwards, and a list that forgets the report for a moment, are waited for.
#[tokio::test]
async fn out_of_order() {
    let state = |state| ("list", list(&[(ID, "any title", 0, state)]));
    let import = Import::scripted(vec![
        ("list", empty_list()),
        state("Running"),
        state("Submitted"),
        ("list", empty_list()),
        ("list", empty_list()),
        state("Running"),
        state("Finished"),
    ])
    .await;
    import.ends(overcome("", "list launch list*6 fetch delete")).await;
}

/// 0: wherever answers end, the list is asked for again: one launch for each template.
#[tokio::test]
async fn close_at_every_byte() {
    // Six tries in a row may fail, the seventh is whole.
    const TEMPLATES: usize = 240;
    let cut = |byte: usize| {
        let list = 2 + byte / 6 * 7 + byte % 6;
        format!("cut-wire={byte}@list:{list}").parse().unwrap()
    };
    let import = Import::of(tiny((0..TEMPLATES * 6).map(cut).collect())).await;
    let ended = import.of_many(TEMPLATES).await;
    for (action, times) in [("launch", TEMPLATES), ("fetch", TEMPLATES), ("delete", TEMPLATES)] {
        assert_eq!(import.count(action), times, "{action}\n{}", ended.stderr);
    }
    let lists = import.count("list");
    assert!(lists > 1 + TEMPLATES + 900 && lists < 1 + TEMPLATES * 7, "{lists}");
    assert_eq!(import.lab().reports(), []);
}

/// 0: a wall clock that jumps by a day, either way, neither ends nor prolongs the wait.
#[tokio::test]
async fn clock_jumps() {
    clock::jumps(&["delay=600ms@list:2"], "list", 2, "list launch list fetch delete").await;
}

/// 69: a name that is lost is looked up seven times; 0 if it comes back, though the resolver fails or is silent.
#[tokio::test]
async fn no_such_name() {
    let lost = Promise {
        asked: "list launch",
        ..given_up("Name or service not known")
    };
    if let Some(import) = names::import(2, Answered::NoSuchName, usize::MAX, lost).await {
        import.next_completes(1).await;
    }
    for answered in [Answered::ServFail, Answered::Silence] {
        let found = overcome("Temporary failure in name resolution", "list launch list fetch delete");
        names::import(2, answered, 1, found).await;
    }
}

/// 77: nothing more is sent to a stranger, and it isn't tried again; the next import goes on with the report. 0 if the
/// certificate was only renewed.
#[tokio::test]
async fn certificate_changes() {
    for (kind, says) in [("expired", "the certificate has expired"), ("foreign", "UnknownIssuer")] {
        let import = Import::faulty(&[&format!("certificate={kind}@connection:3-")]).await;
        import
            .ends(Promise {
                exit: 77,
                asked: "list launch",
                ..given_up(says)
            })
            .await;
        assert_eq!(import.lab().connections().accepted, 3);
        import.next_completes(1).await;
    }
    Import::faulty(&["certificate=renewed@connection:3-"])
        .await
        .ends(overcome("", "list launch list fetch delete"))
        .await;
}

/// 143: the report goes on being made, and the next import goes on with it. 130: told by SIGINT, it is cancelled, and the
/// next import launches its own.
#[tokio::test]
async fn sigterm() {
    for (signal, exit, asked, left, launches) in [
        ("TERM", 143, "list launch list+", "Running", 1),
        ("INT", 130, "list launch list+ cancel", "Canceled", 2),
    ] {
        let times = Times {
            build_time: Duration::from_secs(6),
            ..Times::instant()
        };
        let import = Import::of(Options { times, ..usual(&[]) }).await;
        let running = import.start();
        import.asked("list", 2).await;
        running.signal(signal);
        let promise = Promise {
            exit,
            asked,
            left: &[left],
            ..given_up("interrupted before anything was sent")
        };
        let ended = running.ended().await;
        import.assert(&ended, &promise).await;
        ended.assert_says(&format!("\"exit\":{exit}"));
        import.next_completes(launches).await;
    }
}

/// 137: nothing was sent; the next import goes on with the report.
#[tokio::test]
async fn sigkill() {
    let import = Import::faulty(&["hang@list:2"]).await;
    let running = import.start();
    import.asked("list", 2).await;
    running.signal("KILL");
    let ended = running.ended().await;
    ended.assert_code(137);
    import
        .left("list launch list", false, &["Finished"], &ended.stderr)
        .await;
    import.next_completes(1).await;
}

/// 0: the second goes on with the report of the first; if the first deletes it before the second looks, the second
/// launches its own.
#[tokio::test]
async fn two_at_once() {
    for (poll_interval, fault, launches) in [("30ms", "delay=2s@delete:1", 1), ("1200ms", "delay=0s@delete", 2)] {
        let times = Times {
            build_time: Duration::from_millis(300),
            ..Times::instant()
        };
        let import = Import::of(Options {
            times,
            ..usual(&[fault])
        })
        .await;
        let one = import.start();
        import.asked("launch", 1).await;
        let two = import.start_with(&[&format!("qualys.poll_interval={poll_interval}")]);
        for ended in [one.ended().await, two.ended().await] {
            ended.assert_code(0);
        }
        import.assert_map(true).await;
        assert_eq!(import.count("launch"), launches);
        assert_eq!(import.lab().reports(), []);
    }
}
