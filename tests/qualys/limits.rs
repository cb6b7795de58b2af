//! The subscription's limits of calls, kept without a refusal.

use std::time::{Duration, Instant};

use connector_lab::qualys::{LimitHeaders, Limits, Options};
use connector_lab::report;
use futures_util::future::join_all;
use qualys_connector::problem::Reason;
use qualys_connector::qualys::Settings;

use crate::lab::{actions, options, start};
use crate::{client, obtain, run};

#[tokio::test]
async fn two_hundred_templates_fit_into_three_hundred_calls_an_hour_without_one_refusal() {
    let (qualys, settings) = start(Options {
        speed: 1800.0,
        limits: Limits {
            rate_limit: 300,
            ..Limits::default()
        },
        report: report::Options {
            hosts: 1,
            findings: 1,
            qids: 20,
            ..report::Options::default()
        },
        ..options(&[])
    })
    .await;
    let settings = Settings {
        poll_interval: Duration::from_millis(1),
        deadline: Duration::from_secs(60),
        ..settings
    };
    let started = Instant::now();
    let client = client(&settings);
    for template in 1..=200 {
        obtain(&client, template).await.unwrap();
    }
    let usage = client.close().await;
    assert!(
        qualys.requests().iter().all(|request| request.status == Some(200)),
        "none was refused"
    );
    assert_eq!(
        usage.calls(),
        1 + 200 * 4,
        "one list for all, then launch, list, fetch, delete"
    );
    assert!(
        started.elapsed() >= Duration::from_secs(2 * 2),
        "two full windows were waited for"
    );
    assert!(usage.waited[&Reason::RateLimit] > Duration::ZERO);
}

#[tokio::test]
async fn a_wait_that_is_told_without_its_header_is_kept_to_as_well() {
    join_all([LimitHeaders::NoWait, LimitHeaders::None].map(async |limit_headers| {
        let (qualys, settings) = start(Options {
            speed: 3600.0,
            limits: Limits {
                rate_limit: 3,
                limit_headers,
                ..Limits::default()
            },
            ..options(&[])
        })
        .await;
        run(&settings).await.0.unwrap();
        let refused = qualys
            .requests()
            .iter()
            .filter(|request| request.status == Some(409))
            .count();
        assert_eq!(refused, 1, "the wait was told once and kept to: {:?}", actions(&qualys));
    }))
    .await;
}
