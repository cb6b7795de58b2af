//! Standard input, output and error: pipes, closed ones, full ones.

use std::fs::{self, OpenOptions};
use std::process::{Command, Stdio};

use crate::Place;
use crate::files::REPORT;

fn connector(place: &Place, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
    command.args(line.split(' ')).env_clear().current_dir(place.path());
    command
}

/// What can't be said on standard error is no reason to fail, and stands in the termination file and the metrics.
#[test]
fn standard_error_that_takes_nothing_changes_nothing() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    for stderr in [&closed as &dyn Fn() -> Stdio, &full] {
        for (line, code) in [
            ("--report in.xml --csvfile out.csv", 0),
            ("--report none.xml --csvfile out.csv", 74),
            ("--report in.xml --csvfile none/out.csv", 73),
            ("--report in.xml", 64),
            ("--report in.xml --csvfile out.csv --port x", 78),
            ("--report in.xml --csvfile out.csv --report-html none/x", 73),
            ("--report in.xml --csvfile out.csv --logfile none/x", 73),
            ("--report in.xml --csvfile out.csv --logfile /dev/full", 0),
            ("config --csvfile out.csv --report in.xml --port x", 78),
            ("check --csvfile none/out.csv --report in.xml", 73),
            ("explain nothing-like-it", 64),
        ] {
            let place = Place::empty().file("in.xml", REPORT).file("left", "");
            let mut command = connector(&place, line);
            command
                .args(["--metrics-file", "run.prom"])
                .env("QC_LOG__TERMINATION_FILE", "left");
            let ended = command.stderr(stderr()).output().unwrap();
            assert_eq!(ended.status.code(), Some(code), "{line}");
            if line.starts_with("--") {
                let left = fs::read_to_string(place.path().join("left")).unwrap();
                assert!(left.starts_with(&format!("{code} (")), "{line}: {left}");
                let metrics = fs::read_to_string(place.path().join("run.prom")).unwrap();
                assert!(
                    metrics.contains(&format!("last_exit_code{{import=\"default\"}} {code}\n")),
                    "{line}"
                );
            }
        }
        let place = Place::empty();
        for (line, code) in [("--servre x", 64), ("", 64)] {
            let mut command = connector(&place, line);
            if line.is_empty() {
                command = Command::new(command.get_program());
                command.env_clear().current_dir(place.path());
            }
            let ended = command.stderr(stderr()).output().unwrap();
            assert_eq!(ended.status.code(), Some(code), "{line}");
        }
    }
}

#[test]
fn beside_a_csv_on_standard_output_the_summary_goes_to_standard_error() {
    let place = Place::empty().file("in.xml", REPORT);
    for file in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let (stdout, stderr, code) = place.run(&["--report", "in.xml", "--csvfile", file]);
        assert_eq!(code, 0, "{stderr}");
        assert!(
            stdout.starts_with("SetSource,Qualys\n") && stdout.ends_with("ScanFlush\n"),
            "{stdout}"
        );
        assert!(stderr.contains("0 (all written"), "{stderr}");
    }
    let (stdout, stderr, _) = place.run(&[
        "--report",
        "in.xml",
        "--csvfile",
        "out.csv",
        "--report-html",
        "/dev/stdout",
    ]);
    assert!(stdout.trim_end().ends_with("</html>"), "{stdout}");
    assert!(stderr.contains("0 (all written"), "{stderr}");
    let (stdout, _, _) = place.run(&["--report", "in.xml", "--csvfile", "/dev/null"]);
    assert!(stdout.contains("0 (all written"), "{stdout}");
}
