//! A report file is read.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use connector_lab::management_center::Faults;
use futures_util::{StreamExt as _, stream};
use support::{Running, run, until};

use crate::from_file::{Held, Import, Promise, cuts};
use crate::limits::Group;

/// Nobody is connected to before the report was read to its end.
const fn nothing_sent(exit: i32, says: &str) -> Promise<'_> {
    Promise {
        connections: 0..=0,
        ..Promise::fails(exit, says)
    }
}

const COMPLETES: Promise<'_> = Promise {
    exit: 0,
    says: "",
    connections: 1..=1,
    held: Held::All,
};

/// The import of what comes on standard input.
fn from_standard_input(import: &Import) -> Running {
    let mut command = import.command_with(&[("--report", "-")], &[]);
    command.stdin(Stdio::piped());
    Running::of(command)
}

/// 74: a file that isn't there or can't be one is named; nothing is sent.
#[tokio::test]
async fn refused() {
    let import = Import::into(Faults::default()).await;
    for (name, says) in [
        ("missing.xml", "can't be opened: No such file"),
        (".", "is a directory"),
        ("report.xml/report.xml", "can't be opened: Not a directory"),
    ] {
        let ended = Running::of(import.command_with(&[("--report", name)], &[]))
            .ended()
            .await;
        import.assert(&ended, &nothing_sent(74, says)).await;
    }
}

/// 143: a pipe that stays silent is waited for until the import is told to stop; nothing is sent.
#[tokio::test]
async fn hang() {
    let import = Import::into(Faults::default()).await;
    let mut running = from_standard_input(&import);
    let stdin = running.stdin();
    running.handles("TERM").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.signal("TERM");
    let ended = running.ended().await;
    drop(stdin);
    let promise = nothing_sent(143, "interrupted before anything was sent");
    import.assert(&ended, &promise).await;
}

/// 0: a report may come in pieces, however small and late.
#[tokio::test]
async fn slow_drip() {
    let import = Import::of(3, Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    let mut running = from_standard_input(&import);
    let mut stdin = running.stdin();
    let drip = tokio::task::spawn_blocking(move || {
        for (number, byte) in text.chunks(1).enumerate() {
            stdin.write_all(byte).unwrap();
            if number % 1000 == 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    let ended = running.ended().await;
    drip.await.unwrap();
    import.assert(&ended, &COMPLETES).await;
}

/// 65: half a report changes nothing, packed or not.
#[tokio::test]
async fn half_a_message() {
    let import = Import::into(Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    for whole in [text.clone(), gzip(&text), zip(&text)] {
        fs::write(&import.report, &whole[..whole.len() / 2]).unwrap();
        let ended = import.ends(&[], nothing_sent(65, "the report is cut off after")).await;
        assert_eq!(ended.summary()["hosts"], serde_json::json!({}));
    }
    fs::write(&import.report, text).unwrap();
    import.next_completes().await;
}

/// 65: what is no report is told by what it is; nothing is sent.
#[tokio::test]
async fn wrong_message() {
    let import = Import::into(Faults::default()).await;
    let cases: [(&[u8], &str); 8] = [
        (b"", "the report is empty"),
        (b"<html><body>Login</body></html>", "HTML page"),
        (b"<WAS_SCAN_REPORT></WAS_SCAN_REPORT>", "web application report"),
        (b"<REPORT></REPORT>", "its root element is REPORT"),
        (
            b"<ASSET_DATA_REPORT><ERROR>No</ERROR></ASSET_DATA_REPORT>",
            "Qualys reports an error",
        ),
        (
            b"<!DOCTYPE A [<!ENTITY a \"b\">]><ASSET_DATA_REPORT></ASSET_DATA_REPORT>",
            "DOCTYPE",
        ),
        (
            b"<ASSET_DATA_REPORT><HEADER><COMPANY>M\xfcller</COMPANY></HEADER></ASSET_DATA_REPORT>",
            "isn't UTF-8",
        ),
        (b"%PDF-1.7 a report for people", "the report is no XML"),
    ];
    for (bytes, says) in cases {
        fs::write(&import.report, bytes).unwrap();
        import.ends(&[], nothing_sent(65, says)).await;
    }
}

/// 65: a packed report must be as long as it says of itself, and agree with its checksum; nothing is sent.
#[tokio::test]
async fn false_length() {
    let import = Import::into(Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    let (gzip, zip) = (gzip(&text), zip(&text));
    // In a zip's first header: checksum, packed and unpacked size. At a gzip's end: checksum and size.
    let places = [
        (&zip, 14),
        (&zip, 18),
        (&zip, 22),
        (&gzip, gzip.len() - 8),
        (&gzip, gzip.len() - 4),
    ];
    for (packed, place) in places {
        let mut packed = packed.clone();
        packed[place] ^= 1;
        fs::write(&import.report, packed).unwrap();
        import.ends(&[], nothing_sent(65, "")).await;
    }
    fs::write(&import.report, zip).unwrap();
    import.ends(&[], COMPLETES).await;
}

/// 65: markup and texts that no report needs are refused while they are read, in memory that doesn't grow with them.
#[tokio::test]
async fn huge_length() {
    let import = Import::into(Faults::default()).await;
    let Some(group) = Group::memory(48 << 20) else { return };
    let endless = |open: &str, unit: &str| {
        let head = format!("<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP>{open}");
        gzip_of(&head, unit, 128 << 20)
    };
    for (open, unit) in [
        ("<TRACKING_METHOD>", "x"),
        ("<", "x"),
        ("<IP attribute='", "x"),
        ("<!--", "x"),
        ("<![CDATA[", "x"),
        ("", "<A>"),
    ] {
        fs::write(&import.report, endless(open, unit)).unwrap();
        let ended = Running::of(group.holding(&import.command(&[]))).ended().await;
        let promise = nothing_sent(65, "as in no report of Qualys; it is refused");
        import.assert(&ended, &promise).await;
    }
}

/// 0: a host that stands in the report twice is one host.
#[tokio::test]
async fn duplicate() {
    let import = Import::into(Faults::default()).await;
    let text = fs::read_to_string(&import.report).unwrap();
    let hosts = hosts(&text);
    let list: String = hosts.iter().chain(&hosts).copied().collect();
    fs::write(&import.report, with_hosts(&text, &list)).unwrap();
    let ended = import.ends(&[], COMPLETES).await;
    let read = ended.summary()["hosts"]["read"].as_u64().unwrap();
    assert_eq!(read, 2 * hosts.len() as u64);
}

/// 0: hosts may stand in any order; the commands are the same, byte for byte.
#[tokio::test]
async fn out_of_order() {
    let import = Import::into(Faults::default()).await;
    let text = fs::read_to_string(&import.report).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let commands = async |name: &str| {
        let path = elsewhere.path().join(name);
        let mut command = support::connector(import.folder());
        command.arg("--csvfile").arg(&path).arg("--report").arg(&import.report);
        run(command).await.assert_code(0);
        fs::read(path).unwrap()
    };
    let before = commands("before.csv").await;
    let backwards: String = hosts(&text).into_iter().rev().collect();
    fs::write(&import.report, with_hosts(&text, &backwards)).unwrap();
    assert_eq!(commands("after.csv").await, before);
    import.ends(&[], COMPLETES).await;
}

/// 65: a report that is cut off changes nothing, wherever that is.
#[tokio::test]
async fn close_at_every_byte() {
    let import = Import::of(1, Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    // White space behind the closing tag isn't missed.
    let length = text.trim_ascii_end().len() as u64;
    let cut = async |end: u64| {
        let path = import.folder().join(format!("{end}.xml"));
        fs::write(&path, &text[..end as usize]).unwrap();
        let command = import.command_with(&[("--report", path.to_str().unwrap())], &[]);
        let ended = Running::of(command).ended().await;
        let says = if end == 0 { "the report is empty" } else { "the report" };
        ended.assert_code(65).assert_says(says);
        fs::remove_file(path).unwrap();
    };
    stream::iter(cuts(length, 150).map(cut))
        .buffer_unordered(4)
        .collect::<Vec<()>>()
        .await;
    import.assert_held(Held::None, "").await;
    assert_eq!(import.center.network_map().counters.connections, 0);
    import.next_completes().await;
}

/// 137: the kernel ends what needs more memory than its group may have; nothing is sent, nothing is left.
#[tokio::test]
async fn memory_limit() {
    let import = Import::into(Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    let Some(group) = Group::memory(24 << 20) else { return };
    fs::write(&import.report, of_many_texts(40_000)).unwrap();
    let ended = Running::of(group.holding(&import.command(&[]))).ended().await;
    import.assert(&ended, &nothing_sent(137, "")).await;

    // What the reports of a small estate need fits.
    fs::write(&import.report, text).unwrap();
    let ended = Running::of(group.holding(&import.command(&[]))).ended().await;
    import.assert(&ended, &COMPLETES).await;
}

/// 143: it ends at once; nothing is sent.
#[tokio::test]
async fn sigterm() {
    ended_half_way("TERM", nothing_sent(143, "interrupted before anything was sent")).await;
}

/// 137: nothing is sent, nothing is left, and a later run completes.
#[tokio::test]
async fn sigkill() {
    ended_half_way("KILL", nothing_sent(137, "")).await;
}

/// A signal comes when half of the report was read.
async fn ended_half_way(signal: &str, promise: Promise<'_>) {
    let import = Import::into(Faults::default()).await;
    let text = fs::read(&import.report).unwrap();
    let mut running = from_standard_input(&import);
    let mut stdin = running.stdin();
    let half = text.len() / 2;
    let fed = tokio::task::spawn_blocking(move || {
        stdin.write_all(&text[..half]).unwrap();
        stdin
    });
    let stdin = fed.await.unwrap();
    until("all of it was read", || {
        rustix::io::ioctl_fionread(&stdin).unwrap() == 0
    })
    .await;
    running.signal(signal);
    let ended = running.ended().await;
    import.assert(&ended, &promise).await;
    import.next_completes().await;
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

/// So many bytes of one thing behind a head.
fn gzip_of(head: &str, unit: &str, bytes: usize) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(head.as_bytes()).unwrap();
    let piece = unit.repeat((1 << 20) / unit.len());
    for _ in 0..bytes >> 20 {
        gzip.write_all(piece.as_bytes()).unwrap();
    }
    gzip.finish().unwrap()
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("report.xml", zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(text).unwrap();
    zip.finish().unwrap().into_inner()
}

/// The hosts of a report, each with its tags.
fn hosts(text: &str) -> Vec<&str> {
    let document = roxmltree::Document::parse_with_options(
        text,
        roxmltree::ParsingOptions {
            allow_dtd: true,
            ..roxmltree::ParsingOptions::default()
        },
    )
    .unwrap();
    let list = document
        .descendants()
        .find(|node| node.has_tag_name("HOST_LIST"))
        .unwrap();
    list.children()
        .filter(|node| node.has_tag_name("HOST"))
        .map(|node| &text[node.range()])
        .collect()
}

fn with_hosts(text: &str, hosts: &str) -> String {
    let (before, rest) = text.split_once("<HOST_LIST>").unwrap();
    let (_, after) = rest.split_once("</HOST_LIST>").unwrap();
    format!("{before}<HOST_LIST>{hosts}</HOST_LIST>{after}")
}

/// A report whose texts need memory: so many vulnerabilities, each with a long title of its own.
fn of_many_texts(vulnerabilities: u32) -> String {
    let mut text = String::from("<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP><VULN_INFO_LIST>");
    for qid in 1..=vulnerabilities {
        text += &format!("<VULN_INFO><QID id=\"qid_{qid}\">{qid}</QID><TYPE>Vuln</TYPE></VULN_INFO>");
    }
    text += "</VULN_INFO_LIST></HOST></HOST_LIST><GLOSSARY><VULN_DETAILS_LIST>";
    let long = "of a component ".repeat(60);
    for qid in 1..=vulnerabilities {
        text += &format!(
            "<VULN_DETAILS id=\"qid_{qid}\"><QID id=\"qid_{qid}\">{qid}</QID><TITLE>Weakness {qid} {long}</TITLE>\
             <SEVERITY>3</SEVERITY></VULN_DETAILS>"
        );
    }
    text + "</VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>"
}
