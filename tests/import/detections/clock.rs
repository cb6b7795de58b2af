//! Clocks that are apart: what is a day ahead or behind is told by the clock at Qualys.

use std::time::UNIX_EPOCH;

use super::*;

const DAY: i64 = 86_400;

fn seconds(date: &str) -> i64 {
    let date = humantime::parse_rfc3339(date).unwrap();
    date.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

#[tokio::test]
async fn a_delta_begins_so_long_before_the_time_at_qualys() {
    for ahead in [-DAY, DAY] {
        let folder = tempfile::tempdir().unwrap();
        let qualys = with(a_day_later(), &[&format!("clock={ahead}")]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, &["detections.changed_within=36h"]))
            .await
            .assert_code(0);
        let requests = qualys.requests();
        let asked = requests.iter().find_map(|request| {
            let since = request.parameters.get("vm_processed_after")?;
            Some((seconds(&request.time), seconds(since)))
        });
        let (now, since) = asked.unwrap();
        // The time was read from the answer before.
        let late = now + ahead - 36 * 3600 - since;
        assert!((0..60).contains(&late), "{ahead} s ahead: {late} s late");
    }
}

/// What an import leaves of hosts that were scanned one hour or 25 hours ago, and how many records are too old for it.
async fn left(faults: &[&str], max_scan_age: &str) -> (BTreeMap<IpAddr, Results>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(a_day_later(), faults).await;
    let center = center(management_center::Options::default()).await;
    let setting = format!("detections.max_scan_age={max_scan_age}");
    let ended = run(importing(&folder, &center, &qualys, &[&setting])).await;
    let too_old = &ended.assert_code(0).summary()["hosts"]["left_out"]["not_scanned"];
    center.idle().await;
    (held(&center.network_map()), too_old.as_u64().unwrap_or_default())
}

#[tokio::test]
async fn a_scan_is_as_old_as_the_time_at_qualys_says() {
    let (all, new) = (left(&[], "36h").await, left(&[], "12h").await);
    assert_eq!(all, (all_meant(a_day_later()), 0));
    assert!(!new.0.is_empty() && new.1 > 100, "{new:?}");
    assert_eq!(
        left(&["clock=86400"], "36h").await,
        new,
        "by a clock a day ahead, the older ones are older than that"
    );
    assert_eq!(
        left(&["clock=-86400"], "12h").await,
        all,
        "by a clock a day behind, none is as old"
    );
}
