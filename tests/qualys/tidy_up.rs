use std::time::{Duration, Instant};

use qualys_connector::problem::{Kind, Problem as _};
use qualys_connector::qualys::{Ending, Settings};
use support::scripted::{ID, Reply, Scripted, empty_list, list};

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

/// The title that these settings give to the report of the template.
const TITLE: &str = "qualys-connector default 424242 2f50f6ba52e2e53d";

#[tokio::test]
async fn what_is_running_is_cancelled_for_a_person_and_where_nobody_adopts_and_only_by_who_launched_it() {
    use Ending::{Done, Interrupted, Later, Terminated};
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    for (adopted, ending, adopt_within, cancelled) in [
        (false, Interrupted, hours(6), true),
        (false, Terminated, hours(6), false),
        (false, Later, hours(6), false),
        (false, Done, hours(6), false),
        (false, Terminated, hours(0), true),
        (false, Later, hours(0), true),
        (true, Interrupted, hours(6), false),
        (true, Terminated, hours(6), false),
    ] {
        let qualys = Scripted::start();
        qualys.then(
            "list",
            if adopted {
                list(&[(ID, TITLE, 1, "Running")])
            } else {
                empty_list()
            },
        );
        qualys.times(50, "list", &list(&[(ID, TITLE, 0, "Running")]));
        let settings = Settings {
            adopt_within,
            ..settings(&qualys.url())
        };
        let client = client(&settings);
        let launched = client.launch(TEMPLATE).await.unwrap();
        let interrupted = tokio::time::timeout(Duration::from_millis(100), client.wait(&launched)).await;
        assert!(interrupted.is_err());
        client.tidy_up(&launched, ending).await;
        let touched: Vec<_> = qualys
            .requests()
            .iter()
            .filter(|request| ["cancel", "delete"].contains(&request.action().as_str()))
            .map(|request| (request.action(), request.parameters["id"].clone()))
            .collect();
        let expected = cancelled.then(|| ("cancel".to_owned(), ID.to_string()));
        assert_eq!(
            touched,
            Vec::from_iter(expected),
            "{adopted} {ending:?} {adopt_within:?}"
        );
    }
}

#[tokio::test]
async fn a_finished_report_is_left_to_a_next_run_that_will_take_it_and_deleted_otherwise() {
    use Ending::{Done, Interrupted, Later, Terminated};
    for (ending, hours, last) in [
        (Terminated, 6, "list"),
        (Interrupted, 6, "list"),
        (Later, 6, "list"),
        (Done, 6, "delete"),
        (Terminated, 0, "delete"),
        (Later, 0, "delete"),
    ] {
        let qualys = Scripted::start();
        let settings = Settings {
            adopt_within: Duration::from_secs(hours * 3600),
            ..settings(&qualys.url())
        };
        let client = client(&settings);
        let launched = client.launch(TEMPLATE).await.unwrap();
        client.wait(&launched).await.unwrap();
        client.tidy_up(&launched, ending).await;
        assert_eq!(qualys.actions().last().unwrap(), last, "{ending:?} {hours}");
    }
}

#[tokio::test]
async fn a_report_that_grew_too_old_for_the_next_run_is_not_left_for_it() {
    let qualys = Scripted::start();
    qualys.then("list", list(&[(ID, TITLE, 1, "Finished")]));
    let settings = Settings {
        adopt_within: Duration::from_secs(64),
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    assert!(launched.adopted);
    tokio::time::sleep(Duration::from_secs(5)).await;
    client.tidy_up(&launched, Ending::Later).await;
    assert_eq!(qualys.actions(), ["list", "delete"]);
}

#[tokio::test]
async fn a_report_that_somebody_deleted_is_lost_and_nothing_is_said_to_stay() {
    let qualys = Scripted::start();
    let client = client(&settings(&qualys.url()));
    let launched = client.launch(TEMPLATE).await.unwrap();
    let finished = client.wait(&launched).await.unwrap();
    let refused = Reply::refusal(200, 7001, "Report cannot be fetched.", "");
    qualys.times(9, "fetch", &refused).then("list", empty_list());
    let failed = client.download(finished, crate::parse, |_| false).await.unwrap_err();
    assert_eq!((failed.exit().code(), launched.is_lost()), (75, true));
    client.tidy_up(&launched, Ending::Later).await;
    assert_eq!(qualys.actions(), ["list", "launch", "list", "fetch", "list"]);
}

#[test]
fn what_was_delivered_is_not_adopted_by_the_next_run_though_some_of_it_was_refused() {
    assert_eq!(Ending::of(Kind::CommandsRefused), Ending::Done);
}

#[tokio::test]
async fn a_report_that_cannot_be_deleted_does_not_spoil_the_import() {
    let qualys = Scripted::start();
    qualys.times(20, "delete", &Reply::refusal(409, 1920, "Blocked", ""));
    run(&settings(&qualys.url())).await.0.unwrap();
    assert_eq!(qualys.actions().iter().filter(|action| *action == "delete").count(), 1);
}

#[tokio::test]
async fn an_interrupt_is_quick_although_qualys_is_silent() {
    let qualys = Scripted::start();
    qualys.then(
        "cancel",
        Reply::refusal(409, 1965, "Too many calls", "SECONDS_TO_WAIT=60"),
    );
    let client = client(&settings(&qualys.url()));
    let launched = client.launch(TEMPLATE).await.unwrap();
    let started = Instant::now();
    client.tidy_up(&launched, Ending::Interrupted).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(qualys.actions(), ["list", "launch", "cancel"]);
}

#[tokio::test]
async fn tidying_up_after_the_deadline_does_not_extend_it_for_the_next_template() {
    let qualys = Scripted::start();
    let settings = Settings {
        deadline: Duration::from_secs(3),
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    client.wait(&launched).await.unwrap();
    tokio::time::sleep(settings.deadline).await;
    client.tidy_up(&launched, Ending::Done).await;
    assert_eq!(qualys.actions().last().unwrap(), "delete");
    let error = client.launch(535_353).await.unwrap_err();
    assert_eq!(error.kind().exit().code(), 75, "{error}");
}

/// Kubernetes kills thirty seconds after it has told a process to end, however many reports there are.
#[tokio::test]
async fn reports_that_cannot_be_deleted_share_one_time() {
    let qualys = Scripted::start();
    let too_many = Reply::refusal(409, 1965, "Too many calls", "SECONDS_TO_WAIT=1");
    qualys.times(200, "delete", &too_many);
    let settings = Settings {
        adopt_within: Duration::ZERO,
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let mut finished = Vec::new();
    for template in [TEMPLATE, 535_353, 646_464] {
        let launched = client.launch(template).await.unwrap();
        client.wait(&launched).await.unwrap();
        finished.push(launched);
    }
    let started = Instant::now();
    for launched in &finished {
        client.tidy_up(launched, Ending::Terminated).await;
    }
    let took = started.elapsed();
    assert!(
        took > Duration::from_secs(5) && took < Duration::from_secs(12),
        "{took:?}"
    );
}
