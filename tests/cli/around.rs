//! What stands around the binary: explanations, man page, completions.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::Place;

#[test]
fn codes_and_answers_are_explained() {
    let place = Place::empty();
    let (told, _, code) = place.run(&["explain", "77"]);
    assert_eq!(code, 0);
    assert!(
        told.starts_with("Exit code 77 (credentials or a certificate were refused)"),
        "{told}"
    );
    // Words need no quotes.
    let (told, _, code) = place.run(&["explain", "Must", "set", "source", "application"]);
    assert_eq!(code, 0);
    assert!(told.contains("SetSource"), "{told}");
    insta::assert_snapshot!(place.fails("explain 2001"));
}

#[test]
fn the_man_page_has_every_option_and_is_set_without_a_warning() {
    let (page, _, code) = Place::empty().run(&["man"]);
    assert_eq!(code, 0);
    for word in ["multiinfo", "csvfile", "check", "Exit codes"] {
        assert!(page.contains(word), "{word}");
    }
    let mut groff = Command::new("groff");
    groff.args(["-man", "-ww", "-Tutf8"]);
    groff
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let Ok(mut child) = groff.spawn() else {
        return connector_lab::testing::skipped("groff (Debian: groff-base)");
    };
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let set = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&set.stderr), "");
    assert!(String::from_utf8_lossy(&set.stdout).contains("qualys-connector"));
}

#[test]
fn completions_know_the_options_of_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (script, _, code) = Place::empty().run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(script.contains("csvfile") && script.contains("migrate"), "{shell}");
    }
}

#[test]
fn completions_for_bash_are_sound() {
    let (script, ..) = Place::empty().run(&["completions", "bash"]);
    let Ok(mut bash) = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn() else {
        return connector_lab::testing::skipped("bash");
    };
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}
