//! The detections of a batch of hosts arrive.

use std::time::Duration;

use crate::from_hosts::{Import, passes_or_ends};

/// 69: seven tries for each of three batches; 0 if the fault passes.
#[tokio::test]
async fn reset() {
    passes_or_ends("reset", "detections", "download at 127.0.0.1").await;
    passes_or_ends("reset-body=500", "detections", "the answer was cut off after").await;
}

/// 69: half of the hosts are asked for, then half of those; 0 if the fault passes.
#[tokio::test]
async fn hang() {
    passes_or_ends("hang", "detections", "not a byte arrived within qualys.idle_timeout").await;
}

/// 0: slow is no fault while bytes come.
#[tokio::test]
async fn slow_drip() {
    let import = Import::faulty(&["drip=20000@detections:1"]).await;
    import.ends(0, "", &["qualys.idle_timeout=2s"]).await;
    import.imported().await;
}

/// 69: however it shows that a batch isn't whole, and no host of it is sent; 0 if the fault passes.
#[tokio::test]
async fn half_a_message() {
    for fault in ["cut=500", "cut-close=500", "cut-chunked=500"] {
        passes_or_ends(fault, "detections", "the answer was cut off after").await;
    }
}

/// 69: a page or nothing at all; 0 if the fault passes.
#[tokio::test]
async fn wrong_message() {
    for (fault, says) in [
        ("empty", "the answer is empty"),
        ("html", "the answer is a page for people"),
    ] {
        passes_or_ends(fault, "detections", says).await;
    }
}

/// 69: the hosts of one batch that fails for good are missing, and all others are imported.
#[tokio::test]
async fn out_of_order() {
    let import = Import::faulty(&["status=500@detections:2-8"]).await;
    let ended = import
        .ends(69, "weren't imported; what is held of them stays as it is", &[])
        .await;
    assert_eq!(ended.summary()["hosts"]["missing"], 6);
    let missing = import.whole().await;
    assert!((1..=6).contains(&missing), "{missing}");
    import.next_completes().await;
}

/// 0: wherever the answer ends, the batch is fetched again.
#[tokio::test]
async fn close_at_every_byte() {
    // An import for each byte would take hours; some are cut in every element.
    for at in (1..4000).step_by(397) {
        let import = Import::faulty(&[&format!("cut-close={at}@detections:2")]).await;
        import.ends(0, "", &[]).await;
        import.imported().await;
    }
}

/// 143: the hosts that were sent are whole, and the next import completes the others.
#[tokio::test]
async fn sigterm() {
    let import = Import::faulty(&["hang@detections:2"]).await;
    let running = import.start(&[]);
    support::until("the second batch is asked for", || import.count("detections") == 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.signal("TERM");
    let ended = running.ended().await;
    ended.assert_code(143);
    assert!(ended.summary()["hosts"]["missing"].as_u64().unwrap() > 0);
    assert!(import.whole().await > 0);
    import.next_completes().await;
}

/// 137: the hosts that were sent are whole, and the next import completes the others.
#[tokio::test]
async fn sigkill() {
    let import = Import::faulty(&["hang@detections:2"]).await;
    let running = import.start(&[]);
    support::until("the second batch is asked for", || import.count("detections") == 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.signal("KILL");
    running.ended().await.assert_code(137);
    assert!(import.whole().await > 0);
    import.next_completes().await;
}
