//! Hosts and their detections, batch after batch, over links that fail.

use std::thread::sleep;
use std::time::Duration;

use crate::estate::{DETECTIONS, Estate, assert_within};
use crate::namespaces::Node;

const SMALL: &str = "detections.hosts_per_call=10";

/// 0: every finding arrives.
#[test]
fn links_that_lose_one_packet_in_twenty_cost_time_and_nothing_else() {
    let Some(estate) = Estate::build() else { return };
    for node in [Node::Qualys, Node::Center] {
        let rule = "INPUT -p tcp -m statistic --mode random --probability 0.05 -j DROP";
        estate.network.rule(node, rule);
    }
    let patient = ["qualys.connect_timeout=5s", "management_center.connect_timeout=5s"];
    let import = estate.import(&[&[DETECTIONS, SMALL][..], &patient].concat());
    import.ended.assert_code(0);
    assert_within(&import, 30);
    estate.assert_imported();
}

/// 0: the batch that was on its way is asked for again, and no other.
#[test]
fn a_cut_while_a_batch_arrives_costs_that_batch() {
    let Some(estate) = Estate::build() else { return };
    estate.network.slow(Node::Qualys, "1mbit");
    let import = estate.during(&[DETECTIONS, SMALL, "qualys.idle_timeout=1s"], || {
        estate.wait_for_batches(2);
        sleep(Duration::from_millis(100));
        estate.network.cut(Node::Qualys);
        sleep(Duration::from_secs(2));
        estate.network.mend(Node::Qualys);
    });
    let summary = import.ended.assert_code(0).summary();
    assert_within(&import, 25);
    estate.assert_imported();
    assert_eq!(summary["hosts"]["missing"], 0);
}

/// 69 or 75: the hosts of earlier batches are imported, each of them whole, and the others are counted.
#[test]
fn a_cut_that_does_not_end_leaves_what_was_imported() {
    let Some(estate) = Estate::build() else { return };
    estate.network.slow(Node::Qualys, "1mbit");
    let settings = [DETECTIONS, SMALL, "qualys.idle_timeout=1s", "qualys.deadline=10s"];
    let import = estate.during(&settings, || {
        // The second waits while the first is sent.
        estate.wait_for_batches(4);
        estate.network.cut(Node::Qualys);
    });
    assert!(matches!(import.ended.code, Some(69 | 75)), "{:?}", import.ended.code);
    assert_within(&import, 15);
    estate.assert_whole_hosts(&import.ended);
    let missing = import.ended.summary()["hosts"]["missing"].as_u64().unwrap();
    assert!(missing >= 10, "{missing}");
}

/// 69: a list that never arrives changes nothing.
#[test]
fn a_list_that_is_reset_every_time_changes_nothing() {
    let Some(estate) = Estate::build() else { return };
    let reset = "INPUT -p tcp --dport 8443 --tcp-flags RST NONE -m connbytes --connbytes 9000: --connbytes-dir reply --connbytes-mode bytes \
                 -j REJECT --reject-with tcp-reset";
    estate.network.rule(Node::Qualys, reset);
    let import = estate.import(&[DETECTIONS]);
    import.ended.assert_code(69);
    assert!(estate.asked("host-list") > 1, "it didn't try again");
    estate.assert_untouched();
    assert_eq!(estate.connections(), 0);
}
