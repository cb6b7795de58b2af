//! HostsWanted: which hosts of the list are asked for.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// How long before a moment changes are looked for. Scan results are processed a while after the scan, and a list takes a
/// while to come; what is fetched twice does no harm.
pub const MARGIN: Duration = Duration::from_secs(3600);

/// `detections.changed_within`: which hosts are asked for, by when their scan results were processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWindow {
    /// Within this time.
    Within(Duration),
    /// Since the last good import.
    SinceLast,
}

/// Which hosts in scope are asked for; by default all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostsWanted {
    /// Only those that changed since.
    pub since: Option<Since>,
    /// A run that was cut short had got so far.
    pub done: Option<Done>,
}

/// Since when scan results were processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Duration),
    /// Since an earlier run began, by Qualys' clock.
    Run(SystemTime),
    /// Since then, by Qualys' clock.
    Then(SystemTime),
}

/// How far a run had got that was cut short. Up to there, hosts are asked for only if they changed since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The last address that is done.
    pub reached: IpAddr,
    /// When that run began, by Qualys' clock.
    pub begun: SystemTime,
}

/// The moment that is `age` before a time, as far as clocks go back.
pub(super) fn before(time: SystemTime, age: Duration) -> SystemTime {
    time.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}

impl Since {
    /// The moment, if it is `now`.
    pub fn at(self, now: SystemTime) -> SystemTime {
        match self {
            Since::Ago(age) => before(now, age),
            Since::Run(begun) => before(begun, MARGIN),
            Since::Then(time) => time,
        }
    }
}
