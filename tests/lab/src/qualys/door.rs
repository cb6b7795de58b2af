//! The door: it can be shut for a while. Whoever knocks then is refused.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Between a call after which connections are to be refused, and the listener.
#[derive(Debug, Default)]
pub(super) struct Door {
    length: Mutex<Duration>,
    wanted: Notify,
    shut: Notify,
}

impl Door {
    /// Has the door shut for so long; returns as soon as it is.
    pub(super) async fn shut(&self, length: Duration) {
        *self.length.lock().unwrap_or_else(PoisonError::into_inner) = length;
        self.wanted.notify_one();
        self.shut.notified().await;
    }

    /// Waits until it's to be shut; says for how long.
    pub(super) async fn wanted(&self) -> Duration {
        self.wanted.notified().await;
        *self.length.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that it's shut now.
    pub(super) fn is_shut(&self) {
        self.shut.notify_one();
    }
}
