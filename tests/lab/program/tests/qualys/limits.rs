//! Rate and concurrency, as they're enforced and told.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_lab::qualys::{LimitHeaders, Limits, Options, Qualys};
use futures_util::future::join_all;
use reqwest::Method;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Answer, faulty, options, qualys, send};

const LIST: &[(&str, &str)] = &[("action", "list")];
const DETECTIONS: &str = "/api/5.0/fo/asset/host/vm/detection/";

fn told(answer: &Answer) -> Vec<Option<u32>> {
    let header = |name: &&str| answer.header(name).map(|value| value.parse().unwrap());
    [
        "X-RateLimit-Limit",
        "X-RateLimit-Window-Sec",
        "X-RateLimit-Remaining",
        "X-RateLimit-ToWait-Sec",
        "X-Concurrency-Limit-Limit",
        "X-Concurrency-Limit-Running",
    ]
    .iter()
    .map(header)
    .collect()
}

fn limited(rate_limit: u32) -> Limits {
    Limits {
        rate_limit,
        ..Limits::default()
    }
}

#[tokio::test]
async fn the_window_is_enforced_and_told() {
    let limits = limited(3);
    let (qualys, client) = qualys(Options { limits, ..options() }).await;
    let some = |numbers: [u32; 6]| numbers.map(Some).to_vec();
    assert_eq!(told(&client.post(LIST).await), some([3, 3600, 2, 0, 2, 1]));
    client.post(LIST).await;
    assert_eq!(told(&client.post(LIST).await), some([3, 3600, 0, 3600, 2, 1]));

    qualys.advance(Duration::from_secs(600));
    let refused = client.post(LIST).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (409, 1965));
    assert_eq!(refused.content("KEY").unwrap(), "SECONDS_TO_WAIT");
    let wait: u64 = refused.content("VALUE").unwrap().parse().unwrap();
    assert!((2995..=3000).contains(&wait), "{wait}");
    assert_eq!(told(&refused)[3], Some(wait as u32));

    qualys.advance(Duration::from_secs(wait));
    assert_eq!(client.post(LIST).await.status, 200);
}

#[tokio::test]
async fn a_fast_lab_tells_waits_that_its_client_can_sit_out() {
    let (_qualys, client) = qualys(Options {
        limits: limited(1),
        speed: 3600.0,
        ..options()
    })
    .await;
    client.post(LIST).await;
    let refused = client.post(LIST).await;
    assert_eq!(refused.content("VALUE").unwrap(), "1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(client.post(LIST).await.status, 200);
}

#[tokio::test]
async fn calls_at_the_same_time_are_counted_until_their_last_byte() {
    let limits = Limits {
        concurrency: 1,
        ..Limits::default()
    };
    let faults = vec!["drip=20000".parse().unwrap()];
    let options = Options {
        limits,
        faults,
        ..options()
    };
    let (qualys, client) = qualys(options).await;
    let id = client.launched().await;
    let download = tokio::spawn({
        let (client, id) = (client.clone(), id.clone());
        async move { client.fetch(&id).await }
    });
    while !qualys.requests().iter().any(|request| request.action == "fetch") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = client.post(LIST).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (409, 1960));
    assert_eq!(refused.content("KEY").unwrap(), "CALLS_TO_FINISH");
    assert_eq!(refused.content("VALUE").unwrap(), "1");
    assert_eq!(told(&refused)[5], Some(1));

    download.abort();
    let _ = download.await;
    let hung_up = Instant::now();
    while client.post(LIST).await.status != 200 {
        assert!(
            hung_up.elapsed() < Duration::from_secs(30),
            "whoever hangs up has ended"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_call_that_qualys_thinks_about_is_one_of_those_at_the_same_time() {
    // Long enough for all three to have come.
    let (_qualys, client) = faulty(&["delay=1s@detections"]).await;
    let call = || send(client.request(Method::POST, DETECTIONS).form(LIST));
    let answers: Vec<Answer> = join_all([call(), call(), call()])
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let (refused, done): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 409);
    assert_eq!(done.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200]);
    let refused = refused.first().unwrap();
    assert_eq!(refused.refusal().1, 1960);
    assert_eq!(refused.content("KEY").unwrap(), "CALLS_TO_FINISH");
    assert_eq!(told(refused)[4..], [Some(2), Some(2)]);
    assert_eq!(call().await.unwrap().status, 200, "the others have ended");
}

#[tokio::test]
async fn every_interface_has_limits_of_its_own_by_get_and_by_post() {
    let (_qualys, client) = qualys(options()).await;
    let left = |calls: u32| [300, 3600, calls, 0, 2, 1].map(Some).to_vec();
    for path in [
        "/api/5.0/fo/asset/host/",
        DETECTIONS,
        "/api/4.0/fo/knowledge_base/vuln/",
    ] {
        let got = client.get(&format!("{path}?action=list")).await;
        assert_eq!((got.status, told(&got)), (200, left(299)), "{path}");
        let posted = send(client.request(Method::POST, path).form(LIST)).await.unwrap();
        assert_eq!((posted.status, told(&posted)), (200, left(298)), "{path}");
        assert_eq!(got.body.len(), posted.body.len(), "{path}");
    }
    let about = client.get("/msp/about.php").await;
    assert_eq!((about.status, told(&about)), (200, left(299)));
}

#[tokio::test]
async fn headers_can_be_missing() {
    let with = async |limit_headers| {
        let limits = Limits {
            limit_headers,
            ..Limits::default()
        };
        let (_qualys, client) = qualys(Options { limits, ..options() }).await;
        let answer = client.post(LIST).await;
        told(&answer).into_iter().map(|told| told.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(with(LimitHeaders::NoWait).await, [true, true, true, false, true, true]);
    assert_eq!(with(LimitHeaders::None).await, [false; 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letter_case_of_headers_varies() {
    for (capital_headers, name) in [
        (false, "\r\nx-ratelimit-limit: 300"),
        (true, "\r\nX-Ratelimit-Limit: 300"),
    ] {
        let (qualys, client) = qualys(Options {
            capital_headers,
            user: None,
            password: None,
            ..options()
        })
        .await;
        let head = "GET /api/2.0/fo/report/?action=list HTTP/1.1\r\nHost: localhost\r\nX-Requested-With: lab\r\n\
                    Authorization: Basic YTpi\r\nConnection: close\r\n\r\n";
        let answer = raw(&qualys, head);
        assert!(answer.contains(name), "{answer}");
        assert_eq!(
            client.post(LIST).await.header("X-RateLimit-Remaining"),
            Some("298"),
            "it's all the same"
        );
    }
}

/// What is said over TLS, to the letter.
fn raw(qualys: &Qualys, request: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(qualys.ca_pem_path()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(tls, TcpStream::connect(qualys.address()).unwrap());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn two_hundred_templates_meet_the_standard_limit() {
    let (qualys, client) = qualys(options()).await;
    let mut refused = 0;
    for template in 1..=200 {
        for call in ["launch", "fetch"] {
            let template = template.to_string();
            let form: &[(&str, &str)] = match call {
                "launch" => &[
                    ("action", "launch"),
                    ("template_id", &template),
                    ("output_format", "xml"),
                ],
                _ => &[("action", "fetch"), ("id", "1")],
            };
            while client.post(form).await.status == 409 {
                refused += 1;
                qualys.advance(Duration::from_secs(3600));
            }
        }
    }
    assert_eq!(refused, 1, "400 calls, 300 of them in the first hour");
}
