//! The same promise at a collector that isn't ours: rotel, which prints what it receives.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use connector_lab::management_center::Options;
use support::{center, report, run, sending, small};

use crate::promise::kept;
use crate::span::{CLIENT, INTERNAL, Span};

struct Rotel {
    process: Child,
    folder: tempfile::TempDir,
    grpc: u16,
    http: u16,
}

impl Drop for Rotel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Rotel {
    fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("ROTEL_AGENT") else {
            connector_lab::testing::skipped("rotel (pip install rotel; ROTEL_AGENT names its rotel-agent)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (grpc, http) = (free_port(), free_port());
        let process = Command::new(program)
            .args(["start", "--exporter", "blackhole", "--debug-log", "traces"])
            .args(["--debug-log-verbosity", "detailed"])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
            .arg("--pid-file")
            .arg(folder.path().join("pid"))
            .stdout(File::create(folder.path().join("printed")).unwrap())
            .stderr(File::create(folder.path().join("errors")).unwrap())
            .spawn()
            .unwrap();
        let rotel = Rotel {
            process,
            folder,
            grpc,
            http,
        };
        let begun = Instant::now();
        while [grpc, http]
            .iter()
            .any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err())
        {
            assert!(begun.elapsed() < Duration::from_secs(30), "rotel doesn't listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(rotel)
    }

    /// What it has printed once it has printed so many spans.
    async fn printed(&self, spans: usize) -> Vec<Span> {
        let begun = Instant::now();
        loop {
            let printed = read(&self.folder.path().join("printed"));
            if printed.len() >= spans {
                return printed;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{} spans", printed.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Reads the lines that rotel prints for each span.
fn read(path: &Path) -> Vec<Span> {
    let printed = fs::read_to_string(path).unwrap();
    let mut spans = Vec::new();
    for resource in printed.split("\nResource attributes:").skip(1) {
        let mut parts = resource.split("\nSpan #");
        let resource = attributes(parts.next().unwrap());
        spans.extend(parts.map(|span| {
            let get = |name: &str| {
                let line = span.lines().find(|line| line.trim_start().starts_with(name));
                line.and_then(|line| line.split_once(':'))
                    .map_or("", |(_, value)| value.trim())
            };
            Span {
                name: get("Name ").to_owned(),
                kind: match get("Kind ") {
                    "SPAN_KIND_INTERNAL" => INTERNAL,
                    "SPAN_KIND_CLIENT" => CLIENT,
                    other => panic!("kind {other}"),
                },
                trace: get("Trace ID").to_owned(),
                state: String::new(),
                id: get("ID ").to_owned(),
                parent: get("Parent ID").to_owned(),
                begun: get("Start time").parse().unwrap(),
                ended: get("End time").parse().unwrap(),
                attributes: attributes(span),
                resource: resource.clone(),
                status: match get("Status code") {
                    "STATUS_CODE_UNSET" => 0,
                    "STATUS_CODE_ERROR" => 2,
                    other => panic!("status {other}"),
                },
                events: span.matches("Events:").count(),
            }
        }));
    }
    spans
}

fn attributes(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("-> "));
    let pairs = lines.map(|line| {
        let (key, value) = line.split_once(": ").unwrap();
        let (_, value) = value.split_once('(').unwrap();
        (key.to_owned(), value.trim_end_matches(')').to_owned())
    });
    pairs.collect()
}

#[tokio::test]
async fn rotel_receives_what_is_promised_over_http_and_grpc() {
    let Some(rotel) = Rotel::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let center = center(Options::default()).await;
    for (run_number, (protocol, port)) in [("http/protobuf", rotel.http), ("grpc", rotel.grpc)]
        .into_iter()
        .enumerate()
    {
        let mut command = sending(folder.path(), &center);
        command
            .arg("--report")
            .arg(&path)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{port}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        run(command).await.assert_code(0);
        let printed = rotel.printed(7 * (run_number + 1)).await;
        assert_eq!(
            kept(&printed[7 * run_number..]),
            "qualys-connector\n  configure\n  template\n    parse\n    select\n    send\n      frames\n"
        );
    }
}
