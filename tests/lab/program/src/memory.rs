//! Memory of a process, by the kernel's account.

use std::fs;

/// Bytes that a running process had at most (VmHWM). Not `ru_maxrss`, which begins with the parent's memory.
pub(crate) fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
