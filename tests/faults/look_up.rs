//! The KnowledgeBase is asked for QIDs.

use std::time::Duration;

use crate::from_hosts::{Import, passes_or_ends};

/// 69: seven tries for each of three batches, and nothing is sent; 0 if the fault passes.
#[tokio::test]
async fn reset() {
    passes_or_ends("reset", "knowledge-base", "look up at 127.0.0.1").await;
}

/// 69: each try ends by qualys.idle_timeout; 0 if the fault passes.
#[tokio::test]
async fn hang() {
    passes_or_ends(
        "hang",
        "knowledge-base",
        "not a byte arrived within qualys.idle_timeout",
    )
    .await;
}

/// 69: however it shows that the answer isn't whole; 0 if the fault passes.
#[tokio::test]
async fn half_a_message() {
    for fault in ["cut=900", "cut-close=900", "cut-chunked=900"] {
        passes_or_ends(fault, "knowledge-base", "the answer was cut off after").await;
    }
}

/// 77: a page in its place is taken for a missing right, and asked for once; 69 for nothing at all, and 0 if that passes.
#[tokio::test]
async fn wrong_message() {
    passes_or_ends("empty", "knowledge-base", "the answer is empty").await;
    let import = Import::faulty(&["html@knowledge-base"]).await;
    import
        .ends(77, "the KnowledgeBase isn't given to this account", &[])
        .await;
    assert_eq!(import.count("knowledge-base"), 1);
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}

/// 0: wherever the answer ends, the QIDs are asked for again.
#[tokio::test]
async fn close_at_every_byte() {
    let whole = Import::faulty(&[]).await;
    whole.ends(0, "", &[]).await;
    // An import for each byte would take hours; the first answer is longer than the last of these.
    for at in (1..900).step_by(89) {
        let import = Import::faulty(&[&format!("cut-close={at}@knowledge-base:1")]).await;
        import.ends(0, "", &[]).await;
        import.imported().await;
        let calls = whole.count("knowledge-base") + 1;
        assert_eq!(import.count("knowledge-base"), calls, "{at}");
    }
}

/// 143: nothing is sent, and the next import completes it.
#[tokio::test]
async fn sigterm() {
    let import = Import::faulty(&["hang@knowledge-base:1"]).await;
    let running = import.start(&[]);
    support::until("QIDs are asked for", || import.count("knowledge-base") == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.signal("TERM");
    let ended = running.ended().await;
    ended.assert_code(143);
    assert!(ended.summary()["hosts"]["missing"].as_u64().unwrap() > 0);
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}

/// 137: nothing is sent, and the next import completes it.
#[tokio::test]
async fn sigkill() {
    let import = Import::faulty(&["hang@knowledge-base:1"]).await;
    let running = import.start(&[]);
    support::until("QIDs are asked for", || import.count("knowledge-base") == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.signal("KILL");
    running.ended().await.assert_code(137);
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}
