//! Limits: what Qualys' headers say about calls that are left. Names come in any case, and each may be missing.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// A year: whoever asks for more is taken to ask for that, as no clock has a name for the end of much longer waits.
const LONGEST: u64 = 366 * 24 * 3600;

/// Seconds as a far end writes them.
pub(in crate::qualys) fn seconds(number: u64) -> Duration {
    Duration::from_secs(number.min(LONGEST))
}

/// The counters of one answer, and its clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls that are left in this window.
    pub remaining: Option<u64>,
    /// Calls that a window has.
    pub calls: Option<u64>,
    /// How long a window is.
    pub window: Option<Duration>,
    /// How long no call will be taken.
    pub to_wait: Option<Duration>,
    /// What time it is there.
    pub date: Option<SystemTime>,
    /// Calls that may run at the same time.
    pub at_once: Option<usize>,
    /// As many calls run as may.
    pub(in crate::qualys) busy: bool,
    /// `Retry-After`, which gateways and proxies send.
    pub(in crate::qualys) retry_after: Option<Duration>,
}

impl Limits {
    pub(in crate::qualys) fn read(headers: &HeaderMap) -> Self {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let date = |name| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
        let retry_after = number(RETRY_AFTER.as_str()).map(seconds).or_else(|| {
            let now = date(DATE).unwrap_or_else(SystemTime::now);
            let wait = date(RETRY_AFTER)?.duration_since(now).ok()?;
            Some(seconds(wait.as_secs()))
        });
        let at_once = number("x-concurrency-limit-limit");
        Limits {
            at_once: at_once.and_then(|calls| calls.try_into().ok()),
            busy: number("x-concurrency-limit-running")
                .zip(at_once)
                .is_some_and(|(running, limit)| running >= limit),
            remaining: number("x-ratelimit-remaining"),
            calls: number("x-ratelimit-limit"),
            window: number("x-ratelimit-window-sec").map(seconds),
            date: date(DATE),
            to_wait: number("x-ratelimit-towait-sec").map(seconds),
            retry_after,
        }
        .without_zero()
    }

    /// Zero means "now" and is no wait.
    fn without_zero(mut self) -> Self {
        self.to_wait = self.to_wait.filter(|wait| !wait.is_zero());
        self.retry_after = self.retry_after.filter(|wait| !wait.is_zero());
        self
    }

    /// How long to wait after a refusal, by these headers.
    pub(in crate::qualys) fn wait(&self) -> Option<Duration> {
        self.to_wait.or(self.retry_after)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::retry::afford;
    use super::*;
    use crate::problem::Reason;

    fn read(headers: &[(&str, &str)]) -> Limits {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                name.parse::<reqwest::header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            );
        }
        Limits::read(&map)
    }

    #[test]
    fn what_was_recorded() {
        let running = |calls| ("X-Concurrency-Limit-Running", calls);
        let limits = read(&[
            running("1"),
            ("X-Concurrency-Limit-Limit", "2"),
            ("X-RATELIMIT-ToWait-Sec", "0"),
        ]);
        assert_eq!((limits.busy, limits.wait()), (false, None));
        assert!(read(&[running("2"), ("x-concurrency-limit-LIMIT", "2")]).busy);
        assert_eq!(
            read(&[("x-ratelimit-towait-sec", "3300")]).wait(),
            Some(Duration::from_secs(3300))
        );
        assert_eq!(read(&[]), Limits::default());
        assert_eq!(read(&[("x-ratelimit-towait-sec", "soon")]), Limits::default());
    }

    #[test]
    fn a_wait_that_no_clock_can_add_is_a_year() {
        let year = Some(Duration::from_secs(LONGEST));
        let date = ("Date", "Thu, 01 Jan 1970 12:00:00 GMT");
        for header in [
            ("X-RateLimit-ToWait-Sec", "18446744073709551615"),
            ("Retry-After", "18446744073709551615"),
            ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let wait = read(&[date, header]).wait();
            assert_eq!(wait, year, "{header:?}");
            let refused = afford(Instant::now(), Reason::RateLimit, wait.unwrap()).unwrap_err();
            assert!(refused.remedy().starts_with("come back after 2"), "{refused:?}");
        }
    }

    #[test]
    fn retry_after_is_a_number_or_a_date_by_the_servers_clock() {
        assert_eq!(read(&[("Retry-After", "120")]).wait(), Some(Duration::from_secs(120)));
        let date = ("Date", "Thu, 01 Jan 2026 12:00:00 GMT");
        let until = |until| read(&[date, ("Retry-After", until)]).wait();
        assert_eq!(until("Thu, 01 Jan 2026 12:05:00 GMT"), Some(Duration::from_secs(300)));
        assert_eq!(until("Thu, 01 Jan 2026 11:55:00 GMT"), None);
    }
}
