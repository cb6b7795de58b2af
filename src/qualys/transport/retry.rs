//! Retries: how long to wait before asking again, and when waiting is no longer worth it.
//!
//! Everything is measured in `qualys.poll_interval`, so that one setting paces a whole run, and everything ends at
//! one deadline. Knows no HTTP and no fault: what went wrong arrives here as a [`RetryPolicy`].

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::gate::Gate;
use crate::problem::{Reason, RetryPolicy};
use crate::qualys::fault::TooLong;

/// How often a fault that may pass by itself is tried again: with the delays below, over some three minutes.
const FEW: usize = 6;

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

    /// The pause that a policy asks for, or that the answer does (`retry_after`); `None` when it is time to give up.
    pub(super) fn pause(
        &mut self,
        policy: RetryPolicy,
        retry_after: Option<Duration>,
        gate: &Gate,
    ) -> Option<(Reason, Duration)> {
        let pause = match (policy, retry_after) {
            (RetryPolicy::UntilDeadline(reason), Some(wait)) => {
                gate.close(reason, wait);
                gate.closed()
            }
            (RetryPolicy::UntilDeadline(Reason::Maintenance), None) => {
                Some((Reason::Maintenance, self.poll_interval * 10))
            }
            (RetryPolicy::UntilDeadline(reason), None) => self.many.next().map(|wait| (reason, wait)),
            (RetryPolicy::FewTimes, _) => self.few.next().map(|wait| (Reason::BackOff, wait)),
            _ => None,
        };
        self.made += u32::from(pause.is_some());
        pause
    }

    /// How often the request was repeated.
    pub(in crate::qualys) fn made(&self) -> u32 {
        self.made
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
    fn a_passing_fault_gets_a_few_attempts_that_spread_over_minutes() {
        let (gate, mut attempts) = (Gate::new(POLL), Attempts::new(POLL));
        let mut waits = Vec::new();
        while let Some((Reason::BackOff, wait)) = attempts.pause(RetryPolicy::FewTimes, None, &gate) {
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
    fn a_wait_that_qualys_asks_for_closes_the_gate_and_a_shorter_one_does_not_open_it() {
        let (gate, mut attempts) = (Gate::new(POLL), Attempts::new(POLL));
        assert_eq!(gate.closed(), None);
        for seconds in [50, 10] {
            let policy = RetryPolicy::UntilDeadline(Reason::RateLimit);
            let (reason, wait) = attempts
                .pause(policy, Some(Duration::from_secs(seconds)), &gate)
                .unwrap();
            assert_eq!((reason, wait.as_secs()), (Reason::RateLimit, 50));
        }
    }

    #[test]
    fn a_wait_beyond_the_deadline_says_when_to_come_back() {
        let too_long = long_after(Duration::from_secs(7300)).unwrap_err();
        let after = too_long.remedy();
        let after = after.strip_prefix("come back after ").unwrap();
        assert_eq!(
            too_long.to_string(),
            "the subscription's calls of this window are used up: the next call would have to wait 2h 1m 40s, \
             but only 1h 59m 59s are left of qualys.deadline"
        );
        assert!(humantime::parse_rfc3339(after).is_ok(), "{after}");
        assert!(long_after(Duration::from_secs(7100)).is_ok());
    }
}
