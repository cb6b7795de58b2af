//! Clocks that were wrong: times that are still to come.

use qualys_connector::state::{CutRun, PastRun, seconds};

use super::*;

#[tokio::test]
async fn a_day_that_qualys_was_ahead_once_is_no_day_without_changes() {
    let place = Place::new().await;
    place.qualys.set_faults(vec!["clock=86400".parse().unwrap()]);
    place.imported(Source::Detections, &[LAST], 0).await;
    place.qualys.set_faults(Vec::new());
    place.becomes(1);
    place.a_minute_passes();
    let delta = place.imported(Source::Detections, &[LAST], 0).await;
    delta.assert_says("hosts are asked for that changed since the last good import");
    let (now, since) = changes_asked(&place);
    assert!(since < now, "changes since {since:?}");
    place.assert_holds_estate(1).await;
}

/// A run that began and ended in ten days.
fn to_come() -> PastRun {
    let then = seconds(SystemTime::now()) + 10 * 86_400;
    PastRun {
        begun: then,
        ended: then,
    }
}

fn both_to_come(header: &mut StateHeader) {
    (header.last, header.last_full) = (Some(to_come()), Some(to_come()));
}

fn last_to_come(header: &mut StateHeader) {
    header.last = Some(to_come());
}

fn cut_to_come(header: &mut StateHeader) {
    header.cut = Some(CutRun {
        begun: to_come().begun,
        since: None,
        reached: "2001:db8:ffff::".parse().unwrap(),
    });
}

#[tokio::test]
async fn what_is_still_to_come_is_not_fresh() {
    type Change = fn(&mut StateHeader);
    let wrong: [(Change, &[&str]); 3] = [(both_to_come, &[LAST]), (last_to_come, &[LAST]), (cut_to_come, &[])];
    for (number, (change, settings)) in wrong.into_iter().enumerate() {
        let place = Place::new().await;
        place.imported(Source::Detections, &[], 0).await;
        place.becomes(1);
        place.rewrite(change);
        let before = calls(&place);
        place.imported(Source::Detections, settings, 0).await;
        let asked: usize = asked(&place, before).iter().sum();
        assert!(asked > 120, "{number}: {asked} hosts");
        place.assert_is_estate(Source::Detections, 1).await;
        let begun = place.store().header().last.unwrap().begun;
        assert!(begun <= seconds(SystemTime::now()), "{number}: {begun}");
    }
}
