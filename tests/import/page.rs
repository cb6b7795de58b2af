//! The page that shows a run: looked at in a real browser, at the sizes it is read at.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use connector_lab::management_center::{Faults, Options};
use connector_lab::qualys::{self as lab, Times};
use connector_lab::report as generated;
use support::{Ended, center, connector, faulty, from_qualys, qualys, report, run, sending, small};

use crate::chromium::{Chromium, View, documenting, keep};

const PHONE: View = View {
    name: "phone",
    width: 360,
    height: 740,
    scale: 2.0,
    media: "screen",
    scheme: "light",
    longest: u32::MAX,
};
const DESKTOP: View = View {
    name: "desktop",
    width: 1280,
    height: 900,
    scale: 1.0,
    ..PHONE
};
const DARK: View = View {
    name: "dark",
    scheme: "dark",
    ..DESKTOP
};
/// A4 without its margins, at 96 dots an inch.
const PRINT: View = View {
    name: "print",
    width: 688,
    height: 1017,
    scale: 1.0,
    media: "print",
    ..PHONE
};

/// Looks at a page at all sizes and asserts that each of them is right.
async fn looks_right(name: &'static str, page: PathBuf) {
    let html = fs::read_to_string(&page).unwrap();
    for reference in [" src=", " href=", "url(", "@import", "<script", "style="] {
        assert!(!html.contains(reference), "{name}: {reference}");
    }
    let looked = tokio::task::spawn_blocking(move || {
        let Some(mut chromium) = Chromium::start() else { return };
        for view in [PHONE, DESKTOP, DARK, PRINT] {
            let longest = if documenting() { view.height * 2 } else { u32::MAX };
            let view = View { longest, ..view };
            let seen = chromium.look(&page, view);
            assert_eq!(seen.requests, [""; 0], "{name} {}", view.name);
            assert_eq!(seen.complaints, [""; 0], "{name} {}", view.name);
            assert!(
                seen.overflow <= 0,
                "{name} {}: {} pixels too wide",
                view.name,
                seen.overflow
            );
            keep(&format!("page-{name}-{}", view.name), name == "run", &seen.picture);
        }
    });
    looked.await.unwrap();
}

fn page(folder: &Path) -> PathBuf {
    folder.join("run.html")
}

#[tokio::test]
async fn a_whole_run_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(lab::Options {
        times: Times {
            build_time: Duration::from_secs(1),
            ..Times::instant()
        },
        faults: vec!["status=503@list:2".parse().unwrap()],
        report: generated::Options {
            hosts: 1500,
            findings: 12,
            qids: 400,
            network: "10.20.0.0/16".parse().unwrap(),
            duplicates: 4,
            ipv6: 1,
            unexplained: 2,
            longest_result: 2000,
            ..generated::Options::default()
        },
        ..lab::Options::default()
    })
    .await;
    let center = faulty(Faults {
        drop_lines: vec!["AddScanResult,10.20.0.9,".to_owned()],
        refuse_scans: ["10.20.2.7".parse().unwrap()].into(),
        ..Faults::default()
    })
    .await;
    let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242");
    command.args(["--report-html", "run.html"]);
    let ended = run(command).await;
    ended.assert_code(76);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    for text in [
        "Where the time went",
        "10.20.0.9",
        "commands were understood",
        "launch: ok",
        "QIDs without a CVE",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("d0ntp@n1c"), "the password");
    looks_right("run", page(folder.path())).await;
}

/// A page of an import of a report file, into a CSV file.
async fn written(folder: &Path, xml: &str) -> Ended {
    fs::write(folder.join("report.xml"), xml).unwrap();
    let mut command = connector(folder);
    command.args([
        "--report",
        "report.xml",
        "--csvfile",
        "out.csv",
        "--report-html",
        "run.html",
    ]);
    run(command).await
}

fn estate(hosts: u32) -> String {
    let mut xml = "<ASSET_DATA_REPORT><HEADER><TEMPLATE><NAME>Estate</NAME></TEMPLATE></HEADER><HOST_LIST>".to_owned();
    for number in 0..hosts {
        let [_, b, c, d] = number.to_be_bytes();
        write!(xml, "<HOST><IP>10.{b}.{c}.{d}</IP><VULN_INFO_LIST>").unwrap();
        for qid in [number % 97, 100 + number % 89] {
            write!(
                xml,
                "<VULN_INFO><QID>{}</QID><TYPE>Vuln</TYPE></VULN_INFO>",
                38_000 + qid
            )
            .unwrap();
        }
        xml += "</VULN_INFO_LIST></HOST>";
    }
    xml += "</HOST_LIST><GLOSSARY><VULN_DETAILS_LIST>";
    for qid in 0..200 {
        write!(
            xml,
            "<VULN_DETAILS><QID>{}</QID><TITLE>Remotely exploitable weakness number {qid} of an invented product</TITLE>\
             <SEVERITY>{}</SEVERITY>",
            38_000 + qid,
            qid % 5 + 1
        )
        .unwrap();
        if qid % 3 > 0 {
            write!(
                xml,
                "<CVE_ID_LIST><CVE_ID><ID>CVE-2026-{:04}</ID></CVE_ID></CVE_ID_LIST>",
                qid / 2
            )
            .unwrap();
        }
        xml += "</VULN_DETAILS>";
    }
    xml + "</VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>"
}

#[tokio::test]
async fn no_host_and_one_and_a_hundred_thousand() {
    for (name, hosts) in [("0", 0), ("1", 1), ("100000", 100_000)] {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), &estate(hosts)).await.assert_code(0);
        let size = fs::metadata(page(folder.path())).unwrap().len();
        assert!(size < 100_000, "{name}: the page has {size} bytes");
        looks_right(name, page(folder.path())).await;
    }
}

#[tokio::test]
async fn hosts_are_named_by_what_became_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = faulty(Faults {
        drop_lines: vec!["AddScanResult,10.0.0.9,".to_owned()],
        ..Faults::default()
    })
    .await;
    let import = |settings: &[&str]| {
        let mut command = sending(folder.path(), &center);
        command.args(["--report-html", "run.html", "--report"]).arg(&path);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command
    };
    run(import(&[])).await.assert_code(76);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    let order = [
        "Refused by the Management Center",
        "Hosts with most findings",
        "Cleared",
        "Where the time went",
    ];
    let places: Vec<_> = order
        .iter()
        .map(|title| html.find(&format!("<h2>{title}</h2>")))
        .collect();
    assert!(places.is_sorted() && !places.contains(&None), "{places:?}");
    assert!(html.contains("10.0.0.9") && html.contains("hosts cleared</dt><dd>5</dd>"));
    // Nobody is there any more.
    center.set_faults(Faults {
        refuse_connections_after: Some(0),
        ..Faults::default()
    });
    run(import(&["management_center.deadline=1s"])).await.assert_code(69);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    let (_, rest) = html.split_once("<h2>Not sent</h2>").unwrap();
    assert!(
        rest.contains("54 hosts were neither acknowledged nor refused") && rest.contains("10.0.0.9"),
        "{rest}"
    );
}

#[tokio::test]
async fn what_is_written_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &estate(1)).await.assert_code(0);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    assert!(
        html.contains("all written, nothing was sent") && !html.contains("imported"),
        "{html}"
    );
    assert!(!html.contains("1 hosts"), "{html}");
}

#[tokio::test]
async fn a_failed_run_is_shown_too() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "<ASSET_DATA_REPORT><HOST_LIST>")
        .await
        .assert_code(65);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    assert!(html.contains("the report is cut off after"), "{html}");
    looks_right("failed", page(folder.path())).await;
}

#[tokio::test]
async fn a_plan_is_shown_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.xml"), estate(700)).unwrap();
    let mut command = connector(folder.path());
    command.args([
        "--report",
        "report.xml",
        "--plan",
        "--host-limit",
        "500",
        "--report-html",
        "run.html",
    ]);
    run(command).await.assert_code(0);
    let html = fs::read_to_string(page(folder.path())).unwrap();
    for said in [
        "planned, nothing was sent",
        "The plan",
        "700 of 500 hosts",
        "1,400 findings",
        "commands in",
        "an assumption",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    looks_right("plan", page(folder.path())).await;
}

#[tokio::test]
async fn what_a_report_says_stays_text() {
    const HOSTILE: &str = "<![CDATA[\"><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\
                           <a href='https://example.com'>x</a>\u{202e}]]>";
    let folder = tempfile::tempdir().unwrap();
    let xml = format!(
        "<ASSET_DATA_REPORT><HEADER><TEMPLATE><NAME>{HOSTILE}</NAME></TEMPLATE></HEADER><HOST_LIST><HOST><IP>192.0.2.1</IP>\
         <VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>{HOSTILE}</TYPE></VULN_INFO></VULN_INFO_LIST></HOST></HOST_LIST>\
         <GLOSSARY><VULN_DETAILS_LIST><VULN_DETAILS><QID>1</QID><TITLE>{HOSTILE}</TITLE><CVE_ID_LIST><CVE_ID>\
         <ID>{HOSTILE}</ID></CVE_ID></CVE_ID_LIST></VULN_DETAILS></VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>"
    );
    written(folder.path(), &xml).await.assert_code(0);
    let page = page(folder.path());
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("&lt;script&gt;document.title"), "it is there, as text");
    let asked = tokio::task::spawn_blocking(move || {
        let mut chromium = Chromium::start()?;
        let elements =
            "document.querySelectorAll('script, img, a, iframe, object, embed, [onerror]').length + document.title";
        Some(chromium.ask(&page, elements))
    });
    if let Some(answer) = asked.await.unwrap() {
        assert_eq!(answer, "0qualys-connector: all written, nothing was sent");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_written_is_found_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(40));
    let center = center(Options::default()).await;
    let cases = [
        ("missing/run.html", "the page missing/run.html can't be created"),
        (".", "the page . can't be created"),
    ];
    for (file, sentence) in cases {
        let mut command = sending(folder.path(), &center);
        command
            .args(["--report-html", file, "--metrics-file", "metrics.prom", "--report"])
            .arg(&path)
            .env("QC_LOG__TERMINATION_FILE", "left");
        fs::write(folder.path().join("left"), "").unwrap();
        let ended = run(command).await;
        ended.assert_code(73).assert_says(sentence);
        assert_eq!(ended.summary()["stages"], serde_json::json!({}), "nothing is begun");
        assert_eq!(center.network_map().counters.connections, 0);
        let left = fs::read_to_string(folder.path().join("left")).unwrap();
        assert!(left.starts_with("73 (") && left.contains(sentence), "{left}");
        fs::remove_file(folder.path().join("left")).unwrap();
        // All that tell of a run tell the same.
        let summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(summary["exit"], 73);
        let metrics = fs::read_to_string(folder.path().join("metrics.prom")).unwrap();
        let exit = metrics
            .lines()
            .find(|line| line.starts_with("qualys_connector_last_exit_code"));
        assert!(exit.is_some_and(|line| line.ends_with(" 73")), "{metrics}");
        fs::remove_file(folder.path().join("metrics.prom")).unwrap();
    }
    let left = fs::read_dir(folder.path()).unwrap();
    assert_eq!(left.count(), 1, "nothing is left behind but the report");
}
