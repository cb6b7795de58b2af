//! Estates that change addresses, and those of which a user has disabled something.

use std::collections::BTreeMap;

use super::*;

/// An estate in which each day changes half of the hosts, and addresses that are left are taken by others a day later.
fn day(generation: u32) -> report::Options {
    report::Options {
        generation,
        changing: 50,
        reused_addresses: true,
        ..estate()
    }
}

#[tokio::test]
async fn an_address_that_was_left_has_the_findings_of_the_host_that_took_it() {
    let names = |generation| -> BTreeMap<_, _> {
        let hosts = report::Report::new(day(generation)).unwrap().expected().hosts;
        let named = hosts.into_iter().filter_map(|host| Some((host.address, host.dns?)));
        named.collect()
    };
    let (before, now) = (names(1), names(3));
    let taken = now
        .iter()
        .filter(|(address, name)| before.get(*address).is_some_and(|before| before != *name));
    assert!(taken.count() > 1, "some were taken");

    let (_qualys, settings) = start(Options {
        report: day(3),
        ..of_estate(&[])
    })
    .await;
    let whole = reported(day(3));
    let all = run(&settings, detection_settings()).await.unwrap();
    assert_eq!(said(&all), whole);
    let delta = DetectionSettings {
        changed_within: Some(ChangeWindow::Within(Duration::from_secs(12 * 3600))),
        ..detection_settings()
    };
    let part = said(&run(&settings, delta).await.unwrap());
    assert!(part.iter().all(|host| whole.contains(host)), "a host came in part");
    let yesterday = reported(day(2));
    let changed = whole.iter().filter(|host| !yesterday.contains(host));
    let missed: Vec<_> = changed.filter(|host| !part.contains(host)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn what_is_disabled_is_left_out_as_in_reports_and_counted() {
    let some_disabled = report::Options {
        disabled: 10,
        ..estate()
    };
    let (_qualys, settings) = start(Options {
        report: some_disabled.clone(),
        ..of_estate(&[])
    })
    .await;
    let selected = run(&settings, detection_settings()).await.unwrap();
    assert_eq!(said(&selected), reported(some_disabled));
    assert!(selected.counts().findings_left_out.get(LeftOut::Disabled) > 0);
}
