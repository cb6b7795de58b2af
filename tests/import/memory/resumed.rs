//! Where a run stopped.

use super::*;

/// An import of an estate that changed an instant ago, in part; from its fourth batch on there was no answer.
async fn stopped() -> Place {
    let place = Place::new().await;
    place.becomes(1);
    place
        .qualys
        .set_faults(vec!["status=500@detections:4-60".parse().unwrap()]);
    place.imported(Source::Detections, &[], 69).await;
    place.qualys.set_faults(Vec::new());
    place
}

#[tokio::test]
async fn an_import_goes_on_behind_what_was_acknowledged() {
    for generation in [1, 2] {
        let place = stopped().await;
        assert_ne!(place.remembered().await["cut_short"], Value::Null);
        place.becomes(generation);
        let before = calls(&place);
        let resumed = place.imported(Source::Detections, &[], 0).await;
        resumed.assert_says("going on with the import of ");
        let asked: usize = asked(&place, before).iter().sum();
        assert!((20..=80).contains(&asked), "{asked} hosts");
        let (map, before, meant) = (place.map().await, all_meant(estate(1)), all_meant(estate(generation)));
        let wrong = meant
            .iter()
            .filter(|(address, results)| map.get(address) != Some(results));
        let wrong: Vec<_> = wrong.map(|(address, _)| address).collect();
        // Up to where it had been, it sees what a delta sees: not that one of several records left an address.
        assert!(
            wrong.len() <= 3 && (generation > 1 || wrong.is_empty()),
            "{generation}: {wrong:?}"
        );
        assert!(wrong.iter().all(|address| map.get(address) == before.get(address)));
        assert_eq!(place.remembered().await["cut_short"], Value::Null);
        place.imported(Source::Detections, &[], 0).await;
        place.assert_is_estate(Source::Detections, generation).await;
    }
}

#[tokio::test]
async fn it_begins_anew_where_that_is_too_long_ago_or_of_other_settings() {
    for settings in [
        ["qualys.adopt_within=0s"],
        ["selection.min_severity=2"],
        ["detections.max_scan_age=360d"],
    ] {
        let place = stopped().await;
        let before = calls(&place);
        place.imported(Source::Detections, &settings, 0).await;
        let asked: usize = asked(&place, before).iter().sum();
        assert!(asked > 120, "{settings:?}: {asked} hosts");
    }
    // A run of changes that was cut short isn't enough for one of every host.
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.a_minute_passes();
    place.becomes(1);
    place
        .qualys
        .set_faults(vec!["status=500@detections:2-60".parse().unwrap()]);
    let small = ["detections.changed_within=last", "detections.hosts_per_call=5"];
    place.imported(Source::Detections, &small, 69).await;
    place.qualys.set_faults(Vec::new());
    let before = calls(&place);
    place.imported(Source::Detections, &[], 0).await;
    assert!(asked(&place, before).iter().sum::<usize>() > 120);
    place.assert_is_estate(Source::Detections, 1).await;
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_or_killed_is_gone_on_with() {
    for signal in ["TERM", "KILL"] {
        let place = Place::new().await;
        place.becomes(1);
        place
            .qualys
            .set_faults(vec!["delay=400ms@detections:3-60".parse().unwrap()]);
        let mut import = place.import(Source::Detections, &[]);
        import.args(["--summary", "json"]);
        let running = Running::of(import);
        support::until("a third call", || calls(&place) > 2).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        running.signal(signal);
        running.ended().await;
        place.qualys.set_faults(Vec::new());
        let before = calls(&place);
        place.imported(Source::Detections, &[], 0).await;
        let asked: usize = asked(&place, before).iter().sum();
        assert!(asked < 120, "{signal}: {asked} hosts");
        place.assert_is_estate(Source::Detections, 1).await;
    }
}

#[tokio::test]
async fn a_run_of_a_shorter_time_is_not_gone_on_with_for_a_longer_one() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    place
        .qualys
        .set_faults(vec!["status=500@detections:2-60".parse().unwrap()]);
    let shorter = ["detections.changed_within=26h"];
    place.imported(Source::Detections, &shorter, 69).await;
    place.qualys.set_faults(Vec::new());
    assert_ne!(place.remembered().await["cut_short"]["changed_since"], Value::Null);
    let longer = ["detections.changed_within=30d"];
    let ended = place.imported(Source::Detections, &longer, 0).await;
    assert!(!ended.stderr.contains("going on with"), "{}", ended.stderr);
    let (now, since) = changes_asked(&place);
    let days = now.duration_since(since).unwrap().as_secs_f64() / 86_400.0;
    assert!((29.99..30.01).contains(&days), "{days} days");
    place.assert_holds_estate(1).await;
}
