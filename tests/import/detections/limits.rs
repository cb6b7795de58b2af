//! Limits: of time, of calls, and of hosts in the network map.

use std::time::Duration;

use connector_lab::qualys::Limits;
use support::Ended;

use super::*;

async fn limited(limits: Limits) -> Qualys {
    of_estate(qualys::Options {
        report: estate(),
        limits,
        ..qualys::Options::default()
    })
    .await
}

/// How often the summary says this, and how often the log does.
fn said(ended: &Ended, words: &str) -> (usize, usize) {
    let summary = ended.summary();
    let remarks = summary["remarks"].as_array().unwrap();
    let remarks = remarks.iter().filter(|remark| remark.as_str().unwrap().contains(words));
    (remarks.count(), ended.stderr.matches(words).count())
}

#[tokio::test]
async fn at_the_deadline_hosts_are_whole_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = limited(Limits {
        rate_limit: 3,
        ..Limits::default()
    })
    .await;
    let center = center(management_center::Options::default()).await;
    let ended = run(importing(&folder, &center, &qualys, &["qualys.deadline=10s"])).await;
    let summary = ended.assert_code(75).summary();
    ended.assert_says("the subscription's calls of this window are used up");
    assert!(summary["hosts"]["missing"].as_u64().unwrap() > 0, "{summary}");
    center.idle().await;
    let (held, all) = (held(&center.network_map()), all_meant(estate()));
    assert!(
        held.iter().all(|(address, results)| all[address] == *results),
        "half a host"
    );
    assert_eq!(summary["hosts"]["acknowledged"], held.len());
    assert!(
        !held.is_empty() && held.len() < all.len(),
        "{} of {}",
        held.len(),
        all.len()
    );
}

#[tokio::test]
async fn the_time_that_sending_takes_is_no_part_of_the_deadline_at_qualys() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = support::faulty(Faults {
        slow_answers: Duration::from_millis(300),
        ..Faults::default()
    })
    .await;
    run(importing(&folder, &center, &qualys, &["qualys.deadline=3s"]))
        .await
        .assert_code(0);
    center.idle().await;
    assert_eq!(held(&center.network_map()), all_meant(estate()));
    let requests = qualys.requests();
    let asked: Vec<f64> = requests
        .iter()
        .filter(|request| request.action == "detections")
        .map(|request| request.at)
        .collect();
    assert!(
        asked[asked.len() - 1] - asked[0] > 3.0,
        "not slow enough to tell: {asked:?}"
    );
}

/// There are six batches, and each interface has calls of its own.
#[tokio::test]
async fn calls_for_detections_that_arent_left_are_said_once() {
    let warning = "5 more calls for detections are needed, and 3 are left of the subscription's: the import waits for \
                   more (raise detections.hosts_per_call to need fewer)";
    for (rate_limit, warning) in [(4, warning), (6, "")] {
        let folder = tempfile::tempdir().unwrap();
        let qualys = limited(Limits {
            rate_limit,
            rate_window: Duration::from_secs(3),
            ..Limits::default()
        })
        .await;
        let center = center(management_center::Options::default()).await;
        let ended = run(importing(&folder, &center, &qualys, &[])).await;
        ended.assert_code(0).assert_says(warning);
        let times = usize::from(!warning.is_empty());
        assert_eq!(
            said(&ended, "calls for detections are needed"),
            (times, times),
            "{rate_limit}"
        );
        center.idle().await;
        assert_eq!(held(&center.network_map()), all_meant(estate()), "{rate_limit}");
    }
}

#[tokio::test]
async fn more_hosts_than_the_network_map_holds_are_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let all = all_meant(estate()).len();
    for (limit, times) in [(40, 1), (all - 1, 1), (all, 0)] {
        let center = center(management_center::Options::default()).await;
        let setting = format!("management_center.host_limit={limit}");
        let ended = run(importing(&folder, &center, &qualys, &[&setting])).await;
        ended.assert_code(0);
        let warning = format!("hosts are told of, and the network map holds {limit} (management_center.host_limit)");
        assert_eq!(said(&ended, &warning), (times, times), "{limit}");
    }
}
