//! A resolver that fails, one way or another.

use std::time::Duration;

use crate::estate::{Estate, Import, assert_within};
use crate::resolver::Answers;

/// An import straight to Qualys, whose name has to be resolved here; a proxy would do that by itself.
fn import(estate: &Estate, settings: &[&str]) -> Import {
    estate.import(&[&["qualys.proxy.url=", "qualys.connect_timeout=500ms"], settings].concat())
}

/// 0: who has no IPv6 address is reached by IPv4.
#[test]
fn a_resolver_that_refuses_aaaa_is_no_obstacle() {
    let Some(estate) = Estate::with(Answers::RefusesAaaa, Duration::ZERO) else {
        return;
    };
    import(&estate, &[]).ended.assert_code(0);
    estate.assert_imported();
}

/// 69: no name, no Qualys.
#[test]
fn a_resolver_that_is_dead_is_given_up_within_the_limits() {
    let Some(estate) = Estate::with(Answers::Never, Duration::ZERO) else {
        return;
    };
    let import = import(&estate, &[]);
    import.ended.assert_code(69).assert_says("check qualys.url");
    assert_within(&import, 8);
    assert_eq!(estate.connections(), 0);
}

/// 69: no name, no Qualys.
#[test]
fn a_resolver_that_answers_servfail_is_told_as_what_it_is() {
    let Some(estate) = Estate::with(Answers::Servfail, Duration::ZERO) else {
        return;
    };
    let import = import(&estate, &[]);
    import.ended.assert_code(69).assert_says("check qualys.url");
    assert_within(&import, 8);
    assert_eq!(estate.connections(), 0);
}

/// 69: everything was read, and nothing could be sent before the deadline.
#[test]
fn a_management_center_without_a_name_is_told_with_what_was_not_sent() {
    for answers in [Answers::Never, Answers::Servfail] {
        let Some(estate) = Estate::with(answers, Duration::ZERO) else {
            return;
        };
        // Through the proxy, which needs no resolver here.
        let import = estate.import(&["management_center.deadline=3s"]);
        import
            .ended
            .assert_code(69)
            .assert_says("can't resolve the Management Center's name center.lab");
        assert_within(&import, 6);
        assert!(import.ended.summary()["hosts"]["not_sent"].as_u64().unwrap() > 0);
        assert_eq!(estate.connections(), 0);
    }
}
