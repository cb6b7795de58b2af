//! What the tests of this workspace share: signals, and a word where a machine lacks what a test needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

/// Sends a signal to a process: `TERM`, `KILL`.
///
/// # Panics
///
/// If there is no such process or signal.
pub fn signal(process: u32, name: &str) {
    let signal = format!("SIG{name}").parse::<Signal>();
    let sent = signal.and_then(|signal| kill(Pid::from_raw(process.cast_signed()), signal));
    assert!(sent.is_ok(), "{name} can't be sent to process {process}: {sent:?}");
}

/// Whether a process has a handler for a signal: `TERM`. Before that, the signal would end it without a word.
///
/// # Panics
///
/// If there is no such signal.
#[must_use]
pub fn handles(process: u32, name: &str) -> bool {
    let signal = format!("SIG{name}").parse::<Signal>();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    assert!(signal.is_ok(), "{name} is no signal");
    matches!((signal, caught), (Ok(signal), Some(caught)) if caught >> (signal as i32 - 1) & 1 == 1)
}

/// As [`skipped`], with the error that shows it.
///
/// # Panics
///
/// In CI, which has all of it.
pub fn skipped_for(needs: &str, error: &dyn std::fmt::Display) {
    assert!(std::env::var_os("CI").is_none(), "CI must have {needs}: {error}");
    report_skipped(needs);
}

/// Says that the running test does nothing (more), because this machine lacks what it needs. `needs` names that in the
/// words of the README's list.
///
/// # Panics
///
/// In CI, which has all of it.
pub fn skipped(needs: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI must have {needs}");
    report_skipped(needs);
}

fn report_skipped(needs: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("(unnamed)");
    // Written directly: the test harness hides what a passing test prints by macros.
    let _ = writeln!(io::stderr(), "test {test} ... skipped, needs {needs}");
    // Where it can't be noted down, the line above remains.
    let _ = note(test, needs);
}

/// The folder `qualys` or `detections` of public samples, which lies beside the repository and isn't part of it.
///
/// # Panics
///
/// In CI, if it is missing, unless `WITHOUT_SAMPLES` is set.
pub fn samples(kind: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/samples")
        .join(kind);
    if folder.is_dir() {
        return Some(folder);
    }
    let needs = "the public samples (../shared/samples)";
    match std::env::var_os("WITHOUT_SAMPLES") {
        Some(_) => report_skipped(needs),
        None => skipped(needs),
    }
    None
}

/// Where the test binaries of one `cargo test` note down what they skipped: a file for each `cargo test`, by its process. The
/// folder is a user's own: the binaries may belong to somebody else.
fn notes() -> PathBuf {
    std::env::temp_dir().join(format!("connector-lab-skipped-{}", Uid::current()))
}

fn note(test: &str, needs: &str) -> io::Result<()> {
    let (notes, program) = (notes(), std::env::current_exe()?);
    let program = program.file_stem().unwrap_or_default().to_string_lossy();
    let program = program.rsplit_once('-').map_or(&*program, |(name, _hash)| name);
    fs::create_dir_all(&notes)?;
    let file = notes.join(std::os::unix::process::parent_id().to_string());
    let mut file = File::options().create(true).append(true).open(file)?;
    file.write_all(format!("{needs}\t{program}::{test}\n").as_bytes())
}

/// All tests that the test binaries of this `cargo test` have skipped so far, listed by what they need; `None` if there are
/// none.
pub fn all_skipped() -> Option<String> {
    let notes = notes();
    let own = notes.join(std::os::unix::process::parent_id().to_string());
    let noted = fs::read_to_string(&own).unwrap_or_default();
    let _ = fs::remove_file(&own);
    remove_forgotten(&notes);
    let mut skipped: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (needs, test) in noted.lines().filter_map(|line| line.split_once('\t')) {
        skipped.entry(needs).or_default().insert(test);
    }
    if skipped.is_empty() {
        return None;
    }
    let tests: BTreeSet<&str> = skipped.values().flatten().copied().collect();
    let mut list = match tests.len() {
        1 => "1 test was skipped, and counts as \"ok\" above:\n".to_owned(),
        many => format!("{many} tests were skipped, and count as \"ok\" above:\n"),
    };
    for (needs, tests) in skipped {
        list += &format!("  needs {needs}:\n");
        list.extend(tests.into_iter().map(|test| format!("    {test}\n")));
    }
    Some(list)
}

/// Removes the notes of runs that were ended before their last test binary.
fn remove_forgotten(notes: &Path) {
    for note in fs::read_dir(notes).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(note.file_name()).exists() {
            let _ = fs::remove_file(note.path());
        }
    }
}
