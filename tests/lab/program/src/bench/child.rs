//! A process and what it cost, by the kernel's account.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;

use super::Failure;
use crate::memory;

/// How often memory is looked at. The peak is the kernel's own, so nothing between two looks is missed but the last.
const EVERY: Duration = Duration::from_millis(2);

/// What a process cost.
#[derive(Debug)]
pub(super) struct Cost {
    /// User and system time, in seconds.
    pub(super) cpu: f64,
    /// Seconds from its start to its end.
    pub(super) wall: f64,
    /// Bytes of memory, at most.
    pub(super) peak: u64,
    /// What it said on standard output.
    pub(super) stdout: String,
}

impl Cost {
    /// The connector's summary of its only template.
    pub(super) fn summary(&self) -> Result<Value, Failure> {
        let mut summary: Value = serde_json::from_str(&self.stdout)?;
        Ok(summary.pointer_mut("/templates/0").map(Value::take).unwrap_or_default())
    }
}

/// Runs a process to its good end.
pub(super) fn run(command: &mut Command) -> Result<Cost, Failure> {
    started(command, |_| Ok(()))
}

/// Runs a process to its good end, with something to do once it has started.
pub(super) fn started(
    command: &mut Command,
    meanwhile: impl FnOnce(&mut Child) -> Result<(), Failure>,
) -> Result<Cost, Failure> {
    let before = cpu_of_children()?;
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let process = child.id();
    let peak = thread::spawn(move || peak(process));
    meanwhile(&mut child)?;
    let mut stdout = String::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_string(&mut stdout)?;
    }
    let status = child.wait()?;
    let wall = began.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{} ended with {status}: {stdout}", command.get_program().display()).into());
    }
    Ok(Cost {
        cpu: cpu_of_children()? - before,
        wall,
        peak: peak.join().unwrap_or_default(),
        stdout,
    })
}

/// The last look at its peak before the process is gone.
fn peak(process: u32) -> u64 {
    let mut peak = 0;
    while let Some(bytes) = memory::peak(process) {
        peak = bytes;
        thread::sleep(EVERY);
    }
    peak
}

/// Processes that were waited for; one of them runs at a time here.
fn cpu_of_children() -> Result<f64, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
