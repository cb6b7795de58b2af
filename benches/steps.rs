//! Each step of an import by itself: `cargo bench`, or `cargo bench -- encode` for the steps of that name.
//!
//! These figures find the step that a change made slower; what an import costs is measured as a whole process, see
//! `docs/performance.md`.

#![expect(clippy::unwrap_used, reason = "what helps a benchmark fails with it")]

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use bytes::BytesMut;
use connector_lab::report::{Options, Report as Generated};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use qualys_connector::host_input::answer::Answer;
use qualys_connector::host_input::command::{
    Closing, Commands, HostResults, IpProtocol, Mode, ScanResult, Settings, VulnerabilityText,
};
use qualys_connector::host_input::frame::{Frame, FrameCodec};
use qualys_connector::report::selection::Selection;
use qualys_connector::report::{Keep, Progress, Report, parse};
use tokio_util::codec::{Decoder, Encoder};

fn main() {
    divan::main();
}

/// What the product fills a frame with by default, in bytes.
const FRAME: usize = 64_000;
/// Characters of a description, the default.
const DESCRIPTION: usize = 4000;

fn xml(hosts: u32, qids: u32) -> Vec<u8> {
    let options = Options {
        hosts,
        qids,
        ..Options::default()
    };
    let mut xml = Vec::new();
    Generated::new(options).unwrap().write_to(&mut xml).unwrap();
    xml
}

fn parsed(xml: &[u8]) -> Report {
    let keep = Keep {
        description_length: DESCRIPTION,
        ..Keep::default()
    };
    parse(xml, &keep, &Progress::default()).unwrap()
}

/// 500 hosts with 40 findings each: evidence that nobody asked for, in the main.
#[divan::bench]
fn parse_hosts(bencher: Bencher) {
    let xml = xml(500, 50);
    bencher.counter(BytesCount::of_slice(&xml)).bench_local(|| parsed(&xml));
}

/// A report that is glossary in the main: descriptions are freed of their mark-up.
#[divan::bench]
fn parse_glossary(bencher: Bencher) {
    let xml = xml(1, 3000);
    bencher.counter(BytesCount::of_slice(&xml)).bench_local(|| parsed(&xml));
}

#[divan::bench]
fn select(bencher: Bencher) {
    let xml = xml(1000, 3000);
    let findings = parsed(&xml).about().findings;
    bencher
        .counter(ItemsCount::new(findings))
        .with_inputs(|| parsed(&xml))
        .bench_local_values(|report| Selection::default().apply(report));
}

const TEXT: &str = "The remote service “Apache® HTTP Server” accepts requests that are longer than its buffers; an \
                    attacker who isn't logged in can make it stop, or run code of his own as the service's user. ";

/// A description made ready for the Management Center's parser: ASCII, one line, cut, quoted.
#[divan::bench]
fn clean_text(bencher: Bencher) {
    let description = TEXT.repeat(10);
    let vulnerability = vulnerability(&description);
    bencher
        .counter(BytesCount::of_str(&description))
        .bench_local(|| vulnerability.prepare(DESCRIPTION));
}

/// The 40 lines of a host.
#[divan::bench(args = [0, DESCRIPTION])]
fn encode_host(bencher: Bencher, description_length: usize) {
    let description = TEXT.repeat(5);
    let settings = Settings {
        add_host: true,
        source: "Qualys".parse().unwrap(),
        scanner: "Qualys".parse().unwrap(),
        domain: None,
        mode: Mode::Replace,
        clear_clean_hosts: false,
        description_length,
        set_os: false,
        hostname_attribute: None,
    };
    let commands = Commands::new(&settings, std::iter::once(vulnerability(&description)));
    let results = [ScanResult {
        vulnerability: 0,
        port: NonZeroU16::new(443),
        protocol: Some(IpProtocol::Tcp),
    }; 40];
    let host = HostResults {
        address: IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)),
        name: None,
        operating_system: None,
        results: &results,
        closing: Closing::Replace,
    };
    let mut out = Vec::with_capacity(FRAME);
    bencher.counter(ItemsCount::new(results.len())).bench_local(|| {
        out.clear();
        commands.write(&mut out, &host, usize::MAX);
        out.len()
    });
}

#[divan::bench]
fn encode_frame(bencher: Bencher) {
    let frame = Frame::Data(vec![b'x'; FRAME].into());
    let mut codec = FrameCodec { limit: u32::MAX };
    let mut wire = BytesMut::new();
    bencher.counter(BytesCount::new(FRAME)).bench_local(|| {
        wire.clear();
        codec.encode(&frame, &mut wire).unwrap();
        wire.len()
    });
}

/// An answer, from its bytes to what it means.
#[divan::bench]
fn decode_answer(bencher: Bencher) {
    let mut codec = FrameCodec { limit: u32::MAX };
    let mut wire = BytesMut::new();
    let text = "Done processing 68 commands.\n";
    codec.encode(&Frame::Data(text.into()), &mut wire).unwrap();
    bencher
        .with_inputs(|| wire.clone())
        .bench_local_values(|mut wire| match codec.decode(&mut wire).unwrap() {
            Some(Frame::Data(text)) => Answer::read(&text).done,
            _ => None,
        });
}

fn vulnerability(description: &str) -> VulnerabilityText<'_> {
    VulnerabilityText {
        id: 38_739,
        title: "Apache HTTP Server: Several Vulnerabilities",
        description,
        cves: &[],
        bugtraqs: &[12_345],
    }
}
