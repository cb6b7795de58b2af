//! A cable that is pulled while the import is under way, and what time-outs make of it.

use std::thread::sleep;
use std::time::Duration;

use crate::estate::{Estate, Import, assert_within};
use crate::namespaces::Node;
use crate::resolver::Answers;

/// The Management Center takes so long for a frame, so that there is time to pull the cable.
const BUSY: Duration = Duration::from_millis(30);

fn estate() -> Option<Estate> {
    Estate::with(Answers::Well, BUSY)
}

/// Pulls the cable of the Management Center after some frames, for so long.
fn cut_while_sending(estate: &Estate, cut: Duration, settings: &[&str]) -> Import {
    estate.during(settings, || {
        estate.wait_for_frames(5);
        estate.network.cut(Node::Center);
        sleep(cut);
        estate.network.mend(Node::Center);
    })
}

/// Pulls the cable of Qualys while the report arrives, for so long.
fn cut_while_downloading(estate: &Estate, cut: Duration, settings: &[&str]) -> Import {
    // Else it has arrived before anybody can move.
    estate.network.slow(Node::Qualys, "1mbit");
    estate.during(settings, || {
        estate.wait_for_fetch();
        sleep(Duration::from_millis(300));
        estate.network.cut(Node::Qualys);
        sleep(cut);
        estate.network.mend(Node::Qualys);
    })
}

/// 0: the same connection goes on.
#[test]
fn a_cut_while_sending_that_is_shorter_than_the_answer_timeout_is_waited_out() {
    let Some(estate) = estate() else { return };
    let cut = Duration::from_secs(3);
    let import = cut_while_sending(&estate, cut, &["management_center.answer_timeout=15s"]);
    import.ended.assert_code(0);
    assert!(import.took > cut);
    assert_within(&import, 20);
    estate.assert_imported();
    assert_eq!(estate.connections(), 1);
}

/// 0: another connection goes on at the first host that wasn't acknowledged.
#[test]
fn a_cut_while_sending_that_is_longer_than_the_answer_timeout_costs_a_connection() {
    let Some(estate) = estate() else { return };
    let cut = Duration::from_secs(3);
    let import = cut_while_sending(&estate, cut, &["management_center.answer_timeout=1s"]);
    import
        .ended
        .assert_code(0)
        .assert_says("didn't answer within 1s (management_center.answer_timeout)")
        .assert_says("connecting again");
    assert_within(&import, 15);
    assert!(estate.connections() >= 2);
    estate.assert_imported();
}

/// 69: what was acknowledged stays, and the rest is told as not sent.
#[test]
fn a_cut_while_sending_that_does_not_end_stops_the_import_within_its_limits() {
    let Some(estate) = estate() else { return };
    let settings = ["management_center.answer_timeout=1s", "management_center.deadline=8s"];
    let import = estate.during(&settings, || {
        estate.wait_for_frames(5);
        estate.network.cut(Node::Center);
    });
    import.ended.assert_code(69).assert_says("no answer within 1s");
    let error = import.ended.summary()["error"].to_string();
    assert!(error.contains("can't connect to the Management Center"), "{error}");
    assert_within(&import, 11);
    estate.assert_whole_hosts(&import.ended);
}

/// 0: the same download goes on.
#[test]
fn a_cut_while_downloading_that_is_shorter_than_the_idle_timeout_is_waited_out() {
    let Some(estate) = Estate::build() else { return };
    let import = cut_while_downloading(&estate, Duration::from_secs(2), &["qualys.idle_timeout=15s"]);
    import.ended.assert_code(0);
    assert_within(&import, 25);
    assert_eq!(estate.fetches(), 1);
    estate.assert_imported();
}

/// 0: the report is downloaded again.
#[test]
fn a_cut_while_downloading_that_is_longer_than_the_idle_timeout_costs_a_download() {
    let Some(estate) = Estate::build() else { return };
    let import = cut_while_downloading(&estate, Duration::from_secs(2), &["qualys.idle_timeout=1s"]);
    import.ended.assert_code(0);
    assert_within(&import, 25);
    assert!(estate.fetches() > 1, "it wasn't downloaded again");
    estate.assert_imported();
}

/// 0: half a minute without a cable, at either end, is waited out by the settings that are usual.
#[test]
#[ignore = "takes more than a minute: cargo test --test network -- --ignored"]
fn a_cut_of_30_s_is_waited_out() {
    let Some(estate) = estate() else { return };
    let cut = Duration::from_secs(30);
    let usual = [
        "qualys.connect_timeout=10s",
        "qualys.idle_timeout=5m",
        "qualys.deadline=2h",
        "management_center.connect_timeout=10s",
        "management_center.answer_timeout=5m",
        "management_center.deadline=2h",
    ];
    let import = cut_while_sending(&estate, cut, &usual);
    import.ended.assert_code(0);
    assert_eq!(estate.connections(), 1);
    estate.assert_imported();
    let import = cut_while_downloading(&estate, cut, &usual);
    import.ended.assert_code(0);
    estate.assert_imported();
}
