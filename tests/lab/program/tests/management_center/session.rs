//! The conversation on the wire (reference section 1), and how its end is noted.

use connector_lab::management_center::{Close, Event, Faults, ManagementCenter, Options, What};
use tokio::io::AsyncWriteExt;

use super::client::{Client, DATA, ERROR, MAX_SIZE, VERSION, result, start, start_default};

/// How the only connection ended.
async fn end(center: &ManagementCenter) -> Close {
    center.idle().await;
    let ends: Vec<Close> = center
        .transcript()
        .into_iter()
        .filter_map(|event| match event {
            Event {
                what: What::Close { how },
                ..
            } => Some(how),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1);
    ends[0].clone()
}

fn reason(how: &Close) -> &str {
    match how {
        Close::Closed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn version_is_answered_with_the_maximum_size() {
    let center = start_default().await;
    let mut client = Client::connect(&center).await.unwrap();
    let answer = client.ask(VERSION, &1u32.to_be_bytes()).await;
    assert_eq!(answer, (MAX_SIZE, vec![0, 8, 0, 0]));
}

#[tokio::test]
async fn a_newer_version_is_refused_and_an_older_one_is_not() {
    let center = start_default().await;
    let mut client = Client::connect(&center).await.unwrap();
    client.send(VERSION, &2u32.to_be_bytes()).await.unwrap();
    let (bytes, end_of_stream) = client.rest().await;
    assert!(bytes.is_empty() && end_of_stream.is_ok());
    assert_eq!(reason(&end(&center).await), "the client's version is newer");

    let mut client = Client::connect(&center).await.unwrap();
    assert_eq!(client.ask(VERSION, &0u32.to_be_bytes()).await.0, MAX_SIZE);
}

#[tokio::test]
async fn a_refused_version_may_be_answered_with_an_error_frame() {
    let center = start(Options {
        faults: Faults::parse(["refuse-version=error"]).unwrap(),
        ..Options::default()
    })
    .await;
    let mut client = Client::connect(&center).await.unwrap();
    assert_eq!(client.ask(VERSION, &1u32.to_be_bytes()).await.0, ERROR);
    let (bytes, end_of_stream) = client.rest().await;
    assert!(bytes.is_empty() && end_of_stream.is_ok());
}

#[tokio::test]
async fn each_frame_of_commands_gets_one_answer_of_type_3() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    for _ in 0..3 {
        let answer = client.ask(DATA, b"ScanUpdate\n").await;
        assert_eq!(answer, (DATA, b"Done processing 1 commands.\n".to_vec()));
    }
    client.close(&center).await;
    assert_eq!(end(&center).await, Close::Orderly);
    assert_eq!(center.network_map().counters.violations.early_frames, 0);
}

#[tokio::test]
async fn a_frame_of_the_maximum_size_is_taken_and_a_bigger_one_closes_the_connection() {
    let center = start(Options {
        max_size: 200,
        ..Options::default()
    })
    .await;
    let mut client = Client::open(&center).await;
    let mut fill = format!("SetSource,Q\nAddHost,192.0.2.1\n{}", result("192.0.2.1", 1));
    fill += &format!("#{}\n", "x".repeat(200 - 2 - fill.len()));
    assert_eq!(client.run(&fill).await, "Done processing 2 commands.\n");
    client.send(DATA, &[b'#'; 201]).await.unwrap();
    let (bytes, _) = client.rest().await;
    assert!(bytes.is_empty());
    drop(client);
    assert_eq!(reason(&end(&center).await), "a frame of 201 bytes, 200 are allowed");
    let map = center.network_map();
    assert_eq!(map.counters.violations.oversized_frames, 1);
    assert_eq!(super::client::ids(&map, "192.0.2.1"), ["1"]);
}

#[tokio::test]
async fn a_maximum_of_nothing_is_said_as_it_is() {
    for max_size in [0, 1, 10] {
        let center = start(Options {
            max_size,
            ..Options::default()
        })
        .await;
        let mut client = Client::connect(&center).await.unwrap();
        let answer = client.ask(VERSION, &1u32.to_be_bytes()).await;
        assert_eq!(answer, (MAX_SIZE, max_size.to_be_bytes().to_vec()));
    }
}

#[tokio::test]
async fn a_frame_that_does_not_belong_there_closes_the_connection() {
    let at_first: [(u32, &[u8]); 3] = [(DATA, b"#\n"), (MAX_SIZE, b"\0\0\0\x01"), (9, b"")];
    for (kind, payload) in at_first {
        let center = start_default().await;
        let mut client = Client::connect(&center).await.unwrap();
        client.send(kind, payload).await.unwrap();
        assert!(client.rest().await.0.is_empty());
        drop(client);
        assert_eq!(reason(&end(&center).await), "an unexpected frame");
    }
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.send(VERSION, &1u32.to_be_bytes()).await.unwrap();
    assert!(client.rest().await.0.is_empty());
    assert_eq!(center.network_map().counters.violations.unexpected_frames, 1);
}

#[tokio::test]
async fn frames_ahead_of_answers_are_answered_in_order_and_noted() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    let frame = |payload: &[u8]| [&[0, 0, 0, 3, 0, 0, 0, payload.len() as u8], payload].concat();
    let two = [frame(b"ScanFlush\n"), frame(b"ScanFlush\nScanFlush\n")].concat();
    client.stream.write_all(&two).await.unwrap();
    client.stream.flush().await.unwrap();
    for count in [1, 2] {
        let (_, text) = client.receive().await.unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            format!("Done processing {count} commands.\n")
        );
    }
    assert_eq!(center.network_map().counters.violations.early_frames, 1);
}

#[tokio::test]
async fn the_ways_in_which_a_client_leaves_are_told_apart() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.stream.get_mut().0.shutdown().await.unwrap();
    assert_eq!(end(&center).await, Close::WithoutCloseNotify);

    let center = start_default().await;
    let client = Client::open(&center).await;
    client.stream.get_ref().0.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(end(&center).await, Close::Reset);

    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.stream.write_all(&[0, 0, 0, 3, 0, 0, 0, 9, b'#']).await.unwrap();
    client.close(&center).await;
    assert_eq!(end(&center).await, Close::CutFrame { bytes: 9 });
    assert_eq!(center.network_map().counters.violations.cut_frames, 1);
}

#[tokio::test]
async fn the_transcript_tells_the_story() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    let frame = format!(
        "SetSource,Q\nAddHost,192.0.2.1\n{}bad \"line\nScanFlush\n",
        result("192.0.2.2", 1)
    );
    client.run(&frame).await;
    client.close(&center).await;
    let whats: Vec<What> = center.transcript().into_iter().map(|event| event.what).collect();
    let [
        What::Connection { .. },
        What::Tls { version, client },
        What::Frame { number: 0, .. },
        What::Answer { number: 0, .. },
        What::Frame {
            number: 1,
            kind: 3,
            bytes,
            summary: Some(summary),
            ..
        },
        What::Answer { number: 1, text, .. },
        What::Close { how: Close::Orderly },
    ] = &whats[..]
    else {
        panic!("{whats:?}");
    };
    assert_eq!(
        (version.as_str(), client.as_str(), *bytes),
        ("TLSv1_3", "127.0.0.1", frame.len())
    );
    assert_eq!(text, "Done processing 3 commands.\n");
    assert_eq!(
        (summary.lines, summary.commands, &summary.dropped[..]),
        (5, 3, &["bad \\\"line".to_owned()][..])
    );
    let hosts = (summary.first_host.as_deref(), summary.last_host.as_deref());
    assert_eq!(hosts, (Some("192.0.2.1"), Some("192.0.2.2")));
    assert_eq!(summary.results_for_unknown_hosts, 1);

    let written = std::fs::read_to_string(center.dir().join("transcript.jsonl")).unwrap();
    let events: Vec<Event> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events, center.transcript());
}
