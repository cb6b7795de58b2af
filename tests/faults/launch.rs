//! A report is asked for.

use crate::clock;
use crate::from_qualys::{Import, Promise, tiny};
use crate::names::{self, Answered};

/// A launch, six more, and two looks at the list after each of the six whether it happened after all.
const SEVEN_LAUNCHES: &str = "list launch list*2 launch list*2 launch list*2 launch list*2 launch list*2 launch list*2 \
                              launch";

/// What an import that was refused nothing asks for.
const ALL: &str = "list launch list fetch delete";

/// The report was launched, though the answer was lost: the list shows it.
const FOUND: &str = "list launch list fetch delete";

/// 69: seven tries, then it gives up; 0 if the fault passes.
#[tokio::test]
async fn refused() {
    let import = Import::faulty(&["refuse=2s@list:1"]).await;
    import
        .ends(Promise::fails(69, "launch at 127.0.0.1", "list"))
        .await
        .assert_says("no connection (Connection refused (os error 111)); check qualys.url");
    import.next_completes(1).await;

    Import::faulty(&["refuse=250ms@list:1"])
        .await
        .set(&["qualys.poll_interval=100ms"])
        .ends(Promise::imports("no connection (Connection refused", ALL))
        .await;
}

/// 69: seven launches, each looked up before the next; 0 if it happened all the same, with one launch.
#[tokio::test]
async fn reset() {
    let import = Import::faulty(&["reset@launch"]).await;
    import
        .ends(Promise::fails(
            69,
            "the connection broke before the answer began (Connection reset by peer",
            SEVEN_LAUNCHES,
        ))
        .await;
    import.next_completes(8).await;

    Import::faulty(&["done-reset@launch:1"])
        .await
        .ends(Promise::imports("the connection broke before the answer began", FOUND))
        .await;
}

/// 69: each try ends by qualys.idle_timeout; 0 if it happened all the same, with one launch.
#[tokio::test]
async fn hang() {
    let quick = ["qualys.connect_timeout=800ms", "qualys.idle_timeout=400ms"];
    let import = Import::faulty(&["hang@launch"]).await.set(&quick);
    import
        .ends(Promise::fails(
            69,
            "not a byte arrived within qualys.idle_timeout (400ms)",
            SEVEN_LAUNCHES,
        ))
        .await;

    Import::faulty(&["done-hang@launch:1"])
        .await
        .set(&quick)
        .ends(Promise::imports("not a byte arrived", FOUND))
        .await;
}

/// 0: slow is no fault while bytes come; 75 at qualys.deadline, and the next import goes on with what was launched.
#[tokio::test]
async fn slow_drip() {
    Import::faulty(&["drip=400@launch"])
        .await
        .set(&["qualys.idle_timeout=3s"])
        .ends(Promise::imports("", ALL))
        .await;

    let import = Import::faulty(&["drip=40@launch"]).await;
    let late = import.start_with(&["qualys.deadline=4s"]).ended().await;
    import
        .assert(
            &late,
            &Promise {
                left: &["Finished"],
                ..Promise::fails(
                    75,
                    "qualys.deadline was reached before the answer was complete (4s)",
                    "list launch",
                )
            },
        )
        .await;
    import.next_completes(1).await;
}

/// 0: the report is found in the list, and not launched again.
#[tokio::test]
async fn half_a_message() {
    for cut in ["cut=200@launch:1", "cut-close=200@launch:1", "reset-body=200@launch:1"] {
        Import::faulty(&[cut])
            .await
            .ends(Promise::imports("the answer was cut off after ", FOUND))
            .await;
    }
}

/// 69: a page or nothing at all, seven times; 65 for another document, and the next import looks what came of it.
#[tokio::test]
async fn wrong_message() {
    for (fault, says) in [
        ("html", "is a page for people (HTML)"),
        ("empty", "the answer is empty"),
    ] {
        Import::faulty(&[&format!("{fault}@launch")])
            .await
            .ends(Promise::fails(69, says, SEVEN_LAUNCHES))
            .await;
    }
    let import = Import::faulty(&["done-wrong-root=SURPRISE@launch"]).await;
    import
        .ends(Promise {
            left: &["Finished"],
            ..Promise::fails(
                65,
                "the answer is <SURPRISE>, which doesn't belong here; check qualys.url and qualys.api_version",
                "list launch",
            )
        })
        .await;
    import.next_completes(1).await;
}

/// 0: more or less than was announced is half a message: the report is found in the list.
#[tokio::test]
async fn false_length() {
    for length in [100, 5000] {
        Import::faulty(&[&format!("length={length}@launch")])
            .await
            .ends(Promise::imports("the answer was cut off after ", FOUND))
            .await;
    }
}

/// 0: nothing is set aside for a length that is only announced.
#[tokio::test]
async fn huge_length() {
    Import::faulty(&[&format!("length={}@launch", i64::MAX)])
        .await
        .ends(Promise::imports("the answer was cut off after ", FOUND))
        .await;
}

/// 0: of two reports, one is imported; the next import goes on with the other.
#[tokio::test]
async fn duplicate() {
    let import = Import::faulty(&["twice@launch"]).await;
    import
        .ends(Promise {
            left: &["Finished"],
            ..Promise::imports("", ALL)
        })
        .await;
    import.next_completes(1).await;
}

/// 0: wherever the answer ends, the report is found in the list: one launch for each template.
#[tokio::test]
async fn close_at_every_byte() {
    const BYTES: usize = 900;
    let cut = |byte| format!("cut-wire={byte}@launch:{}", byte + 1).parse().unwrap();
    let import = Import::of(tiny((0..BYTES).map(cut).collect())).await;
    let ended = import.of_many(BYTES).await;
    for (action, times) in [
        ("launch", BYTES),
        ("fetch", BYTES),
        ("delete", BYTES),
        ("list", BYTES + 1),
    ] {
        assert_eq!(import.count(action), times, "{action}\n{}", ended.stderr);
    }
    // A look at all reports follows an answer that was cut; a look at one, a whole answer.
    let requests = import.lab().requests();
    let looks = requests
        .iter()
        .filter(|request| request.action == "list" && request.id.is_none())
        .count();
    assert!((400..BYTES).contains(&looks), "{looks}");
    assert_eq!(import.lab().reports(), []);
}

/// 0: an import reads no clock but Qualys' own.
#[tokio::test]
async fn clock_jumps() {
    for clock in ["-86400", "86400"] {
        Import::faulty(&[&format!("clock={clock}@launch")])
            .await
            .ends(Promise::imports("", ALL))
            .await;
    }
    clock::jumps(&["delay=600ms@launch"], "launch", 1, ALL).await;
}

/// 69: a name that nobody knows is looked up seven times; 0 if it is known later, though the resolver fails or is silent.
#[tokio::test]
async fn no_such_name() {
    let lost = Promise::fails(69, "Name or service not known", "list");
    if let Some(import) = names::import(1, Answered::NoSuchName, usize::MAX, lost).await {
        import.next_completes(1).await;
    }
    for answered in [Answered::ServFail, Answered::Silence] {
        let found = Promise::imports("Temporary failure in name resolution", ALL);
        names::import(1, answered, 1, found).await;
    }
}

/// 77: nothing is sent to a stranger, and it isn't tried again; 0 if the certificate was only renewed.
#[tokio::test]
async fn certificate_changes() {
    for (kind, words) in [
        ("expired", "the certificate has expired"),
        ("foreign", "UnknownIssuer"),
        ("other-name", "its certificate is for other.example, not for"),
    ] {
        let import = Import::faulty(&[&format!("certificate={kind}@connection:2-")]).await;
        import.ends(Promise::fails(77, words, "list")).await;
        assert_eq!(import.lab().connections().accepted, 2);
    }
    Import::faulty(&["certificate=renewed@connection:2-"])
        .await
        .ends(Promise::imports("", ALL))
        .await;
}

/// 143: nothing is sent; the next import goes on with the report, if Qualys launched it.
#[tokio::test]
async fn sigterm() {
    for (fault, left, launches) in [("hang@launch", &[][..], 2), ("done-hang@launch", &["Finished"], 1)] {
        let import = Import::faulty(&[fault]).await;
        let running = import.start();
        import.asked("launch", 1).await;
        running.signal("TERM");
        let promise = Promise {
            left,
            ..Promise::fails(143, "interrupted before anything was sent", "list launch")
        };
        import.assert(&running.ended().await, &promise).await;
        import.next_completes(launches).await;
    }
}

/// 137: nothing was sent; the next import goes on with the report, if Qualys launched it.
#[tokio::test]
async fn sigkill() {
    for (fault, left, launches) in [("hang@launch", &[][..], 2), ("done-hang@launch", &["Finished"], 1)] {
        let import = Import::faulty(&[fault]).await;
        let running = import.start();
        import.asked("launch", 1).await;
        running.signal("KILL");
        let ended = running.ended().await;
        ended.assert_code(137);
        import.left("list launch", false, left, &ended.stderr).await;
        import.next_completes(launches).await;
    }
}

/// 0: each launches a report of its own, and both import.
#[tokio::test]
async fn two_at_once() {
    let import = Import::faulty(&["delay=500ms@launch"]).await;
    let (one, two) = (import.start(), import.start());
    for ended in [one.ended().await, two.ended().await] {
        ended.assert_code(0);
    }
    import.assert_map(true).await;
    assert_eq!((import.count("launch"), import.count("delete")), (2, 2));
    assert_eq!(import.lab().reports(), []);
}
