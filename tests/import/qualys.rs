//! From the lab's Qualys to the lab's Management Center.

use std::collections::BTreeMap;

use connector_lab::management_center::{Faults, Options};
use connector_lab::qualys::{self, Qualys, Times};
use connector_lab::report::Report;
use support::{Results, center, count, from_qualys, held, meant, qualys, run, sending, small};

/// A Qualys whose templates report the same hosts with other findings.
async fn distinct(report: connector_lab::report::Options) -> Qualys {
    qualys(qualys::Options {
        times: Times::instant(),
        distinct: true,
        report,
        ..qualys::Options::default()
    })
    .await
}

#[tokio::test]
async fn overlapping_templates_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(60);
    let qualys = distinct(options.clone()).await;
    let center = center(Options::default()).await;
    let mut places: BTreeMap<_, std::collections::BTreeSet<_>> = BTreeMap::new();
    for template in [424_242, 535_353] {
        for (address, results) in meant(&Report::new(options.of_template(template)).unwrap().expected()) {
            places.entry(address).or_default().extend(place(results));
        }
    }
    for _ in 0..2 {
        run(from_qualys(sending(folder.path(), &center), &qualys, "424242,535353"))
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

/// What the Management Center took of a host that it refused in part isn't taken away by the next template.
#[tokio::test]
async fn what_was_acknowledged_of_a_refused_host_stays() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(60);
    let qualys = distinct(options.clone()).await;
    let of = |template| meant(&Report::new(options.of_template(template)).unwrap().expected());
    let (first, second) = (of(424_242), of(535_353));
    let (victim, lost) = first
        .iter()
        .filter(|(_, results)| results.len() > 1)
        .find_map(|(address, results)| {
            let again: Vec<_> = second.get(address)?.iter().map(|result| &result.0).collect();
            Some((*address, results.iter().find(|result| !again.contains(&&result.0))?))
        })
        .unwrap();
    let center = center(Options {
        faults: Faults {
            drop_lines: vec![format!("AddScanResult,{victim},\"Qualys\",{},", lost.0)],
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    run(from_qualys(sending(folder.path(), &center), &qualys, "424242,535353"))
        .await
        .assert_code(76);
    center.idle().await;
    let mut all = place(
        first[&victim]
            .iter()
            .filter(|result| result.0 != lost.0)
            .cloned()
            .collect(),
    );
    all.extend(place(second[&victim].clone()));
    assert_eq!(place(held(&center.network_map())[&victim].clone()), all);
}

#[tokio::test]
async fn a_login_that_is_refused_is_not_tried_again_for_the_next_template() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(qualys::Options {
        times: Times::instant(),
        report: small(10),
        ..qualys::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242,535353,646464");
    command.env("QC_QUALYS__PASSWORD", "not this one");
    let ended = run(command).await;
    ended.assert_code(77);
    assert_eq!(qualys.requests().len(), 1, "{:?}", qualys.requests());
    let summary = ended.whole_summary();
    // The second was on its way beside the first.
    assert_eq!(summary["templates_not_begun"], 1, "{summary}");
    assert_eq!(center.network_map().counters.connections, 0);
}

/// Where what was found; two templates may tell it in different words.
fn place(results: Results) -> std::collections::BTreeSet<(String, Option<u16>, Option<u8>)> {
    results
        .into_iter()
        .map(|(id, port, protocol, ..)| (id, port, protocol))
        .collect()
}

#[tokio::test]
async fn a_refused_login_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(qualys::Options::default()).await;
    let center = center(Options::default()).await;
    let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242");
    command.env("QC_QUALYS__PASSWORD", "canary-4711");
    let ended = run(command).await;
    ended.assert_code(77);
    assert_eq!(qualys.requests().len(), 1);
    assert!(!ended.stderr.contains("canary-4711") && !ended.stdout.contains("canary-4711"));
    assert_eq!(center.network_map().counters.connections, 0);
}

/// cron mails whatever is said: one failure that the next attempt gets past is nothing that anybody must look at.
#[tokio::test]
async fn a_quiet_import_that_gets_past_a_fault_at_once_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let center = center(Options::default()).await;
    let told = async |fault: &str| {
        let qualys = qualys(qualys::Options {
            times: Times::instant(),
            report: small(5),
            faults: vec![fault.parse().unwrap()],
            ..qualys::Options::default()
        })
        .await;
        let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242");
        command.arg("--quiet");
        run(command).await.assert_code(0).stderr.clone()
    };
    for fault in ["status=503@list:1", "code=7001@fetch:1"] {
        assert_eq!(told(fault).await, "", "{fault}");
    }
    let warned = told("code=7001@fetch:1-2").await;
    let warnings: Vec<&str> = warned.lines().collect();
    assert!(
        warnings.len() == 1 && warnings[0].contains(r#""level":"WARN""#),
        "{warned}"
    );
    // The wait as people write it, and no advice to do later what is being done.
    let (_, wait) = warnings[0].split_once("; trying again in ").unwrap();
    let wait = wait.split('"').next().unwrap();
    assert!(wait.ends_with("ms") || wait.ends_with('s'), "{warned}");
    assert!(!wait.contains('.') && !warned.contains("run again"), "{warned}");
}
