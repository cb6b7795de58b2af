//! `connector-lab qualys` as a process.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use reqwest::Method;

use crate::client::{Client, SHARE};

/// A running program, which ends with the test.
struct Program(Child);

impl Program {
    fn start(dir: &Path, options: &[&str]) -> (Self, Client) {
        let child = Command::new(env!("CARGO_BIN_EXE_connector-lab"))
            .args(["qualys", "--dir"])
            .arg(dir)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        let address = loop {
            if let Ok(address) = fs::read_to_string(dir.join("address")) {
                break address;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "it doesn't start");
            std::thread::sleep(Duration::from_millis(10));
        };
        let client = Client::new(&dir.join("ca.pem"), &format!("https://{address}"));
        (Self(child), client)
    }

    fn peak_kilobytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        peak.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, or nobody needs it any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_folder_tells_where_it_is_and_what_it_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let options = [
        "--user",
        "dirk",
        "--password",
        "right",
        "--hosts",
        "3",
        "--templates",
        "7,8",
        "--build-time",
        "0s",
    ];
    let (mut program, client) = Program::start(dir.path(), &options);
    assert_eq!(client.launch("7").await.content("CODE"), None);
    assert_eq!(client.launch("9").await.refusal().1, 1905);
    let wrong = client.bare(Method::POST, SHARE).basic_auth("dirk", Some("d0ntp@n1c"));
    wrong.form(&[("action", "list")]).send().await.unwrap();

    let lines = fs::read_to_string(dir.path().join("requests.jsonl")).unwrap();
    assert!(
        !lines.contains("right\"}") && !lines.contains("d0ntp"),
        "no password is written: {lines}"
    );
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |line: &serde_json::Value| {
        let keys = ["method", "path", "action", "template", "status", "code", "credentials"];
        keys.map(|key| line[key].to_string()).join(" ")
    };
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [
            r#""POST" "/api/2.0/fo/report/" "launch" "7" 200 null "right""#,
            r#""POST" "/api/2.0/fo/report/" "launch" "9" 400 1905 "right""#,
            r#""POST" "/api/2.0/fo/report/" "list" null 401 2000 "wrong""#,
        ]
    );
    assert!(
        lines
            .iter()
            .all(|line| humantime::parse_rfc3339(line["time"].as_str().unwrap()).is_ok())
    );

    connector_lab::testing::signal(program.0.id(), "TERM");
    assert!(program.0.wait().unwrap().success(), "SIGTERM ends it in order");
}

#[tokio::test]
async fn memory_does_not_grow_with_what_is_sent() {
    let size = ["--findings", "5", "--qids", "50", "--longest-result", "1000"];
    let peak = async |hosts: &'static str, more: &[&'static str]| {
        let dir = tempfile::tempdir().unwrap();
        let mut options = vec![
            "--hosts",
            hosts,
            "--build-time",
            "0s",
            "--queued",
            "0s",
            "--fetch-lag",
            "0s",
        ];
        options.extend(size.iter().chain(more));
        let (program, client) = Program::start(dir.path(), &options);
        let id = client.launched().await;
        while client.state(&id).await.as_deref() != Some("Finished") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let request = client
            .request(Method::POST, SHARE)
            .form(&[("action", "fetch"), ("id", &id)]);
        let mut stream = request.send().await.unwrap().bytes_stream();
        let mut bytes = 0;
        while let Some(piece) = stream.next().await {
            bytes += piece.unwrap().len();
        }
        (bytes, program.peak_kilobytes())
    };
    let (few, small) = peak("1000", &["--unlisted", "0s"]).await;
    let (many, large) = peak("20000", &["--unlisted", "0s"]).await;
    assert!(many > 15 * few, "{few} bytes, then {many}");
    assert!(
        large < small + 4_000,
        "{small} kB for 1,000 hosts, {large} kB for 20,000"
    );
    let (zipped, zip) = peak("20000", &["--unlisted", "0s", "--zip-above", "1000"]).await;
    assert!(
        zipped < many / 2 && zip < small + 6_000,
        "{zip} kB for 20,000 hosts in a zip"
    );
}

#[test]
fn what_cannot_be_is_said() {
    let run = |options: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_connector-lab"))
            .arg("qualys")
            .args(options)
            .output()
            .unwrap();
        assert!(!run.status.success());
        String::from_utf8(run.stderr).unwrap()
    };
    assert!(run(&["--fault", "sleepy"]).contains("there is no fault `sleepy`"));
    assert!(run(&["--speed", "0"]).contains("the speed has to be above 0, not 0"));
    assert!(run(&["--listen", "192.0.2.1:1"]).contains("cannot listen on 192.0.2.1:1"));
    assert!(run(&["--report", "/nowhere.xml"]).contains("/nowhere.xml: No such file"));
}
