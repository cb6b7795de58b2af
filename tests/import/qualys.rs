//! From the lab's Qualys to the lab's Management Center.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use connector_lab::management_center::{ManagementCenter, Options};
use connector_lab::qualys::{self, Qualys, Times};
use connector_lab::report::Report;

use crate::support::{Results, center, held, meant, run, sending, small};

async fn qualys(options: qualys::Options) -> Qualys {
    let options = qualys::Options {
        user: Some("dirk_g".to_owned()),
        password: Some("d0ntp@n1c".to_owned()),
        ..options
    };
    Qualys::start(options).await.unwrap()
}

fn importing(folder: &Path, center: &ManagementCenter, qualys: &Qualys, templates: &str) -> Command {
    let mut command = sending(folder, center);
    command
        .args(["-multiinfo", templates, "--set", "qualys.poll_interval=100ms"])
        .args(["--set", &format!("qualys.url={}", qualys.url())])
        .args(["--set", &format!("qualys.ca_file={}", qualys.ca_pem_path().display())])
        .env("QC_QUALYS__USER_ID", "dirk_g")
        .env("QC_QUALYS__PASSWORD", "d0ntp@n1c");
    command
}

fn count(qualys: &Qualys, action: &str) -> usize {
    let requests = qualys.requests();
    requests.iter().filter(|request| request.action == action).count()
}

#[tokio::test]
async fn overlapping_templates_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(60);
    let qualys = qualys(qualys::Options {
        times: Times::instant(),
        distinct: true,
        report: options.clone(),
        ..qualys::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let mut places: BTreeMap<_, std::collections::BTreeSet<_>> = BTreeMap::new();
    for template in [424_242, 535_353] {
        for (address, results) in meant(&Report::new(options.of_template(template)).unwrap().expected()) {
            places.entry(address).or_default().extend(place(results));
        }
    }
    for _ in 0..2 {
        run(importing(folder.path(), &center, &qualys, "424242,535353"))
            .await
            .assert_code(0);
        center.idle().await;
        let held = held(&center.network_map());
        let held: BTreeMap<_, _> = held
            .into_iter()
            .map(|(address, results)| (address, place(results)))
            .collect();
        assert_eq!(held, places);
    }
    assert_eq!((count(&qualys, "launch"), count(&qualys, "delete")), (4, 4));
}

/// Where what was found; two templates may tell it in different words.
fn place(results: Results) -> std::collections::BTreeSet<(String, Option<u16>, Option<u8>)> {
    results
        .into_iter()
        .map(|(id, port, protocol, ..)| (id, port, protocol))
        .collect()
}

#[tokio::test]
async fn a_killed_import_is_taken_up_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(40);
    let qualys = qualys(qualys::Options {
        times: Times {
            build_time: Duration::from_secs(3),
            ..Times::instant()
        },
        report: options.clone(),
        ..qualys::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let mut child = importing(folder.path(), &center, &qualys, "424242").spawn().unwrap();
    let begun = Instant::now();
    while count(&qualys, "launch") == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is launched");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    run(importing(folder.path(), &center, &qualys, "424242"))
        .await
        .assert_code(0);
    center.idle().await;
    assert_eq!(count(&qualys, "launch"), 1);
    assert_eq!(
        held(&center.network_map()),
        meant(&Report::new(options).unwrap().expected())
    );
}

#[tokio::test]
async fn a_refused_login_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(qualys::Options::default()).await;
    let center = center(Options::default()).await;
    let mut command = importing(folder.path(), &center, &qualys, "424242");
    command.env("QC_QUALYS__PASSWORD", "canary-4711");
    let ended = run(command).await;
    ended.assert_code(77);
    assert_eq!(qualys.requests().len(), 1);
    assert!(!ended.stderr.contains("canary-4711") && !ended.stdout.contains("canary-4711"));
    assert_eq!(center.network_map().counters.connections, 0);
}
