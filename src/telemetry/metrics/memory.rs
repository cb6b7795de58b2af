//! Memory: the peak resident size of the process, as the kernel counts it.

/// The largest resident size of this process so far, in bytes; `None` where there is no `/proc`.
pub fn peak_memory() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_it_in_kibibytes() {
        assert_eq!(
            parse("VmPeak:\t  9 kB\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"),
            Some(12_641_280)
        );
        assert_eq!(parse("Name: x\n"), None);
    }

    #[test]
    fn this_process_has_a_peak() {
        assert!(peak_memory().is_none_or(|bytes| bytes > 100_000));
    }
}
