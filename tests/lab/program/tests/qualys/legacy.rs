//! The old calls under /msp/.

use std::time::{Duration, Instant};

use connector_lab::qualys::{Options, Times};
use reqwest::Method;

use crate::client::{options, qualys, send};

const REPORT: &str = "/msp/asset_data_report.php";
const TEMPLATES: &str = "/msp/report_template_list.php";

#[tokio::test]
async fn a_report_comes_in_one_call_whose_first_byte_takes_its_time() {
    let times = Times {
        build_time: Duration::from_millis(300),
        ..Times::instant()
    };
    let (_qualys, client) = qualys(Options { times, ..options() }).await;
    let started = Instant::now();
    let answer = client.get(&format!("{REPORT}?template_id=424242")).await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!((answer.status, answer.root().as_str()), (200, "ASSET_DATA_REPORT"));
    assert!(answer.text().trim_end().ends_with("//-->"), "to its last comment");
}

#[tokio::test]
async fn most_errors_come_with_status_200() {
    let templates = vec!["7".parse().unwrap()];
    let (_qualys, client) = qualys(Options { templates, ..options() }).await;
    for path in [REPORT.to_owned(), format!("{REPORT}?template_id=8")] {
        let answer = client.get(&path).await;
        assert_eq!((answer.status, answer.root().as_str()), (200, "ASSET_DATA_REPORT"));
        assert!(answer.text().contains("<ERROR number=\"190"), "{}", answer.text());
    }
}

#[tokio::test]
async fn nothing_but_basic_is_taken() {
    let token = Some("a.b.c".to_owned());
    let (_qualys, client) = qualys(Options { token, ..options() }).await;
    let answer = send(client.bare(Method::GET, TEMPLATES).bearer_auth("a.b.c"))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.root().as_str()), (401, "GENERIC_RETURN"));
    assert!(answer.text().contains("<RETURN status=\"FAILED\" number=\"2010\">"));
}

#[tokio::test]
async fn templates_are_listed() {
    let templates = vec!["7".parse().unwrap(), "8:manual:Patch".parse().unwrap()];
    let (_qualys, client) = qualys(Options { templates, ..options() }).await;
    let list = client.get(TEMPLATES).await;
    assert_eq!(list.root(), "REPORT_TEMPLATE_LIST");
    for part in [
        "<ID>7</ID>\n    <TYPE>Auto</TYPE>\n    <TEMPLATE_TYPE>Scan</TEMPLATE_TYPE>",
        "<ID>8</ID>\n    <TYPE>Manual</TYPE>\n    <TEMPLATE_TYPE>Patch</TEMPLATE_TYPE>",
    ] {
        assert!(list.text().contains(part), "{}", list.text());
    }
}
