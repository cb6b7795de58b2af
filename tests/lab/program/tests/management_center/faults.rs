//! Faults: what a client sees of each.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use connector_lab::management_center::{AnswerFault, Faults, ManagementCenter, Options};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::client::{Client, DATA, ERROR, MAX_SIZE, VERSION, ids, result, start, start_default};

async fn with(faults: &[&str]) -> ManagementCenter {
    start(Options {
        faults: Faults::parse(faults.iter().copied()).unwrap(),
        ..Options::default()
    })
    .await
}

/// The bytes that come instead of the answer to one frame, and how the stream then ends.
async fn instead_of_answer(fault: &str) -> (Vec<u8>, Result<(), ErrorKind>) {
    let center = with(&[fault]).await;
    let mut client = Client::open(&center).await;
    client.send(DATA, b"ScanUpdate\n").await.unwrap();
    let (bytes, end) = client.rest().await;
    (bytes, end.map_err(|error| error.kind()))
}

const DONE: &[u8] = b"\0\0\0\x03\0\0\0\x1cDone processing 1 commands.\n";

#[tokio::test]
async fn a_connection_can_end_before_within_and_after_an_answer() {
    assert_eq!(instead_of_answer("close-before-answer=1").await, (vec![], Ok(())));
    assert_eq!(instead_of_answer("close-after-answer=1").await, (DONE.to_vec(), Ok(())));
    assert_eq!(
        instead_of_answer("close-within-answer=1").await,
        (DONE[..8].to_vec(), Ok(()))
    );
    assert_eq!(
        instead_of_answer("close-within-answer=1:11").await,
        (DONE[..11].to_vec(), Ok(()))
    );
    assert_eq!(
        instead_of_answer("cut=1").await,
        (vec![], Err(ErrorKind::UnexpectedEof))
    );
    assert_eq!(
        instead_of_answer("reset=1").await,
        (vec![], Err(ErrorKind::ConnectionReset))
    );
}

#[tokio::test]
async fn a_frame_without_answer_was_processed_all_the_same() {
    let center = with(&["close-before-answer=1"]).await;
    let mut client = Client::open(&center).await;
    let frame = "SetSource,Q\nAddHost,192.0.2.1\n".to_owned() + &result("192.0.2.1", 1);
    client.send(DATA, frame.as_bytes()).await.unwrap();
    assert!(client.rest().await.0.is_empty());
    // The pending result has taken effect before the client could see the end.
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["1"]);
}

#[tokio::test]
async fn a_connection_can_end_before_and_after_the_maximum_size() {
    let center = with(&["close-after-tls"]).await;
    let mut client = Client::connect(&center).await.unwrap();
    assert!(client.rest().await.0.is_empty());

    let center = with(&["close-after-handshake"]).await;
    let mut client = Client::open(&center).await;
    let (bytes, end) = client.rest().await;
    assert!(bytes.is_empty() && end.is_ok());

    let center = with(&["refuse-version"]).await;
    let mut client = Client::connect(&center).await.unwrap();
    client.send(VERSION, &1u32.to_be_bytes()).await.unwrap();
    assert!(client.rest().await.0.is_empty());
}

/// The answer to one frame.
async fn answer(fault: &str) -> (u32, Vec<u8>) {
    let center = with(&[fault]).await;
    let mut client = Client::open(&center).await;
    client.ask(DATA, b"ScanUpdate\n").await
}

#[tokio::test]
async fn an_answer_can_say_the_wrong_thing() {
    let text = |text: &str| (DATA, text.as_bytes().to_vec());
    assert_eq!(answer("wrong-count=1").await, text("Done processing 0 commands.\n"));
    assert_eq!(answer("wrong-count=1:2").await, text("Done processing 3 commands.\n"));
    assert_eq!(answer("without-done=1").await, text(""));
    assert_eq!(answer("error-frame=1").await.0, ERROR);
    assert_eq!(answer("wrong-type=1").await.0, 9);
    assert!(String::from_utf8(answer("garbage=1").await.1).is_err());
}

#[tokio::test]
async fn an_answer_can_come_twice() {
    let center = with(&["twice=1"]).await;
    let mut client = Client::open(&center).await;
    let first = client.ask(DATA, b"ScanUpdate\n").await;
    assert_eq!(client.receive().await.unwrap(), first);
}

#[tokio::test]
async fn an_answer_can_lie_about_its_length() {
    let center = with(&["huge-length=1"]).await;
    let mut client = Client::open(&center).await;
    client.send(DATA, b"ScanUpdate\n").await.unwrap();
    let mut header = [0; 8];
    client.stream.read_exact(&mut header).await.unwrap();
    assert_eq!(header, *b"\0\0\0\x03\xff\xff\xff\xff");
}

#[tokio::test]
async fn the_maximum_size_is_an_answer_too() {
    let center = with(&["wrong-type=0"]).await;
    let mut client = Client::connect(&center).await.unwrap();
    assert_eq!(client.ask(VERSION, &1u32.to_be_bytes()).await.0, 9);
    let center = with(&["error-frame=0"]).await;
    let mut client = Client::connect(&center).await.unwrap();
    assert_eq!(client.ask(VERSION, &1u32.to_be_bytes()).await.0, ERROR);
}

#[tokio::test]
async fn an_answer_can_be_slow_split_or_never_come() {
    let center = with(&["slow-answers=120", "split-answers=1"]).await;
    let began = Instant::now();
    let mut client = Client::open(&center).await;
    let read = client.ask(DATA, b"ScanUpdate\n").await;
    assert_eq!(read, (DATA, DONE[8..].to_vec()));
    assert!(began.elapsed() >= Duration::from_millis(240), "{:?}", began.elapsed());

    for fault in ["never-answer=1", "stop-reading=1"] {
        let center = with(&[fault]).await;
        let mut client = Client::open(&center).await;
        client.send(DATA, b"ScanUpdate\n").await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(200), client.receive());
        assert!(waiting.await.is_err(), "{fault}");
    }
}

#[tokio::test]
async fn the_server_can_speak_no_tls_or_not_at_all() {
    let center = with(&["plain-text"]).await;
    let mut socket = TcpStream::connect(center.address()).await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "220 This is not TLS.\r\n");
    assert!(Client::connect(&center).await.is_err());

    let center = with(&["silent"]).await;
    let waiting = tokio::time::timeout(Duration::from_millis(200), Client::connect(&center));
    assert!(waiting.await.is_err());
    center.idle().await;
}

#[tokio::test]
async fn the_server_certificate_can_be_wrong() {
    for (fault, complaint) in [
        ("foreign-certificate", "UnknownIssuer"),
        ("expired-certificate", "certificate expired"),
        ("not-yet-valid-certificate", "certificate not valid yet"),
    ] {
        let center = with(&[fault]).await;
        let error = Client::connect(&center).await.err().unwrap().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[tokio::test]
async fn connections_can_be_refused_after_some() {
    let center = with(&["refuse-connections=1"]).await;
    Client::open(&center).await.close(&center).await;
    let error = Client::connect(&center).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    center.set_faults(Faults::default());
    while Client::connect(&center).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Client::open(&center).await.close(&center).await;
}

#[tokio::test]
async fn faults_can_be_for_the_first_connections_only() {
    let center = start(Options {
        faults: Faults {
            connections: Some(1),
            ..Faults::default().answer(1, AnswerFault::Reset)
        },
        ..Options::default()
    })
    .await;
    let mut client = Client::open(&center).await;
    client.send(DATA, b"ScanUpdate\n").await.unwrap();
    assert!(client.receive().await.is_err());
    let mut client = Client::open(&center).await;
    assert_eq!(client.run("ScanUpdate\n").await, "Done processing 1 commands.\n");
}

#[tokio::test]
async fn faults_can_change_while_it_runs() {
    let center = start_default().await;
    Client::open(&center).await.close(&center).await;
    center.set_faults(Faults::parse(["close-after-tls"]).unwrap());
    let mut client = Client::connect(&center).await.unwrap();
    assert!(client.rest().await.0.is_empty());
}

#[tokio::test]
async fn lines_can_be_dropped_and_hosts_refused() {
    let center = with(&["drop-lines=192.0.2.2", "refuse-host=192.0.2.3"]).await;
    let mut client = Client::open(&center).await;
    let answer = client
        .run("SetSource,Q\nAddHost,192.0.2.1\nAddHost,192.0.2.2\nAddHost,192.0.2.3\nDeleteHost,192.0.2.0/24\n")
        .await;
    assert_eq!(
        answer,
        "192.0.2.3 is refused by the lab\nFailed to Execute Command: AddHost, 192.0.2.3\n\
         192.0.2.3 is refused by the lab\nFailed to Execute Command: DeleteHost, 192.0.2.0/24\n\
         Done processing 3 commands.\n"
    );
    let map = center.network_map();
    assert_eq!(
        map.hosts.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["192.0.2.1"]
    );
    assert_eq!(map.counters.dropped_lines, 1);
}

#[tokio::test]
async fn by_default_nothing_goes_wrong() {
    let center = start_default().await;
    let mut client = Client::connect(&center).await.unwrap();
    assert_eq!(client.ask(VERSION, &1u32.to_be_bytes()).await.0, MAX_SIZE);
    assert_eq!(client.run("ScanUpdate\n").await, "Done processing 1 commands.\n");
}
