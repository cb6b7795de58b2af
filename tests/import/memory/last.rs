//! Since the last good run, and what the KnowledgeBase said.

use super::*;

#[tokio::test]
async fn the_first_import_is_of_every_host_and_the_next_of_what_changed() {
    let place = Place::new().await;
    let first = place.imported(Source::Detections, &[LAST], 0).await;
    first.assert_says("every host is imported: no earlier import of every host is known");
    place.assert_is_estate(Source::Detections, 0).await;
    place.becomes(1);
    place.a_minute_passes();
    let before = calls(&place);
    let delta = place.imported(Source::Detections, &[LAST], 0).await;
    delta.assert_says("hosts are asked for that changed since the last good import");
    assert!(calls(&place) - before < 4);
    assert_eq!(left(&delta), None);
    place.assert_holds_estate(1).await;
    // A week later, here after a second.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let full = place
        .imported(Source::Detections, &[LAST, "detections.full_every=1s"], 0)
        .await;
    full.assert_says("the last import of every host is too long ago");
    assert!(left(&full) > Some(0));
    place.assert_is_estate(Source::Detections, 1).await;
    let changed = place
        .imported(Source::Detections, &[LAST, "selection.min_severity=2"], 0)
        .await;
    changed.assert_says("every host is imported: no earlier import of every host is known");
}

#[tokio::test]
async fn a_fixed_window_that_leaves_a_gap_is_no_last_good_import() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    let first = place.remembered().await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    place
        .imported(Source::Detections, &["detections.changed_within=1s"], 0)
        .await;
    let gap = place.remembered().await;
    assert_eq!(gap["last_import"], first["last_import"]);
    // Scan results are processed up to an hour after the scan.
    place
        .imported(Source::Detections, &["detections.changed_within=1h"], 0)
        .await;
    assert_eq!(place.remembered().await["last_import"], first["last_import"]);
    place
        .imported(Source::Detections, &["detections.changed_within=2h"], 0)
        .await;
    let window = place.remembered().await;
    assert_ne!(window["last_import"], first["last_import"]);
    assert_eq!(window["last_full_import"], first["last_full_import"]);
}

#[tokio::test]
async fn every_host_is_imported_until_those_that_left_are_cleared() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    let none = [LAST, "commands.max_cleared=0%"];
    let refused = place.imported(Source::Detections, &none[1..], 65).await;
    let stale = place.stale(1).await;
    let named = refused.summary()["left_hosts"].clone();
    assert!(stale > 0 && named.as_array().map(Vec::len) > Some(0));

    let mut plan = place.import(Source::Detections, &[LAST, "commands.max_cleared=100%"]);
    plan.arg("--plan");
    assert_eq!(run(plan).await.assert_code(0).summary()["left_hosts"], named);

    let before = calls(&place);
    let again = place.imported(Source::Detections, &none, 65).await;
    again.assert_says("every host is imported: hosts that left Qualys are still to be cleared");
    assert!(asked(&place, before).iter().sum::<usize>() > 120);
    assert_eq!(again.summary()["left_hosts"], named);
    assert_eq!(place.stale(1).await, stale);

    let allowed = [LAST, "commands.max_cleared=100%"];
    let cleared = place.imported(Source::Detections, &allowed, 0).await;
    assert_eq!(cleared.summary()["left_hosts"], named);
    place.assert_is_estate(Source::Detections, 1).await;
    let delta = place.imported(Source::Detections, &none, 0).await;
    delta.assert_says("hosts are asked for that changed since the last good import");
    assert_eq!(left(&delta), None);
}

/// Where nobody is cleared, nobody is waited for either.
#[tokio::test]
async fn hosts_that_left_and_are_never_cleared_keep_no_run_from_being_a_delta() {
    for setting in ["commands.mode=merge", "commands.clear_clean_hosts=n"] {
        let place = Place::new().await;
        place.imported(Source::Detections, &[setting], 0).await;
        place.becomes(1);
        place.imported(Source::Detections, &[setting], 0).await;
        let delta = place.imported(Source::Detections, &[setting, LAST], 0).await;
        delta.assert_says("hosts are asked for that changed since the last good import");
    }
}

#[tokio::test]
async fn the_knowledge_base_is_asked_for_what_changed() {
    let place = Place::new().await;
    let explained = report::Options {
        unexplained: 0,
        ..estate(0)
    };
    place.qualys.set_estate(explained.clone()).unwrap();
    let calls = || count(&place.qualys, "knowledge-base");
    place.imported(Source::Detections, &[], 0).await;
    let (first, map) = (calls(), place.map().await);
    assert!(first > 0);
    place.imported(Source::Detections, &[], 0).await;
    assert_eq!(calls() - first, 1, "one call, for changes");
    // Kept in another length, they are asked for anew.
    place
        .imported(Source::Detections, &["commands.description_length=50"], 0)
        .await;
    assert_eq!(calls() - first - 1, first);
    assert_eq!(place.map().await, map);
}
