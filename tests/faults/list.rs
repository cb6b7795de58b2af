//! Qualys lists its hosts.

use std::time::Duration;

use crate::from_hosts::{Import, passes_or_ends};

/// 69: seven tries, and nothing is sent; 0 if the fault passes.
#[tokio::test]
async fn reset() {
    passes_or_ends("reset", "host-list", "list at 127.0.0.1").await;
    passes_or_ends("reset-body=900", "host-list", "the answer was cut off after").await;
}

/// 69: fewer hosts are asked for, then the same ones again; 0 if the fault passes.
#[tokio::test]
async fn hang() {
    passes_or_ends("hang", "host-list", "not a byte arrived within qualys.idle_timeout").await;
}

/// 0: slow is no fault while bytes come.
#[tokio::test]
async fn slow_drip() {
    // The whole of it takes longer than qualys.idle_timeout.
    let import = Import::faulty(&["drip=300@host-list:1"]).await;
    import.ends(0, "", &["qualys.idle_timeout=2s"]).await;
    import.imported().await;
    assert_eq!(import.count("host-list"), 1);
}

/// 69: however it shows that the list isn't whole, seven times; 0 if the fault passes.
#[tokio::test]
async fn half_a_message() {
    for fault in ["cut=900", "cut-close=900", "cut-chunked=900"] {
        passes_or_ends(fault, "host-list", "the answer was cut off after").await;
    }
}

/// 69: nothing at all or a page, seven times; 0 if the fault passes, and 65 for a list without a host: nobody is cleared.
#[tokio::test]
async fn wrong_message() {
    passes_or_ends("empty", "host-list", "the answer is empty").await;
    passes_or_ends("html", "host-list", "the answer is a page for people").await;
    let import = Import::faulty(&[]).await;
    import.ends(0, "", &[]).await;
    let nobody = ["detections.asset_groups=Nobody's"];
    import.ends(65, "Qualys lists no host in scope", &nobody).await;
    import.imported().await;
}

/// 0: wherever the answer ends, the list is asked for again.
#[tokio::test]
async fn close_at_every_byte() {
    // An import for each byte would take hours; the list is longer than the last of these.
    for at in (1..900).step_by(89) {
        let import = Import::faulty(&[&format!("cut-close={at}@host-list:1")]).await;
        import.ends(0, "", &[]).await;
        import.imported().await;
        assert_eq!(import.count("host-list"), 2, "{at}");
    }
}

/// 0: what changed within a time is asked for by Qualys' clock, whatever this machine's says.
#[tokio::test]
async fn clock_jumps() {
    // The lab's hosts were processed an hour before it started; only the dates of its answers are a day off.
    let behind = Import::faulty(&["clock=-86400"]).await;
    behind.ends(0, "", &["detections.changed_within=30m"]).await;
    behind.imported().await;
    let ahead = Import::faulty(&["clock=86400"]).await;
    ahead.ends(0, "", &["detections.changed_within=12h"]).await;
    assert_eq!(ahead.count("detections"), 0);
    ahead.ends(0, "", &["detections.changed_within=36h"]).await;
    ahead.imported().await;
}

/// 143: nothing is sent.
#[tokio::test]
async fn sigterm() {
    let import = Import::faulty(&["hang@host-list:1"]).await;
    let running = import.start(&[]);
    support::until("the list is asked for", || import.count("host-list") == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.signal("TERM");
    running.ended().await.assert_code(143);
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}

/// 137: nothing is sent, and the next import completes it.
#[tokio::test]
async fn sigkill() {
    let import = Import::faulty(&["hang@host-list:1"]).await;
    let running = import.start(&[]);
    support::until("the list is asked for", || import.count("host-list") == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.signal("KILL");
    running.ended().await.assert_code(137);
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}
