//! Progress: how far the conversation with Qualys is, for whoever watches it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::patience::Reason;
use super::usage::Usage;

/// What is known of a conversation at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What was asked so far, over all templates.
    pub usage: Usage,
    /// In which state Qualys' list shows the report, in its own words; `None` until it was looked at.
    pub state: Option<String>,
    /// What is waited for right now, and how long in all.
    pub waiting: Option<(Reason, Duration)>,
    /// Bytes of the report that arrived, after HTTP's own compression.
    pub received: u64,
}

impl Progress {
    /// Another template: what was said of the one before isn't true of it.
    pub(super) fn next_template(&mut self) {
        self.state = None;
        self.received = 0;
    }
}

/// A wait, counted for as long as it really was: an import may be told to stop meanwhile.
pub(super) struct Wait<'a> {
    progress: &'a watch::Sender<Progress>,
    reason: Reason,
    begun: Instant,
}

impl<'a> Wait<'a> {
    pub(super) fn begin(progress: &'a watch::Sender<Progress>, reason: Reason, wait: Duration) -> Self {
        progress.send_modify(|progress| progress.waiting = Some((reason, wait)));
        Wait {
            progress,
            reason,
            begun: Instant::now(),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.progress.send_modify(|progress| {
            progress.waiting = None;
            progress.usage.wait(self.reason, self.begun.elapsed());
        });
    }
}
