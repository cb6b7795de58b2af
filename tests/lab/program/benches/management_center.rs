//! How many lines a second the lab's Management Center takes, and how much memory that costs: it mustn't be the
//! bottleneck of any other measurement. Time is what a client waits for its answers, TLS on both sides included.
//!
//! `cargo bench -p connector-lab --bench management_center -- HOSTS RESULTS`
//! (default: 10,000 hosts of 40 results).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "it shares its client with the tests, and fails loudly like them"
)]

#[path = "../tests/management_center/client.rs"]
mod client;

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use connector_lab::management_center::Options;

use client::{Client, start};

/// What the product fills a frame with by default, in bytes.
const FRAME: usize = 64_000;

#[tokio::main]
async fn main() {
    let numbers: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (hosts, results) = match numbers[..] {
        [hosts, results] => (hosts, results),
        _ => (10_000, 40),
    };
    for counts_only in [true, false] {
        measure(hosts, results, counts_only).await;
    }
}

async fn measure(hosts: u32, results: u32, counts_only: bool) {
    let center = start(Options {
        host_limit: hosts as usize,
        counts_only,
        ..Options::default()
    })
    .await;
    let mut client = Client::open(&center).await;
    let mut waited = Duration::ZERO;
    let mut run = async |frame: &str| {
        let began = Instant::now();
        client.run(frame).await;
        waited += began.elapsed();
    };
    let mut frame = String::new();
    for host in 0..hosts {
        let before = frame.len();
        write_host(&mut frame, host, results);
        if frame.len() > FRAME {
            let host = frame.split_off(before);
            run(&frame).await;
            frame = host;
        }
    }
    run(&frame).await;
    client.close(&center).await;
    let memory = peak_memory().map_or("?".to_owned(), |kibibytes| (kibibytes / 1024).to_string());

    let map = center.network_map();
    assert_eq!(map.hosts.len(), hosts as usize);
    assert!(
        map.hosts
            .values()
            .all(|host| host.scanners["Qualys"].count == results as usize)
    );
    println!(
        "counts only: {counts_only:5}  {} lines  {:.0} lines/s  peak {} MiB with the client",
        map.counters.lines,
        map.counters.lines as f64 / waited.as_secs_f64(),
        memory
    );
}

fn write_host(frame: &mut String, host: u32, results: u32) {
    let address = Ipv4Addr::from_bits(0x0a00_0000 + host);
    if frame.is_empty() {
        frame.push_str("SetSource,Qualys\n");
    }
    writeln!(frame, "AddHost,{address}").unwrap();
    for id in 0..results {
        // About as long as lines of real reports.
        writeln!(
            frame,
            "AddScanResult,{address},\"Qualys\",{},{},6,\"Vulnerability number {id} with a title\",\"{:300}\",\
             \"cve_ids: CVE-2020-{:04} CVE-2021-{:05}\",\"bugtraq_ids: \"",
            38_000 + id,
            1 + id % 1000,
            "What it is, what it does, and what is to be done about it.",
            1000 + id,
            10_000 + id
        )
        .unwrap();
    }
    frame.push_str("ScanFlush\n");
}

fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
