//! The network map says what the report says.

use connector_lab::management_center::{Options, Violations};
use connector_lab::report;
use support::{center, held, meant, run, sending, small};

#[tokio::test]
async fn every_selected_finding_arrives_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = support::report(folder.path(), small(200));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.arg("--report").arg(&path);
    let ended = run(command).await;
    let summary = ended.assert_code(0).summary();
    center.idle().await;
    let (map, meant) = (center.network_map(), meant(&expected));
    assert_eq!(held(&map), meant);
    let findings: usize = meant.values().map(|results| results.len()).sum();
    assert_eq!(summary["findings"]["acknowledged"], findings);
    assert_eq!(summary["findings"]["selected"], findings);
    let left_out = summary["findings"]["left_out"].as_object().unwrap();
    let left_out: u64 = left_out.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(summary["findings"]["read"], findings as u64 + left_out);
    assert!(summary["hosts"]["left_out"]["stand_in_address"].as_u64().unwrap() > 0);
    assert_eq!(
        (map.counters.dropped_lines, map.counters.violations),
        (0, Violations::default())
    );
}

#[tokio::test]
async fn the_same_report_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = support::report(folder.path(), small(50));
    let center = center(Options::default()).await;
    for mode in ["replace", "replace", "merge"] {
        let mut command = sending(folder.path(), &center);
        command
            .arg("--report")
            .arg(&path)
            .args(["--set", &format!("commands.mode={mode}")]);
        run(command).await.assert_code(0);
        center.idle().await;
        assert_eq!(held(&center.network_map()), meant(&expected), "{mode}");
    }
}

#[tokio::test]
async fn what_was_fixed_leaves_the_map_when_hosts_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    // The same hosts, the second time with other findings, many of them fixed.
    let later = report::Options {
        seed: 2,
        clean: 30,
        fixed: 50,
        ..small(80)
    };
    let mut meanings = Vec::new();
    for options in [small(80), later] {
        let (path, expected) = support::report(folder.path(), options);
        let mut command = sending(folder.path(), &center);
        command.arg("--report").arg(&path);
        run(command).await.assert_code(0);
        meanings.push(meant(&expected));
    }
    center.idle().await;
    let held = held(&center.network_map());
    for (address, results) in &held {
        // A host with nothing selected and nothing fixed is left as it was.
        let untouched = !meanings[1].contains_key(address) && meanings[0].get(address) == Some(results);
        assert!(untouched || meanings[1].get(address) == Some(results), "{address}");
    }
    assert!(meanings[1].keys().all(|address| held.contains_key(address)));
    assert!(
        meanings[0].keys().any(|address| !held.contains_key(address)),
        "no host became clean"
    );
}

#[tokio::test]
async fn merging_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let mut both = std::collections::BTreeMap::new();
    for seed in [1, 2] {
        let (path, expected) = support::report(folder.path(), report::Options { seed, ..small(40) });
        let mut command = sending(folder.path(), &center);
        command
            .arg("--report")
            .arg(&path)
            .args(["--set", "commands.mode=merge"]);
        run(command).await.assert_code(0);
        for (address, mut results) in meant(&expected) {
            both.entry(address)
                .or_insert_with(support::Results::new)
                .append(&mut results);
        }
    }
    center.idle().await;
    let places = |results: &support::Results| -> std::collections::BTreeSet<_> {
        results
            .iter()
            .map(|(id, port, protocol, ..)| (id.clone(), *port, *protocol))
            .collect()
    };
    let held = held(&center.network_map());
    assert_eq!(held.len(), both.len());
    assert!(
        both.iter()
            .all(|(address, results)| places(&held[address]) == places(results))
    );
}
