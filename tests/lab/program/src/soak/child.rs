//! One run of the connector: how it ended, and what it took.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::draw::SIGNALS;
use crate::memory;

/// How often the process is looked at.
const EVERY: Duration = Duration::from_millis(2);
/// Longer than any settings of the soak allow, and than tidying up takes at Qualys' worst (30 s).
const TOO_LONG: Duration = Duration::from_secs(45);
/// What an import may end with, whatever happens to it: neither a wrong configuration nor our bug is to blame here.
const CODES: [i32; 6] = [0, 65, 69, 75, 76, 77];

/// How a run ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// `None`: by a signal.
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// What it was sent.
    pub(super) sent: Option<Signal>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Bytes of memory, at most.
    pub(super) peak: u64,
    /// Descriptors, at most.
    pub(super) descriptors: usize,
    pub(super) took: Duration,
}

impl Ended {
    pub(super) fn how(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit {code}"),
            (None, signal) => match signal.and_then(|signal| Signal::try_from(signal).ok()) {
                Some(signal) => signal.to_string(),
                None => format!("signal {signal:?}"),
            },
        }
    }

    /// It was killed without a chance to tidy up.
    pub(super) fn was_killed(&self) -> bool {
        self.signal == Some(Signal::SIGKILL as i32)
    }

    /// Checks that it ended in one of the ways that are documented, and in time.
    pub(super) fn is_well(&self) -> Result<(), String> {
        if self.took >= TOO_LONG {
            return Err(format!("it ran for {:.0?}", self.took));
        }
        if self.stderr.contains("panicked") {
            return Err("it panicked".to_owned());
        }
        let sent = SIGNALS.iter().find(|(signal, _)| Some(*signal) == self.sent);
        match (self.code, self.signal) {
            (Some(code), _) if CODES.contains(&code) => Ok(()),
            (Some(code), _) if sent.is_some_and(|(_, caught)| *caught == Some(code)) => Ok(()),
            // Before it listens to signals, each is what it is for every process.
            (None, Some(by)) if sent.is_some_and(|(signal, _)| *signal as i32 == by) => Ok(()),
            _ => Err(format!("it ended with {}", self.how())),
        }
    }
}

/// Runs the connector to its end, with a signal on its way if one was drawn. What it says goes to files in `folder`.
pub(super) fn run(command: &mut Command, folder: &Path, signal: Option<(Signal, Duration)>) -> io::Result<Ended> {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let began = Instant::now();
    let mut child = command
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()?;
    let mut ended = Ended::default();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if let Some(peak) = memory::peak(child.id()) {
            ended.peak = peak;
        }
        if let Ok(open) = fs::read_dir(format!("/proc/{}/fd", child.id())) {
            ended.descriptors = ended.descriptors.max(open.count());
        }
        let due = signal.filter(|(_, at)| ended.sent.is_none() && began.elapsed() >= *at);
        if let Some((signal, _)) = due {
            kill(Pid::from_raw(child.id().cast_signed()), signal)?;
            ended.sent = Some(signal);
        }
        if began.elapsed() >= TOO_LONG {
            child.kill()?;
            break child.wait()?;
        }
        thread::sleep(EVERY);
    };
    ended.took = began.elapsed();
    ended.status(status);
    ended.stdout = fs::read_to_string(out)?;
    ended.stderr = fs::read_to_string(err)?;
    Ok(ended)
}

impl Ended {
    fn status(&mut self, status: ExitStatus) {
        self.code = status.code();
        self.signal = status.signal();
    }
}
