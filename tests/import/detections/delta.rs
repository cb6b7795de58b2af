//! Only what changed, held against reports of everything.

use super::*;

/// What the reports of an estate and of the same estate a day later leave.
async fn left_by_reports(folder: &tempfile::TempDir) -> BTreeMap<IpAddr, Results> {
    let center = center(management_center::Options::default()).await;
    for estate in [estate(), a_day_later()] {
        let qualys = with(estate, &[]).await;
        let import = from_qualys(sending(folder.path(), &center), &qualys, "424242");
        run(import).await.assert_code(0);
    }
    center.idle().await;
    held(&center.network_map())
}

/// The generation before was processed a day earlier.
const DELTA: &str = "detections.changed_within=12h";

#[tokio::test]
async fn a_delta_leaves_what_a_report_of_everything_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let reported = left_by_reports(&folder).await;
    let ways: [&[&str]; 3] = [
        &["management_center.window=1"],
        &["management_center.window=4", "detections.parallel_calls=2"],
        &["detections.shard=1/2", "detections.shard=2/2"],
    ];
    for settings in ways {
        let qualys = with(estate(), &[]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, &[])).await.assert_code(0);
        qualys.set_estate(a_day_later()).unwrap();
        let before = count(&qualys, "detections");
        let shards: Vec<Vec<&str>> = match settings[0].contains("shard") {
            true => settings.iter().map(|shard| vec![*shard, DELTA]).collect(),
            false => vec![[settings, &[DELTA]].concat()],
        };
        for settings in shards.iter().chain(&shards) {
            run(importing(&folder, &center, &qualys, settings)).await.assert_code(0);
        }
        center.idle().await;
        assert_eq!(ipv4(&held(&center.network_map())), reported, "{settings:?}");
        // Twice, and a quarter of the hosts each time.
        assert!(count(&qualys, "detections") - before <= 8, "{settings:?}");
        let nothing = run(importing(&folder, &center, &qualys, &["detections.changed_within=1s"])).await;
        nothing.assert_code(0);
        assert_eq!(nothing.summary()["hosts"]["selected"], 0);
    }
}

#[tokio::test]
async fn a_delta_passes_any_single_fault_and_goes_by_the_clock_at_qualys() {
    let folder = tempfile::tempdir().unwrap();
    let reported = left_by_reports(&folder).await;
    let faults = [
        "status=503@host-list:2",
        "cut-close=300@host-list:2",
        "empty@host-list:1",
        "cut-close=3000@detections:1",
        "reset@detections:1",
        "status=500@knowledge-base:1",
        // This machine's clock is a day ahead, or behind.
        "clock=-86400",
        "clock=86400",
    ];
    for fault in faults {
        let qualys = with(estate(), &[]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, &[])).await.assert_code(0);
        qualys.set_estate(a_day_later()).unwrap();
        qualys.set_faults(vec![fault.parse().unwrap()]);
        let settings = match fault.starts_with("clock") {
            // The lab's Date header is off, its records aren't.
            true => "detections.changed_within=36h",
            false => DELTA,
        };
        run(importing(&folder, &center, &qualys, &[settings]))
            .await
            .assert_code(0);
        center.idle().await;
        assert_eq!(ipv4(&held(&center.network_map())), reported, "{fault}");
    }
}
