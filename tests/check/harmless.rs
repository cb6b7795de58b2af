//! Asking changes nothing, costs two calls and shows no secret.

use crate::setup::{Setup, settled};

#[tokio::test]
async fn a_set_up_that_works_is_told_in_full() {
    let setup = Setup::right().await.variable("OTEL_EXPORTER_OTLP_ENDPOINT", "");
    let said = setup.check(&[]).await;
    let _settled = settled();
    insta::assert_snapshot!(said.stdout);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}

#[tokio::test]
async fn a_preflight_sends_no_command_and_launches_no_report() {
    let setup = Setup::right().await;
    setup
        .qualys
        .leave("Weekly", 424_242, std::time::Duration::from_secs(60))
        .unwrap();
    let (map, reports) = (setup.center.network_map(), setup.qualys.reports());
    setup.check(&[]).await;
    setup.center.idle().await;
    let after = setup.center.network_map();
    assert_eq!(after.hosts, map.hosts);
    let counters = &after.counters;
    assert_eq!(
        (
            counters.connections,
            counters.frames,
            counters.commands,
            counters.implicit_updates
        ),
        (1, 0, 0, 0)
    );
    assert_eq!(setup.qualys.reports(), reports);
    let actions: Vec<_> = setup
        .qualys
        .requests()
        .into_iter()
        .map(|request| request.action)
        .collect();
    assert_eq!(actions, ["list", "template-list"]);
    assert_eq!(std::fs::read_dir(setup.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_session_is_closed_again() {
    let setup = Setup::right().await.with("qualys.login", "session");
    setup.check(&[]).await;
    let actions: Vec<_> = setup
        .qualys
        .requests()
        .into_iter()
        .map(|request| request.action)
        .collect();
    assert_eq!(actions, ["login", "list", "logout"]);
}

#[tokio::test]
async fn machines_read_the_fingerprint_and_the_calls_that_are_left() {
    let setup = Setup::right().await;
    let said = setup.check(&["--output", "json"]).await;
    let said: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let fact = |step: &str, name: &str| {
        let steps = said["steps"].as_array().unwrap().iter();
        steps
            .filter(|found| found["step"] == step)
            .map(|found| found["facts"][name].clone())
            .next()
            .unwrap()
    };
    assert_eq!(fact("Host Input", "max_size"), 524_288);
    assert_eq!(fact("rate limit", "remaining"), 299);
    // What it shows to be pinned is what pins.
    let pin = fact("trust", "pin").as_str().unwrap().to_owned();
    let pinned = setup.with("management_center.trust", pin);
    assert_eq!(pinned.check(&[]).await.code, 0);
}

#[tokio::test]
async fn colours_are_for_terminals() {
    assert!(!Setup::right().await.check(&[]).await.stdout.contains('\u{1b}'));
}
