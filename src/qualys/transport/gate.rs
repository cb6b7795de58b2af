//! The gate: closed while Qualys wants to be left alone, for every call of the conversation.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::mutex::locked;
use crate::problem::Reason;

/// Until when it is closed, and why.
#[derive(Debug)]
pub(in crate::qualys) struct Gate {
    opens: Mutex<Option<(Instant, Reason)>>,
    /// Qualys counts whole seconds.
    margin: Duration,
}

impl Gate {
    pub(super) fn new(poll_interval: Duration) -> Self {
        Gate {
            opens: Mutex::default(),
            margin: poll_interval.min(Duration::from_secs(1)),
        }
    }

    /// No request leaves before `wait` is over. A shorter wait doesn't open it earlier.
    pub(super) fn close(&self, reason: Reason, wait: Duration) {
        let opens = Instant::now() + wait + self.margin;
        let mut gate = locked(&self.opens);
        if gate.is_none_or(|(later, _)| later < opens) {
            *gate = Some((opens, reason));
        }
    }

    /// How long it stays closed, and why.
    pub(super) fn closed(&self) -> Option<(Reason, Duration)> {
        let (opens, reason) = (*locked(&self.opens))?;
        let wait = opens.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some((reason, wait))
    }
}
