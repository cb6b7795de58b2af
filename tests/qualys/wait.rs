use std::time::{Duration, Instant};

use qualys_connector::problem::Reason;
use qualys_connector::qualys::Settings;
use support::scripted::{ID, Scripted, empty_list, list};

use crate::{POLL, failure, run, settings};

#[tokio::test]
async fn a_report_is_awaited_by_its_list_with_growing_pauses() {
    let qualys = Scripted::start();
    qualys.then("list", empty_list());
    for state in ["Submitted", "Running", "Running", "Counting stars", "Finished"] {
        qualys.then("list", list(&[(ID, "any title", 0, state)]));
    }
    let (report, usage) = run(&settings(&qualys.url())).await;
    report.unwrap();
    assert_eq!(
        qualys.actions(),
        [
            "list", "launch", "list", "list", "list", "list", "list", "fetch", "delete"
        ]
    );
    let pauses = &qualys.pauses("list")[1..];
    assert!(pauses[0] >= POLL * 5 / 4 && pauses[3] >= POLL * 2, "{pauses:?}");
    assert!(usage.waited[&Reason::Running] >= POLL * 8, "{usage:?}");
}

#[tokio::test]
async fn a_report_may_be_missing_from_the_list_twice() {
    let qualys = Scripted::start();
    for _ in 0..3 {
        qualys.then("list", empty_list());
    }
    run(&settings(&qualys.url())).await.0.unwrap();
    assert_eq!(
        qualys.actions(),
        ["list", "launch", "list", "list", "list", "fetch", "delete"]
    );
}

#[tokio::test]
async fn a_report_that_stays_missing_is_given_up() {
    let qualys = Scripted::start();
    for _ in 0..4 {
        qualys.then("list", empty_list());
    }
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @"wait at HOST: report 4711 isn't in Qualys' list; somebody deleted it, or Qualys lost it: run again");
    assert_eq!(exit.code(), 75);
    assert_eq!(qualys.actions(), ["list", "launch", "list", "list", "list"]);
}

#[tokio::test]
async fn a_report_that_failed_or_was_cancelled_ends_the_wait_and_is_deleted() {
    for state in ["Errors", "Canceled"] {
        let qualys = Scripted::start();
        qualys
            .then("list", empty_list())
            .then("list", list(&[(ID, "any title", 0, state)]));
        let (sentence, exit) = failure(&settings(&qualys.url())).await;
        match state {
            "Errors" => {
                insta::assert_snapshot!(sentence, @r#"wait at HOST: Qualys failed to make report 4711 ("as it is"); try the template in Qualys itself"#);
            }
            _ => {
                insta::assert_snapshot!(sentence, @r#"wait at HOST: report 4711 was cancelled by somebody at Qualys ("as it is"); run again"#);
            }
        }
        assert_eq!(exit.code(), 65);
        assert_eq!(qualys.actions(), ["list", "launch", "list", "delete"]);
    }
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_running_until_the_deadline_and_left_for_the_next_run() {
    let qualys = Scripted::start();
    qualys.then("list", empty_list());
    qualys.times(50, "list", &list(&[(ID, "any title", 0, "Counting stars")]));
    let settings = Settings {
        deadline: Duration::from_secs(3),
        ..settings(&qualys.url())
    };
    let started = Instant::now();
    let (sentence, exit) = failure(&settings).await;
    assert!(started.elapsed() < settings.deadline);
    let (before, after) = sentence.split_once("come back after ").unwrap();
    insta::assert_snapshot!(before, @"wait at HOST: report 4711 is still being made (Counting stars, 50 %) and qualys.deadline is reached;");
    assert!(after.ends_with("Z, the next run goes on with it"), "{after}");
    assert_eq!(exit.code(), 75);
    let actions = qualys.actions();
    assert!(actions.len() >= 5, "{actions:?}");
    assert_eq!(actions.last().unwrap(), "list");
}

#[tokio::test]
async fn without_adoption_a_report_that_is_late_is_cancelled() {
    let qualys = Scripted::start();
    qualys.then("list", empty_list());
    qualys.times(50, "list", &list(&[(ID, "any title", 0, "Running")]));
    let settings = Settings {
        // Long enough for the report to be launched on a slow machine: what isn't launched isn't cancelled.
        deadline: Duration::from_secs(3),
        adopt_within: Duration::ZERO,
        ..settings(&qualys.url())
    };
    let (sentence, _) = failure(&settings).await;
    assert!(sentence.ends_with(" or raise qualys.deadline"), "{sentence}");
    assert_eq!(qualys.actions().last().unwrap(), "cancel");
}
