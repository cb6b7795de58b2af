use std::time::{Duration, Instant};

use qualys_connector::qualys::{Ending, Settings};

use crate::scripted::{ID, Reply, Scripted, empty_list, list};
use crate::{TEMPLATE, client, run, settings};

#[tokio::test]
async fn a_report_is_kept_when_that_is_wanted() {
    let qualys = Scripted::start();
    let settings = Settings {
        keep_report: true,
        ..settings(&qualys.url())
    };
    run(&settings).await.0.unwrap();
    assert_eq!(qualys.actions().last().unwrap(), "fetch");
}

#[tokio::test]
async fn an_abort_cancels_what_is_running_even_when_the_wait_was_dropped() {
    let qualys = Scripted::start();
    qualys.then("list", empty_list());
    qualys.times(50, "list", &list(&[(ID, "any title", 0, "Running")]));
    let client = client(&settings(&qualys.url()));
    let launched = client.launch(TEMPLATE).await.unwrap();
    let interrupted = tokio::time::timeout(Duration::from_millis(100), client.wait(&launched)).await;
    assert!(interrupted.is_err());
    client.tidy_up(&launched, Ending::Aborted).await;
    let last = qualys.requests().pop().unwrap();
    assert_eq!(
        (last.action().as_str(), last.parameters["id"].as_str()),
        ("cancel", "4711")
    );
}

#[tokio::test]
async fn an_abort_leaves_a_finished_report_to_the_next_run_unless_adoption_is_off() {
    for (hours, last) in [(6, "list"), (0, "delete")] {
        let qualys = Scripted::start();
        let settings = Settings {
            adopt_within: Duration::from_secs(hours * 3600),
            ..settings(&qualys.url())
        };
        let client = client(&settings);
        let launched = client.launch(TEMPLATE).await.unwrap();
        client.wait(&launched).await.unwrap();
        client.tidy_up(&launched, Ending::Aborted).await;
        assert_eq!(qualys.actions().last().unwrap(), last);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_deleted_does_not_spoil_the_import() {
    let qualys = Scripted::start();
    qualys.times(20, "delete", &Reply::refusal(409, 1920, "Blocked", ""));
    run(&settings(&qualys.url())).await.0.unwrap();
    assert_eq!(qualys.actions().iter().filter(|action| *action == "delete").count(), 1);
}

#[tokio::test]
async fn an_abort_is_quick_although_qualys_is_silent() {
    let qualys = Scripted::start();
    qualys.then(
        "cancel",
        Reply::refusal(409, 1965, "Too many calls", "SECONDS_TO_WAIT=60"),
    );
    let client = client(&settings(&qualys.url()));
    let launched = client.launch(TEMPLATE).await.unwrap();
    let started = Instant::now();
    client.tidy_up(&launched, Ending::Aborted).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(qualys.actions(), ["list", "launch", "cancel"]);
}

#[tokio::test]
async fn tidying_up_after_the_deadline_does_not_extend_it_for_the_next_template() {
    let qualys = Scripted::start();
    let settings = Settings {
        deadline: Duration::from_millis(300),
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    client.wait(&launched).await.unwrap();
    tokio::time::sleep(settings.deadline).await;
    client.tidy_up(&launched, Ending::Done).await;
    assert_eq!(qualys.actions().last().unwrap(), "delete");
    let error = client.launch(535_353).await.unwrap_err();
    assert_eq!(error.exit().code(), 75, "{error}");
}
