//! Configuration files: QualysGuard.yaml of the Perl connector, and our own.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use qualys_connector::config::{Given, Origin, Surroundings, fuzzing};

fuzz_target!(|text: &str| {
    let (entries, faults) = fuzzing::yaml(text);
    let lines = text.split(['\n', '\r']).count();
    for (key, line, _) in &entries {
        assert!(*line <= lines + 1, "{key:?} in line {line}");
    }
    assert!(
        faults
            .iter()
            .all(|(line, reason)| *line <= lines + 1 && !reason.is_empty())
    );
    // All that follows takes a hundred times as long, so it is for some only, and the same ones always.
    let sum = text
        .bytes()
        .fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte));
    if !entries.is_empty() && sum.is_multiple_of(32) {
        configured(text);
    }
});

fn configured(text: &str) {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("fuzz-yaml-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    });
    fs::write(folder.join("given.yaml"), text).unwrap();
    let given = gather(folder, "given.yaml");
    let _ = given.listing().to_string();
    let migration = given.migration();
    let said = values(&given);
    if let Err(mistakes) = given.import() {
        for mistake in mistakes.iter() {
            let sentence = mistake.to_string();
            assert!(!sentence.contains(char::is_control), "{sentence:?}");
        }
        let _ = mistakes.kind();
    }

    // The file that takes its place says the same, but for secrets.
    fs::write(folder.join("new.yaml"), &migration.yaml).unwrap();
    let new = gather(folder, "new.yaml");
    for ((key, old), (_, new)) in said.iter().zip(values(&new)) {
        if !migration.secrets.iter().any(|secret| secret.key == *key) {
            assert_eq!(listed(old), listed(&new), "{key} in\n{}", migration.yaml);
        }
    }
}

fn gather(folder: &Path, name: &str) -> Given {
    let surroundings = Surroundings::new([("", ""); 0], folder);
    Given::gather(
        &surroundings,
        Some((name.into(), Origin::Option("--config"))),
        Vec::new(),
    )
}

fn values(given: &Given) -> Vec<(String, Option<String>)> {
    let listing = given.listing();
    let lines = listing.iter();
    lines
        .map(|(key, value, _)| (key.to_owned(), value.map(str::to_owned)))
        .collect()
}

/// A value without the blanks and empty parts that a list may have.
fn listed(value: &Option<String>) -> Option<String> {
    let parts = value
        .as_ref()?
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    Some(parts.collect::<Vec<_>>().join(","))
}
