//! Hosts that left: when they are cleared, and when not.

use connector_lab::management_center::Faults;

use super::*;

#[tokio::test]
async fn they_are_cleared_by_the_next_import_of_every_host() {
    for source in [Source::Reports, Source::Detections] {
        let place = Place::new().await;
        let first = place.imported(source, &[], 0).await;
        assert_eq!(left(&first), Some(0));
        for generation in 1..4 {
            place.becomes(generation);
            let next = place.imported(source, &[], 0).await;
            assert!(left(&next) > Some(0), "{}", next.stdout);
            assert_eq!(next.summary()["hosts"]["left"], next.summary()["hosts"]["left_cleared"]);
            place.assert_is_estate(source, generation).await;
            let again = place.imported(source, &[], 0).await;
            assert_eq!(left(&again), Some(0));
        }
        let remembered = place.remembered().await;
        assert_eq!(remembered["hosts"], place.map().await.len());
    }
}

#[tokio::test]
async fn templates_that_are_delivered_one_by_one_are_looked_at_together() {
    let place = Place::new().await;
    let disjoint = ["commands.templates=disjoint", "qualys.template_ids=424242,535353"];
    place.imported(Source::Reports, &disjoint, 0).await;
    let again = place.imported(Source::Reports, &disjoint, 0).await;
    let left = again.whole_summary()["templates"][1]["hosts"]["left"].clone();
    assert_eq!(left, 0, "{}", again.stdout);
}

#[tokio::test]
async fn none_is_cleared_by_a_run_that_does_not_see_them_all() {
    let whole = Source::Detections;
    let cases: [(Source, &[&str], Option<&str>, i32); 8] = [
        (whole, &["detections.changed_within=12h"], None, 0),
        (whole, &["detections.shard=2/2"], None, 0),
        (whole, &["commands.mode=merge"], None, 0),
        (whole, &["commands.clear_clean_hosts=n"], None, 0),
        (whole, &[], Some("status=500@detections:2-8"), 69),
        (whole, &[], Some("status=500@host-list:1-9"), 69),
        (
            Source::Reports,
            &["qualys.template_ids=424242,535353"],
            Some("status=500@fetch:2-9"),
            69,
        ),
        (
            Source::Reports,
            &["qualys.template_ids=424242,535353", "qualys.template_index=0"],
            None,
            0,
        ),
    ];
    for (source, settings, fault, code) in cases {
        let place = Place::new().await;
        // Twice, as settings that changed keep everybody from being cleared by themselves.
        let before: Vec<&str> = settings
            .iter()
            .copied()
            .filter(|setting| !setting.contains("changed_within"))
            .collect();
        place.imported(source, &before, 0).await;
        place.becomes(1);
        let stale = place.stale(1).await;
        place
            .qualys
            .set_faults(fault.iter().map(|fault| fault.parse().unwrap()).collect());
        let ended = place.imported(source, settings, code).await;
        assert_eq!(
            ended.whole_summary()["templates"][0]["hosts"]["left"],
            Value::Null,
            "{settings:?}"
        );
        let now = place.stale(1).await;
        assert!(now > 0 && now >= stale, "{settings:?} {fault:?}: {stale}, then {now}");
    }
}

#[tokio::test]
async fn more_than_a_share_of_them_are_kept_until_that_is_allowed() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    let stale = place.stale(1).await;
    let refused = place
        .imported(Source::Detections, &["commands.max_cleared=0%"], 65)
        .await;
    let summary = refused.summary();
    assert!(summary["hosts"]["left"].as_u64() > Some(0));
    assert_eq!(summary["hosts"]["left_cleared"], Value::Null);
    assert_eq!(
        summary["left_hosts"].as_array().map(Vec::len),
        summary["hosts"]["left"].as_u64().map(|left| left as usize)
    );
    refused.assert_says("which is more than commands.max_cleared allows: none of them is cleared");
    refused.assert_says("--set commands.max_cleared=100%");
    assert!(place.stale(1).await >= stale);

    // A plan names them, and changes nothing.
    let remembered = place.remembered().await;
    let mut plan = place.import(Source::Detections, &["commands.max_cleared=100%"]);
    plan.arg("--plan");
    let plan = run(plan).await;
    let planned = plan.assert_code(0).summary();
    assert_eq!(planned["left_hosts"], summary["left_hosts"]);
    assert_eq!(planned["hosts"]["left_cleared"], summary["hosts"]["left"]);
    assert_eq!(
        planned["plan"]["cleared"]["hosts"].as_u64(),
        Some(planned["hosts"]["to_clear"].as_u64().unwrap())
    );
    let mut plan = place.import(Source::Detections, &[]);
    plan.args(["--plan", "--summary", "text"]);
    let named = Running::of(plan).ended().await.stdout;
    for host in summary["left_hosts"].as_array().unwrap() {
        assert!(named.contains(host.as_str().unwrap()), "{host}: {named}");
    }
    let mut after = place.remembered().await;
    // Whoever opens it may tidy it up.
    after["bytes"] = remembered["bytes"].clone();
    assert_eq!(after, remembered);
    assert!(place.stale(1).await >= stale);

    place
        .imported(Source::Detections, &["commands.max_cleared=100%"], 0)
        .await;
    place.assert_is_estate(Source::Detections, 1).await;
}

#[tokio::test]
async fn settings_that_changed_keep_them_once() {
    let place = Place::new().await;
    let narrower = ["selection.min_severity=2"];
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    let stale = place.stale(1).await;
    let changed = place.imported(Source::Detections, &narrower, 0).await;
    changed.assert_says("the settings that decide what is imported have changed since the last run");
    assert_eq!(left(&changed), Some(0));
    assert!(place.stale(1).await >= stale && stale > 0);
    let next = place.imported(Source::Detections, &narrower, 0).await;
    assert!(left(&next) > Some(0));
    // What is out of scope by now leaves, too.
    place
        .imported(Source::Detections, &["selection.ip_ranges=10.0.0.0/27"], 0)
        .await;
    place
        .imported(
            Source::Detections,
            &["selection.ip_ranges=10.0.0.0/27", "commands.max_cleared=100%"],
            0,
        )
        .await;
    let range: ipnet::IpNet = "10.0.0.0/27".parse().unwrap();
    assert!(place.map().await.keys().all(|address| range.contains(address)));
}

#[tokio::test]
async fn an_import_into_elsewhere_clears_nobody() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    let elsewhere = ["commands.scanner=Other"];
    let other = place.imported(Source::Detections, &elsewhere, 0).await;
    other.assert_says("give each import a state.dir of its own");
    assert_eq!(left(&other), Some(0));
    assert_eq!(left(&place.imported(Source::Detections, &elsewhere, 0).await), Some(0));
    assert!(place.stale(1).await > 0, "what the first scanner's name holds stays");
}

#[tokio::test]
async fn hosts_that_this_import_created_are_deleted_if_that_is_wanted() {
    let place = Place::new().await;
    place.imported(Source::Detections, &["commands.add_host=y"], 0).await;
    place.becomes(1);
    let before = place.center.network_map().hosts.len();
    let ended = place
        .imported(Source::Detections, &["commands.delete_left_hosts=y"], 0)
        .await;
    let summary = ended.summary();
    assert!(summary["hosts"]["deleted"].as_u64() > Some(0));
    assert_eq!(summary["hosts"]["deleted"], summary["hosts"]["left"]);
    place.center.idle().await;
    let after = place.center.network_map().hosts;
    assert!(after.len() < before + 20);
    for host in summary["left_hosts"].as_array().unwrap() {
        let address: IpAddr = host.as_str().unwrap().parse().unwrap();
        assert!(!after.contains_key(&address), "{address}");
    }
    place.assert_is_estate(Source::Detections, 1).await;
}

/// Hosts are deleted only after all of them were cleared.
#[tokio::test]
async fn a_host_of_which_something_is_refused_stays_known_and_the_others_are_deleted() {
    let place = Place::new().await;
    let delete = ["commands.delete_left_hosts=y"];
    place.imported(Source::Detections, &delete, 0).await;
    place.becomes(4);
    let mut plan = place.import(Source::Detections, &delete);
    plan.arg("--plan");
    let named = run(plan).await.assert_code(0).summary()["left_hosts"].clone();
    let gone: Vec<IpAddr> = serde_json::from_value(named.clone()).unwrap();
    assert!(gone.len() > 2, "{gone:?}");

    place.center.set_faults(Faults {
        drop_lines: vec![format!("DeleteScanResult,{},", gone[1])],
        ..Faults::default()
    });
    let refused = place.imported(Source::Detections, &delete, 76).await;
    let summary = refused.summary();
    assert_eq!(summary["refusals"][0]["host"], gone[1].to_string());
    assert_eq!(summary["hosts"]["left_cleared"], gone.len() - 1);
    place.center.idle().await;
    let hosts = place.center.network_map().hosts;
    let kept: Vec<_> = gone.iter().filter(|address| hosts.contains_key(address)).collect();
    assert_eq!(kept, [&gone[1]]);

    place.center.set_faults(Faults {
        drop_lines: vec![format!("DeleteHost,{}", gone[1])],
        ..Faults::default()
    });
    let refused = place.imported(Source::Detections, &delete, 76).await.summary();
    assert_eq!(
        (&refused["hosts"]["left_cleared"], &refused["hosts"]["deleted"]),
        (&1.into(), &0.into())
    );
    place.center.set_faults(Faults::default());
    let accepted = place.imported(Source::Detections, &delete, 0).await;
    let summary = accepted.summary();
    assert_eq!(summary["left_hosts"], serde_json::json!([gone[1]]));
    assert_eq!(summary["hosts"]["deleted"], 1);
    place.center.idle().await;
    let hosts = place.center.network_map().hosts;
    assert!(!gone.iter().any(|address| hosts.contains_key(address)));
    place.assert_is_estate(Source::Detections, 4).await;
    assert_eq!(left(&place.imported(Source::Detections, &delete, 0).await), Some(0));
}
