//! A report arrives.

use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};
use support::scripted::Reply;

use crate::clock;
use crate::from_qualys::{Import, Promise, text, tiny};
use crate::names::{self, Answered};

/// What an import that was refused nothing asks for.
const ALL: &str = "list launch list fetch delete";

/// Seven tries, and the report is left to the next import.
fn given_up(says: &str) -> Promise<'_> {
    Promise {
        left: &["Finished"],
        ..Promise::fails(69, says, "list launch list fetch*7")
    }
}

/// All imported, the report fetched twice.
fn overcome(says: &str) -> Promise<'_> {
    Promise::imports(says, "list launch list fetch*2 delete")
}

/// 69: seven tries, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn refused() {
    let import = Import::faulty(&["refuse=2s@list:2"]).await;
    import
        .ends(Promise {
            asked: "list launch list",
            ..given_up("no connection (Connection refused")
        })
        .await
        .assert_says("download at 127.0.0.1");
    import.next_completes(1).await;
    let passing = Import::faulty(&["refuse=250ms@list:2"])
        .await
        .set(&["qualys.poll_interval=100ms"]);
    passing
        .ends(Promise::imports("no connection (Connection refused", ALL))
        .await;
}

/// 69: seven tries, before the answer or in its middle, and the next import goes on with the report; 0 if the fault passes.
#[tokio::test]
async fn reset() {
    for (fault, says) in [
        (
            "reset",
            "the connection broke before the answer began (Connection reset by peer",
        ),
        ("reset-body=9000", "the answer was cut off after "),
    ] {
        let import = Import::faulty(&[&format!("{fault}@fetch")]).await;
        import.ends(given_up(says)).await;
        import.next_completes(1).await;
        Import::faulty(&[&format!("{fault}@fetch:1")])
            .await
            .ends(overcome(says))
            .await;
    }
}

/// 69: each try ends by qualys.idle_timeout, before the answer or in its middle; 0 if the fault passes.
#[tokio::test]
async fn hang() {
    let quick = ["qualys.connect_timeout=800ms", "qualys.idle_timeout=400ms"];
    for fault in ["hang", "hang-body=9000"] {
        let says = "not a byte arrived within qualys.idle_timeout (400ms)";
        let import = Import::faulty(&[&format!("{fault}@fetch")]).await.set(&quick);
        import.ends(given_up(says)).await;
        let passing = Import::faulty(&[&format!("{fault}@fetch:1")]).await.set(&quick);
        passing.ends(overcome(says)).await;
    }
}

/// 0: slow is no fault while bytes come; 75 at qualys.deadline, and the next import goes on with the report.
#[tokio::test]
async fn slow_drip() {
    let slow = Import::faulty(&["drip=40000@fetch"])
        .await
        .set(&["qualys.idle_timeout=3s"]);
    slow.ends(Promise::imports("", ALL)).await;
    let import = Import::faulty(&["drip=1000@fetch"]).await;
    let late = import.start_with(&["qualys.deadline=4s"]).ended().await;
    let promise = Promise {
        exit: 75,
        asked: "list launch list fetch",
        ..given_up("qualys.deadline was reached before the answer was complete (4s)")
    };
    import.assert(&late, &promise).await;
    import.next_completes(1).await;
}

/// 69: seven tries, however it shows that the report isn't whole, and the next import goes on with it; 0 if the fault
/// passes.
#[tokio::test]
async fn half_a_message() {
    for fault in ["cut", "cut-chunked", "cut-close", "truncate", "truncate-report"] {
        let says = "the answer was cut off after ";
        let import = Import::faulty(&[&format!("{fault}=9000@fetch")]).await;
        import.ends(given_up(says)).await;
        import.next_completes(1).await;
        let passing = Import::faulty(&[&format!("{fault}=9000@fetch:1")]).await;
        passing.ends(overcome(says)).await;
    }
}

/// 69: a page, nothing at all or an ERROR, seven times; 65 for another kind of report, which is deleted; 0 if the
/// fault passes.
#[tokio::test]
async fn wrong_message() {
    for (fault, says) in [
        ("html", "is a page for people (HTML)"),
        ("empty", "the answer is empty"),
        ("error-report", "Internal error"),
    ] {
        let import = Import::faulty(&[&format!("{fault}@fetch")]).await;
        import.ends(given_up(says)).await;
        import.next_completes(1).await;
        Import::faulty(&[&format!("{fault}@fetch:1")])
            .await
            .ends(overcome(says))
            .await;
    }
    Import::faulty(&["wrong-root=WAS_SCAN_REPORT@fetch"])
        .await
        .ends(Promise::fails(65, "WAS_SCAN_REPORT", ALL))
        .await;
}

/// 69: more or less than was announced is half a report, seven times; 0 if the fault passes.
#[tokio::test]
async fn false_length() {
    for length in [9_000, 9_000_000] {
        let says = "the answer was cut off after ";
        let import = Import::faulty(&[&format!("length={length}@fetch")]).await;
        import.ends(given_up(says)).await;
        import.next_completes(1).await;
        let passing = Import::faulty(&[&format!("length={length}@fetch:1")]).await;
        passing.ends(overcome(says)).await;
    }
}

/// 69: nothing is set aside for a length that is only announced; 0 for a gigabyte that was packed into a megabyte, and 65
/// for a text of that size: neither is ever held in memory.
#[tokio::test]
async fn huge_length() {
    let import = Import::faulty(&[&format!("length={}@fetch", i64::MAX)]).await;
    import.ends(given_up("the answer was cut off after ")).await;

    let comments = format!("<!--{}-->", " ".repeat(32_761)).repeat(32);
    let spaces = " ".repeat(1 << 20);
    let refused = Promise {
        exit: 65,
        says: "a text is longer than 67108864 bytes",
        imported: false,
        ..Promise::imports("", ALL)
    };
    for (filling, promise) in [(comments, Promise::imports("", ALL)), (spaces, refused)] {
        let import = Import::scripted(vec![("fetch", bomb(filling.as_bytes(), 1024))]).await;
        let running = import.start();
        let id = running.id();
        let watch = tokio::spawn(async move {
            let mut most = 0;
            while let Some(now) = peak(id) {
                most = most.max(now);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            most
        });
        import.assert(&running.ended().await, &promise).await;
        let peak = watch.await.unwrap();
        assert!((1_000..64_000).contains(&peak), "{peak} kB at most");
    }
}

/// A report, packed, with so many pieces of filling at its beginning.
fn bomb(filling: &[u8], pieces: usize) -> Reply {
    let report = text();
    let root = b"<ASSET_DATA_REPORT>";
    let start = report.windows(root.len()).position(|window| window == root).unwrap() + root.len();
    let (before, after) = report.split_at(start);
    // What was packed after a full flush can be repeated.
    let mut packer = Compress::new(Compression::fast(), false);
    let mut packed = |bytes: &[u8], flush| {
        let mut packed = Vec::with_capacity(bytes.len() + 1000);
        packer.compress_vec(bytes, &mut packed, flush).unwrap();
        packed
    };
    let blocks = [
        packed(before, FlushCompress::Full),
        packed(filling, FlushCompress::Full).repeat(pieces),
        packed(after, FlushCompress::Finish),
    ];
    let mut sum = Crc::new();
    sum.update(before);
    let mut of_filling = Crc::new();
    of_filling.update(filling);
    (0..pieces).for_each(|_| sum.combine(&of_filling));
    let mut of_after = Crc::new();
    of_after.update(after);
    sum.combine(&of_after);
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    body.extend(blocks.concat());
    body.extend(sum.sum().to_le_bytes());
    body.extend(sum.amount().to_le_bytes());
    Reply::new(200, "Content-Encoding: gzip\r\n", body)
}

/// The most memory that a process had, in kB; `None` when it has ended.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_whitespace().next()?.parse().ok()
}

/// 0: what follows an answer is nobody's; 65 for two reports in one answer.
#[tokio::test]
async fn duplicate() {
    let report = text();
    let answer = [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", report.len()).into_bytes(),
        report.clone(),
    ]
    .concat();
    let import = Import::scripted(vec![("fetch", Reply::raw(answer.repeat(2)))]).await;
    import.ends(Promise::imports("", ALL)).await;

    let import = Import::scripted(vec![("fetch", Reply::ok(report.repeat(2)))]).await;
    import
        .ends(Promise::fails(65, "a DOCTYPE stands in the middle of it", ALL))
        .await;
}

/// 0: a report that is listed as finished before it can be fetched is asked for again.
#[tokio::test]
async fn out_of_order() {
    let import = Import::faulty(&["late-fetch=3"]).await;
    import
        .ends(Promise {
            asked: "list launch list fetch list fetch*3 delete",
            ..overcome("(code 7001)")
        })
        .await;
}

/// 0: wherever the answer ends, the report is fetched again.
#[tokio::test]
async fn close_at_every_byte() {
    // Six tries in a row may fail, the seventh is whole.
    const TEMPLATES: usize = 400;
    let cut = |byte: usize| {
        let fetch = 1 + byte / 6 * 7 + byte % 6;
        format!("cut-wire={byte}@fetch:{fetch}").parse().unwrap()
    };
    let import = Import::of(tiny((0..TEMPLATES * 6).map(cut).collect())).await;
    let ended = import.of_many(TEMPLATES).await;
    for (action, times) in [("launch", TEMPLATES), ("delete", TEMPLATES), ("list", TEMPLATES + 1)] {
        assert_eq!(import.count(action), times, "{action}\n{}", ended.stderr);
    }
    let fetches = import.count("fetch");
    assert!(fetches > TEMPLATES + 1000 && fetches < TEMPLATES * 7, "{fetches}");
    assert_eq!(import.lab().reports(), []);
}

/// 0: a wall clock that jumps by a day, either way, isn't noticed.
#[tokio::test]
async fn clock_jumps() {
    clock::jumps(&["delay=600ms@fetch"], "fetch", 1, ALL).await;
}

/// 69: a name that is lost is looked up seven times; 0 if it comes back, though the resolver fails or is silent.
#[tokio::test]
async fn no_such_name() {
    let lost = Promise {
        asked: "list launch list",
        ..given_up("Name or service not known")
    };
    if let Some(import) = names::import(3, Answered::NoSuchName, usize::MAX, lost).await {
        import.next_completes(1).await;
    }
    for answered in [Answered::ServFail, Answered::Silence] {
        let found = Promise::imports("Temporary failure in name resolution", ALL);
        names::import(3, answered, 1, found).await;
    }
}

/// 77: a stranger isn't asked to go on with what broke off, and the next import goes on with the report; 0 if the
/// certificate was only renewed.
#[tokio::test]
async fn certificate_changes() {
    for (kind, says) in [("expired", "the certificate has expired"), ("foreign", "UnknownIssuer")] {
        let changed = format!("certificate={kind}@connection:5-");
        let import = Import::faulty(&["reset-body=9000@fetch:1", &changed]).await;
        import
            .ends(Promise {
                exit: 77,
                asked: "list launch list fetch",
                ..given_up(says)
            })
            .await;
        import.next_completes(1).await;
    }
    let renewed = ["reset-body=9000@fetch:1", "certificate=renewed@connection:5-"];
    Import::faulty(&renewed)
        .await
        .ends(overcome("the answer was cut off after "))
        .await;
}

/// 143: nothing is sent, and the next import goes on with the report.
#[tokio::test]
async fn sigterm() {
    let import = Import::faulty(&["hang-body=9000@fetch"]).await;
    let running = import.start();
    import.asked("fetch", 1).await;
    running.signal("TERM");
    let promise = Promise {
        exit: 143,
        asked: "list launch list fetch",
        ..given_up("interrupted before anything was sent")
    };
    import.assert(&running.ended().await, &promise).await;
    import.next_completes(1).await;
}

/// 137: nothing was sent, and the next import goes on with the report.
#[tokio::test]
async fn sigkill() {
    let import = Import::faulty(&["hang-body=9000@fetch"]).await;
    let running = import.start();
    import.asked("fetch", 1).await;
    running.signal("KILL");
    let ended = running.ended().await;
    ended.assert_code(137);
    import
        .left("list launch list fetch", false, &["Finished"], &ended.stderr)
        .await;
    import.next_completes(1).await;
}

/// 0: the second goes on with the report of the first and deletes it while the first still downloads; if that breaks off
/// after that, the first launches another one.
#[tokio::test]
async fn two_at_once() {
    for (faults, asked, says) in [
        (
            &["drip=15000@fetch:1"][..],
            "list launch list fetch list fetch delete*2",
            "",
        ),
        (
            &["drip=10000@fetch:1", "reset-body=25000@fetch:1"],
            "list launch list fetch list fetch delete fetch list launch list fetch delete",
            "the report is lost",
        ),
    ] {
        let import = Import::faulty(faults).await;
        let one = import.start();
        import.asked("fetch", 1).await;
        import.start().ended().await.assert_code(0);
        import.assert(&one.ended().await, &Promise::imports(says, asked)).await;
    }
}
