//! Retries: how long to wait before asking again, and when waiting is no longer worth it.
//!
//! Everything is measured in `qualys.poll_interval`, so that one setting paces a whole run, and everything ends at
//! one deadline. Knows no HTTP and no fault: what went wrong arrives here as a [`Retry`].

use std::fmt;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::gate::Gate;

/// How often a fault that may pass by itself is tried again: with the delays below, over some three minutes.
const FEW: usize = 6;

/// Whether and when to ask again after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qualys) enum Retry {
    /// Asking again can't help, or does harm: a refused login that is repeated locks the account.
    Never,
    /// May pass by itself: try a few times more, each after a longer pause.
    FewTimes,
    /// Will pass, nobody knows when: try until the deadline.
    UntilDeadline(Reason),
    /// Qualys says how long it wants to be left alone.
    After(Reason, Duration),
}

/// Why a run waits. Also the fixed list of labels for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The report isn't finished.
    Running,
    /// The subscription's calls of this window are used up.
    RateLimit,
    /// Too many calls of the subscription at the same time.
    Concurrency,
    /// Qualys is down for maintenance.
    Maintenance,
    /// A fault that may pass by itself.
    BackOff,
}

/// A wait that doesn't fit into what is left of the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLong {
    /// What would be waited for.
    pub reason: Reason,
    /// How long that takes.
    pub wait: Duration,
    /// What is left of `qualys.deadline`.
    pub left: Duration,
    /// When it is worth to come back.
    pub until: SystemTime,
}

/// The pauses of one request and its repetitions.
#[derive(Debug)]
pub(in crate::qualys) struct Attempts {
    few: ExponentialBackoff,
    many: ExponentialBackoff,
    poll_interval: Duration,
    made: u32,
}

/// Proves that a wait ends before the deadline.
pub(in crate::qualys) fn afford(deadline: Instant, reason: Reason, wait: Duration) -> Result<(), TooLong> {
    let left = deadline.saturating_duration_since(Instant::now());
    if wait < left {
        return Ok(());
    }
    Err(TooLong {
        reason,
        wait,
        left,
        until: SystemTime::now() + wait,
    })
}

/// The pauses between two looks at a report that is being made: they grow gently, because calls are counted.
pub(in crate::qualys) fn polls(poll_interval: Duration) -> impl Iterator<Item = Duration> {
    let longest = poll_interval * 4;
    std::iter::successors(Some(poll_interval), move |last| Some((*last * 5 / 4).min(longest)))
}

impl Attempts {
    pub(super) fn new(poll_interval: Duration) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_jitter()
            .with_max_delay(poll_interval * 4);
        Attempts {
            few: backoff.with_min_delay(poll_interval / 15).with_max_times(FEW).build(),
            many: backoff.with_min_delay(poll_interval / 2).without_max_times().build(),
            poll_interval,
            made: 0,
        }
    }

    /// The pause that a policy asks for; `None` when it is time to give up.
    pub(super) fn pause(&mut self, policy: Retry, gate: &Gate) -> Option<(Reason, Duration)> {
        let pause = match policy {
            Retry::Never => None,
            Retry::FewTimes => self.few.next().map(|wait| (Reason::BackOff, wait)),
            Retry::UntilDeadline(Reason::Maintenance) => Some((Reason::Maintenance, self.poll_interval * 10)),
            Retry::UntilDeadline(reason) => self.many.next().map(|wait| (reason, wait)),
            Retry::After(reason, wait) => {
                gate.close(reason, wait);
                gate.closed()
            }
        };
        self.made += u32::from(pause.is_some());
        pause
    }

    /// How often the request was repeated.
    pub(in crate::qualys) fn made(&self) -> u32 {
        self.made
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 5] = [
        Reason::Running,
        Reason::RateLimit,
        Reason::Concurrency,
        Reason::Maintenance,
        Reason::BackOff,
    ];

    /// A fixed word for logs and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Running => "running",
            Reason::RateLimit => "rate_limit",
            Reason::Concurrency => "concurrency",
            Reason::Maintenance => "maintenance",
            Reason::BackOff => "back_off",
        }
    }

    /// What is waited for, in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::Running => "the report to be finished",
            Reason::RateLimit => "the subscription's next window of calls",
            Reason::Concurrency => "other calls of the subscription to end",
            Reason::Maintenance => "Qualys' maintenance to end",
            Reason::BackOff => "a fault to pass",
        }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            Reason::Running => "the report isn't finished",
            Reason::RateLimit => "the subscription's calls of this window are used up",
            Reason::Concurrency => "the subscription has too many calls running at the same time",
            Reason::Maintenance => "Qualys is down for maintenance",
            Reason::BackOff => "the fault needs time to pass",
        };
        write!(
            f,
            "{why}: the next call would have to wait {}, but only {} are left of qualys.deadline; come back after {}",
            Short(self.wait),
            Short(self.left),
            humantime::format_rfc3339_seconds(self.until),
        )
    }
}

/// A duration as people write it: whole seconds, or milliseconds below one.
#[derive(Debug)]
pub(in crate::qualys) struct Short(pub(in crate::qualys) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = match self.0.as_secs() {
            0 => Duration::from_millis(self.0.as_millis() as u64),
            seconds => Duration::from_secs(seconds),
        };
        humantime::format_duration(whole).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: Duration = Duration::from_secs(30);

    fn long_after(wait: Duration) -> Result<(), TooLong> {
        afford(Instant::now() + Duration::from_secs(7200), Reason::RateLimit, wait)
    }

    #[test]
    fn a_passing_fault_gets_a_few_tries_that_spread_over_minutes() {
        let (gate, mut attempts) = (Gate::new(POLL), Attempts::new(POLL));
        let mut waits = Vec::new();
        while let Some((Reason::BackOff, wait)) = attempts.pause(Retry::FewTimes, &gate) {
            waits.push(wait.as_secs_f32());
        }
        assert_eq!(waits.len(), FEW);
        for (wait, least) in waits.iter().zip([2.0, 4.0, 8.0, 16.0, 32.0, 64.0]) {
            assert!((least..=2.0 * least).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn looks_at_a_running_report_become_rarer_up_to_a_limit() {
        let polls: Vec<_> = polls(POLL).take(9).map(|wait| wait.as_secs()).collect();
        assert_eq!(polls, [30, 37, 46, 58, 73, 91, 114, 120, 120]);
    }

    #[test]
    fn a_wait_that_was_told_closes_the_gate_and_a_shorter_one_does_not_open_it() {
        let (gate, mut attempts) = (Gate::new(POLL), Attempts::new(POLL));
        let told = |seconds| Retry::After(Reason::RateLimit, Duration::from_secs(seconds));
        assert_eq!(gate.closed(), None);
        for wait in [told(50), told(10)] {
            let (reason, wait) = attempts.pause(wait, &gate).unwrap();
            assert_eq!((reason, wait.as_secs()), (Reason::RateLimit, 50));
        }
    }

    #[test]
    fn a_wait_beyond_the_deadline_says_when_to_come_back() {
        let said = long_after(Duration::from_secs(7300)).unwrap_err().to_string();
        let (before, after) = said.split_once("; come back after ").unwrap();
        assert_eq!(
            before,
            "the subscription's calls of this window are used up: the next call would have to wait 2h 1m 40s, \
             but only 1h 59m 59s are left of qualys.deadline"
        );
        assert!(humantime::parse_rfc3339(after).is_ok(), "{after}");
        assert!(long_after(Duration::from_secs(7100)).is_ok());
    }
}
