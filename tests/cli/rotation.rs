//! A log that is rotated under a run, as logrotate does it: renamed, or copied and truncated.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, mknodat};

use crate::Place;
use crate::files::REPORT;

#[test]
fn no_line_is_lost() {
    for truncates in [false, true] {
        let place = Place::empty();
        let (pipe, log, old) = (
            place.path().join("pipe"),
            place.path().join("log"),
            place.path().join("log.1"),
        );
        mknodat(CWD, &pipe, FileType::Fifo, 0o600.into(), 0).unwrap();
        // Something is said at once: that the server is ignored.
        let child = Command::new(env!("CARGO_BIN_EXE_qualys-connector"))
            .args("--report pipe --csvfile out.csv --logfile log --server x --summary none".split(' '))
            .env_clear()
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut report = File::options().write(true).open(&pipe).unwrap();
        let begun = Instant::now();
        while fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing is logged");
            thread::sleep(Duration::from_millis(5));
        }
        if truncates {
            fs::copy(&log, &old).unwrap();
            File::options().write(true).truncate(true).open(&log).unwrap();
        } else {
            fs::rename(&log, &old).unwrap();
            File::create(&log).unwrap();
        }
        report.write_all(REPORT.as_bytes()).unwrap();
        drop(report);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0));
        let (old, new) = (fs::read_to_string(old).unwrap(), fs::read_to_string(log).unwrap());
        let lines: Vec<&str> = old.lines().chain(new.lines()).collect();
        assert!(lines.first().unwrap().contains("is ignored"), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.contains("Report Processing Complete")),
            "{lines:?}"
        );
        assert!(
            lines.iter().all(|line| line.starts_with('{') && line.ends_with('}')),
            "{lines:?}"
        );
        // One that was renamed is written to its end: whoever compresses it waits for the next turn (delaycompress).
        assert_eq!(new.is_empty(), !truncates, "{new}");
    }
}
