//! Batches of which a part fails for good, or every part.

use super::*;

#[tokio::test]
async fn a_host_that_always_fails_leaves_its_group_missing_and_no_other() {
    let mut others = reported(estate());
    let hosts = report::Report::new(estate()).unwrap().expected().hosts;
    // The first twenty hosts have an agent: two records of one address.
    let line = |number: usize| {
        let begin = format!("{} ", hosts[number].address);
        others.iter().position(|host| host.starts_with(&begin))
    };
    let (number, line) = (3..20).find_map(|number| Some((number, line(number)?))).unwrap();
    others.remove(line);
    // The lab numbers records from here on, two to a host.
    let id = 40_000_000 + 2 * number;
    let (qualys, settings) = start(of_estate(&[&format!("status=504@detections/{id}")])).await;
    let detections = detections(&settings, detection_settings());
    let listing = detections.list(&Selection::default()).await.unwrap();
    let (mut reports, mut failed) = (Vec::new(), Vec::new());
    for batch in listing.hosts.batches(30) {
        for part in detections.fetch(&listing.hosts, batch, Arc::default).await {
            match part.outcome {
                Ok(report) => reports.push(report),
                Err(failure) => failed.push((part.hosts, told(&qualys, &failure))),
            }
        }
    }
    let [(2, (sentence, Exit::Unavailable))] = &failed[..] else {
        panic!("{failed:?}");
    };
    assert!(sentence.contains("504"), "{sentence}");
    detections.look_up(&mut reports).await.unwrap();
    assert_eq!(said(&Selection::default().apply(merge(reports).unwrap())), others);
}

#[tokio::test]
async fn a_batch_of_which_every_part_fails_costs_few_calls() {
    let (qualys, settings) = start(Options {
        report: report::Options {
            hosts: 1_000,
            findings: 1,
            ..report::Options::default()
        },
        ..options(&["status=504@detections"])
    })
    .await;
    let detections = detections(&settings, detection_settings());
    let listing = detections.list(&Selection::default()).await.unwrap();
    let mut batches = listing.hosts.batches(1_000);
    assert_eq!(batches.len(), 1);
    let fetched = detections.fetch(&listing.hosts, batches.remove(0), Arc::default).await;
    assert!(fetched.iter().all(|part| part.outcome.is_err()));
    assert_eq!(fetched.iter().map(|part| part.hosts).sum::<u64>(), 1_000);
    let calls = calls(&qualys, Action::Detections).len();
    assert!((10..=60).contains(&calls), "{calls} calls");
}
