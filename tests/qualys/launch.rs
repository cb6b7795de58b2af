use std::time::Duration;

use qualys_connector::qualys::Settings;
use qualys_connector::stage::Stage;
use support::scripted::{ID, REPORT, Reply, Scripted, empty_list, list};

use crate::{POLL, TEMPLATE, client, failure, obtain, run, settings};

/// The title that these settings give to the report of the template.
const TITLE: &str = "qualys-connector default 424242 2f50f6ba52e2e53d";

/// The same with `qualys.keep_report`.
const KEPT: &str = "qualys-connector default 424242 73222cd8a593a0b4";

/// The title of version 0.1.0.
const OLD: &str = "qualys-connector 424242 8e694e96e337f781";

#[tokio::test]
async fn a_report_is_launched_awaited_downloaded_and_deleted_with_five_calls() {
    let qualys = Scripted::start();
    let (report, usage) = run(&settings(&qualys.url())).await;
    assert_eq!(report.unwrap(), REPORT);
    assert_eq!(qualys.actions(), ["list", "launch", "list", "fetch", "delete"]);
    assert_eq!(
        (usage.calls(), usage.launched, usage.deleted, usage.bytes),
        (5, 1, 1, REPORT.len() as u64)
    );
    assert_eq!(usage.requests[&(Stage::Launch, "ok")], 2);

    for request in qualys.requests() {
        assert!(request.headers.contains_key("x-requested-with"), "{request:?}");
        assert!(request.headers["authorization"].starts_with("Basic "), "{request:?}");
        assert!(request.target.starts_with("/api/2.0/fo/report/"), "{request:?}");
    }
    let launch = &qualys.requests()[1];
    assert_eq!(
        (launch.method.as_str(), launch.target.as_str()),
        ("POST", "/api/2.0/fo/report/")
    );
    assert_eq!(launch.parameters["template_id"], "424242");
    assert_eq!(launch.parameters["output_format"], "xml");
    assert_eq!(launch.parameters["report_title"], TITLE);
    let delete = &qualys.requests()[4];
    assert_eq!(
        (delete.method.as_str(), delete.parameters["id"].as_str()),
        ("POST", "4711")
    );
}

#[tokio::test]
async fn the_next_template_of_a_run_needs_no_list_of_its_own() {
    let qualys = Scripted::start();
    let client = client(&settings(&qualys.url()));
    obtain(&client, TEMPLATE).await.unwrap();
    obtain(&client, 535_353).await.unwrap();
    assert_eq!(
        qualys.actions(),
        [
            "list", "launch", "list", "fetch", "delete", "launch", "list", "fetch", "delete"
        ]
    );
}

#[tokio::test]
async fn a_running_report_of_an_earlier_attempt_is_adopted() {
    let qualys = Scripted::start();
    qualys.then(
        "list",
        list(&[
            (7, "Weekly", 1, "Running"),
            (8, TITLE, 30, "Running"),
            (9, TITLE, 90, "Finished"),
        ]),
    );
    qualys.then("list", list(&[(8, TITLE, 30, "Finished")]));
    let (report, usage) = run(&settings(&qualys.url())).await;
    report.unwrap();
    assert_eq!(qualys.actions(), ["list", "list", "fetch", "delete"]);
    assert!(
        qualys.requests()[1..]
            .iter()
            .all(|request| request.parameters["id"] == "8")
    );
    assert_eq!((usage.launched, usage.adopted), (0, 1));
}

#[tokio::test]
async fn a_finished_report_of_an_earlier_attempt_is_downloaded_at_once() {
    let qualys = Scripted::start();
    qualys.then("list", list(&[(8, TITLE, 30, "Finished")]));
    run(&settings(&qualys.url())).await.0.unwrap();
    assert_eq!(qualys.actions(), ["list", "fetch", "delete"]);
}

#[tokio::test]
async fn a_template_that_is_named_twice_adopts_its_report_once() {
    let qualys = Scripted::start();
    qualys.then("list", list(&[(8, TITLE, 30, "Finished")]));
    let client = client(&settings(&qualys.url()));
    obtain(&client, TEMPLATE).await.unwrap();
    obtain(&client, TEMPLATE).await.unwrap();
    assert_eq!(
        qualys.actions(),
        ["list", "fetch", "delete", "launch", "list", "fetch", "delete"]
    );
}

#[tokio::test]
async fn what_is_not_ours_too_old_or_failed_is_not_adopted_and_adoption_can_be_off() {
    for (report, adopt_within) in [
        ((8, "qualys-connector berlin 424242 0123456789abcdef", 1, "Finished"), 6),
        (
            (8, "qualys-connector default 535353 4e9e48d6f6f5b7d3", 1, "Finished"),
            6,
        ),
        ((8, OLD, 1, "Finished"), 6),
        ((8, KEPT, 1, "Finished"), 6),
        ((8, KEPT, 1, "Running"), 6),
        ((8, TITLE, 7 * 60, "Running"), 6),
        ((8, TITLE, 1, "Canceled"), 6),
        ((8, TITLE, 1, "Errors"), 6),
        ((8, TITLE, 0, "Finished"), 0),
    ] {
        let qualys = Scripted::start();
        qualys.then("list", list(&[report]));
        let settings = Settings {
            adopt_within: Duration::from_secs(adopt_within * 3600),
            ..settings(&qualys.url())
        };
        run(&settings).await.0.unwrap();
        assert_eq!(
            qualys.actions(),
            ["list", "launch", "list", "fetch", "delete"],
            "{report:?}"
        );
        assert_eq!(qualys.requests()[4].parameters["id"], ID.to_string());
    }
}

#[tokio::test]
async fn how_old_a_report_of_the_future_is_nobody_knows_so_it_is_left_alone() {
    for (ahead, actions) in [
        (4, &["list", "fetch", "delete"][..]),
        (6, &["list", "launch", "list", "fetch", "delete"]),
    ] {
        let qualys = Scripted::start();
        let list = format!(
            "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-02T00:00:00Z</DATETIME><REPORT_LIST><REPORT><ID>8</ID>\
             <TITLE>{TITLE}</TITLE><LAUNCH_DATETIME>2026-01-02T00:0{ahead}:00Z</LAUNCH_DATETIME><STATUS><STATE>Finished</STATE>\
             </STATUS></REPORT></REPORT_LIST></RESPONSE></REPORT_LIST_OUTPUT>"
        );
        qualys.then("list", Reply::ok(list));
        run(&settings(&qualys.url())).await.0.unwrap();
        assert_eq!(qualys.actions(), actions, "{ahead} minutes");
    }
}

#[tokio::test]
async fn a_kept_report_may_have_been_imported_so_only_a_running_one_is_adopted() {
    for (state, actions) in [
        ("Finished", vec!["list", "launch", "list", "fetch"]),
        ("Running", vec!["list", "list", "fetch"]),
    ] {
        let qualys = Scripted::start();
        qualys.then("list", list(&[(ID, KEPT, 30, state)]));
        let settings = Settings {
            keep_report: true,
            ..settings(&qualys.url())
        };
        run(&settings).await.0.unwrap();
        assert_eq!(qualys.actions(), actions);
    }
}

#[tokio::test]
async fn left_overs_of_ours_are_deleted_but_nothing_else() {
    let qualys = Scripted::start();
    qualys.then(
        "list",
        list(&[
            (1, TITLE, 9 * 60, "Finished"),
            (2, TITLE, 9 * 60, "Running"),
            (3, "qualys-connector berlin 424242 0123456789abcdef", 9 * 60, "Finished"),
            (4, "Weekly", 9 * 60, "Finished"),
            (5, OLD, 9 * 60, "Finished"),
            (6, KEPT, 9 * 60, "Finished"),
            (
                7,
                "qualys-connector default 535353 4e9e48d6f6f5b7d3",
                9 * 60,
                "Finished",
            ),
            // Adopted when it was nearly six hours old, it may still be downloaded.
            (8, TITLE, 7 * 60, "Finished"),
        ]),
    );
    let two_hours = Settings {
        deadline: Duration::from_secs(2 * 3600),
        ..settings(&qualys.url())
    };
    let (report, usage) = run(&two_hours).await;
    report.unwrap();
    assert_eq!(
        qualys.actions(),
        ["list", "delete", "launch", "list", "fetch", "delete"]
    );
    assert_eq!(qualys.requests()[1].parameters["id"], "1");
    assert_eq!(usage.deleted, 2);
}

#[tokio::test]
async fn an_unclear_launch_is_looked_up_before_it_is_repeated() {
    for unclear in [
        Reply::hang_up(),
        Reply::ok(""),
        Reply::ok("<html>Oops</html>"),
        Reply::new(502, "", ""),
        Reply::refusal(200, 999, "Internal error", ""),
        Reply::refusal(409, 1981, "Being processed", ""),
        Reply::done("New report launched", ID).cut(20),
        Reply::done("New report launched", ID).after(Duration::from_secs(4)),
    ] {
        let qualys = Scripted::start();
        qualys.then("launch", unclear.clone());
        qualys
            .then("list", empty_list())
            .then("list", list(&[(8, TITLE, 0, "Running")]));
        qualys.then("list", list(&[(8, TITLE, 0, "Finished")]));
        let settings = Settings {
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            ..settings(&qualys.url())
        };
        run(&settings).await.0.unwrap();
        assert_eq!(
            qualys.actions(),
            ["list", "launch", "list", "list", "fetch", "delete"],
            "{unclear:?}"
        );
    }
}

#[tokio::test]
async fn an_unclear_launch_that_did_not_happen_is_repeated_after_two_looks() {
    let qualys = Scripted::start();
    qualys.then("launch", Reply::hang_up());
    run(&settings(&qualys.url())).await.0.unwrap();
    assert_eq!(
        qualys.actions(),
        ["list", "launch", "list", "list", "launch", "list", "fetch", "delete"]
    );
    let requests = qualys.requests();
    assert!(requests[3].at - requests[2].at >= POLL, "the list may be late");
}

#[tokio::test]
async fn a_refused_template_is_explained_by_the_template_list() {
    let invalid = Reply::refusal(
        200,
        999,
        "Internal error. Please contact customer support.",
        "Incident Signature=Tried to launch invalid report.",
    );
    let qualys = Scripted::start();
    qualys.then("launch", invalid.clone());
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "Internal error. Please contact customer support. (Incident Signature: Tried to launch invalid report.)" (code 999); template 424242 isn't in the list of those that qualys.user_id sees; check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button in Qualys"#);
    assert_eq!(exit.code(), 78);
    assert_eq!(qualys.actions(), ["list", "launch", "report_template_list.php"]);

    let qualys = Scripted::start();
    qualys
        .then("launch", invalid)
        .then("report_template_list.php", Reply::new(403, "", ""));
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "Internal error. Please contact customer support. (Incident Signature: Tried to launch invalid report.)" (code 999); check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, and the template must be visible to qualys.user_id"#);
    assert_eq!(exit.code(), 78);
}

#[tokio::test]
async fn a_check_asks_for_lists_only() {
    let qualys = Scripted::start();
    let client = client(&settings(&qualys.url()));
    client.probe().await.unwrap();
    let looked = client.look_at(&[1]).await.unwrap().remove(0).1.unwrap_err();
    insta::assert_snapshot!(looked, @r#"("By hand") is Manual (scan based), which needs scans picked by hand"#);
    assert_eq!(qualys.actions(), ["list", "report_template_list.php"]);
}
