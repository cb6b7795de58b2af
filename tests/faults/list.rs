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

/// 0: a list by a clock that is a day off, either way, is one by Qualys' clock.
#[tokio::test]
async fn clock_jumps() {
    for clock in ["clock=86400", "clock=-86400"] {
        let import = Import::faulty(&[clock]).await;
        import.ends(0, "", &[]).await;
        import.imported().await;
    }
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
