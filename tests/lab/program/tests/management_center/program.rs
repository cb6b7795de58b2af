//! The lab as a program: its files, its HTTP, its signals.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use connector_lab::management_center::{Event, ManagementCenter, NetworkMap, Options};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::client::{Client, identity, ids, result, start};

struct Program {
    process: Child,
    address: SocketAddr,
    introduction: Vec<String>,
}

async fn run(dir: &Path, arguments: &[&str]) -> Program {
    let mut process = Command::new(env!("CARGO_BIN_EXE_connector-lab"))
        .args(["management-center", "--listen", "127.0.0.1:0", "--dir"])
        .arg(dir)
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut introduction = Vec::new();
    let lines = 2 + arguments.iter().filter(|argument| **argument == "--http").count();
    for _ in 0..lines {
        let line = tokio::time::timeout(Duration::from_secs(60), output.next_line());
        introduction.push(line.await.unwrap().unwrap().unwrap());
    }
    // It is written before the introduction.
    let address = std::fs::read_to_string(dir.join("address")).unwrap();
    Program {
        process,
        address: address.trim_end().parse().unwrap(),
        introduction,
    }
}

async fn import_one_host(program: &Program, dir: &Path) -> Client {
    let identity = identity(&dir.join("client.pkcs12"), "");
    let ca = identity.chain[1].clone();
    let mut client = Client::connect_as(program.address, ca, Some(identity)).await.unwrap();
    client.shake_hands().await;
    client
        .run(&("SetSource,Q\nAddHost,192.0.2.1\n".to_owned() + &result("192.0.2.1", 1)))
        .await;
    client
}

fn written_map(dir: &Path) -> NetworkMap {
    serde_json::from_slice(&std::fs::read(dir.join("network-map.json")).unwrap()).unwrap()
}

async fn get(address: &str, target: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(format!("GET {target} HTTP/1.1\r\nHost: lab\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head.lines().next().unwrap().to_owned(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn sigterm_ends_it_with_what_was_pending_in_the_map() {
    for signal in ["TERM", "INT"] {
        let dir = tempfile::tempdir().unwrap();
        let mut program = run(dir.path(), &[]).await;
        let _still_connected = import_one_host(&program, dir.path()).await;
        connector_lab::testing::signal(program.process.id().unwrap(), signal);
        let status = tokio::time::timeout(Duration::from_secs(10), program.process.wait());
        assert!(status.await.unwrap().unwrap().success());
        assert_eq!(ids(&written_map(dir.path()), "192.0.2.1"), ["1"]);
        let transcript = std::fs::read_to_string(dir.path().join("transcript.jsonl")).unwrap();
        let last: Event = serde_json::from_str(transcript.lines().last().unwrap()).unwrap();
        assert!(format!("{last:?}").contains("the lab stops"), "{last:?}");
    }
}

#[tokio::test]
async fn the_map_and_the_transcript_are_served_over_http_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let program = run(dir.path(), &["--http", "127.0.0.1:0"]).await;
    let url = program.introduction[2].strip_prefix("network map: http://").unwrap();
    let http = url.strip_suffix("/network-map").unwrap();
    let _still_connected = import_one_host(&program, dir.path()).await;
    let (status, body) = get(http, "/network-map").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    let map: NetworkMap = serde_json::from_slice(&body).unwrap();
    assert!(ids(&map, "192.0.2.1").is_empty());
    let (_, body) = get(http, "/transcript").await;
    assert_eq!(body.iter().filter(|byte| **byte == b'\n').count(), 6);
    assert_eq!(get(http, "/").await.0, "HTTP/1.1 404 Not Found");
}

#[tokio::test]
async fn the_map_is_written_whenever_a_connection_ends() {
    let dir = tempfile::tempdir().unwrap();
    let center = start(Options {
        dir: Some(dir.path().to_owned()),
        ..Options::default()
    })
    .await;
    assert!(!center.dir().join("network-map.json").exists());
    for frame in ["SetSource,Q\nAddHost,192.0.2.1\n", "AddHost,192.0.2.2\n"] {
        let mut client = Client::open(&center).await;
        client.run(frame).await;
        client.close(&center).await;
        assert_eq!(written_map(center.dir()), center.network_map());
    }
    assert_eq!(center.stop().await.hosts.len(), 2);
    assert_eq!(written_map(dir.path()).hosts.len(), 2);
}

#[tokio::test]
async fn a_directory_that_nobody_named_holds_no_map_and_is_removed() {
    let center = start(Options::default()).await;
    let mut client = Client::open(&center).await;
    client.run("SetSource,Q\nAddHost,192.0.2.1\n").await;
    client.close(&center).await;
    let dir = center.dir().to_owned();
    assert!(dir.join("ca.pem").exists() && !dir.join("network-map.json").exists());
    assert_eq!(center.stop().await.hosts.len(), 1);
    assert!(!dir.exists());
}

#[tokio::test]
async fn what_can_not_be_done_is_said() {
    let taken = start(Options::default()).await;
    let message = async |options| ManagementCenter::start(options).await.err().unwrap().to_string();
    let listen = Options {
        listen: taken.address(),
        ..Options::default()
    };
    assert!(
        message(listen)
            .await
            .starts_with(&format!("can't listen on {}: ", taken.address()))
    );
    let discovered = Options {
        discovered: vec!["192.0.2.0/24,nowhere".to_owned()],
        ..Options::default()
    };
    assert_eq!(
        message(discovered).await,
        "--discovered: \"nowhere\" isn't an address, a CIDR block or a range"
    );
    let dir = Options {
        dir: Some("/dev/null/lab".into()),
        ..Options::default()
    };
    assert!(message(dir).await.starts_with("/dev/null/lab: "));

    let output = Command::new(env!("CARGO_BIN_EXE_connector-lab"))
        .args(["management-center", "--fault", "explode"])
        .output()
        .await
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("connector-lab: --fault: unknown fault \"explode\"; known are: "),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(1));
}
