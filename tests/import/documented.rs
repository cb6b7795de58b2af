//! The commands, settings and options that README and docs show: each is run against the lab, or at least known.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector_lab::management_center::Options;
use connector_lab::qualys as lab;
use qualys_connector::cli::Cli;
use qualys_connector::config::settings;
use support::{Ended, center, qualys, report, small};

/// Programs whose commands aren't run here, and why.
const NOT_RUN: [(&str, &str); 17] = [
    (
        "target/demo/connector-lab",
        "is built by the demo; its reports have tests of their own",
    ),
    ("cargo", "builds and tests the project; the demo has tests of its own"),
    ("docker", "needs an image; its commands are run where it is built"),
    ("helm", "needs a cluster"),
    ("kubectl", "needs a cluster"),
    ("printf", "writes a secret"),
    ("read", "asks for a secret"),
    ("mkdir", "prepares a folder of secrets"),
    ("flock", "stands in a crontab"),
    ("target/release/connector-lab", "measures, for minutes"),
    ("bash", "measures, for minutes"),
    ("chmod", "prepares a measurement"),
    ("mdbook", "shows the documentation"),
    ("tar", "unpacks a release; .ci/packages does it"),
    ("sudo", "installs a package; .ci/packages does it"),
    ("sudoedit", "opens an editor"),
    ("journalctl", "needs systemd"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README and the pages of the documentation.
fn pages() -> BTreeMap<String, String> {
    let docs = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages = pages.chain([root().join("README.md")]);
    pages
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The fenced blocks of a page in one of these languages.
fn blocks(page: &str, languages: &[&str]) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((languages.contains(&language.trim()), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(wanted, _)| *wanted).map(|(_, text)| text)),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of a block, one line each, without comments.
fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.trim_start_matches("$ "));
    let lines = lines.map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The program of a command, behind variables and a brace.
fn program(command: &str) -> &str {
    let words = command.split_whitespace();
    let mut words = words.skip_while(|word| word.contains('=') || *word == "(" || *word == "umask" || *word == "077;");
    words.next().unwrap_or("export")
}

#[tokio::test]
async fn every_command_is_run_or_has_a_reason_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(40));
    let qualys = qualys(lab::Options {
        times: lab::Times::instant(),
        report: small(40),
        ..lab::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let secrets = folder.path().join("secrets");
    fs::create_dir(&secrets).unwrap();
    fs::write(secrets.join("qualys"), "d0ntp@n1c\n").unwrap();
    for name in ["client.pkcs12", "CertFile.pkcs12"] {
        fs::copy(center.pkcs12(), folder.path().join(name)).unwrap();
    }
    for saved in ["detections.xml", "knowledge_base.xml"] {
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/");
        fs::copy(format!("{from}{saved}"), folder.path().join(saved)).unwrap();
    }
    // What names no place of its own goes to the lab.
    let here = |text: &str| {
        text.replace("fmc.example.com", "127.0.0.1")
            .replace("192.0.2.10", "127.0.0.1")
            .replace("10.10.10.10", "127.0.0.1")
            .replace("/run/secrets", secrets.to_str().unwrap())
    };
    let mut run = 0;
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        for file in blocks(&page, &["yaml"]) {
            if let Some(title) = file.lines().next().and_then(|line| line.strip_prefix("# ")) {
                fs::write(folder.path().join(title), here(&file)).unwrap();
            }
        }
        for block in blocks(&page, &["sh", "console"]) {
            let mut exported = Vec::new();
            for command in commands(&block) {
                let program = program(&command);
                if command.starts_with("export ") {
                    exported.push(here(&command));
                    continue;
                }
                if NOT_RUN.iter().any(|(name, _)| *name == program) {
                    continue;
                }
                if program != "qualys-connector" {
                    wrong.push(format!("{name}: is `{command}` to be run?"));
                    continue;
                }
                if command.contains('…') {
                    continue;
                }
                let line = here(&command).replace(
                    "qualys-connector ",
                    &format!("{} ", env!("CARGO_BIN_EXE_qualys-connector")),
                );
                let mut shell = Command::new("sh");
                shell
                    .args(["-c", &format!("{}\n{line}", exported.join("\n"))])
                    .current_dir(folder.path())
                    .env_clear()
                    .env("QC_MANAGEMENT_CENTER__PORT", center.address().port().to_string())
                    .env("QC_QUALYS__URL", qualys.url())
                    .env("QC_QUALYS__CA_FILE", qualys.ca_pem_path())
                    .env("QC_QUALYS__POLL_INTERVAL", "100ms");
                let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap();
                let ended = Ended::new(output.unwrap());
                if ended.code != Some(0) {
                    wrong.push(format!("{name}: {command}\n{}\n{}", ended.stdout, ended.stderr));
                }
                run += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(path.exists() && run >= 8, "only {run} commands were found");
}

/// Words in backticks.
fn words(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

#[test]
fn every_setting_that_is_named_exists() {
    const FILES: [&str; 13] = [
        "xml",
        "csv",
        "html",
        "yaml",
        "pem",
        "pkcs12",
        "md",
        "rs",
        "json",
        "prom",
        "crt",
        "redb",
        "redb.damaged",
    ];
    for (name, page) in pages() {
        for word in words(&page) {
            let key = word.split(['=', ' ']).next().unwrap_or_default();
            let Some((section, rest)) = key.split_once('.') else {
                continue;
            };
            let plain = rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
            let section = settings::all().any(|setting| setting.section() == section);
            if section && plain && !rest.is_empty() && !FILES.contains(&rest) {
                assert!(settings::find(key).is_some(), "{name} names a setting {key}");
            }
        }
        for variable in page.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_') {
            if variable.starts_with("QC_") && variable.contains("__") && !variable.ends_with('_') {
                let known = |setting: &settings::Setting| {
                    let known = setting.variable();
                    variable == known || variable.strip_suffix("_FILE") == Some(known.as_str())
                };
                let example = variable == "QC_SECTION__KEY";
                assert!(
                    example || settings::all().any(known),
                    "{name} names a variable {variable}"
                );
            }
        }
    }
}

#[test]
fn every_option_that_is_named_exists() {
    let command = <Cli as clap::CommandFactory>::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let known: Vec<_> = commands
        .flat_map(clap::Command::get_arguments)
        .flat_map(|argument| argument.get_long_and_visible_aliases().unwrap_or_default())
        .collect();
    let mut unknown = Vec::new();
    for (name, page) in pages() {
        for word in words(&page) {
            let option = word.split(['=', ' ']).next().unwrap_or_default();
            if let Some(option) = option.strip_prefix("--").filter(|_| !word.contains("docker")) {
                // Options of other programs are told with their program.
                if !known.contains(&option) && !OTHERS.contains(&option) {
                    unknown.push(format!("{name}: --{option}"));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "options that don't exist: {unknown:?}");
}

/// Options of docker, Prometheus and Helm that pages name without their program.
const OTHERS: [&str; 4] = ["user", "target", "persistence.file", "wait-for-jobs"];

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let pages = pages();
    let summary = &pages["docs/SUMMARY.md"];
    for (name, page) in &pages {
        let file = name.trim_start_matches("docs/");
        if name.starts_with("docs/") && file != "SUMMARY.md" {
            assert!(
                summary.contains(&format!("({file})")),
                "{name} isn't in docs/SUMMARY.md"
            );
        }
        let folder = root().join(name);
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let exists = folder.parent().unwrap_or(Path::new("")).join(target).exists();
            assert!(exists, "{name} links to {target}");
        }
    }
}
