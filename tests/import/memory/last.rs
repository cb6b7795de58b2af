//! Since the last good run, and what the KnowledgeBase said.

use super::*;

const LAST: &str = "detections.changed_within=last";

#[tokio::test]
async fn the_first_import_is_of_every_host_and_the_next_of_what_changed() {
    let place = Place::new().await;
    let first = place.imported(Source::Detections, &[LAST], 0).await;
    first.assert_says("every host is imported: no earlier import of every host is known");
    place.assert_is_estate(Source::Detections, 0).await;
    place.becomes(1);
    let before = count(&place.qualys, "detections");
    let delta = place.imported(Source::Detections, &[LAST], 0).await;
    delta.assert_says("hosts are asked for that changed since the last good import");
    assert!(count(&place.qualys, "detections") - before < 4);
    assert_eq!(left(&delta), None);
    let (map, meant) = (place.map().await, all_meant(estate(1)));
    assert!(meant.iter().all(|(address, results)| map.get(address) == Some(results)));
    // A week later, here after a second.
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
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
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    place
        .imported(Source::Detections, &["detections.changed_within=1s"], 0)
        .await;
    let gap = place.remembered().await;
    assert_eq!(gap["last_import"], first["last_import"]);
    place
        .imported(Source::Detections, &["detections.changed_within=1h"], 0)
        .await;
    let window = place.remembered().await;
    assert_ne!(window["last_import"], first["last_import"]);
    assert_eq!(window["last_full_import"], first["last_full_import"]);
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
