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
    for word in [
        "multiinfo",
        "csvfile",
        "check",
        ".SH OPTIONS",
        ".SH COMMANDS",
        ".SH EXIT STATUS",
        ".SH EXAMPLES",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("(1)"), "there is no other page: {page}");
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

/// What bash offers for a line, the last word of which is being typed.
fn offered(place: &Place, line: &[&str]) -> Option<Vec<String>> {
    let (script, ..) = Place::empty().run(&["completions", "bash"]);
    let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
    let last = words.last().unwrap();
    let before = words.iter().rev().nth(1).unwrap();
    let script = format!(
        "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n\
         _qualys_connector_with_files qualys-connector {last} {before} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.join(" "),
        words.len() - 1,
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(place.path())
        .output();
    let Ok(output) = output else {
        connector_lab::testing::skipped("bash");
        return None;
    };
    let offered = String::from_utf8(output.stdout).unwrap();
    Some(
        offered
            .lines()
            .map(str::to_owned)
            .filter(|line| !line.is_empty())
            .collect(),
    )
}

#[test]
fn completions_name_settings_and_levels_and_files_only_where_files_belong() {
    let place = Place::empty().file("commands.csv", "");
    let offer = |line: &[&str]| offered(&place, line);
    let Some(settings) = offer(&["qualys-connector", "--set", "selection.k"]) else {
        return;
    };
    assert_eq!(settings, ["selection.kinds="]);
    let settings = offer(&["qualys-connector", "check", "--set", ""]).unwrap();
    assert!(settings.contains(&"commands.add_host=".to_owned()));
    assert!(!settings.iter().any(|name| name.contains("password")), "{settings:?}");
    assert_eq!(offer(&["qualys-connector", "--level", "warn"]).unwrap(), ["warning"]);
    assert_eq!(
        offer(&["qualys-connector", "--csvfile", "comm"]).unwrap(),
        ["commands.csv"]
    );
    assert_eq!(offer(&["qualys-connector", "send", "comm"]).unwrap(), ["commands.csv"]);
    for line in [
        ["qualys-connector", "--server", "comm"],
        ["qualys-connector", "explain", "comm"],
        ["qualys-connector", "--multiinfo", "comm"],
    ] {
        assert!(!offer(&line).unwrap().contains(&"commands.csv".to_owned()), "{line:?}");
    }
    assert_eq!(offer(&["qualys-connector", "explain", "--"]).unwrap(), ["--help"]);
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
