//! Hosts from which nothing comes back: not even that nobody is there.

use crate::estate::{Estate, assert_within};
use crate::namespaces::Node;

/// 69: nothing was sent, and every try ended with its time-out.
#[test]
fn a_management_center_behind_a_black_hole_is_given_up_within_the_limits() {
    let Some(estate) = Estate::build() else { return };
    estate
        .network
        .rule(Node::Center, "INPUT -p tcp --syn --dport 8307 -j DROP");
    let import = estate.import(&["management_center.connect_timeout=300ms"]);
    import
        .ended
        .assert_code(69)
        .assert_says("can't connect to the Management Center: 10.77.0.5:8307: no answer within 300ms");
    // The time that it is waited for, and one attempt more.
    assert_within(&import, 19);
    estate.assert_untouched();
    let summary = import.ended.summary();
    assert_eq!(summary["hosts"]["acknowledged"], 0);
    assert!(summary["hosts"]["not_sent"].as_u64().unwrap() > 0);
}

/// 69: every handshake ends with its time-out, and all of them at the deadline.
#[test]
fn a_management_center_that_falls_silent_after_the_connection_is_given_up_within_the_limits() {
    let Some(estate) = Estate::build() else { return };
    let silence = "INPUT -p tcp --dport 8307 -m connbytes --connbytes 300: --connbytes-dir original --connbytes-mode bytes \
                   -j DROP";
    estate.network.rule(Node::Center, silence);
    let import = estate.import(&["management_center.deadline=4s"]);
    import.ended.assert_code(69).assert_says("no TLS handshake within 1s");
    let error = import.ended.summary()["error"].to_string();
    assert!(error.contains("no TLS handshake within 1s"), "{error}");
    assert_within(&import, 7);
    estate.assert_untouched();
}

/// 69: the proxy can't connect, and says nothing for longer than it is waited for.
#[test]
fn a_qualys_behind_a_black_hole_changes_nothing() {
    let Some(estate) = Estate::build() else { return };
    estate.network.rule(Node::Qualys, "INPUT -p tcp --syn -j DROP");
    let import = estate.import(&["qualys.connect_timeout=500ms", "qualys.idle_timeout=500ms"]);
    import.ended.assert_code(69).assert_says("launch at qualys.lab");
    assert_within(&import, 10);
    assert_eq!(estate.connections(), 0);
}

/// 69: without the proxy there is no Qualys.
#[test]
fn a_proxy_behind_a_black_hole_changes_nothing() {
    let Some(estate) = Estate::build() else { return };
    estate.network.cut(Node::Proxy);
    let import = estate.import(&["qualys.connect_timeout=500ms"]);
    let sentence = "no connection within qualys.connect_timeout (500ms); check qualys.url, firewall and proxy";
    import.ended.assert_code(69).assert_says(sentence);
    assert_within(&import, 10);
    assert_eq!(estate.connections(), 0);
}

/// 69: a report that stops arriving changes nothing.
#[test]
fn a_qualys_that_falls_silent_while_it_sends_changes_nothing() {
    let Some(estate) = Estate::build() else { return };
    let silence = "OUTPUT -p tcp --sport 8443 -m connbytes --connbytes 60000: --connbytes-dir reply --connbytes-mode bytes \
                   -j DROP";
    estate.network.rule(Node::Qualys, silence);
    let import = estate.import(&["qualys.idle_timeout=1s"]);
    import
        .ended
        .assert_code(69)
        .assert_says("not a byte arrived within qualys.idle_timeout (1s)");
    assert_within(&import, 10);
    assert_eq!(estate.connections(), 0);
}
