//! A wall clock that jumps while an import runs, by libfaketime; the clock that counts on isn't touched.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use support::{Ended, Running};

use crate::from_qualys::{Import, Promise};

/// An import during which the wall clock jumps by a day, either way, when Qualys has been asked for `action` so often.
pub(crate) async fn jumps(faults: &[&str], action: &str, times: usize, asked: &str) {
    let Some(library) = library() else { return };
    let today = humantime::format_rfc3339_seconds(SystemTime::now()).to_string()[..10].to_owned();
    for jump in ["+1d", "-1d"] {
        let import = Import::faulty(faults).await.set(&["qualys.deadline=20s"]);
        let clock = import.aside().join("clock");
        fs::write(&clock, "+0").unwrap();
        let mut command = import.command("424242");
        command
            .env("LD_PRELOAD", &library)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
        let running = Running::of(command);
        import.asked(action, times).await;
        fs::write(&clock, jump).unwrap();
        let ended = running.ended().await;
        let promise = Promise::imports("", asked);
        import.assert(&ended, &promise).await;
        assert!(
            days(&ended).iter().any(|day| *day != today),
            "the clock stood: {}",
            ended.stderr
        );
    }
}

/// The days of the lines of the log.
fn days(ended: &Ended) -> Vec<String> {
    let lines = ended.stderr.lines();
    let stamps = lines.filter_map(|line| Some(line.split_once("\"timestamp\":\"")?.1.get(..10)?.to_owned()));
    stamps.collect()
}

fn library() -> Option<PathBuf> {
    let places = fs::read_dir("/usr/lib").unwrap();
    let libraries = places.map(|place| place.unwrap().path().join("faketime/libfaketime.so.1"));
    let found = libraries.into_iter().find(|library| library.exists());
    if found.is_none() {
        connector_lab::testing::skipped("libfaketime");
    }
    found
}
