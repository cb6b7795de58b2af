//! What goes wrong in the field, switch by switch.

use std::time::{Duration, Instant};

use connector_lab::qualys::{Options, Times};

use crate::client::{Answer, Client, faulty, options, qualys};

const LIST: &[(&str, &str)] = &[("action", "list")];

/// What a list is answered while this happens.
async fn list(fault: &str) -> Result<Answer, String> {
    let (_qualys, client) = faulty(&[fault]).await;
    client.try_post(LIST).await
}

#[tokio::test]
async fn every_code_comes_with_its_status() {
    let documented = [
        (999, 500),
        (1901, 400),
        (1903, 400),
        (1904, 400),
        (1905, 400),
        (1907, 400),
        (1908, 400),
        (1920, 409),
        (1922, 400),
        (1960, 409),
        (1965, 409),
        (1980, 200),
        (1981, 409),
        (1982, 409),
        (1999, 503),
        (2000, 401),
        (2002, 401),
        (2003, 409),
        (2007, 403),
        (2010, 401),
        (2011, 401),
        (2012, 403),
        (7001, 200),
    ];
    let (qualys, client) = qualys(options()).await;
    for (code, status) in documented {
        qualys.set_faults(vec![format!("code={code}").parse().unwrap()]);
        let (seen, said, _) = client.post(LIST).await.refusal();
        assert_eq!((seen, said), (status, code));
        qualys.set_faults(vec![format!("code={code}/200").parse().unwrap()]);
        assert_eq!(client.post(LIST).await.status, 200, "{code} with another status");
    }
    let codes: Vec<u32> = qualys
        .requests()
        .iter()
        .filter_map(|request| request.code)
        .step_by(2)
        .collect();
    assert_eq!(codes, documented.map(|(code, _)| code));
}

#[tokio::test]
async fn limits_can_be_pretended() {
    let throttled = list("throttled=3300").await.unwrap();
    assert_eq!(
        (throttled.refusal().1, throttled.content("VALUE").unwrap().as_str()),
        (1965, "3300")
    );
    assert_eq!(throttled.header("x-ratelimit-towait-sec"), Some("3300"));
    let busy = list("busy=2").await.unwrap();
    assert_eq!((busy.refusal().1, busy.content("VALUE").unwrap().as_str()), (1960, "2"));
    assert_eq!(list("maintenance").await.unwrap().refusal().1, 1999);
}

#[tokio::test]
async fn the_edge_answers_with_pages_of_its_own() {
    for status in [407, 414, 429, 500, 502, 503, 504] {
        let answer = list(&format!("status={status}")).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("text/html"))
        );
        assert_eq!(answer.header("retry-after"), None);
    }
    let answer = list("status=429/30").await.unwrap();
    assert_eq!(answer.header("retry-after"), Some("30"));
    let answer = list("empty").await.unwrap();
    assert_eq!(
        (answer.status, answer.body.len(), answer.header("content-length")),
        (200, 0, Some("0"))
    );
    let answer = list("html").await.unwrap();
    assert!(answer.status == 200 && answer.text().contains("<html>"));
    let answer = list("redirect=https://elsewhere.example/").await.unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (301, Some("https://elsewhere.example/"))
    );
}

#[tokio::test]
async fn connections_end_before_an_answer() {
    let closed = list("close").await.unwrap_err();
    assert!(!closed.contains("reset by peer"), "{closed}");
    let reset = list("reset").await.unwrap_err();
    assert!(reset.contains("reset by peer"), "{reset}");
    let refused = list("reset@connection").await.unwrap_err();
    assert!(refused.contains("reset by peer"), "{refused}");
    for fault in ["hang", "hang@connection"] {
        let waited = tokio::time::timeout(Duration::from_millis(300), list(fault)).await;
        assert!(waited.is_err(), "{fault}");
    }
    let started = Instant::now();
    assert_eq!(list("delay=300ms").await.unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn an_action_is_done_although_its_answer_is_lost() {
    for (fault, reports) in [
        ("reset@launch:1", 0),
        ("done-reset@launch:1", 1),
        ("done-status=504@launch:1", 1),
    ] {
        let (qualys, client) = faulty(&[fault]).await;
        let form = [("action", "launch"), ("template_id", "7"), ("output_format", "xml")];
        let lost = client.try_post(&form).await;
        assert!(lost.is_err() || lost.unwrap().status == 504);
        assert_eq!(qualys.reports().len(), reports, "{fault}");
        assert_eq!(qualys.requests()[0].faults, [fault]);
        assert_eq!(client.launch("7").await.status, 200, "only the first was struck");
    }
}

#[tokio::test]
async fn reports_come_to_strange_ends() {
    let times = Times {
        unlisted: Duration::ZERO,
        queued: Duration::ZERO,
        ..Times::default()
    };
    let states = async |fault: &str| {
        let faults = vec![fault.parse().unwrap()];
        let (qualys, client) = qualys(Options {
            faults,
            times: times.clone(),
            ..options()
        })
        .await;
        let id = client.launched().await;
        let early = client.state(&id).await.unwrap_or_default();
        // Measuring the report takes a moment of real time.
        tokio::time::sleep(Duration::from_secs(1)).await;
        qualys.advance(Duration::from_secs(3600));
        let late = client.state(&id).await.unwrap_or_default();
        let fetch = client.fetch(&id).await.content("CODE").is_none();
        (early, late, fetch)
    };
    let expected = |early: &str, late: &str, fetch| (early.to_owned(), late.to_owned(), fetch);
    assert_eq!(states("ends=Errors").await, expected("Running", "Errors", false));
    assert_eq!(states("ends=Canceled").await, expected("Running", "Canceled", false));
    assert_eq!(states("passes=Frozen").await, expected("Frozen", "Finished", true));
    assert_eq!(states("runs-forever").await, expected("Running", "Running", false));
    assert_eq!(states("unlisted").await, expected("", "", true));
    assert_eq!(states("late-fetch=1").await, expected("Running", "Finished", false));
}

#[tokio::test]
async fn a_fetch_brings_something_else_than_the_report() {
    let fetch = async |fault: &str| {
        let (_qualys, client) = faulty(&[fault]).await;
        client.fetch(&client.launched().await).await
    };
    let answer = fetch("error-report").await;
    assert_eq!((answer.status, answer.root().as_str()), (200, "ASSET_DATA_REPORT"));
    assert!(answer.content("ERROR").is_some());
    let answer = fetch("wrong-root=WAS_SCAN_REPORT").await;
    assert_eq!((answer.status, answer.root().as_str()), (200, "WAS_SCAN_REPORT"));
    let answer = fetch("code=7001@fetch").await;
    assert_eq!(answer.refusal().1, 7001);
}

#[tokio::test]
async fn connections_are_refused_for_a_while() {
    let (qualys, client) = faulty(&["refuse=3s@list:1"]).await;
    // Each time over a new connection.
    let list = async || Client::new(&qualys.ca_pem_path(), &qualys.url()).try_post(LIST).await;
    assert_eq!(client.post(LIST).await.status, 200, "this one is answered");
    let refused = list().await.unwrap_err();
    assert!(refused.contains("refused"), "{refused}");
    tokio::time::sleep(Duration::from_millis(3200)).await;
    assert_eq!(list().await.unwrap().status, 200);
    assert_eq!(qualys.requests().len(), 2);
}

#[tokio::test]
async fn an_action_is_carried_out_twice() {
    let (qualys, client) = faulty(&["twice@launch:1", "twice@delete"]).await;
    let id = client.launched().await;
    assert_eq!(qualys.reports().len(), 2);
    let delete = client.post(&[("action", "delete"), ("id", &id)]).await;
    assert_eq!(delete.refusal().1, 1905, "the second finds nothing");
    assert_eq!((qualys.reports().len(), qualys.requests().len()), (1, 2));
}
