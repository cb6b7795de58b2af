//! Signals that tell a run to stop: it ends with a code, a termination line and metrics, whatever it waits for.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, mknodat};
use rustix::process::{Pid, Signal, kill_process};

use crate::Place;
use crate::files::REPORT;

/// A run that waits for a report that nobody writes, with its handlers of signals in place.
fn waiting(place: &Place, ignored: &str) -> Child {
    mknodat(CWD, place.path().join("pipe"), FileType::Fifo, 0o600.into(), 0).unwrap();
    let line = format!("trap '' {ignored}; exec \"$0\" \"$@\"");
    let child = Command::new("/bin/sh")
        .args([
            "-c",
            if ignored.is_empty() {
                "exec \"$0\" \"$@\""
            } else {
                &line
            },
        ])
        .arg(env!("CARGO_BIN_EXE_qualys-connector"))
        .args("--report pipe --csvfile out.csv --metrics-file run.prom".split(' '))
        .env_clear()
        .env("QC_LOG__TERMINATION_FILE", "left")
        .current_dir(place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let all = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];
    let settled = |signal| has(child.id(), "SigCgt:", signal) || has(child.id(), "SigIgn:", signal);
    while !all.into_iter().all(settled) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Whether a signal is in this mask of a process.
fn has(id: u32, mask: &str, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (signal.as_raw() - 1) & 1 == 1
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn each_signal_that_ends_a_run_ends_it_with_words() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 143),
        (Signal::INT, 130),
        (Signal::QUIT, 130),
    ] {
        let place = Place::empty().file("left", "");
        let mut child = waiting(&place, "");
        // A shell switches some off for what it runs in the background, as this test may be.
        if has(child.id(), "SigIgn:", signal) {
            child.kill().unwrap();
            continue;
        }
        send(&child, signal);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{signal:?}");
        let left = read(&place.path().join("left"));
        assert!(left.starts_with(&format!("{code} (")), "{signal:?}: {left}");
        let metrics = read(&place.path().join("run.prom"));
        assert!(
            metrics.contains(&format!("last_exit_code{{import=\"default\"}} {code}\n")),
            "{metrics}"
        );
    }
}

/// As nohup starts it.
#[test]
fn a_hang_up_that_is_ignored_stays_so() {
    let place = Place::empty().file("left", "");
    let child = waiting(&place, "HUP");
    assert!(!has(child.id(), "SigCgt:", Signal::HUP));
    send(&child, Signal::HUP);
    let mut pipe = File::options().write(true).open(place.path().join("pipe")).unwrap();
    pipe.write_all(REPORT.as_bytes()).unwrap();
    drop(pipe);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

/// Process 1 of a container gets only signals that it handles.
#[test]
fn process_1_hears_a_signal_while_its_configuration_is_read() {
    let namespace = ["--pid", "--fork", "--kill-child"];
    let tried = Command::new("unshare").args(namespace).arg("true").output();
    if !tried.is_ok_and(|output| output.status.success()) {
        return connector_lab::testing::skipped("root, for a process namespace");
    }
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let place = Place::empty();
        mknodat(CWD, place.path().join("pipe"), FileType::Fifo, 0o600.into(), 0).unwrap();
        let child = Command::new("unshare")
            .args(namespace)
            .arg(env!("CARGO_BIN_EXE_qualys-connector"))
            .args(["--config", "pipe", "config"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let first = move || fs::read_to_string(&children).unwrap().trim().parse::<u32>().ok();
        let begun = Instant::now();
        let id = loop {
            if let Some(id) = first().filter(|id| has(*id, "SigCgt:", signal)) {
                break id;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no handler of {signal:?}");
            std::thread::sleep(Duration::from_millis(5));
        };
        kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{said}");
        assert!(said.contains("while the configuration was read"), "{said}");
    }
}
