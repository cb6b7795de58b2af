//! Public sample reports, where they are at hand, import or are refused.

use connector_lab::management_center::Options;
use support::{center, run, sending};

fn expected_code(name: &str) -> i32 {
    let refused = ["dd_test_qualys_wrong_root", "dradis_simple_was", "gq_kb_", "rq_"];
    let is_report = name == "rq_scan_report.xml" || !refused.iter().any(|start| name.starts_with(start));
    if is_report { 0 } else { 65 }
}

#[tokio::test]
async fn every_sample_imports_or_is_refused() {
    let Some(samples) = connector_lab::testing::samples("qualys") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(samples)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    paths.sort();
    let mut imported = 0;
    for path in paths {
        let center = center(Options::default()).await;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut command = sending(folder.path(), &center);
        command
            .arg("--report")
            .arg(&path)
            .args(["--set", "selection.kinds=all"]);
        let ended = run(command).await;
        assert_eq!(ended.code, Some(expected_code(&name)), "{name}: {}", ended.stderr);
        center.idle().await;
        let map = center.network_map();
        assert_eq!(map.counters.dropped_lines, 0, "{name}");
        if ended.code == Some(0) {
            let acknowledged = ended.summary()["findings"]["acknowledged"].as_u64().unwrap();
            let held = map.hosts.values().flat_map(|host| host.scanners.values());
            assert_eq!(
                acknowledged,
                held.map(|scanner| scanner.count as u64).sum::<u64>(),
                "{name}"
            );
            imported += 1;
        }
        if name == "dd_qualys_sample_report.xml" {
            assert_eq!(ended.summary()["findings"]["read"], 301);
            assert_eq!(map.hosts.len(), 7);
        }
    }
    assert!(imported >= 6, "{imported}");
}
