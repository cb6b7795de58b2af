//! Rooms stand on floors: a module uses only those that `src/lib.rs` lists below it.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    found.collect()
}

/// The module at the root of the crate that a file belongs to.
fn room(file: &Path, source: &Path) -> String {
    let first = file.strip_prefix(source).unwrap().components().next().unwrap();
    let name = first.as_os_str().to_str().unwrap();
    name.trim_end_matches(".rs").to_owned()
}

/// The modules that `code` names by `crate::…`, comments aside.
fn named(code: &str) -> BTreeSet<String> {
    let code = code.lines().map(|line| line.split("//").next().unwrap());
    let code: String = code.flat_map(|line| [line, "\n"]).collect();
    let mut names = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let group = after.strip_prefix('{').map(|group| group.split('}').next().unwrap());
        // Only the first words of a group's paths stand at the root.
        for path in group
            .unwrap_or(after)
            .split(',')
            .take(if group.is_some() { usize::MAX } else { 1 })
        {
            let word = path
                .trim()
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            names.insert(word.into_iter().next().unwrap().to_owned());
        }
    }
    names
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let list = fs::read_to_string(source.join("lib.rs")).unwrap();
    let rows = list.lines().filter_map(|line| line.strip_prefix("//! | "));
    let floors: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let floor = |room: &str| floors.iter().position(|other| *other == room);
    let (mut rooms, mut upward) = (BTreeSet::new(), Vec::new());
    for file in files(&source)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|rust| rust == "rs"))
    {
        let here = room(&file, &source);
        if ["main", "lib"].contains(&here.as_str()) {
            continue;
        }
        let from = floor(&here).unwrap_or_else(|| panic!("the list in lib.rs has no {here}"));
        rooms.insert(here.clone());
        for used in named(&fs::read_to_string(&file).unwrap()) {
            if floor(&used).is_some_and(|to| to < from) {
                upward.push(format!("{} uses {used}", file.strip_prefix(&source).unwrap().display()));
            }
        }
    }
    assert_eq!(upward, [""; 0], "modules use what lib.rs lists above them");
    let gone: Vec<_> = floors.iter().filter(|floor| !rooms.contains(**floor)).collect();
    assert!(gone.is_empty(), "{gone:?} are listed, and not there");
}

#[test]
fn groups_and_comments_are_read_as_the_compiler_reads_them() {
    let code = "use crate::config::{self, Config};\nuse crate::{exit::Exit, tls};\n/// [`crate::import`]\nfn of(x: crate::http::Proxy) {}";
    let names: Vec<String> = named(code).into_iter().collect();
    assert_eq!(names, ["config", "exit", "http", "tls"]);
}
