//! Progress: how far a parse is, for whoever watches from another thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that only grow while a report is parsed.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    hosts: AtomicU64,
}

impl Progress {
    /// Bytes of XML so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Hosts so far.
    pub fn hosts(&self) -> u64 {
        self.hosts.load(Ordering::Relaxed)
    }

    pub(super) fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn set_hosts(&self, hosts: u64) {
        self.hosts.store(hosts, Ordering::Relaxed);
    }
}
