//! The limits of a subscription: calls in a window, and calls at the same time, of each API.
//!
//! Source: qualys-api.md 2.2 (certain): concurrency is checked first; all users of a subscription share both; a call
//! that runs counts itself. Likely: it runs from its arrival until its last byte has left; a refused call doesn't use up the
//! window.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::options::{LimitHeaders, Limits};

/// What has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Api {
    ReportShare,
    AssetDataReport,
    TemplateList,
    About,
    HostList,
    Detections,
    KnowledgeBase,
}

/// Lets calls in, or not.
#[derive(Debug)]
pub(super) struct Gate {
    limits: Limits,
    /// The window as a client sees it.
    window: Duration,
    usage: Mutex<HashMap<Api, Usage>>,
}

#[derive(Debug, Default)]
struct Usage {
    /// When the calls of the current window came.
    calls: VecDeque<Duration>,
    running: u32,
}

/// A call that was let in; it runs until this is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    api: Api,
}

/// Why a call isn't let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// So many calls have to end first.
    Busy { calls: u32 },
    /// So many seconds have to pass first.
    Throttled { seconds: u64 },
}

/// What the headers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    limit: u32,
    window: u64,
    remaining: u32,
    wait: u64,
    concurrency: u32,
    running: u32,
    tell: LimitHeaders,
}

impl Gate {
    pub(super) fn new(limits: Limits, speed: f64) -> Self {
        Self {
            window: limits.rate_window.div_f64(speed),
            limits,
            usage: Mutex::default(),
        }
    }

    /// Asks for a call to be let in at this time.
    pub(super) fn enter(self: &Arc<Self>, api: Api, now: Duration) -> (Result<Pass, Refusal>, Standing) {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = usage.entry(api).or_default();
        while usage.calls.front().is_some_and(|&call| call + self.window <= now) {
            usage.calls.pop_front();
        }
        let verdict = if usage.running >= self.limits.concurrency {
            Err(Refusal::Busy {
                calls: usage.running + 1 - self.limits.concurrency,
            })
        } else if usage.calls.len() >= self.limits.rate_limit as usize {
            Err(Refusal::Throttled {
                seconds: self.wait(usage, now),
            })
        } else {
            usage.running += 1;
            usage.calls.push_back(now);
            Ok(Pass {
                gate: Arc::clone(self),
                api,
            })
        };
        let standing = Standing {
            limit: self.limits.rate_limit,
            window: seconds(self.window),
            remaining: self.limits.rate_limit.saturating_sub(usage.calls.len() as u32),
            wait: self.wait(usage, now),
            concurrency: self.limits.concurrency,
            running: usage.running,
            tell: self.limits.limit_headers,
        };
        (verdict, standing)
    }

    /// How long until a further call is let in, in seconds rounded up; 0: now.
    fn wait(&self, usage: &Usage, now: Duration) -> u64 {
        match usage.calls.front() {
            Some(&oldest) if usage.calls.len() >= self.limits.rate_limit as usize => {
                seconds((oldest + self.window).saturating_sub(now))
            }
            None if self.limits.rate_limit == 0 => seconds(self.window),
            _ => 0,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut usage = self.gate.usage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(usage) = usage.get_mut(&self.api) {
            usage.running = usage.running.saturating_sub(1);
        }
    }
}

impl Standing {
    /// The headers. Their letter case is up to whoever sends them.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-window-sec", self.window.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-towait-sec", self.wait.to_string()),
            ("x-concurrency-limit-limit", self.concurrency.to_string()),
            ("x-concurrency-limit-running", self.running.to_string()),
        ];
        match self.tell {
            LimitHeaders::All => {}
            LimitHeaders::NoWait => headers.retain(|(name, _)| *name != "x-ratelimit-towait-sec"),
            LimitHeaders::None => headers.clear(),
        }
        headers
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn gate(rate_limit: u32, concurrency: u32, speed: f64) -> Arc<Gate> {
        let limits = Limits {
            rate_limit,
            concurrency,
            ..Limits::default()
        };
        Arc::new(Gate::new(limits, speed))
    }

    #[test]
    fn the_window_slides() {
        let gate = gate(2, 9, 1.0);
        let enter = |second: u32| gate.enter(Api::ReportShare, SECOND * second).0.map(drop);
        assert_eq!(enter(0), Ok(()));
        assert_eq!(enter(100), Ok(()));
        assert_eq!(enter(200), Err(Refusal::Throttled { seconds: 3400 }));
        assert_eq!(enter(3600), Ok(()));
        assert_eq!(enter(3601), Err(Refusal::Throttled { seconds: 99 }));
        assert_eq!(enter(3700), Ok(()));
    }

    #[test]
    fn running_calls_are_counted_first_and_until_they_end() {
        let gate = gate(1, 1, 1.0);
        let (first, standing) = gate.enter(Api::ReportShare, SECOND);
        assert_eq!((standing.running, standing.remaining, standing.wait), (1, 0, 3600));
        assert_eq!(
            gate.enter(Api::ReportShare, SECOND).0.unwrap_err(),
            Refusal::Busy { calls: 1 }
        );
        assert!(
            gate.enter(Api::TemplateList, SECOND).0.is_ok(),
            "each API has limits of its own"
        );
        drop(first);
        assert_eq!(
            gate.enter(Api::ReportShare, SECOND).0.unwrap_err(),
            Refusal::Throttled { seconds: 3600 }
        );
    }

    #[test]
    fn a_fast_lab_tells_waits_of_its_client() {
        let gate = gate(1, 1, 60.0);
        drop(gate.enter(Api::ReportShare, SECOND));
        let (refused, standing) = gate.enter(Api::ReportShare, SECOND * 11);
        assert_eq!(refused.unwrap_err(), Refusal::Throttled { seconds: 50 });
        assert_eq!((standing.window, standing.wait), (60, 50));
    }
}
