//! The report parser, and what becomes of its reports: selection, commands, frames.

#![no_main]

use std::io::Read;

use libfuzzer_sys::{Corpus, fuzz_target};
use qualys_connector::host_input::command::{Mode, Settings};
use qualys_connector::host_input::packing::least;
use qualys_connector::import::fuzzing::frames;
use qualys_connector::report::selection::{Kinds, Selection, Statuses};
use qualys_connector::report::{Finding, Keep, Progress, Report, Selected, parse};

#[path = "../pieces.rs"]
mod pieces;
use pieces::Pieces;

/// Bytes of a frame that has room for any line behind its header.
const LEAST: usize = 64 + least();

fuzz_target!(|data: &[u8]| -> Corpus {
    let knobs = knobs(data);
    let keep = Keep {
        description_length: [0, 80, 4000][knobs % 3],
        names: knobs & 8 == 0,
        operating_systems: knobs & 16 == 0,
        unfinished: true,
    };
    let read = |source: &mut dyn Read| parse(source, &keep, &Progress::default());
    let whole = read(&mut &data[..]);
    let pieces = read(&mut Pieces(data, 1 + knobs % 97));
    match (whole, pieces) {
        (Ok(report), Ok(other)) => {
            assert_eq!(report.about(), other.about());
            assert_eq!(report.remarks(), other.remarks());
            report.remarks().sentences().for_each(|sentence| one_line(&sentence));
            nothing_of_half(data, &keep, knobs);
            counted_by_others(data, &report);
            let selection = selection(knobs);
            let selected = selection.apply(report);
            assert_eq!(said(&selected), said(&selection.apply(other)));
            add_up(&selected);
            sent(&selected, &settings(knobs), [LEAST, 2000, 64_000][knobs % 3]);
        }
        (Err(one), Err(other)) => {
            one_line(&one.to_string());
            assert_eq!(one.to_string(), other.to_string());
        }
        (one, other) => panic!("whole: {one:?}, in pieces: {other:?}"),
    }
    Corpus::Keep
});

/// What is tried beside the bytes, different for each input and the same for it always.
fn knobs(data: &[u8]) -> usize {
    let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    (data.iter().fold(0x811c_9dc5, mix) >> 8) as usize
}

fn one_line(sentence: &str) {
    assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
    assert!(sentence.chars().count() < 2000, "{sentence:?}");
}

/// What can be read of a report that lost its end.
fn nothing_of_half(data: &[u8], keep: &Keep, knobs: usize) {
    // What stands in comments and the like may look like an end.
    if data.windows(2).any(|two| two == b"<!" || two == b"<?") {
        return;
    }
    let ends = ["</ASSET_DATA_REPORT", "</SCAN", "</HOST_LIST_VM_DETECTION_OUTPUT"];
    let last = |end: &str| data.windows(end.len()).rposition(|window| window == end.as_bytes());
    if let Some(end) = ends.into_iter().filter_map(last).max() {
        for cut in [end, end + 1, knobs % (end + 1)] {
            assert!(parse(&data[..cut], keep, &Progress::default()).is_err(), "cut at {cut}");
        }
    }
}

/// A plain reading of the same text finds no more hosts and findings.
fn counted_by_others(data: &[u8], report: &Report) {
    let Ok(text) = str::from_utf8(data) else { return };
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let Ok(document) = roxmltree::Document::parse_with_options(text, options) else {
        return;
    };
    let root = document.root_element();
    let below = |paths: &[&str]| -> u64 {
        let count = |path: &&str| {
            let start = vec![root];
            let nodes = path.split('/').fold(start, |nodes, name| {
                let children = nodes.iter().flat_map(|node| node.children());
                children.filter(|child| child.has_tag_name(name)).collect()
            });
            nodes.len() as u64
        };
        paths.iter().map(count).sum()
    };
    let (hosts, findings) = match root.tag_name().name() {
        "SCAN" => (
            below(&["IP"]),
            below(&[
                "IP/VULNS/CAT/VULN",
                "IP/PRACTICES/CAT/PRACTICE",
                "IP/INFOS/CAT/INFO",
                "IP/SERVICES/CAT/SERVICE",
            ]) + below(&["IP/INFOS/CAT/SERVICE", "IP/SERVICES/CAT/INFO"]),
        ),
        "HOST_LIST_VM_DETECTION_OUTPUT" => (
            below(&["RESPONSE/HOST_LIST/HOST"]),
            below(&["RESPONSE/HOST_LIST/HOST/DETECTION_LIST/DETECTION"]),
        ),
        _ => (
            below(&["HOST_LIST/HOST"]),
            below(&["HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO"]),
        ),
    };
    // What stands in the wrong place counts too.
    assert!(report.about().hosts >= hosts && report.about().findings >= findings);
}

fn selection(knobs: usize) -> Selection {
    let all = Selection {
        networks: "all".parse().unwrap(),
        kinds: "all".parse::<Kinds>().unwrap(),
        statuses: "all".parse::<Statuses>().unwrap(),
        ..Selection::default()
    };
    match knobs % 4 {
        0 => all,
        1 => Selection::default(),
        2 => Selection {
            min_severity: 3,
            only_with_cve: true,
            ..all
        },
        _ => Selection {
            ranges: "10.0.0.0/8,192.0.2.0/24,::/1".parse().unwrap(),
            exclude_qids: "1-90000".parse().unwrap(),
            ..Selection::default()
        },
    }
}

fn said(selected: &Selected) -> String {
    let hosts = 0..selected.len();
    let hosts = hosts.map(|index| {
        let mut findings = Vec::new();
        let host = format!("{:?}", selected.host(index, &mut findings));
        (host, findings)
    });
    format!("{:?} {:?}", hosts.collect::<Vec<_>>(), selected.vulnerabilities())
}

/// Everything that was read goes on or is counted under a reason.
fn add_up(selected: &Selected) {
    let counts = selected.counts();
    assert_eq!(
        counts.hosts_read,
        counts.hosts_selected + counts.hosts_clean + counts.hosts_left_out.total()
    );
    assert_eq!(
        counts.findings_read,
        counts.findings_selected + counts.findings_left_out.total()
    );
    assert_eq!(counts.findings_selected, counts.by_severity.iter().sum::<u64>());
    assert_eq!(counts.findings_selected, counts.by_kind.iter().sum::<u64>());
    assert_eq!(selected.len() as u64, counts.hosts_selected + counts.hosts_clean);
    let mut findings: Vec<Finding> = Vec::new();
    let (mut last, mut sum) = (None, 0);
    for index in 0..selected.len() {
        let host = selected.host(index, &mut findings).unwrap();
        assert!(last < Some(host.address), "hosts in order, each once");
        last = Some(host.address);
        assert_eq!(host.clean, findings.is_empty());
        assert!(findings.is_sorted() && findings.windows(2).all(|two| two[0].place() != two[1].place()));
        assert!(findings.iter().all(|finding| selected.vulnerability(finding).is_some()));
        sum += findings.len() as u64;
    }
    assert_eq!(sum, counts.findings_selected);
}

fn settings(knobs: usize) -> Settings {
    Settings {
        add_host: knobs & 32 == 0,
        source: "Qualys".parse().unwrap(),
        scanner: "QualysGuard 2".parse().unwrap(),
        domain: (knobs & 64 == 0).then(|| "Global\\Europe".parse().unwrap()),
        mode: if knobs & 128 == 0 { Mode::Replace } else { Mode::Merge },
        clear_clean_hosts: knobs & 256 == 0,
        description_length: [0, 80, 4000][knobs % 3],
        set_os: knobs & 512 == 0,
        hostname_attribute: (knobs & 1024 == 0).then(|| "DNS name".parse().unwrap()),
    }
}

/// What is sent can be read by the Management Center's parser, line by line, and says all that was selected.
fn sent(selected: &Selected, settings: &Settings, limit: usize) {
    let sent = frames(settings, selected, limit);
    let (mut told, mut missing, mut results, mut closed) = (0, 0, 0, Vec::new());
    for frame in &sent.frames {
        assert!(frame.payload.len() <= limit);
        let lines = frame.payload.strip_prefix(&sent.header[..]).unwrap();
        assert!(lines.ends_with(b"\n"));
        assert!(lines.iter().all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte)));
        assert_eq!(
            frame.commands,
            lines.iter().filter(|byte| **byte == b'\n').count() as u64
        );
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(lines);
        let mut records = 0;
        for record in reader.records() {
            let record = record.unwrap();
            records += 1;
            let fields = match &record[0] {
                "ScanFlush" | "ScanUpdate" => 1,
                "AddHost" => 2,
                "DeleteScanResult" => 3,
                "SetAttributeValue" => 4,
                "SetOS" => 5,
                "AddScanResult" => {
                    results += 1;
                    10
                }
                command => panic!("{command}"),
            };
            assert_eq!(record.len(), fields, "{record:?}");
        }
        assert_eq!(records, frame.commands, "no quote spans lines");
        for (host, written) in &frame.closed {
            closed.push(*host);
            told += written.findings;
            missing += u64::from(written.shortened.results);
        }
    }
    assert_eq!(closed, (0..sent.hosts).collect::<Vec<_>>());
    assert_eq!((told, results), (selected.counts().findings_selected, told - missing));
}
