//! The documentation says what the code says.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use qualys_connector::config::settings::SETTINGS;
use qualys_connector::exit::Exit;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn table() -> String {
    let mut table = String::from("| setting | default | what it says | in `QualysGuard.yaml` |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let code = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("`{text}`")
            }
        };
        let secret = if setting.secret { " (secret)" } else { "" };
        let (key, help) = (setting.key, setting.help);
        let (default, old) = (code(setting.default), code(setting.old));
        writeln!(table, "| `{key}` | {default} | {help}{secret} | {old} |").unwrap();
    }
    table
}

/// `UPDATE_DOCS=1 cargo test --test docs` writes the table anew.
#[test]
fn the_readme_lists_every_setting() {
    let (start, end) = ("<!-- settings -->\n", "<!-- /settings -->");
    let readme = readme();
    let (before, rest) = readme.split_once(start).unwrap();
    let (table_there, after) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        fs::write(path, format!("{before}{start}{}{end}{after}", table())).unwrap();
    } else {
        assert_eq!(table_there, table());
    }
}

#[test]
fn the_readme_explains_every_exit_code() {
    let readme = readme();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| ")).collect();
    for exit in Exit::ALL {
        let code = exit.code().to_string();
        let cell = |row: &&str| {
            row.split('|')
                .nth(1)
                .is_some_and(|cell| cell.split([' ', ',']).any(|one| one == code))
        };
        assert!(rows.iter().any(cell), "{exit} isn't in the README");
    }
}
