//! Links that are bad, but there.

use std::time::Duration;

use connector_lab::link::Link;

use crate::estate::{Estate, Running, assert_within};
use crate::namespaces::Node;

/// 0: every finding arrives.
#[test]
fn a_link_that_loses_one_packet_in_twenty_costs_time_and_nothing_else() {
    let Some(estate) = Estate::build() else { return };
    for node in [Node::Qualys, Node::Center] {
        for chain in ["INPUT", "OUTPUT"] {
            let rule = format!("{chain} -p tcp -m statistic --mode random --probability 0.05 -j DROP");
            estate.network.rule(node, &rule);
        }
    }
    let import = estate.import(&["qualys.connect_timeout=5s", "management_center.connect_timeout=5s"]);
    import.ended.assert_code(0);
    assert_within(&import, 30);
    estate.assert_imported();
}

/// 0: every finding arrives.
#[test]
fn a_link_of_one_megabit_carries_an_import() {
    let Some(estate) = Estate::build() else { return };
    estate.network.slow(Node::Qualys, "1mbit");
    estate.network.slow(Node::Center, "1mbit");
    let import = estate.import(&[]);
    import.ended.assert_code(0);
    assert!(
        import.took > Duration::from_secs(2),
        "the link wasn't slow: {:?}",
        import.took
    );
    assert_within(&import, 30);
    estate.assert_imported();
}

/// 0: every finding arrives, over one connection.
#[test]
fn a_round_trip_of_200_ms_costs_one_of_them_for_each_frame() {
    let Some(estate) = Estate::build() else { return };
    let link = Running::start(&estate.network, Node::Relay, async || {
        let far_end = (Node::Center.address(), 8307).into();
        let near_end = (Node::Relay.address(), 8307).into();
        Link::between(near_end, far_end, Duration::from_millis(200))
            .await
            .unwrap()
    });
    let import = estate.import(&["management_center.server=relay.lab"]);
    let summary = import.ended.assert_code(0).summary();
    let frames = summary["frames"].as_u64().unwrap();
    let least = Duration::from_millis(200 * frames);
    assert!(import.took > least, "{frames} frames in {:?}", import.took);
    assert_within(&import, 30);
    estate.assert_imported();
    assert_eq!(estate.connections(), 1);
    drop(link);
}

/// 0: every finding arrives, over as many connections as it takes.
#[test]
fn a_link_that_resets_every_connection_after_a_while_only_costs_connections() {
    let Some(estate) = Estate::build() else { return };
    let reset = "INPUT -p tcp --dport 8307 --tcp-flags RST NONE -m connbytes --connbytes 40000: --connbytes-dir original --connbytes-mode bytes \
                 -j REJECT --reject-with tcp-reset";
    estate.network.rule(Node::Center, reset);
    let import = estate.import(&[]);
    import.ended.assert_code(0).assert_says("connecting again");
    assert_within(&import, 30);
    estate.assert_imported();
    assert!(estate.connections() > 2, "{}", estate.connections());
}

/// 69: a report that never arrives whole changes nothing.
#[test]
fn a_download_that_is_reset_every_time_changes_nothing() {
    let Some(estate) = Estate::build() else { return };
    let reset = "INPUT -p tcp --dport 8443 --tcp-flags RST NONE -m connbytes --connbytes 60000: --connbytes-dir reply --connbytes-mode bytes \
                 -j REJECT --reject-with tcp-reset";
    estate.network.rule(Node::Qualys, reset);
    let import = estate.import(&[]);
    import.ended.assert_code(69).assert_says("the answer was cut off");
    assert!(estate.fetches() > 1, "it didn't try again");
    assert_within(&import, 25);
    estate.assert_untouched();
    assert_eq!(estate.connections(), 0);
}
