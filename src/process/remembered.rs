//! The command `state`: what is remembered between runs, shown or removed.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::output::{failed_with, print};
use crate::cli::Output;
use crate::config::Given;
use crate::exit::Exit;
use crate::import::numbers::{amount, grouped};
use crate::printable::{Text, escaped_json, escaped_lines};
use crate::problem::Problem as _;
use crate::state::{self, CutRun, Error, PastRun, StateHeader, StateStore, time};

/// Shows what is remembered, or removes it.
pub(super) fn state(given: Given, output: Output, forget: bool) -> Exit {
    let Some(dir) = given.state_dir() else {
        let sentence = "nothing is remembered between runs: state.dir isn't set";
        return failed_with(sentence, Exit::Config);
    };
    let shown = match forget {
        true => state::forget(&dir).map(|was_there| forgotten(&dir, was_there, output)),
        false => StateStore::look(&dir).and_then(|store| shown(&dir, store.as_ref(), output)),
    };
    match shown {
        Ok(text) => print(&text),
        Err(error) => failed_with(&error.sentence(), error.kind().exit()),
    }
}

fn forgotten(dir: &Path, was_there: bool, output: Output) -> String {
    match (output, was_there) {
        (Output::Json, _) => escaped_json(&format!("{:#}\n", json!({ "forgotten": was_there }))),
        (Output::Text, true) => escaped_lines(&format!("{}: forgotten\n", dir.display())),
        (Output::Text, false) => nothing(dir),
    }
}

fn nothing(dir: &Path) -> String {
    escaped_lines(&format!("{}: nothing is remembered\n", dir.display()))
}

fn shown(dir: &Path, store: Option<&StateStore>, output: Output) -> Result<String, Error> {
    let Some(store) = store else {
        return Ok(match output {
            Output::Json => "null\n".to_owned(),
            Output::Text => nothing(dir),
        });
    };
    let (hosts, vulnerabilities) = (store.known_hosts()?, store.known_vulnerabilities()?);
    Ok(match output {
        Output::Json => escaped_json(&format!("{:#}\n", as_json(store, hosts, vulnerabilities))),
        Output::Text => escaped_lines(&as_text(store, hosts, vulnerabilities)),
    })
}

fn as_json(store: &StateStore, hosts: u64, vulnerabilities: u64) -> serde_json::Value {
    let StateHeader {
        version,
        destination,
        last,
        last_full,
        cut,
        knowledge_as_of,
        ..
    } = store.header();
    let run = |run: PastRun| json!({ "begun": rfc3339(run.begun), "ended": rfc3339(run.ended) });
    json!({
        "file": store.path().display().to_string(),
        "bytes": store.bytes(),
        "version": version,
        "destination": destination,
        "last_import": last.map(run),
        "last_full_import": last_full.map(run),
        "cut_short": cut.map(|cut| json!({
            "begun": rfc3339(cut.begun),
            "changed_since": cut.since.map(rfc3339),
            "reached": cut.reached.to_string(),
        })),
        "hosts": hosts,
        "vulnerabilities": vulnerabilities,
        "vulnerabilities_as_of": knowledge_as_of.map(rfc3339),
    })
}

fn as_text(store: &StateStore, hosts: u64, vulnerabilities: u64) -> String {
    let header = store.header();
    let run = |run: Option<PastRun>| {
        let run = run.map(|run| format!("{} to {}", rfc3339(run.begun), rfc3339(run.ended)));
        run.unwrap_or_else(|| "none".to_owned())
    };
    let mut lines = vec![
        ("file", format!("{}, {}", store.path().display(), amount(store.bytes()))),
        ("import into", Text::of(&header.destination).to_string()),
        ("last good import", run(header.last)),
        ("of every host", run(header.last_full)),
    ];
    lines.extend(header.cut.map(|cut| ("cut short", cut_short(&cut))));
    lines.push(("known hosts", grouped(hosts)));
    let as_of = header.knowledge_as_of.filter(|_| vulnerabilities > 0);
    let as_of = as_of
        .map(|time| format!(", as of {}", rfc3339(time)))
        .unwrap_or_default();
    lines.push(("known QIDs", format!("{}{as_of}", grouped(vulnerabilities))));
    let mut text = String::new();
    for (name, value) in lines {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{name:<18}{value}");
    }
    text
}

fn cut_short(cut: &CutRun) -> String {
    let since = cut
        .since
        .map(|since| format!(" of what changed since {}", rfc3339(since)));
    format!(
        "the import of {}{}, behind {}",
        rfc3339(cut.begun),
        since.unwrap_or_default(),
        cut.reached
    )
}

fn rfc3339(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(time(seconds)).to_string()
}
