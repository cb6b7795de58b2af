//! Wrong settings don't keep the rest from being tried.

use crate::setup::{Setup, settled};

#[tokio::test]
async fn what_is_missing_for_qualys_leaves_the_management_center_to_be_tried() {
    let setup = Setup::right()
        .await
        .without("QC_QUALYS__PASSWORD")
        .with("qualys.template_ids", "");
    let _settled = settled();
    insta::assert_snapshot!(setup.problems().await);
    assert_eq!(setup.center.network_map().counters.connections, 1);
}

#[tokio::test]
async fn a_wrong_value_leaves_everything_else_to_be_tried() {
    let setup = Setup::right().await.with("management_center.port", "83o7");
    let _settled = settled();
    insta::assert_snapshot!(setup.problems().await);
    assert_eq!(setup.qualys.requests().len(), 2);
}

#[tokio::test]
async fn a_report_file_and_a_csv_file_need_no_far_ends() {
    let setup = Setup::right().await;
    let setup = setup
        .with("report.file", "report.xml")
        .with("csv.file", "missing/Output.csv");
    let _settled = settled();
    insta::assert_snapshot!(setup.check(&[]).await.stdout);
    assert!(setup.qualys.requests().is_empty());
    assert_eq!(setup.center.network_map().counters.connections, 0);
}

#[tokio::test]
async fn files_that_no_folder_takes_are_found() {
    let setup = Setup::right()
        .await
        .with("page.file", "missing/run.html")
        .with("log.file", "missing/run.log")
        .with("telemetry.metrics_file", "missing/metrics.prom");
    let _settled = settled();
    insta::assert_snapshot!(setup.problems().await);
}

#[tokio::test]
async fn without_any_place_to_go_to_it_is_said_how_to_name_one() {
    let setup = Setup::right().await.without("management_center.server");
    let _settled = settled();
    insta::assert_snapshot!(setup.problems().await);
}
