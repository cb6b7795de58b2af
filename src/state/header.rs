//! StateHeader: which import a state is of, and its last runs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::VERSION;

/// What is known of an import besides its hosts. Times are whole seconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHeader {
    /// The version of what the tables hold.
    pub version: u32,
    /// Where the hosts are held, and what their results are filed under; empty before the first run.
    #[serde(default)]
    pub destination: String,
    /// A digest of the settings that decide about hosts and findings.
    #[serde(default)]
    pub settings: String,
    /// The last run that imported everything it was meant to.
    #[serde(default)]
    pub last: Option<PastRun>,
    /// The last one of those that was meant to import every host.
    #[serde(default)]
    pub last_full: Option<PastRun>,
    /// A run that was cut short.
    #[serde(default)]
    pub cut: Option<CutRun>,
    /// Hosts had left when that one ended, and their results are still to be cleared.
    #[serde(default)]
    pub left: bool,
    /// Until when the KnowledgeBase's changes are known, by Qualys' clock.
    #[serde(default)]
    pub knowledge_as_of: Option<u64>,
    /// Longest description that was kept of its entries.
    #[serde(default)]
    pub description_length: usize,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastRun {
    /// When it began, by Qualys' clock.
    pub begun: u64,
    /// When it ended, by this machine's.
    pub ended: u64,
}

/// A run that was cut short: where another one may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutRun {
    /// When it began, by Qualys' clock.
    pub begun: u64,
    /// It asked only for hosts that changed since.
    pub since: Option<u64>,
    /// The last address of which all was acknowledged; those before it were, too.
    pub reached: IpAddr,
}

impl Default for StateHeader {
    fn default() -> Self {
        StateHeader {
            version: VERSION,
            destination: String::new(),
            settings: String::new(),
            last: None,
            last_full: None,
            cut: None,
            left: false,
            knowledge_as_of: None,
            description_length: 0,
        }
    }
}

/// The version that a text of JSON names, whatever else it holds.
pub(super) fn version(json: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let versioned: Versioned = serde_json::from_slice(json).ok()?;
    Some(versioned.version)
}

/// A time in whole seconds.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// The first second of the year 10,000, which no date is written of.
const END: u64 = 253_402_300_800;

/// The time of so many seconds; one that no clock shows is 1970.
pub fn time(seconds: u64) -> SystemTime {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    time.filter(|_| seconds < END).unwrap_or(SystemTime::UNIX_EPOCH)
}
