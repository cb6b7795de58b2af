//! Files that block, never end, or are none: nothing that is read or written holds a run up, or takes its memory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use connector_lab::management_center::{ManagementCenter, Options};
use qualys_connector::config::Syntax;
use qualys_connector::config::settings;
use rustix::fs::{CWD, FileType, mknodat};
use rustix::process::{Pid, Signal, kill_process};

use crate::Place;
use crate::files::REPORT;

/// How a file is named, the exit codes that something wrong with it may end with, and whether a pipe makes sense there.
struct Named {
    /// The setting, as sentences name it, where they don't name the file.
    key: &'static str,
    /// The arguments, `FILE` for the file, `WHOLE` for its whole path.
    line: &'static str,
    variable: Option<&'static str>,
    codes: &'static [i32],
    is_waited_for: bool,
}

const fn named(key: &'static str, line: &'static str, codes: &'static [i32]) -> Named {
    Named {
        key,
        line,
        variable: None,
        codes,
        is_waited_for: false,
    }
}

const FROM_QUALYS: &str = "--csvfile out.csv --multiinfo 7 --set qualys.url=https://127.0.0.1:1 --set qualys.login=token \
                           --set qualys.deadline=1s --set qualys.poll_interval=1s";

const FROM_QUALYS_TO_THERE: &str = "--server 127.0.0.1 --port 9 --pkcs12 right.pkcs12 --multiinfo 7 --set qualys.url=https://127.0.0.1:1 \
                                    --set qualys.login=token --set qualys.deadline=1s --set qualys.poll_interval=1s";

/// The file in the place of a mounted secret.
const MOUNTED: &str = "secrets/qualys.user_id";

/// Everything that is read or written.
fn all() -> Vec<Named> {
    let waited = |named: Named| Named {
        is_waited_for: true,
        ..named
    };
    let variable = |key: &'static str, line, codes| Named {
        variable: Some(key),
        ..named(key, line, codes)
    };
    let otel = |key| variable(key, "--csvfile out.csv --report in.xml", &[0]);
    vec![
        waited(named("report.file", "--csvfile out.csv --report FILE", &[65, 74])),
        waited(named(
            "report.knowledge_base",
            "--csvfile out.csv --report in.xml --set report.knowledge_base=FILE",
            &[65, 74],
        )),
        waited(named(
            "commands",
            "send FILE --server 127.0.0.1 --port 9 --pkcs12 right.pkcs12",
            &[65, 74],
        )),
        waited(named(
            "--config",
            "--csvfile out.csv --report in.xml --config FILE",
            &[78],
        )),
        waited(variable("QC_CONFIG", "--csvfile out.csv --report in.xml", &[78])),
        waited(named(
            "-plugininfo",
            "-csvfile out.csv --report in.xml -plugininfo FILE QualysGuard",
            &[78],
        )),
        waited(variable(
            "QC_COMMANDS__ADD_HOST_FILE",
            "--csvfile out.csv --report in.xml",
            &[78],
        )),
        waited(named(
            "management_center.pkcs12",
            "--server 127.0.0.1 --port 9 --report in.xml --pkcs12 FILE",
            &[77],
        )),
        named(
            "management_center.trust",
            "--server 127.0.0.1 --port 9 --report in.xml --pkcs12 right.pkcs12 --set management_center.trust=ca_file:FILE",
            &[77],
        ),
        variable("QC_SECRETS_DIR", "--csvfile out.csv --report in.xml", &[78]),
        Named {
            key: MOUNTED,
            ..variable("QC_SECRETS_DIR", "--csvfile out.csv --report in.xml", &[78])
        },
        named("qualys.token_file", "FROM_QUALYS --set qualys.token_file=FILE", &[78]),
        named(
            "qualys.ca_file",
            "FROM_QUALYS --set qualys.token_file=token --set qualys.ca_file=FILE",
            &[78],
        ),
        named(
            "telemetry.pushgateway.ca_file",
            "--csvfile out.csv --report in.xml --set telemetry.pushgateway.url=https://127.0.0.1:1 \
             --set telemetry.pushgateway.ca_file=FILE --set telemetry.metrics_required=y",
            &[69],
        ),
        otel("OTEL_EXPORTER_OTLP_CERTIFICATE"),
        otel("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        otel("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        otel("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"),
        otel("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE"),
        otel("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY"),
        variable("SSL_CERT_FILE", "FROM_QUALYS --set qualys.token_file=token", &[69, 75]),
        variable("SSL_CERT_DIR", "FROM_QUALYS --set qualys.token_file=token", &[69, 75]),
        named("csv.file", "--report in.xml --csvfile FILE", &[0, 73]),
        named(
            "page.file",
            "--csvfile out.csv --report in.xml --report-html FILE",
            &[0, 73],
        ),
        // Without it the import goes on.
        named(
            "state.dir",
            "FROM_QUALYS_TO_THERE --set qualys.token_file=token --set state.dir=FILE",
            &[69, 75],
        ),
        named("log.file", "--csvfile out.csv --report in.xml --logfile FILE", &[0, 73]),
        named(
            "log.syslog",
            "--csvfile out.csv --report in.xml --set log.syslog=unix:WHOLE",
            &[0],
        ),
        named(
            "telemetry.metrics_file",
            "--csvfile out.csv --report in.xml --metrics-file FILE --set telemetry.metrics_required=y",
            &[0, 73],
        ),
        named(
            "log.termination_file",
            "--csvfile out.csv --report in.xml --set log.termination_file=FILE",
            &[0],
        ),
    ]
}

/// How a run ends that may have so much memory, and is told to stop when it waits.
fn ended(place: &Place, named: &Named, file: &str, is_waited_for: bool) -> Output {
    let whole = place.path().join(file);
    let line = named.line.replace("FROM_QUALYS_TO_THERE", FROM_QUALYS_TO_THERE);
    let line = line.replace("FROM_QUALYS", FROM_QUALYS).replace("FILE", file);
    let line = line.replace("WHOLE", whole.to_str().unwrap());
    let mut command = Command::new("/bin/sh");
    command
        .args([
            "-c",
            "ulimit -v 1500000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_qualys-connector"),
        ])
        .args(line.split_whitespace())
        .env_clear()
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if named.key.starts_with("OTEL_") {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:1");
    }
    match named.variable {
        Some(variable) if named.key == MOUNTED => {
            let mounted = place.path().join(MOUNTED);
            let _ = fs::remove_file(&mounted);
            symlink(place.path().join(file), mounted).unwrap();
            command.env(variable, "secrets");
        }
        Some(variable) => drop(command.env(variable, file)),
        None => {}
    }
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(120), "{} = {file} has no end", named.key);
        if is_waited_for && waited > Duration::from_secs(1) {
            // Again and again, as the first may come before anybody hears it.
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn every_file_that_a_setting_names_is_among_them() {
    let all = all();
    let paths = settings::all().filter(|setting| matches!(setting.syntax, Syntax::Path));
    let missing: Vec<_> = paths
        .map(|setting| setting.key)
        .filter(|key| all.iter().all(|named| named.key != *key))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn no_file_holds_a_run_up() {
    let place = Place::empty()
        .file("in.xml", REPORT)
        .file("token", "token")
        .file("closed", "x")
        .file(MOUNTED, "");
    let center = ManagementCenter::start(Options::default()).await.unwrap();
    fs::copy(center.pkcs12(), place.path().join("right.pkcs12")).unwrap();
    let pipe = place.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, 0o600.into(), 0).unwrap();
    fs::create_dir(place.path().join("folder")).unwrap();
    fs::set_permissions(place.path().join("closed"), Permissions::from_mode(0o0)).unwrap();
    let closed = fs::read(place.path().join("closed")).is_err();
    let kinds = ["pipe", "/dev/zero", "folder", "none/none"]
        .into_iter()
        .chain(closed.then_some("closed"));
    for file in kinds {
        for named in all() {
            // A folder is what these ask for.
            if ["QC_SECRETS_DIR", "SSL_CERT_DIR", "state.dir"].contains(&named.key) && file == "folder" {
                continue;
            }
            let is_waited_for = named.is_waited_for && file == "pipe";
            let output = ended(&place, &named, file, is_waited_for);
            let said = String::from_utf8(output.stderr).unwrap();
            let code = output
                .status
                .code()
                .or(output.status.signal().map(|signal| 128 + signal))
                .unwrap();
            let what = format!("{} = {file}: {code}\n{said}", named.key);
            match is_waited_for {
                true => assert_eq!(code, 143, "{what}"),
                false => {
                    assert!(named.codes.contains(&code), "{what}");
                    let is_named = said.contains(named.key) || said.contains(file);
                    assert!(is_named || code == 0, "{what}");
                }
            }
            assert!(fs::metadata(&pipe).is_ok_and(|pipe| !pipe.is_file()), "{what}");
        }
    }
}
