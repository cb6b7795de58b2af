//! The fault matrix of docs/reliability.md is made from the tests of `tests/faults`: a file is a stage (with the folder of that
//! name, where it has one), a test is a fault, the first sentence of its comment is what is promised. So is the list of what
//! goes wrong between hosts, from `tests/network`.
//!
//! `UPDATE_DOCS=1 cargo test --test reliability` writes it anew.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod pages;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use qualys_connector::exit::Exit;

use pages::holds;

/// In the order of an import.
const STAGES: [&str; 11] = [
    "configure",
    "launch",
    "wait",
    "download",
    "list",
    "download_of_detections",
    "look_up",
    "parse",
    "send",
    "write",
    "tidy_up",
];

/// From the network to the machine to people.
const FAULTS: [&str; 21] = [
    "refused",
    "reset",
    "hang",
    "slow_drip",
    "half_a_message",
    "wrong_message",
    "false_length",
    "huge_length",
    "duplicate",
    "out_of_order",
    "close_at_every_byte",
    "no_such_name",
    "certificate_changes",
    "clock_jumps",
    "disk_full",
    "descriptor_limit",
    "memory_limit",
    "thread_limit",
    "sigterm",
    "sigkill",
    "two_at_once",
];

/// The exit code of a program that was killed, as a shell gives it.
const KILLED: u8 = 137;

/// What the tests of a stage promise, by fault.
type Promises = BTreeMap<String, String>;

#[test]
fn the_page_is_what_the_tests_promise() {
    holds("docs/reliability.md", "fault matrix", &matrix());
    holds("docs/reliability.md", "between hosts", &between_hosts());
}

fn matrix() -> String {
    let matrix = STAGES.map(|stage| (stage, promises_of(stage)));
    for (stage, promises) in &matrix {
        for fault in promises.keys() {
            assert!(FAULTS.contains(&fault.as_str()), "{stage}::{fault} is no fault");
        }
    }
    assert!(
        matrix
            .iter()
            .any(|(stage, promises)| *stage == "send" && promises.len() > 15)
    );

    let names = matrix.iter().map(|(stage, _)| plain(stage));
    let mut page = format!("\n| | {} |\n", names.collect::<Vec<_>>().join(" | "));
    writeln!(page, "|---|{}", "---|".repeat(matrix.len())).unwrap();
    for fault in FAULTS {
        let cells = matrix.iter().map(|(stage, promises)| match promises.get(fault) {
            Some(promise) => format!(
                "[{}](#{})",
                codes(stage, fault, promise).join(", "),
                stage.replace('_', "-")
            ),
            None => "–".to_owned(),
        });
        writeln!(page, "| {} | {} |", plain(fault), cells.collect::<Vec<_>>().join(" | ")).unwrap();
    }
    for (stage, promises) in &matrix {
        let name = plain(stage);
        let (first, rest) = name.split_at(1);
        writeln!(page, "\n### {}{rest}\n", first.to_uppercase()).unwrap();
        for fault in FAULTS {
            if let Some(promise) = promises.get(fault) {
                writeln!(page, "* {}: **{}", plain(fault), promise.replacen(':', ":**", 1)).unwrap();
            }
        }
    }
    page.push('\n');
    page
}

/// What the file of a stage promises, and the files in its folder where it has one.
fn promises_of(stage: &str) -> Promises {
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut sources = vec![faults.join(format!("{stage}.rs"))];
    let folder = faults.join(stage);
    if folder.exists() {
        sources.extend(files(&folder));
    }
    let texts = sources.iter().map(|source| fs::read_to_string(source).unwrap());
    texts.flat_map(|text| promises(stage, text.parse().unwrap())).collect()
}

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn between_hosts() -> String {
    let mut page = "\n".to_owned();
    for source in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network")) {
        let name = source.file_stem().unwrap().to_str().unwrap();
        for (test, promise) in promises(name, fs::read_to_string(&source).unwrap().parse().unwrap()) {
            writeln!(page, "* {}: **{}", plain(&test), promise.replacen(':', ":**", 1)).unwrap();
        }
    }
    page.push('\n');
    page
}

/// A name as people write it.
fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The exit codes of a promise: the number it begins with, and those at the beginning of its other parts.
fn codes(stage: &str, fault: &str, promise: &str) -> Vec<String> {
    let parts = promise.split(['.', ',', ';']).map(str::trim_start);
    let numbers = parts.map(|part| part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    let known: Vec<String> = Exit::ALL
        .into_iter()
        .map(Exit::code)
        .chain([KILLED])
        .map(|code| code.to_string())
        .collect();
    let codes: Vec<String> = numbers
        .map(str::to_owned)
        .filter(|number| known.contains(number))
        .collect();
    let first = promise.split_once(": ").map(|(code, _)| code);
    assert_eq!(
        first,
        codes.first().map(String::as_str),
        "{stage}::{fault} promises no exit code first"
    );
    codes
}

/// The first sentence of each test's comment.
fn promises(stage: &str, tokens: TokenStream) -> Promises {
    let mut promises = Promises::new();
    let (mut comment, mut is_test) = (None, false);
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(attribute) if is_punct(at.checked_sub(1).map(|before| &tokens[before]), '#') => {
                let text = attribute.stream().to_string();
                match text.strip_prefix("doc =") {
                    Some(line) => {
                        let line: syn::LitStr = syn::parse_str(line).unwrap();
                        let sentence: &mut String = comment.get_or_insert_default();
                        if !sentence.ends_with('.') {
                            *sentence = format!("{sentence} {}", line.value().trim()).trim().to_owned();
                        }
                    }
                    None => is_test |= ["test", "tokio :: test"].contains(&text.as_str()),
                }
            }
            TokenTree::Ident(function) if function == "fn" => {
                let name = tokens[at + 1].to_string();
                if is_test {
                    let promise = comment
                        .take()
                        .unwrap_or_else(|| panic!("{stage}::{name} promises nothing"));
                    promises.insert(name, promise);
                }
                (comment, is_test) = (None, false);
            }
            // The end of an item that is no function.
            TokenTree::Punct(end) if end.as_char() == ';' => (comment, is_test) = (None, false),
            TokenTree::Ident(item) if ["struct", "impl", "enum"].contains(&item.to_string().as_str()) => {
                (comment, is_test) = (None, false);
            }
            _ => {}
        }
    }
    promises
}

fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}
