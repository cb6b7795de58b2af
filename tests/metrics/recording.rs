//! Records what the dashboard shows, for its picture; `deploy/grafana/picture/make` calls it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_lab::management_center::{Faults, ManagementCenter, Options};
use connector_lab::qualys::{self, Qualys, Times};
use connector_lab::report;
use serde_json::{Map, Value, json};
use support::{PASSWORD, center, faulty, run, small};

use crate::gateway::Gateway;
use crate::prometheus::{Prometheus, both_templates, fresh, importing, panels};

/// Runs of each import, and the time from one to the next.
const RUNS: u32 = 26;
const PAUSE: Duration = Duration::from_secs(15);

async fn qualys(folder: &Path, run: u32, hosts: u32, fault: Option<&str>) -> Qualys {
    support::qualys(qualys::Options {
        times: Times {
            build_time: Duration::from_millis(1500 + u64::from(run * 37 % 11) * 100),
            queued: Duration::from_millis(300),
            ..Times::instant()
        },
        faults: fault.into_iter().map(|fault| fault.parse().unwrap()).collect(),
        files: fresh(
            folder,
            &report::Options {
                findings: 40,
                qids: 1500,
                ..small(hosts)
            },
        ),
        ..qualys::Options::default()
    })
    .await
}

async fn import(
    name: &str,
    number: u32,
    hosts: u32,
    fault: Option<&str>,
    password: &str,
    center: &ManagementCenter,
    gateway: &Gateway,
) {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(folder.path(), number, hosts, fault).await;
    let mut command = importing(folder.path(), center, gateway, name);
    command.env("QC_TELEMETRY__EXPECTED_INTERVAL", "15s");
    let ended = run(both_templates(command, &qualys, password)).await;
    eprintln!("{name} {number}: {:?}", ended.code);
}

/// What a panel's query was answered with, over the whole time for a graph, at its end otherwise.
fn answers(prometheus: &Prometheus, from: f64, to: f64) -> Map<String, Value> {
    let mut answers = Map::new();
    for (_, query, instant) in panels() {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = match instant {
            true => format!("/api/v1/query?query={encoded}&time={to}"),
            false => format!("/api/v1/query_range?query={encoded}&start={from}&end={to}&step=2"),
        };
        let answer = prometheus.get(&path).unwrap();
        answers.insert(format!("{instant} {query}"), answer["data"]["result"].clone());
    }
    answers
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        .floor()
}

#[tokio::test]
#[ignore = "takes minutes, and is for the picture only"]
async fn imports_of_some_minutes() {
    let file = std::env::var_os("QC_PICTURE_DATA").unwrap();
    let gateway = Gateway::start().unwrap();
    let prometheus = Prometheus::start(&gateway).unwrap();
    let berlin = center(Options::default()).await;
    let careless = faulty(Faults {
        drop_lines: vec!["AddScanResult,10.0.0.9,".to_owned()],
        ..Faults::default()
    })
    .await;
    let munich = center(Options::default()).await;
    let from = now();
    for number in 0..RUNS {
        let begun = tokio::time::Instant::now();
        let (fault, target) = match number {
            6 => (Some("throttled=4@launch:1"), &berlin),
            11 => (Some("status=503@list:1-3"), &berlin),
            15 => (None, &careless),
            19 => (Some("cut=20000@fetch:1"), &berlin),
            _ => (None, &berlin),
        };
        import("berlin", number, 400 + number * 9, fault, PASSWORD, target, &gateway).await;
        // Somebody changed a password at Qualys, and not here.
        let password = if number < RUNS - 2 { PASSWORD } else { "yesterday's" };
        import("munich", number, 180 + number * 2, None, password, &munich, &gateway).await;
        tokio::time::sleep_until(begun + PAUSE).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let to = now();
    let data = json!({ "from": from + 12.0, "to": to, "answers": answers(&prometheus, from + 12.0, to) });
    fs::write(Path::new(&file), data.to_string()).unwrap();
}
