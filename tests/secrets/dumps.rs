//! What lies in memory stays there: no core dump, and no look into a process by another one of its user.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{NOBODY, Waiting, for_everybody, is_root};

fn with_secret(command: &mut Command) {
    command.env("QC_QUALYS__PASSWORD", "d0ntp@n1c");
}

#[test]
fn a_crash_leaves_no_core_dump() {
    for signal in ["ABRT", "TRAP"] {
        let folder = tempfile::tempdir().unwrap();
        // Another program that is ended so leaves one, or this would prove nothing.
        let other = Waiting::start(Path::new("cat"), folder.path(), 0, |_| {});
        let comm = format!("/proc/{}/comm", other.id());
        while std::fs::read_to_string(&comm).unwrap() != "cat\n" {
            std::thread::sleep(Duration::from_millis(10));
        }
        if !other.end(signal).core_dumped() {
            return connector_lab::testing::skipped("a machine where a crash leaves a core dump");
        }
        let left = files(folder.path());

        let importing = Waiting::importing(
            Path::new(env!("CARGO_BIN_EXE_qualys-connector")),
            folder.path(),
            0,
            with_secret,
        );
        let ended = importing.end(signal);
        assert!(ended.signal().is_some() && !ended.core_dumped(), "{ended:?}");
        let after = files(folder.path());
        // The file that was being written to; nothing of ours could remove it.
        let new: Vec<_> = after.iter().filter(|file| !left.contains(file)).collect();
        assert!(new.iter().all(|name| name.ends_with(".partial")), "{new:?}");
    }
}

#[test]
fn no_process_of_the_same_user_looks_into_it() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = for_everybody(folder.path());
    let other = Waiting::start(Path::new("cat"), folder.path(), NOBODY, with_secret);
    let importing = Waiting::importing(&program, folder.path(), NOBODY, with_secret);
    for file in ["environ", "mem", "maps", "auxv", "fd/1"] {
        assert!(opened(other.id(), file), "{file} of another program can't be opened");
        assert!(!opened(importing.id(), file), "{file} can be opened");
    }
}

/// Whether another process of nobody's opens a file of this one.
fn opened(process: u32, file: &str) -> bool {
    let script = format!("exec 3< /proc/{process}/{file}");
    let mut look = Command::new("sh");
    look.args(["-c", &script]).uid(NOBODY).gid(NOBODY);
    look.output().unwrap().status.success()
}

#[test]
fn what_a_process_reads_of_itself_is_still_there() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = for_everybody(folder.path());
    // Kubernetes' file is root's, and everybody may write to it.
    let message = folder.path().join("termination-log");
    std::fs::write(&message, "").unwrap();
    std::fs::set_permissions(&message, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let script = "exec \"$0\" --report /dev/fd/3 --csvfile Output.csv --logfile /dev/fd/4 --metrics-file m.prom \
                  --set log.termination_file=termination-log 3< report.xml 4> log";
    support::report(folder.path(), support::small(5));
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program).current_dir(folder.path());
    let ended = command.env_clear().uid(NOBODY).gid(NOBODY).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(
        read("termination-log").starts_with("0 (all written, nothing was sent)"),
        "{}",
        read("termination-log")
    );
    assert!(read("log").contains("selected "), "{}", read("log"));
    let peak = read("m.prom");
    assert!(peak.contains("\nqualys_connector_peak_memory_bytes"), "{peak}");
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
