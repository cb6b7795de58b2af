//! Runs after all other test binaries, by its name, and lists the tests that this machine couldn't run.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output};

use connector_lab::testing;

/// Tells a test that another one started it.
const INNER: &str = "QC_TEST_INNER_SKIPS";

#[test]
fn they_are_listed() {
    if let Some(list) = testing::all_skipped() {
        // Written directly, since the test harness hides what a passing test prints by macros.
        writeln!(io::stderr(), "\n{list}").unwrap();
    }
}

#[test]
fn one_that_is_skipped_says_so_and_is_listed_at_the_end() {
    if std::env::var_os(INNER).is_some() {
        return testing::skipped("a unicorn");
    }
    let name = "one_that_is_skipped_says_so_and_is_listed_at_the_end";
    // Both have the shell for a parent, as two binaries of one `cargo test` have cargo.
    let run = |ci: bool| -> Output {
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                &format!("\"$0\" --exact {name} && \"$0\" --exact they_are_listed"),
            ])
            .arg(std::env::current_exe().unwrap())
            .env(INNER, "1")
            .env_remove("CI");
        if ci {
            shell.env("CI", "true");
        }
        shell.output().unwrap()
    };
    let skipped = run(false);
    let said = String::from_utf8(skipped.stderr).unwrap();
    assert!(skipped.status.success(), "{said}");
    assert_eq!(
        said,
        format!(
            "test {name} ... skipped, needs a unicorn\n\n\
             1 test was skipped, and counts as \"ok\" above:\n  needs a unicorn:\n    what_was_skipped::{name}\n\n"
        )
    );
    assert!(!run(true).status.success(), "CI has everything");
}

/// A test that decides by itself whether to be skipped would be invisible; one that starts `kill` fails where procps is missing.
#[test]
fn no_test_has_a_way_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests"), root.join("src")];
    let mut wrong = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for own in ["(\"CI\")", "Command::new(\"kill\")", "\"skipped: "] {
                    let shared = path.ends_with("lab/src/testing.rs") || path.ends_with("what_was_skipped.rs");
                    if text.contains(own) && !shared {
                        wrong.push(format!("{}: {own}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "use connector_lab::testing: {wrong:#?}");
}
