//! What a person sees on a terminal while an import runs, through a real one: script(1) lends a pseudo-terminal.

use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use connector_lab::management_center::{Faults, ManagementCenter};
use connector_lab::qualys::{self as lab, Qualys, Times};
use connector_lab::report;
use support::{connector, faulty, from_qualys, qualys, sending, small};

use crate::chromium::{Chromium, View, documenting, keep};

const ROWS: u16 = 60;
const COLUMNS: u16 = 150;

/// Far ends that take their time.
async fn slow() -> (Qualys, ManagementCenter) {
    let qualys = qualys(lab::Options {
        times: Times {
            build_time: Duration::from_secs(1),
            ..Times::instant()
        },
        report: report::Options {
            longest_result: 500,
            ..small(400)
        },
        // The bar looks ten times a second; a stage that is over before isn't shown.
        faults: vec!["delay=400ms@fetch".parse().unwrap()],
        ..lab::Options::default()
    })
    .await;
    let center = faulty(Faults {
        slow_answers: Duration::from_millis(20),
        ..Faults::default()
    })
    .await;
    (qualys, center)
}

/// All that a command writes to its terminal; nothing where there is no script(1).
async fn on_terminal(command: Command, term: &str) -> Option<String> {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', "'\\''"));
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(quoted)
        .collect();
    let line = format!("stty rows {ROWS} cols {COLUMNS}; exec {}", words.join(" "));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .stdin(Stdio::null());
    script.current_dir(command.get_current_dir().unwrap());
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script
        .env("TERM", term)
        .env("SHELL", "/bin/sh")
        .env("PATH", std::env::var_os("PATH").unwrap());
    let output = tokio::task::spawn_blocking(move || script.output()).await.unwrap();
    let Ok(output) = output else {
        connector_lab::testing::skipped("script(1) (Debian: bsdutils)");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap())
}

fn import(folder: &Path, center: &ManagementCenter, qualys: &Qualys) -> Command {
    let mut command = from_qualys(sending(folder, center), qualys, "424242");
    command.args([
        "--set",
        "management_center.max_frame=8192",
        "--set",
        "qualys.poll_interval=300ms",
    ]);
    command
}

/// The lines that stand on a terminal at the end.
fn lines(written: &str) -> Vec<String> {
    let size = [ROWS, COLUMNS].map(|size| NonZeroU16::new(size).unwrap());
    let mut terminal = vt100::Parser::new(size[0], size[1], 0);
    terminal.process(written.as_bytes());
    let rows = terminal.screen().rows(0, COLUMNS);
    let rows: Vec<_> = rows.map(|row| row.trim_end().to_owned()).collect();
    let end = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    rows.into_iter().take(end).collect()
}

#[tokio::test]
async fn a_bar_moves_and_leaves_the_log_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (qualys, center) = slow().await;
    let Some(written) = on_terminal(import(folder.path(), &center, &qualys), "xterm-256color").await else {
        return;
    };
    for moment in ["launch", "wait", "download", " hosts/s, ", " left", "█"] {
        assert!(written.contains(moment), "{moment} was never shown:\n{written}");
    }
    let lines = lines(&written);
    let screen = lines.join("\n");
    assert!(!screen.contains('█'), "the bar is gone at the end:\n{screen}");
    for line in [
        "report launched",
        "report finished",
        "QualysGuard Report Processing Complete",
    ] {
        let found = lines.iter().find(|found| found.contains(line)).expect(line);
        assert!(found.starts_with("20") && found.contains(" INFO "), "garbled: {found}");
    }
    for stage in ["  wait ", "  download ", "  send "] {
        assert!(
            lines.iter().any(|line| line.starts_with(stage)),
            "{stage} left no line:\n{screen}"
        );
    }
    assert_eq!(
        lines.last().unwrap().split(" in ").next(),
        Some("0 (all imported)"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_terminal_that_only_prints_gets_lines_without_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let (qualys, center) = slow().await;
    let Some(written) = on_terminal(import(folder.path(), &center, &qualys), "dumb").await else {
        return;
    };
    assert!(written.contains("report launched"), "{written}");
    assert!(!written.contains('\u{1b}') && !written.contains('█'), "{written}");
}

#[tokio::test]
async fn colours_can_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command.args(["--report", "missing.xml", "--csvfile", "out.csv"]);
    let Some(coloured) = on_terminal(command, "xterm").await else {
        return;
    };
    assert!(coloured.contains("\u{1b}[31m"), "{coloured:?}");
    let mut command = connector(folder.path());
    command
        .args(["--report", "missing.xml", "--csvfile", "out.csv"])
        .env("NO_COLOR", "1");
    let plain = on_terminal(command, "xterm").await.unwrap();
    assert!(
        plain.contains("missing.xml") && !plain.contains("[31m") && !plain.contains("[2m"),
        "{plain:?}"
    );
}

#[tokio::test]
async fn quiet_is_quiet_and_so_is_everything_that_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (qualys, center) = slow().await;
    let mut command = import(folder.path(), &center, &qualys);
    command.arg("--quiet");
    let Some(written) = on_terminal(command, "xterm").await else {
        return;
    };
    assert_eq!(written, "");
    let mut command = import(folder.path(), &center, &qualys);
    command.arg("-q");
    let piped = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((piped.stdout.as_slice(), piped.stderr.as_slice()), (&b""[..], &b""[..]));
    let mut command = import(folder.path(), &center, &qualys);
    let piped = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let log = String::from_utf8(piped.stderr).unwrap();
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
}

/// Pictures of terminals for the documentation: `UPDATE_DOCS=1 cargo test --test import pictures`.
#[tokio::test]
async fn pictures() {
    if !documenting() && std::env::var_os("SCREENSHOTS").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (qualys, center) = slow().await;

    let mut command = import(folder.path(), &center, &qualys);
    command.args(["--level", "1"]);
    let whole = on_terminal(command, "xterm-256color").await.unwrap();
    let moments: Vec<_> = whole.match_indices(" left").map(|(at, text)| at + text.len()).collect();
    let half = whole.get(..moments[moments.len() / 2]).unwrap().to_owned();
    let mut command = import(folder.path(), &center, &qualys);
    command.args(["--level", "1", "--plan", "--host-limit", "50000"]);
    let plan = on_terminal(command, "xterm-256color").await.unwrap();
    let mut command = import(folder.path(), &center, &qualys);
    command.args(["--level", "1", "check"]);
    let check = on_terminal(command, "xterm-256color").await.unwrap();
    let mut command = import(folder.path(), &center, &qualys);
    command.env("QC_QUALYS__PASSWORD", "wrong");
    let login = on_terminal(command, "xterm-256color").await.unwrap();
    // What is shown names no place of the lab's.
    let address = qualys.url().to_string();
    let address = address.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let here = |text: &str| {
        text.replace(&address, "qualysapi.qualys.com")
            .replace(&center.pkcs12().display().to_string(), "client.pkcs12")
    };
    let login = here(&login);
    let mut command = connector(folder.path());
    command.args([
        "--server",
        "fmc.example.com",
        "--set",
        "selection.severity=3",
        "--set",
        "commands.mode=flush",
    ]);
    let settings = on_terminal(command, "xterm-256color").await.unwrap();
    std::fs::write(
        folder.path().join("report.xml"),
        "<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>192.0.2.1</IP>",
    )
    .unwrap();
    let mut command = connector(folder.path());
    command.args(["--report", "report.xml", "--csvfile", "commands.csv"]);
    let cut_off = on_terminal(command, "xterm-256color").await.unwrap();
    let pictures = [
        (
            "terminal-progress",
            ("qualys-connector --config settings.yaml --level 1", half),
        ),
        (
            "terminal-summary",
            ("qualys-connector --config settings.yaml --level 1", whole),
        ),
        (
            "terminal-plan",
            (
                "qualys-connector --config settings.yaml --level 1 --plan --host-limit 50000",
                plan,
            ),
        ),
        (
            "terminal-check",
            ("qualys-connector check --config settings.yaml", here(&check)),
        ),
        (
            "terminal-error-login",
            ("qualys-connector --config settings.yaml", login),
        ),
        (
            "terminal-error-settings",
            (
                "qualys-connector --server fmc.example.com --set selection.severity=3 --set commands.mode=flush",
                settings,
            ),
        ),
        (
            "terminal-error-report",
            ("qualys-connector --report report.xml --csvfile commands.csv", cut_off),
        ),
    ];
    tokio::task::spawn_blocking(move || {
        let mut chromium = Chromium::start().unwrap();
        for (name, (command, written)) in pictures {
            let html = folder.path().join("terminal.html");
            std::fs::write(&html, drawn(command, &written)).unwrap();
            keep(name, true, &chromium.look(&html, TERMINAL).picture);
        }
    })
    .await
    .unwrap();
}

const TERMINAL: View = View {
    name: "terminal",
    width: 1240,
    height: 10,
    scale: 1.0,
    media: "screen",
    scheme: "dark",
    longest: u32::MAX,
};

/// A terminal as a page: the command, and what stands on the screen after it.
fn drawn(command: &str, written: &str) -> String {
    let size = [ROWS, COLUMNS].map(|size| NonZeroU16::new(size).unwrap());
    let mut terminal = vt100::Parser::new(size[0], size[1], 0);
    terminal.process(written.as_bytes());
    let screen = terminal.screen();
    let mut text = format!("<b>$ {command}</b>\n");
    for row in 0..ROWS {
        let mut line = String::new();
        for column in 0..COLUMNS {
            let Some(cell) = screen.cell(row, column) else { continue };
            let contents = if cell.has_contents() { cell.contents() } else { " " };
            let contents = contents.replace('&', "&amp;").replace('<', "&lt;");
            let class = match cell.fgcolor() {
                vt100::Color::Idx(colour) => format!("c{colour}"),
                _ if cell.dim() => "dim".to_owned(),
                _ => String::new(),
            };
            line += &match class.is_empty() {
                true => contents,
                false => format!("<i class={class}>{contents}</i>"),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    format!(
        "<!DOCTYPE html><meta charset=utf-8><style>body{{margin:0;background:#161b22;color:#d7dee8;padding:18px 22px}}\
         pre{{margin:0;font:13px/1.5 'DejaVu Sans Mono',monospace;white-space:pre-wrap}}i{{font-style:normal}}b{{color:#8fd19e}}\
         .c1{{color:#ff7b72}}.c2{{color:#7ee2a8}}.c3{{color:#e9c46a}}.c4{{color:#79b8ff}}.dim{{color:#8b96a5}}</style><pre>{}</pre>",
        text.trim_end()
    )
}

#[tokio::test]
async fn a_preflight_colours_what_it_shows_unless_the_terminal_is_dumb() {
    let folder = tempfile::tempdir().unwrap();
    let check = || {
        let mut command = connector(folder.path());
        command.args(["check", "--csvfile", "Output.csv", "--report", "missing.xml"]);
        command
    };
    let Some(coloured) = on_terminal(check(), "xterm-256color").await else {
        return;
    };
    assert!(coloured.contains("\x1b["), "{coloured}");
    let plain = on_terminal(check(), "dumb").await.unwrap();
    assert!(!plain.contains('\x1b') && plain.contains("missing.xml"), "{plain}");
}
