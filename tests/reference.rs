//! The reference pages are made from the code, so that they say what it says.
//!
//! `UPDATE_DOCS=1 cargo test --test reference` writes them anew.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use qualys_connector::cli::Cli;
use qualys_connector::config::settings;
use qualys_connector::exit::Exit;
use qualys_connector::host_input::answer::texts::TEXTS;
use qualys_connector::problem::{Kind, Reason, Step};
use qualys_connector::qualys::platforms::PLATFORMS;

use pages::holds;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{text}`"),
    }
}

#[test]
fn every_setting_is_in_the_configuration_page() {
    let mut page = String::new();
    let mut section = "";
    for setting in settings::all() {
        if setting.section() != section {
            section = setting.section();
            writeln!(
                page,
                "\n## {section}\n\n| key | what it says | values | default | in `QualysGuard.yaml` |\n|---|---|---|---|---|"
            )
            .unwrap();
        }
        let secret = if setting.secret { " (secret)" } else { "" };
        let example = match setting.example {
            "" => String::new(),
            example => format!(", as {}", code(example)),
        };
        let values = setting.syntax.expected();
        let (key, help, default, old) = (setting.key, setting.help, code(setting.default), code(setting.old));
        writeln!(
            page,
            "| `{key}`<br>`{}` | {help}{secret} | {values}{example} | {default} | {old} |",
            setting.variable()
        )
        .unwrap();
    }
    page.push('\n');
    holds("docs/configuration.md", "settings", &page);
}

#[test]
fn every_platform_is_in_the_page_about_qualys() {
    let mut table = String::from("| platform | address of its API |\n|---|---|\n");
    for platform in PLATFORMS {
        writeln!(table, "| {} | `{}` |", platform.name, platform.api).unwrap();
    }
    holds("docs/qualys.md", "platforms", &table);
}

#[test]
fn every_code_is_in_the_page_of_codes() {
    let mut exits = String::from("| code | means | to do | try again? |\n|---|---|---|---|\n");
    for exit in Exit::ALL {
        writeln!(
            exits,
            "| {} | {} | {} | {} |",
            exit.code(),
            exit.meaning(),
            exit.remedy(),
            exit.try_again()
        )
        .unwrap();
    }
    holds("docs/codes.md", "exit codes", &exits);

    let mut qualys = String::from("| code | means | to do | asked again | exit code |\n|---|---|---|---|---|\n");
    let mut codes: Vec<_> = Kind::ALL
        .iter()
        .flat_map(|kind| kind.row().codes.iter().map(move |code| (code, kind.row())))
        .collect();
    codes.sort_by_key(|((code, _), _)| *code);
    for ((code, words), row) in codes {
        let with = match *words {
            "" => String::new(),
            words => format!(" with \"{words}\""),
        };
        writeln!(
            qualys,
            "| {code}{with} | {} | {} | {} | {} |",
            row.meaning,
            row.remedy,
            row.retry.words(),
            row.exit.code()
        )
        .unwrap();
    }
    holds("docs/codes.md", "qualys codes", &qualys);

    let mut texts = String::from("| says | means | to do |\n|---|---|---|\n");
    for known in &TEXTS {
        writeln!(texts, "| … {} … | {} | {} |", known.part, known.meaning, known.remedy).unwrap();
    }
    holds("docs/codes.md", "texts", &texts);
}

#[test]
fn every_message_is_in_the_troubleshooting_page() {
    let mut messages: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for path in sources(&root().join("src")) {
        let tokens: TokenStream = fs::read_to_string(&path).unwrap().parse().unwrap();
        let relative = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap();
        let mut found = Vec::new();
        let all = ALL_LITERALS.iter().any(|part| relative.starts_with(part));
        collect(tokens, all, &mut found);
        let sentences = found
            .into_iter()
            .filter(|text| words(text) >= 3 && !text.starts_with([',', ';', ':', '/']))
            .map(|text| shown(&text));
        messages.entry(area(relative)).or_default().extend(sentences);
    }
    let kinds = Kind::ALL.iter().map(|kind| kind.row());
    let kinds = kinds.flat_map(|row| [row.meaning, row.remedy].map(|text| (area_of(row.step), text)));
    let exits = Exit::ALL.map(|exit| (area(""), exit.remedy()));
    let waits = Reason::ALL.map(|reason| (area("qualys"), reason.clause()));
    for (area, text) in kinds.chain(exits).chain(waits) {
        if words(text) >= 3 {
            messages.entry(area).or_default().insert(shown(text));
        }
    }
    let mut page = String::new();
    for (area, sentences) in messages.iter().filter(|(_, sentences)| !sentences.is_empty()) {
        writeln!(page, "\n### {area}\n").unwrap();
        for sentence in sentences {
            writeln!(page, "* {sentence}").unwrap();
        }
    }
    page.push('\n');
    assert!(
        page.contains("does not speak TLS") && page.contains("there is no setting"),
        "the collector is blind"
    );
    holds("docs/troubleshooting.md", "messages", &page);
}

/// Lines that begin with the program's name, as far as they are its own.
#[test]
fn every_command_in_the_pages_is_one() {
    let mut seen = 0;
    for page in [
        "check.md",
        "migration.md",
        "configuration.md",
        "troubleshooting.md",
        "codes.md",
    ] {
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("    qualys-connector "))
        {
            // What stands in brackets, or is left out, isn't typed.
            let line = line.split(" [").next().unwrap().split('…').next().unwrap();
            let words = shlex::split(line).unwrap_or_else(|| panic!("docs/{page}: an open quote: {line}"));
            let own = words
                .into_iter()
                .take_while(|word| !["|", ">", "2>"].contains(&word.as_str()));
            let parsed = Cli::parse_arguments(own.map(std::ffi::OsString::from));
            assert!(parsed.is_ok(), "docs/{page}: {line}: {}", parsed.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} commands were found");
}

/// Where every sentence is one that a user may read, whatever function says it.
const ALL_LITERALS: [&str; 5] = [
    "config/warnings.rs",
    "config/parse.rs",
    "config/syntax.rs",
    "config/layers",
    "cli/perl.rs",
];

/// The chapter of a kind of problem.
fn area_of(step: Option<Step>) -> &'static str {
    match step {
        Some(Step::Configuration) => area("config"),
        Some(Step::Certificate) => area("host_input/identity"),
        Some(Step::Trust) => area("host_input/trust"),
        Some(Step::Name | Step::Connection | Step::HostInput) => area("host_input"),
        Some(
            Step::Proxy
            | Step::Qualys
            | Step::Login
            | Step::RateLimit
            | Step::Templates
            | Step::Hosts
            | Step::KnowledgeBase,
        ) => area("qualys"),
        Some(Step::ReportFile) => area("report"),
        _ => area(""),
    }
}

/// The chapter of a message.
fn area(path: &str) -> &'static str {
    match path {
        _ if path.starts_with("config") || path.starts_with("cli") => "Configuration and command line",
        _ if path.starts_with("host_input/identity") => "Client certificate",
        _ if path.starts_with("host_input/trust") => "Trust in the Management Center",
        _ if path.starts_with("host_input") => "Management Center, commands and CSV files",
        _ if path.starts_with("qualys") => "Qualys",
        _ if path.starts_with("report") => "Report",
        _ if path.starts_with("check") => "Preflight",
        _ => "Everything else",
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !["tests.rs", "testing.rs", "help.rs"].contains(&name.as_str()) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Texts of `#[error("…")]`, of functions that write errors, and of warnings and errors in the log.
fn collect(tokens: TokenStream, all: bool, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let next = |ahead: usize| tokens.get(at + ahead);
        match (&tokens[at], next(1), next(2)) {
            (TokenTree::Punct(hash), Some(TokenTree::Punct(bang)), Some(TokenTree::Group(_)))
                if hash.as_char() == '#' && bang.as_char() == '!' =>
            {
                at += 3;
                continue;
            }
            (TokenTree::Ident(name), Some(TokenTree::Group(group)), _)
                if ["failed", "warning"].contains(&name.to_string().as_str()) =>
            {
                collect(group.stream(), true, found);
                at += 2;
                continue;
            }
            (TokenTree::Punct(hash), Some(TokenTree::Group(attribute)), _)
                if hash.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket =>
            {
                at += 2;
                let mut inside = attribute.stream().into_iter();
                match (inside.next().map(|token| token.to_string()).as_deref(), inside.next()) {
                    (Some("error"), Some(TokenTree::Group(group))) => {
                        found.extend(group.stream().into_iter().next().and_then(|token| literal(&token)));
                    }
                    (Some("cfg"), Some(condition)) if condition.to_string().contains("test") => {
                        // The item that stands for tests only.
                        while at < tokens.len() && !ends_item(&tokens[at]) {
                            at += 1;
                        }
                        at += 1;
                    }
                    _ => {}
                }
                continue;
            }
            (TokenTree::Ident(fun), Some(TokenTree::Ident(name)), _)
                if fun == "fn" && ["fmt", "advice", "remedy", "told"].contains(&name.to_string().as_str()) =>
            {
                let body = tokens[at..].iter().position(ends_item).unwrap();
                if let TokenTree::Group(body) = &tokens[at + body] {
                    collect(body.stream(), true, found);
                }
                at += body + 1;
                continue;
            }
            (TokenTree::Ident(name), Some(TokenTree::Punct(bang)), Some(TokenTree::Group(group)))
                if bang.as_char() == '!' =>
            {
                match name.to_string().as_str() {
                    "warn" | "error" => collect(group.stream(), true, found),
                    "debug" | "info" | "assert" | "debug_assert" | "unreachable" => {}
                    _ => collect(group.stream(), all, found),
                }
                at += 3;
                continue;
            }
            (TokenTree::Group(group), ..) => collect(group.stream(), all, found),
            (token @ TokenTree::Literal(_), ..) if all => found.extend(literal(token)),
            _ => {}
        }
        at += 1;
    }
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

fn literal(token: &TokenTree) -> Option<String> {
    let text: syn::LitStr = syn::parse_str(&token.to_string()).ok()?;
    Some(text.value())
}

fn words(text: &str) -> usize {
    let words = text.split_whitespace();
    words
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !word.contains('{'))
        .count()
}

/// A message with `…` for its placeholders, fit for a page.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut depth = 0_usize;
    for c in text.trim().chars() {
        match c {
            '{' => {
                if depth == 0 && !shown.ends_with('…') {
                    shown.push('…');
                }
                depth += 1;
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '<' => shown.push_str("&lt;"),
            '*' => shown.push_str("\\*"),
            c if c.is_whitespace() => shown.push(' '),
            c => shown.push(c),
        }
    }
    shown
}
