//! A process that stands still with its secrets in memory: it waits for a report on standard input.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Nobody's user and group.
pub(crate) const NOBODY: u32 = 65534;

/// A process that waits, until it is dropped.
pub(crate) struct Waiting(Child);

impl Waiting {
    /// Starts the program, which `adapt` gives its secrets; `limit` says how large a core dump may be before.
    pub(crate) fn start(program: &Path, folder: &Path, user: u32, adapt: impl FnOnce(&mut Command)) -> Self {
        // The shell raises the limit that the process inherits.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
            .arg(program)
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        adapt(&mut command);
        if user != 0 {
            command.uid(user).gid(user);
        }
        Waiting(command.spawn().unwrap())
    }

    /// The program, which imports what comes in on standard input into a file, and has got to the parser.
    pub(crate) fn importing(program: &Path, folder: &Path, user: u32, adapt: impl FnOnce(&mut Command)) -> Self {
        let mut waiting = Self::start(program, folder, user, |command| {
            command.args(["--report", "-", "--csvfile", "Output.csv"]);
            adapt(command);
        });
        waiting.0.stdin.as_mut().unwrap().write_all(b"<ASSET").unwrap();
        // With the parser's thread, everything that is read before a report has been read.
        let tasks = format!("/proc/{}/task", waiting.0.id());
        let parses = || fs::read_dir(&tasks).is_ok_and(|tasks| tasks.count() > 1);
        let begun = Instant::now();
        while !parses() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing is parsed");
            thread::sleep(Duration::from_millis(10));
        }
        waiting
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it by a signal.
    pub(crate) fn end(mut self, signal: &str) -> ExitStatus {
        connector_lab::testing::signal(self.0.id(), signal);
        self.0.wait().unwrap()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A copy of the program where everybody may run it.
pub(crate) fn for_everybody(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("qualys-connector");
    fs::copy(env!("CARGO_BIN_EXE_qualys-connector"), &program).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    program
}

/// Whether this is root's, as in CI; what needs it is skipped elsewhere.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !root {
        connector_lab::testing::skipped("root, which starts processes of other users");
    }
    root
}
