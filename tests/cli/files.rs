//! Files that are named twice: what is written never takes the place of something else that is read or written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use qualys_connector::config::Syntax;
use qualys_connector::config::settings;

use crate::Place;

pub(crate) const REPORT: &str = "<ASSET_DATA_REPORT><HEADER><TEMPLATE><NAME>Estate</NAME></TEMPLATE></HEADER><HOST_LIST>\
                      <HOST><IP>10.0.0.1</IP><VULN_INFO_LIST><VULN_INFO><QID>38173</QID><TYPE>Vuln</TYPE></VULN_INFO>\
                      </VULN_INFO_LIST></HOST></HOST_LIST><GLOSSARY/></ASSET_DATA_REPORT>";

/// A place with everything that is read.
fn place() -> Place {
    let place = Place::empty()
        .file("in.xml", REPORT)
        .file("kb.xml", "<KNOWLEDGE_BASE_VULN_LIST_OUTPUT/>")
        .file("qc.yaml", "commands:\n  add_host: y\n")
        .file("client.pkcs12", "pkcs12")
        .file("token", "token")
        .file("ca.pem", "ca")
        .file("key.pem", "key")
        .file("push.pem", "ca")
        .file("center.pem", "ca")
        .file("web.pem", "ca")
        .file("socket", "")
        .file("user", "dirk_g")
        .file("secrets/qualys.password", "d0ntp@n1c")
        .file("stranger", "mine");
    symlink("in.xml", place.path().join("link.xml")).unwrap();
    fs::hard_link(place.path().join("in.xml"), place.path().join("hard.xml")).unwrap();
    symlink("new", place.path().join("dangling")).unwrap();
    let socket = format!("unix:{}", place.path().join("socket").display());
    place
        .variable("QC_LOG__SYSLOG", &socket)
        .variable("QC_SECRETS_DIR", "secrets")
        .variable("QC_QUALYS__USER_ID_FILE", "user")
        .variable("QC_QUALYS__TOKEN_FILE", "token")
        .variable("QC_QUALYS__CA_FILE", "ca.pem")
        .variable("QC_TELEMETRY__PUSHGATEWAY__CA_FILE", "push.pem")
        .variable("QC_MANAGEMENT_CENTER__TRUST", "ca_file:center.pem")
        .variable("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem")
        .variable("SSL_CERT_FILE", "web.pem")
}

/// Everything that is written: how it is named, and its setting.
const OUTPUTS: [(&str, &str); 5] = [
    ("--csvfile", "csv.file"),
    ("--report-html", "page.file"),
    ("--metrics-file", "telemetry.metrics_file"),
    ("--logfile", "log.file"),
    ("QC_LOG__TERMINATION_FILE", "log.termination_file"),
];

/// All that stands in a place, with what it holds.
fn content(place: &Place) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![place.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push((path.display().to_string(), fs::read(&path).unwrap_or_default())),
            }
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_written_overwrites_nothing_that_is_read() {
    let place = place();
    let before = content(&place);
    let knowledge_base = ["--set", "report.knowledge_base=kb.xml"];
    let base = ["--report", "in.xml", "--config", "qc.yaml", "--pkcs12", "client.pkcs12"];
    let base = [&base[..], &knowledge_base].concat();
    let outputs = OUTPUTS;
    let inputs = [
        ("in.xml", "report.file"),
        ("./in.xml", "report.file"),
        ("link.xml", "report.file"),
        ("hard.xml", "report.file"),
        ("kb.xml", "report.knowledge_base"),
        ("qc.yaml", "the configuration file"),
        ("client.pkcs12", "management_center.pkcs12"),
        ("token", "qualys.token_file"),
        ("ca.pem", "qualys.ca_file"),
        ("push.pem", "telemetry.pushgateway.ca_file"),
        ("center.pem", "management_center.trust"),
        ("socket", "log.syslog"),
        ("key.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        ("web.pem", "SSL_CERT_FILE"),
        ("user", "QC_QUALYS__USER_ID_FILE"),
        ("secrets/qualys.password", "QC_SECRETS_DIR"),
        ("secrets/new", "QC_SECRETS_DIR"),
    ];
    let paths = settings::all().filter(|setting| matches!(setting.syntax, Syntax::Path));
    for path in paths {
        let is_output = OUTPUTS.iter().any(|(_, key)| *key == path.key);
        // A folder; the file in it has a test of its own.
        if path.key == "state.dir" {
            continue;
        }
        let is_input = inputs.iter().any(|(_, key)| *key == path.key);
        assert!(is_output || is_input, "{} is compared with nothing", path.key);
    }
    for (output, key) in outputs {
        for (input, named) in inputs {
            // With a place to take the report to, and without one.
            for (sink, exit) in [(Some(["--csvfile", "out.csv"]), 78), (None, 64)] {
                let mut arguments = base.clone();
                let mut run = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
                match output.starts_with("--") {
                    true => arguments.extend([output, input]),
                    false => drop(run.env(output, input)),
                }
                if output == "--csvfile" && exit == 64 {
                    continue;
                }
                arguments.extend(sink.iter().filter(|_| output != "--csvfile").flatten());
                run.args(&arguments)
                    .current_dir(place.path())
                    .env("QC_LOG__STDERR", "y");
                run.envs(place.variables.iter().map(|(name, value)| (name, value)));
                let ended = run.output().unwrap();
                let said = String::from_utf8(ended.stderr).unwrap();
                let told = said.lines().find(|line| line.contains(&format!("{key} ({input})")));
                assert!(told.is_some_and(|line| line.contains(named)), "{arguments:?}: {said}");
                assert_eq!(ended.status.code(), Some(exit), "{arguments:?}: {said}");
                assert_eq!(content(&place), before, "{arguments:?}");
            }
        }
    }
}

#[test]
fn two_outputs_have_two_files() {
    let place = place();
    let before = content(&place);
    for (index, (first, first_key)) in OUTPUTS.iter().enumerate() {
        for (second, second_key) in &OUTPUTS[index + 1..] {
            for (one, other) in [("out", "./out"), ("new", "dangling"), ("none/out", "none/out")] {
                let mut run = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
                run.args(["--report", "in.xml"]).current_dir(place.path()).env_clear();
                if *first != "--csvfile" {
                    run.args(["--csvfile", "out.csv"]);
                }
                for (output, file) in [(first, one), (second, other)] {
                    match output.starts_with("--") {
                        true => run.args([output, file]),
                        false => run.env(output, file),
                    };
                }
                let ended = run.output().unwrap();
                let said = String::from_utf8(ended.stderr).unwrap();
                let line = format!("{first} {one} {second} {other}: {said}");
                assert_eq!(ended.status.code(), Some(78), "{line}");
                let told = said
                    .lines()
                    .find(|line| line.contains(" are written to the same file; "));
                assert!(
                    told.is_some_and(|told| told.contains(first_key) && told.contains(second_key)),
                    "{line}"
                );
                assert_eq!(content(&place), before, "{line}");
            }
        }
    }
    let place = place.variable("QC_LOG__TERMINATION_FILE", "out.csv");
    insta::assert_snapshot!(place.fails("--report in.xml --csvfile out.csv"), @r"
    error: log.termination_file (out.csv) and csv.file (out.csv) are written to the same file; give each a file of its own
    exit 78
    ");
}

#[test]
fn names_of_several_templates_count() {
    let place = place().file("22_out.csv", "commands:\n");
    let said = place.fails("--multiinfo 11,22 --csvfile out.csv --report-html 11_out.csv --config 22_out.csv");
    insta::assert_snapshot!(said, @r"
    error: csv.file (22_out.csv) would overwrite the configuration file (22_out.csv): it is the same file; name another one
    error: page.file (11_out.csv) and csv.file (11_out.csv) are written to the same file; give each a file of its own
    exit 78
    ");
    // What has the name that they are made from is another file.
    assert!(
        !place
            .fails("--multiinfo 11,22 --csvfile out.csv --report-html out.csv -q")
            .contains("same file")
    );
}

#[test]
fn several_templates_need_a_file() {
    let place = place();
    for stream in ["/dev/stdout", "/dev/null", "/dev/fd/1", "pipe"] {
        if stream == "pipe" {
            let pipe = place.path().join(stream);
            rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        }
        let said = place.fails(&format!("--multiinfo 1,2 --csvfile {stream}"));
        let sentence = format!(
            "error: csv.file ({stream}) is a pipe or a device, which can't take the files of several templates; name a \
             file, or import one template (--multiinfo ID)"
        );
        assert!(said.contains(&sentence) && said.ends_with("exit 78"), "{said}");
    }
}

#[test]
fn what_can_be_shared_is() {
    let place = place();
    let before = content(&place).len();
    let line = "--report in.xml --csvfile /dev/null --report-html /dev/null --logfile /dev/null --summary none --set \
                log.syslog=none";
    let (stdout, stderr, code) = place.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("", "", 0));
    assert_eq!(content(&place).len(), before);
}

#[test]
fn metrics_never_take_the_place_of_a_strangers_file() {
    let place = place();
    let stranger = place.path().join("stranger");
    fs::set_permissions(&stranger, Permissions::from_mode(0o600)).unwrap();
    let arguments = "--report in.xml --csvfile out.csv --metrics-file stranger --summary none";
    for (more, code) in [("", 0), (" --set telemetry.metrics_required=y", 73)] {
        let (_, stderr, ended) = place.run(&format!("{arguments}{more}").split(' ').collect::<Vec<_>>());
        assert!(
            stderr.contains("it holds something else than metrics of this program"),
            "{stderr}"
        );
        assert_eq!(ended, code, "{stderr}");
        assert_eq!(fs::read_to_string(&stranger).unwrap(), "mine");
    }
}

#[test]
fn a_file_of_commands_is_sent_and_not_overwritten() {
    let place = place().file("commands.csv", "AddHost,10.0.0.1\n");
    let before = content(&place);
    for output in ["--report-html", "--logfile"] {
        let said = place.fails(&format!(
            "send commands.csv --server 192.0.2.1 --pkcs12 client.pkcs12 {output} commands.csv"
        ));
        assert!(
            said.contains("the file of commands (commands.csv)") && said.ends_with("exit 78"),
            "{said}"
        );
        assert_eq!(content(&place), before);
    }
    // What an import writes is what is sent.
    let said = place.fails("send commands.csv --server 192.0.2.1 --pkcs12 client.pkcs12 --csvfile commands.csv -q");
    assert!(said.ends_with("exit 77"), "{said}");
}

#[test]
fn standard_input_is_a_file_too() {
    let place = place();
    let before = content(&place);
    let ended = Command::new(env!("CARGO_BIN_EXE_qualys-connector"))
        .args(["--report", "-", "--csvfile", "in.xml"])
        .env_clear()
        .current_dir(place.path())
        .stdin(fs::File::open(place.path().join("in.xml")).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("csv.file (in.xml) would overwrite report.file (-)"),
        "{said}"
    );
    assert_eq!(ended.status.code(), Some(78));
    assert_eq!(content(&place), before);
}

#[test]
fn the_file_in_the_folder_of_the_state_is_an_output_too() {
    let place = place().file("state/state.redb", "");
    let line = [
        "--server",
        "fmc.example",
        "--multiinfo",
        "7",
        "--pkcs12",
        "client.pkcs12",
        "--set",
        "state.dir=state",
    ];
    for also in [
        ["--logfile", "state/state.redb"],
        ["--set", "log.file=state/../state/state.redb"],
    ] {
        let ran = Command::new(env!("CARGO_BIN_EXE_qualys-connector"))
            .args(line)
            .args(also)
            .current_dir(place.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(78), "{said}");
        assert!(
            said.contains("are written to the same file; give each a file of its own"),
            "{said}"
        );
        assert!(said.contains("state.dir (state/state.redb)"), "{said}");
    }
}
