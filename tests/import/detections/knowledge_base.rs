//! Titles and CVEs: without the right to them, in few calls, and from a saved answer.

use super::*;

#[tokio::test]
async fn without_the_right_to_the_knowledge_base_nothing_is_sent_unless_it_may_be_without() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = of_estate(qualys::Options {
        report: estate(),
        knowledge_base: Right::ErrorDocument,
        ..qualys::Options::default()
    })
    .await;
    let center = center(management_center::Options::default()).await;
    let ended = run(importing(&folder, &center, &qualys, &[])).await;
    ended
        .assert_code(77)
        .assert_says("the KnowledgeBase isn't given to this account");
    assert_eq!(center.network_map().counters.connections, 0);
    assert_eq!(count(&qualys, &Action::KnowledgeBase.to_string()), 1);
    let ended = run(importing(&folder, &center, &qualys, &["detections.knowledge_base=n"])).await;
    ended
        .assert_code(0)
        .assert_says("nothing of this import can raise an event's impact");
    center.idle().await;
    let held = held(&center.network_map());
    assert_eq!(held.len(), all_meant(estate()).len());
    assert!(
        held.values()
            .flatten()
            .all(|(.., title, cves)| title.starts_with("QID ") && cves.is_empty())
    );
}

#[tokio::test]
async fn calls_at_the_same_time_ask_the_knowledge_base_once() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = of_estate(qualys::Options {
        report: estate(),
        knowledge_base: Right::Page,
        ..qualys::Options::default()
    })
    .await;
    let center = center(management_center::Options::default()).await;
    let ended = run(importing(&folder, &center, &qualys, &["detections.parallel_calls=2"])).await;
    ended
        .assert_code(77)
        .assert_says("the KnowledgeBase isn't given to this account");
    assert_eq!(count(&qualys, "detections"), 2);
    assert_eq!(count(&qualys, &Action::KnowledgeBase.to_string()), 1);
    assert_eq!(center.network_map().counters.connections, 0);
}

#[tokio::test]
async fn calls_are_as_few_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let many_qids = report::Options { qids: 700, ..estate() };
    let all = all_meant(many_qids.clone());
    for settings in [
        &["detections.hosts_per_call=6"][..],
        &["detections.hosts_per_call=6", "csv.file=out.csv"],
    ] {
        let qualys = with(many_qids.clone(), &[]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, settings)).await.assert_code(0);
        let [batches, look_ups] = ["detections", "knowledge-base"].map(|action| count(&qualys, action));
        assert!((20..=30).contains(&batches), "{batches}");
        // The first two batches don't wait for others.
        assert!(
            look_ups <= 2 + 700_usize.div_ceil(300),
            "{look_ups} of {batches} batches"
        );
        center.idle().await;
        if settings.len() == 1 {
            assert_eq!(held(&center.network_map()), all);
        }
    }
}

#[tokio::test]
async fn a_saved_answer_is_imported_like_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(management_center::Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args([
        "--report",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/detections.xml"),
    ]);
    let ended = run(command).await;
    let summary = ended.assert_code(0).summary();
    assert_eq!(
        (&summary["findings"]["acknowledged"], &summary["hosts"]["cleared"]),
        (&3.into(), &0.into())
    );
    ended.assert_says("no host is cleared: a saved answer doesn't say which findings were asked for");
    ended.assert_says("no vulnerability is described, since report.knowledge_base names no saved answer");
    center.idle().await;
    let hosts: Vec<String> = held(&center.network_map()).keys().map(IpAddr::to_string).collect();
    assert_eq!(hosts, ["10.0.0.1", "2001:db8::5"]);
}

#[tokio::test]
async fn a_saved_knowledge_base_describes_a_saved_answer() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |name: &str| format!("{}/tests/reports/{name}", env!("CARGO_MANIFEST_DIR"));
    let import = |center: &ManagementCenter, knowledge_base: &str| {
        let mut command = sending(folder.path(), center);
        command.args(["--report", &saved("detections.xml")]);
        command.args(["--set", &format!("report.knowledge_base={knowledge_base}")]);
        command
    };
    let center = center(management_center::Options::default()).await;
    let ended = run(import(&center, &saved("knowledge_base.xml"))).await;
    ended
        .assert_code(0)
        .assert_says("1 QID is missing from the KnowledgeBase");
    center.idle().await;
    let held = held(&center.network_map());
    let described = held.values().flatten().filter(|(.., cves)| !cves.is_empty());
    assert_eq!(described.count(), 2, "{held:?}");
    // What can't be used changes nothing.
    for (file, says) in [
        (
            saved("detections.xml"),
            "report.knowledge_base and report.file are one file",
        ),
        (
            saved("oddities.xml"),
            "report.knowledge_base: the answer's root element is ASSET_DATA_REPORT",
        ),
        ("nowhere.xml".to_owned(), "nowhere.xml can't be opened"),
    ] {
        let before = center.network_map().counters.connections;
        let ended = run(import(&center, &file)).await;
        ended.assert_says(says);
        assert_ne!(ended.code, Some(0), "{file}");
        assert_eq!(center.network_map().counters.connections, before);
    }
}
