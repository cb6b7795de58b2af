//! Calls at the same time: no more than Qualys takes from this subscription.
//!
//! Until the first answer tells that the login is right there is one: a login that is refused is asked once, however
//! many reports are wanted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::limits::Limits;
use crate::mutex::locked;
use crate::problem::Kind;
use crate::qualys::fault::Fault;

/// What a standard subscription may (certain), where no header tells.
const STANDARD: usize = 2;

/// More is of no use to us, whatever a subscription may.
const MOST: usize = 8;

/// The calls that may run at the same time.
#[derive(Debug)]
pub(super) struct Calls {
    free: Arc<Semaphore>,
    allowed: Mutex<usize>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(in crate::qualys) struct Permit(#[expect(dead_code, reason = "its drop gives it back")] OwnedSemaphorePermit);

impl Default for Calls {
    fn default() -> Self {
        Calls {
            free: Arc::new(Semaphore::new(1)),
            allowed: Mutex::new(1),
        }
    }
}

impl Calls {
    /// Waits for a free one. `length` is how long the time until `deadline` was in all.
    pub(super) async fn permit(&self, deadline: Instant, length: Duration) -> Result<Permit, Fault> {
        match timeout_at(deadline, self.free.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Permit(permit)),
            Ok(Err(_)) | Err(_) => Err(Fault::timed_out(Kind::Deadline, length)),
        }
    }

    /// Takes over what the headers of a good answer tell.
    pub(super) fn allow(&self, limits: &Limits) {
        let wanted = limits.at_once.unwrap_or(STANDARD).clamp(1, MOST);
        let mut allowed = locked(&self.allowed);
        if wanted > *allowed {
            self.free.add_permits(wanted - *allowed);
            *allowed = wanted;
        } else {
            *allowed -= self.free.forget_permits(*allowed - wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_call_at_first_then_as_many_as_the_headers_say() {
        let calls = Calls::default();
        let soon = || Instant::now() + Duration::from_millis(5);
        let permit = async || calls.permit(soon(), Duration::ZERO).await;
        let at_once = |at_once| {
            calls.allow(&Limits {
                at_once,
                ..Limits::default()
            });
        };
        let first = permit().await.unwrap();
        assert!(permit().await.is_err());
        at_once(Some(3));
        let (_second, third) = (permit().await.unwrap(), permit().await.unwrap());
        assert!(permit().await.is_err());
        drop((first, third));
        at_once(None);
        let _again = permit().await.unwrap();
        assert!(permit().await.is_err());
    }
}
