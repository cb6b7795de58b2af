//! How reports are sent, and how sending them goes wrong.

use std::io::Read as _;
use std::time::{Duration, Instant};

use connector_lab::qualys::{Options, Qualys};
use connector_lab::report::Report;
use futures_util::StreamExt as _;
use reqwest::Method;
use reqwest::header::ACCEPT_ENCODING;

use crate::client::{Answer, Client, SHARE, causes, faulty, options, qualys, send};

fn report() -> Vec<u8> {
    let mut report = Vec::new();
    Report::new(options().report).unwrap().write_to(&mut report).unwrap();
    report
}

async fn fetch_gzip(client: &Client, id: &str) -> Result<Answer, String> {
    let request = client
        .request(Method::POST, SHARE)
        .form(&[("action", "fetch"), ("id", id)]);
    send(request.header(ACCEPT_ENCODING, "gzip")).await
}

/// What arrives of a report until the connection is done with it, and how that ends.
async fn arrives(client: &Client, gzip: bool) -> (Vec<u8>, Option<String>, Option<String>) {
    let id = finished(client).await;
    let request = client
        .request(Method::POST, SHARE)
        .form(&[("action", "fetch"), ("id", &id)]);
    let request = if gzip {
        request.header(ACCEPT_ENCODING, "gzip")
    } else {
        request
    };
    let response = request.send().await.unwrap();
    let length = response
        .headers()
        .get("content-length")
        .map(|length| length.to_str().unwrap().to_owned());
    let (mut bytes, mut stream) = (Vec::new(), response.bytes_stream());
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, length, Some(causes(&error))),
        }
    }
    (bytes, length, None)
}

async fn finished(client: &Client) -> String {
    let id = client.launched().await;
    assert_eq!(client.state(&id).await.unwrap(), "Finished");
    id
}

async fn started(options: Options) -> (Qualys, Client, String) {
    let (qualys, client) = qualys(options).await;
    let id = finished(&client).await;
    (qualys, client, id)
}

#[tokio::test]
async fn gzip_is_for_whoever_takes_it() {
    let (_qualys, client, id) = started(options()).await;
    let answer = fetch_gzip(&client, &id).await.unwrap();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("content-length"), None);
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&*answer.body)
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(text, report());
    assert_eq!(client.fetch(&id).await.header("content-encoding"), None);

    let no_gzip = true;
    let (_qualys, client, id) = started(Options { no_gzip, ..options() }).await;
    assert_eq!(fetch_gzip(&client, &id).await.unwrap().body, report());
}

#[tokio::test]
async fn a_length_can_be_kept_back() {
    let chunked = true;
    let (_qualys, client, id) = started(Options { chunked, ..options() }).await;
    let answer = client.fetch(&id).await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!((answer.header("content-length"), &answer.body), (None, &report()));
}

#[tokio::test]
async fn big_reports_come_as_a_zip() {
    let zip_above = Some(1000);
    let (_qualys, client, id) = started(Options { zip_above, ..options() }).await;
    let answer = fetch_gzip(&client, &id).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert!(answer.body.starts_with(b"PK\x03\x04") && answer.body.len() < report().len());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.body)).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    assert_eq!(text, report());
}

#[tokio::test]
async fn a_cut_is_noticed_by_the_length_or_by_the_missing_last_chunk() {
    for fault in ["cut=5000", "cut-chunked=5000", "reset-body=5000"] {
        let (_qualys, client) = faulty(&[fault]).await;
        let (bytes, length, error) = arrives(&client, false).await;
        assert_eq!(length.is_some(), fault != "cut-chunked=5000", "{fault}");
        assert!(error.is_some(), "{fault}");
        // What a reset overtakes is lost on the way.
        assert!(
            report().starts_with(&bytes) && bytes.len() <= 5000,
            "{fault}: {}",
            bytes.len()
        );
        if fault != "reset-body=5000" {
            assert_eq!(bytes.len(), 5000, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_cut_that_nothing_tells_of() {
    for fault in ["cut-close=5000", "truncate=5000", "truncate-report=5000"] {
        let (_qualys, client) = faulty(&[fault]).await;
        assert_eq!(
            arrives(&client, false).await,
            (report()[..5000].to_vec(), None, None),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn gzip_is_cut_or_holds_a_cut_report() {
    let decoded = |bytes: &[u8]| {
        let mut text = Vec::new();
        let whole = flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).is_ok();
        (text, whole)
    };
    let (_qualys, client) = faulty(&["truncate=1500"]).await;
    let (bytes, _, error) = arrives(&client, true).await;
    assert_eq!((bytes.len(), error), (1500, None));
    let (text, whole) = decoded(&bytes);
    assert!(!whole && report().starts_with(&text));

    let (_qualys, client) = faulty(&["truncate-report=1500"]).await;
    let (bytes, _, _) = arrives(&client, true).await;
    assert_eq!(decoded(&bytes), (report()[..1500].to_vec(), true));

    let (_qualys, client) = faulty(&["cut=1500"]).await;
    let (bytes, _, error) = arrives(&client, true).await;
    assert_eq!((bytes.len(), error.is_some()), (1500, true));
}

#[tokio::test]
async fn a_report_drips_or_stops_in_the_middle() {
    let (_qualys, client) = faulty(&["drip=10000@fetch", "truncate-report=5000@fetch"]).await;
    let started = Instant::now();
    assert_eq!(arrives(&client, false).await.0.len(), 5000);
    assert!(
        started.elapsed() >= Duration::from_millis(400),
        "{:?}",
        started.elapsed()
    );

    let (_qualys, client) = faulty(&["hang-body=5000"]).await;
    let waited = tokio::time::timeout(Duration::from_millis(300), arrives(&client, false)).await;
    assert!(waited.is_err(), "neither more nor an end");
}

#[tokio::test]
async fn another_length_is_announced_than_there_is() {
    let whole = report();
    for (announced, arrived) in [(500, 500), (9_000_000, whole.len())] {
        let (_qualys, client) = faulty(&[&format!("length={announced}")]).await;
        let (bytes, length, error) = arrives(&client, false).await;
        assert_eq!(length, Some(announced.to_string()));
        assert_eq!(bytes, whole[..arrived]);
        assert_eq!(error.is_some(), announced > arrived, "{error:?}");
    }
}

#[tokio::test]
async fn a_connection_ends_anywhere_in_the_answer() {
    let mut head = 0;
    for bytes in (0..600).step_by(50) {
        let (_qualys, client) = faulty(&[&format!("cut-wire={bytes}@launch")]).await;
        match client
            .try_post(&[("action", "launch"), ("template_id", "7"), ("output_format", "xml")])
            .await
        {
            Err(error) => head += usize::from(error.contains("sending request")),
            Ok(answer) => assert!(bytes > 400, "{bytes}: {answer:?}"),
        }
    }
    assert!(head > 1, "the head was never cut");
}
