//! What far ends say is shown as one line of visible characters, wherever it is shown.

use connector_lab::management_center::Faults;

use crate::canaries::{QUALYS, leak};
use crate::echo::{Echo, answer};
use crate::place::{Place, set, telling};

/// What steers a terminal, forges a line, or turns the direction of reading; XML can't say the controls otherwise.
const HOSTILE: &str = "\x1b[2J\x1b]0;owned\x07\r\nFORGED \u{202e}\u{200b}\u{feff}\u{9b}31m\u{2028}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn list(state: &str, words: &str) -> String {
    format!(
        "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-01T00:00:00Z</DATETIME><REPORT_LIST><REPORT><ID>7</ID>\
         <TITLE>{words}</TITLE><LAUNCH_DATETIME>2026-01-01T00:00:00Z</LAUNCH_DATETIME><SIZE>{words}</SIZE>\
         <STATUS><STATE>{state}</STATE><MESSAGE>{words}</MESSAGE><PERCENT>{words}</PERCENT></STATUS></REPORT>\
         </REPORT_LIST></RESPONSE></REPORT_LIST_OUTPUT>"
    )
}

fn done(code: &str, words: &str) -> String {
    format!(
        "<SIMPLE_RETURN><RESPONSE>{code}<TEXT>{words}</TEXT><ITEM_LIST><ITEM><KEY>ID</KEY><VALUE>7</VALUE></ITEM>\
         <ITEM><KEY>{words}</KEY><VALUE>{words}</VALUE></ITEM></ITEM_LIST></RESPONSE></SIMPLE_RETURN>"
    )
}

/// A Qualys whose report ends in this state.
fn qualys(state: &'static str) -> Echo {
    telling(move |request, told| {
        let words = format!("{HOSTILE}{}{HOSTILE}", escaped(told));
        let first = request.lines().next().unwrap_or_default();
        match first {
            _ if request.contains("action=launch") => answer("200 OK", "", &done("", &words)),
            _ if first.contains("action=list") => answer("200 OK", "", &list(state, &words)),
            _ if first.contains("report_template_list") => {
                let template = format!(
                    "<REPORT_TEMPLATE_LIST><REPORT_TEMPLATE><ID>424242</ID><TYPE>Auto</TYPE>\
                     <TEMPLATE_TYPE>Scan</TEMPLATE_TYPE><TITLE>{words}</TITLE></REPORT_TEMPLATE></REPORT_TEMPLATE_LIST>"
                );
                answer("200 OK", "", &template)
            }
            _ => answer("400 Bad Request", "", &done("<CODE>1903</CODE>", &words)),
        }
    })
}

#[tokio::test]
async fn states_sizes_messages_and_refusals_of_qualys() {
    let place = Place::new(&[], Faults::default()).await;
    for (state, exit) in [
        ("Errors", 65),
        ("Canceled", 65),
        ("Finished", 78),
        ("Odd\x1b[1m\u{202e}", 75),
    ] {
        let qualys = qualys(state);
        let mut command = place.import();
        // Short only where it is what ends the import.
        let deadline = if exit == 75 { "2s" } else { "60s" };
        let settings = [
            format!("qualys.url={}", qualys.url()),
            format!("qualys.deadline={deadline}"),
        ];
        let told = place
            .keeps(exit, set(&mut command, &settings.each_ref().map(String::as_str)))
            .await;
        assert!(told.contains("[redacted]") && told.contains("FORGED"), "{told}");
        assert!(!told.lines().any(|line| line.starts_with("FORGED")), "{told}");
    }
}

#[tokio::test]
async fn titles_of_templates() {
    let place = Place::new(&[], Faults::default()).await;
    let qualys = qualys("Finished");
    for output in ["text", "json"] {
        let mut command = place.command();
        command.args(["check", "--output", output]);
        let told = place
            .keeps(0, set(&mut command, &[&format!("qualys.url={}", qualys.url())]))
            .await;
        assert!(told.contains("[redacted]") && told.contains("FORGED"), "{told}");
        assert!(!told.lines().any(|line| line.starts_with("FORGED")), "{told}");
    }
}

#[tokio::test]
async fn a_pushgateway() {
    let place = Place::new(&[], Faults::default()).await;
    let gateway = telling(|_, told| answer("500 Oops", "", &format!("{HOSTILE}{told}{HOSTILE}")));
    let mut command = place.import();
    let told = place
        .keeps(
            0,
            set(&mut command, &[&format!("telemetry.pushgateway.url={}", gateway.url())]),
        )
        .await;
    assert!(told.contains("FORGED") && told.contains("[redacted]"), "{told}");
}

#[tokio::test]
async fn titles_and_errors_of_reports() {
    let place = Place::new(&[], Faults::default()).await;
    // Where nothing is searched: the words are meant to stand in it.
    let report = place.folder.path().join(crate::place::SECRETS).join("x.xml");
    for (text, exit) in [
        (format!("<ERROR number=\"1\">{HOSTILE}</ERROR>"), 65),
        (format!("<A{}>", HOSTILE.replace(char::is_whitespace, "")), 65),
        (
            format!(
                "<ASSET_DATA_REPORT><HEADER><TEMPLATE><![CDATA[{HOSTILE}]]></TEMPLATE></HEADER></ASSET_DATA_REPORT>"
            ),
            0,
        ),
    ] {
        std::fs::write(&report, text).unwrap();
        let mut command = place.import();
        command.arg("--report").arg(&report);
        let told = place.keeps(exit, command).await;
        assert!(!told.lines().any(|line| line.starts_with("FORGED")), "{told}");
    }
}

/// What goes to the Management Center and into files of commands is somebody's words, too.
#[tokio::test]
async fn titles_of_vulnerabilities() {
    let qualys = telling(|request, told| {
        let first = request.lines().next().unwrap_or_default();
        // One soft break, which white space that is folded would hide.
        let title = escaped(told).replacen("canary", "can=\nary", 1);
        let threat = escaped(QUALYS);
        let report = format!(
            "<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP><VULN_INFO_LIST><VULN_INFO><QID>1</QID><TYPE>Vuln</TYPE>\
             </VULN_INFO></VULN_INFO_LIST></HOST></HOST_LIST><GLOSSARY><VULN_DETAILS_LIST><VULN_DETAILS><QID>1</QID>\
             <TITLE>{title}</TITLE><THREAT>A &lt;B&gt;threat: {threat}</THREAT></VULN_DETAILS></VULN_DETAILS_LIST></GLOSSARY>\
             </ASSET_DATA_REPORT>"
        );
        match first {
            _ if request.contains("action=launch") => answer("200 OK", "", &done("", "")),
            _ if first.contains("action=list") => answer("200 OK", "", &list("Finished", "")),
            _ if first.contains("action=fetch") => answer("200 OK", "", &report),
            _ => answer("200 OK", "", &done("", "")),
        }
    });
    let place = Place::new(&[], Faults::default()).await;
    for settings in [&[][..], &["csv.file=commands.csv"]] {
        let mut command = place.import();
        command.args(["--set", &format!("qualys.url={}", qualys.url())]);
        place.keeps(0, set(&mut command, settings)).await;
    }
    let commands = std::fs::read_to_string(place.folder.path().join("commands.csv")).unwrap();
    assert!(
        commands.contains("[redacted]") && leak(commands.as_bytes()).is_none(),
        "{commands}"
    );
    let map = format!("{:?}", place.center.network_map().hosts);
    assert!(map.contains("[redacted]") && leak(map.as_bytes()).is_none(), "{map}");
}

#[tokio::test]
async fn names_of_files() {
    let place = Place::new(&[], Faults::default()).await;
    for (key, exit, checked) in [
        ("report.file", 74, 74),
        ("qualys.ca_file", 78, 78),
        ("csv.file", 73, 73),
        ("page.file", 73, 73),
        ("log.file", 73, 73),
        ("telemetry.metrics_file", 0, 0),
        ("management_center.pkcs12", 77, 77),
        ("telemetry.pushgateway.ca_file", 0, 0),
    ] {
        let setting = format!("{key}=missing/\x1b[2J\u{202e}\x7fx");
        let runs: [(&[&str], i32); 5] = [
            (&["import", "--stderr"], exit),
            (&["check"], checked),
            (&["check", "--output", "json"], checked),
            (&["config"], 0),
            (&["config", "--output", "json"], 0),
        ];
        for (arguments, exit) in runs {
            let mut command = place.command();
            command.args(arguments);
            let told = place.keeps(exit, set(&mut command, &[&setting])).await;
            let escaped = told.contains("\\u{1b}[2J") || told.contains("\\u001b[2J");
            assert!(escaped, "{arguments:?}, {key}: {told}");
        }
    }
}
