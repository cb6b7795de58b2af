use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use qualys_connector::qualys::{Api, Settings};
use support::scripted::{REPORT, Reply, Scripted, simple_return};

use crate::{Failure, POLL, TEMPLATE, client, failure, run, settings};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UNFRAMED: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

fn gzipped() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(REPORT.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = CHUNKED.as_bytes().to_vec();
    for chunk in body.chunks(50) {
        write!(bytes, "{:x}\r\n", chunk.len()).unwrap();
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn a_report_arrives_however_it_is_framed() {
    let gzip = "Content-Encoding: gzip\r\n";
    for reply in [
        Reply::ok(REPORT),
        Reply::new(200, gzip, gzipped()),
        Reply::raw(chunked(REPORT.as_bytes())),
        Reply::raw([UNFRAMED.as_bytes(), REPORT.as_bytes()].concat()),
    ] {
        let qualys = Scripted::start();
        qualys.then("fetch", reply);
        let (report, usage) = run(&settings(&qualys.url())).await;
        assert_eq!(report.unwrap(), REPORT);
        assert_eq!(usage.bytes, REPORT.len() as u64);
        assert_eq!(qualys.actions()[3..], ["fetch", "delete"]);
    }
}

#[tokio::test]
async fn a_body_that_was_cut_off_is_fetched_again_wherever_it_was_cut() {
    let gzip = Reply::new(200, "Content-Encoding: gzip\r\n", gzipped());
    let chunked = Reply::raw(chunked(REPORT.as_bytes()));
    for (whole, length) in [
        (Reply::ok(REPORT), REPORT.len()),
        (gzip, gzipped().len()),
        (chunked, REPORT.len() + 20),
    ] {
        for cut in [1, length / 2, length - 1] {
            let qualys = Scripted::start();
            qualys.then("fetch", whole.clone().cut(cut));
            let (report, usage) = run(&settings(&qualys.url())).await;
            assert_eq!(report.unwrap(), REPORT, "{cut} of {length}");
            assert_eq!(qualys.actions()[3..], ["fetch", "fetch", "delete"]);
            assert_eq!(usage.retries.values().sum::<u64>(), 1);
        }
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_when_its_document_is() {
    let qualys = Scripted::start();
    qualys.then("fetch", Reply::raw([UNFRAMED, &REPORT[..REPORT.len() / 2]].concat()));
    assert_eq!(run(&settings(&qualys.url())).await.0.unwrap(), REPORT);
    assert_eq!(qualys.actions()[3..], ["fetch", "fetch", "delete"]);
}

#[tokio::test]
async fn a_body_that_is_always_cut_off_ends_in_69_and_the_report_stays_for_the_next_run() {
    let qualys = Scripted::start();
    qualys.times(20, "fetch", &Reply::ok(REPORT).cut(100));
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @"download at HOST: the answer was cut off after 100 bytes (end of file before message length reached); try it again; if it stays so, see what is between here and Qualys (firewall, proxy, maintenance)");
    assert_eq!(exit.code(), 69);
    assert_eq!(qualys.actions()[3..], ["fetch"; 7]);
    let pauses = qualys.pauses("fetch");
    assert!(
        pauses
            .iter()
            .zip([2, 4, 8, 16, 32, 64])
            .all(|(pause, least)| pause.as_millis() >= least),
        "{pauses:?}"
    );
}

#[tokio::test]
async fn silence_in_mid_body_ends_by_the_idle_time_out_and_the_body_is_fetched_again() {
    let qualys = Scripted::start();
    qualys.then("fetch", Reply::ok(REPORT).cut(100).lingering(Duration::from_secs(8)));
    let settings = Settings {
        idle_timeout: Duration::from_secs(2),
        ..settings(&qualys.url())
    };
    assert_eq!(run(&settings).await.0.unwrap(), REPORT);
    assert_eq!(qualys.actions()[3..], ["fetch", "fetch", "delete"]);
}

#[tokio::test]
async fn a_parser_that_is_slower_than_the_idle_time_out_is_no_fault() {
    let qualys = Scripted::start();
    let body = format!("<ASSET_DATA_REPORT>{}</ASSET_DATA_REPORT>", "x".repeat(16 << 20));
    qualys.then("fetch", Reply::ok(&body));
    let settings = Settings {
        idle_timeout: Duration::from_secs(2),
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    let finished = client.wait(&launched).await.unwrap();
    let slow = |body| {
        std::thread::sleep(Duration::from_secs(5));
        crate::parse(body)
    };
    let report = client.download(finished, slow, |_| false).await.unwrap();
    assert_eq!(report.len(), body.len());
    assert_eq!(qualys.actions()[3..], ["fetch"]);
}

#[tokio::test]
async fn what_comes_instead_of_a_report_is_tried_again() {
    for instead in [
        Reply::refusal(200, 999, "Internal error", ""),
        Reply::refusal(409, 1981, "Being processed", ""),
        Reply::refusal(409, 1960, "Too many", "CALLS_TO_FINISH=2"),
        Reply::new(503, "", "<html>maintenance</html>"),
        Reply::ok(""),
        Reply::ok("<!DOCTYPE html><html><body>Log in</body></html>"),
        Reply::hang_up(),
        Reply::ok("<GENERIC_RETURN><RETURN status=\"FAILED\" number=\"999\">Internal</RETURN></GENERIC_RETURN>"),
        Reply::ok("<ASSET_DATA_REPORT><ERROR number=\"999\">Internal</ERROR></ASSET_DATA_REPORT>"),
    ] {
        let qualys = Scripted::start();
        qualys.then("fetch", instead.clone());
        assert_eq!(run(&settings(&qualys.url())).await.0.unwrap(), REPORT, "{instead:?}");
        assert_eq!(qualys.actions()[3..], ["fetch", "fetch", "delete"]);
    }
}

#[tokio::test]
async fn a_finished_report_that_stays_unfetchable_is_left_with_75() {
    let qualys = Scripted::start();
    qualys.times(20, "fetch", &Reply::refusal(200, 7001, "Report cannot be fetched.", ""));
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @r#"download at HOST: Qualys refuses: "Report cannot be fetched." (code 7001); Qualys lists the report as finished but doesn't hand it out, or somebody deleted it: run again later"#);
    assert_eq!(exit.code(), 75);
    // The list tells that it is there.
    assert_eq!(qualys.actions()[3..5], ["fetch", "list"]);
    assert_eq!(qualys.actions()[5..], ["fetch"; 6]);
    assert!(
        qualys.pauses("fetch").iter().sum::<Duration>() >= POLL * 4,
        "Qualys' own script waits 100 s in all"
    );
}

#[tokio::test]
async fn an_error_of_the_parser_is_final_and_the_report_is_deleted() {
    let qualys = Scripted::start();
    let big = format!("<WAS_SCAN_REPORT>{}", "x".repeat(8 << 20));
    qualys.then("fetch", Reply::ok(big));
    let client = client(&settings(&qualys.url()));
    let launched = client.launch(TEMPLATE).await.unwrap();
    let finished = client.wait(&launched).await.unwrap();
    let refuse = |_| Err::<(), _>(Failure::Unusable);
    let error = client.download(finished, refuse, |_| false).await.unwrap_err();
    assert!(matches!(error, Failure::Unusable));
    assert_eq!(qualys.actions()[3..], ["fetch"]);
}

#[tokio::test]
async fn a_parser_that_had_enough_still_gets_a_proven_body_only() {
    let long = format!("{REPORT}{}", " ".repeat(4 << 20));
    for (first, fetches) in [(Reply::ok(&long), 1), (Reply::ok(&long).cut(long.len() - 1), 2)] {
        let qualys = Scripted::start();
        qualys.then("fetch", first).then("fetch", Reply::ok(&long));
        let client = client(&settings(&qualys.url()));
        let launched = client.launch(TEMPLATE).await.unwrap();
        let finished = client.wait(&launched).await.unwrap();
        client
            .download(finished, |_| Ok::<_, Failure>(()), |_| false)
            .await
            .unwrap();
        assert_eq!(qualys.actions()[3..], vec!["fetch"; fetches]);
        assert_eq!(client.usage().bytes, long.len() as u64);
    }
}

#[tokio::test]
async fn the_old_synchronous_call_is_one_request_and_silence_is_no_fault() {
    let qualys = Scripted::start();
    qualys.then("asset_data_report.php", Reply::ok(REPORT).after(Duration::from_secs(4)));
    let settings = Settings {
        api: Api::AssetDataReport,
        idle_timeout: Duration::from_secs(2),
        ..settings(&qualys.url())
    };
    assert_eq!(run(&settings).await.0.unwrap(), REPORT);
    assert_eq!(
        qualys.requests()[0].target,
        "/msp/asset_data_report.php?template_id=424242"
    );
    assert_eq!(qualys.actions().len(), 1);
}

#[tokio::test]
async fn an_answer_that_should_be_small_is_not_read_without_end() {
    let qualys = Scripted::start();
    let endless = format!("{}{}", simple_return("", "x", ""), " ".repeat(2 << 20));
    qualys.then("launch", Reply::ok(endless));
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: an answer is longer than it should be (more than 1048576 bytes); check qualys.url and qualys.api_version");
    assert_eq!(exit.code(), 65);
}
