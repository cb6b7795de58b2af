//! The clock of the lab's Qualys: real, but it can be moved ahead.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long the clock has been running when the lab starts, so that things can be older than the lab.
const BEFORE: Duration = Duration::from_secs(60 * 86_400);

/// Tells time as a duration since long before the lab started.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_at: SystemTime,
    ahead: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            started_at: SystemTime::now(),
            ahead: AtomicU64::new(0),
        }
    }

    pub(super) fn now(&self) -> Duration {
        BEFORE + self.started.elapsed() + Duration::from_millis(self.ahead.load(Ordering::Relaxed))
    }

    pub(super) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }

    /// Qualys' way to write a date.
    pub(super) fn date(&self, time: Duration) -> String {
        humantime::format_rfc3339_seconds(self.started_at - BEFORE + time).to_string()
    }

    /// The same, for whoever outlives the clock.
    pub(super) fn dates(&self) -> impl Fn(Duration) -> String + Send + use<> {
        let epoch = self.started_at - BEFORE;
        move |time| humantime::format_rfc3339_seconds(epoch + time).to_string()
    }

    /// When the lab was started.
    pub(super) fn started(&self) -> SystemTime {
        self.started_at
    }

    pub(super) fn today(&self) -> String {
        self.date(self.now())
    }

    /// When a date was, on this clock.
    pub(super) fn time(&self, date: SystemTime) -> Duration {
        date.duration_since(self.started_at - BEFORE).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_clock() {
        let clock = Clock::new();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() - before >= Duration::from_secs(3600));
        let date = humantime::parse_rfc3339(&clock.date(before)).unwrap();
        assert!(before - clock.time(date) < Duration::from_secs(1));
    }
}
