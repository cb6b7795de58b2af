//! Traces of imports from the lab's Qualys: requests, retries, cancellation.

use std::path::Path;
use std::process::Command;

use connector_lab::management_center::{ManagementCenter, Options};
use connector_lab::qualys::{self, Qualys, Times};
use support::{Ended, Running, center, count, from_detections, from_qualys, run, sending, small, until};

use crate::collector::Collector;
use crate::promise::kept;
use crate::span::{Span, only};

/// A Qualys at which these things go wrong.
pub(crate) async fn faulty(faults: &[&str]) -> Qualys {
    support::qualys(qualys::Options {
        report: small(20),
        times: Times::instant(),
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        ..qualys::Options::default()
    })
    .await
}

pub(crate) fn importing(folder: &Path, center: &ManagementCenter, qualys: &Qualys, collector: &Collector) -> Command {
    let mut command = from_qualys(sending(folder, center), qualys, "424242");
    collector.receives(&mut command);
    command
}

async fn imported(faults: &[&str], code: i32) -> (Ended, Vec<Span>, Qualys) {
    let folder = tempfile::tempdir().unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::http().await);
    let qualys = faulty(faults).await;
    let ended = run(importing(folder.path(), &center, &qualys, &collector)).await;
    ended.assert_code(code);
    (ended, collector.spans(), qualys)
}

#[tokio::test]
async fn an_import_from_qualys_shows_every_request_in_its_stage() {
    let (_, spans, qualys) = imported(&[], 0).await;
    insta::assert_snapshot!(kept(&spans), @r"
    qualys-connector
      configure
      template
        launch
          GET /api/2.0/fo/report/ list
          POST /api/2.0/fo/report/ launch
        wait
          GET /api/2.0/fo/report/ list
        download
          GET /api/2.0/fo/report/ fetch
        select
        send
          frames
        tidy up
          POST /api/2.0/fo/report/ delete
    ");
    let requests = spans.iter().filter(|span| span.name.contains('/'));
    assert_eq!(requests.clone().count(), qualys.requests().len());
    let fetch = requests
        .clone()
        .find(|span| span.get("qualys_connector.action") == "fetch")
        .unwrap();
    let id = only(&spans, "launch").get("qualys_connector.report.id");
    let url = format!("{}/api/2.0/fo/report/?action=fetch&id={id}", qualys.url());
    assert_eq!(fetch.name, "GET /api/2.0/fo/report/");
    for (attribute, value) in [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("url.full", &url),
        ("url.template", "/api/2.0/fo/report/"),
        ("server.address", qualys.address().ip().to_string().as_str()),
        ("server.port", qualys.address().port().to_string().as_str()),
    ] {
        assert_eq!(fetch.get(attribute), value, "{attribute}");
    }
}

#[tokio::test]
async fn hosts_without_a_template_are_listed_downloaded_and_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::http().await);
    let qualys = faulty(&[]).await;
    let mut command = from_detections(sending(folder.path(), &center), &qualys);
    command.args(["--set", "detections.hosts_per_call=100"]);
    collector.receives(&mut command);
    run(command).await.assert_code(0);
    let spans = collector.spans();
    insta::assert_snapshot!(kept(&spans), @r"
    qualys-connector
      configure
      template
        list
          POST /api/5.0/fo/asset/host/ list
        download
          POST /api/5.0/fo/asset/host/vm/detection/ list
        look up
          POST /api/4.0/fo/knowledge_base/vuln/ list
        select
        send
          frames
    ");
    assert_eq!(only(&spans, "template").get("qualys_connector.template"), "detections");
}

#[tokio::test]
async fn what_was_tried_again_with_success_fails_alone() {
    let (_, spans, _) = imported(&["status=503@list:1", "close@launch:1", "cut=3000@fetch:1"], 0).await;
    insta::assert_snapshot!(kept(&spans), @r"
    qualys-connector
      configure
      template
        launch
          GET /api/2.0/fo/report/ list !503
          GET /api/2.0/fo/report/ list 1
          POST /api/2.0/fo/report/ launch !broken
          GET /api/2.0/fo/report/ list
          GET /api/2.0/fo/report/ list
          POST /api/2.0/fo/report/ launch 1
        wait
          GET /api/2.0/fo/report/ list
        download
          GET /api/2.0/fo/report/ fetch !cut_off
          GET /api/2.0/fo/report/ fetch 1
        select
        send
          frames
        tidy up
          POST /api/2.0/fo/report/ delete
    ");
}

#[tokio::test]
async fn a_session_is_opened_and_closed_in_the_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::http().await);
    let qualys = faulty(&[]).await;
    let mut command = importing(folder.path(), &center, &qualys, &collector);
    command.args(["--set", "qualys.login=session"]);
    run(command).await.assert_code(0);
    let tree = kept(&collector.spans());
    assert!(
        tree.contains("\n    launch\n      POST /api/2.0/fo/session/ login\n"),
        "{tree}"
    );
    assert!(tree.ends_with("\n  POST /api/2.0/fo/session/ logout\n"), "{tree}");
}

#[tokio::test]
async fn a_request_that_a_signal_cancels_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (center, collector) = (center(Options::default()).await, Collector::http().await);
    let qualys = faulty(&["hang@fetch"]).await;
    let command = importing(folder.path(), &center, &qualys, &collector);
    let running = Running::of(command);
    until("a fetch", || count(&qualys, "fetch") > 0).await;
    running.signal("TERM");
    running.ended().await.assert_code(143);
    let spans = collector.spans();
    let tree = kept(&spans);
    let end = "\n    download !interrupted\n      GET /api/2.0/fo/report/ fetch\n    tidy up\n";
    assert!(
        tree.starts_with("qualys-connector !interrupted\n") && tree.contains("\n  template !interrupted\n"),
        "{tree}"
    );
    assert!(tree.ends_with(end), "{tree}");
    assert_eq!(only(&spans, "qualys-connector").get("process.exit.code"), "143");
}
