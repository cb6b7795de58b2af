//! Progress: how far the conversation with Qualys is, for observers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::usage::Usage;
use crate::mutex::locked;
use crate::printable::Text;
use crate::problem::Reason;

/// What is known of a conversation at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What was asked so far, over all templates.
    pub usage: Usage,
    /// The reports that are being made or downloaded, by their template.
    pub reports: BTreeMap<u64, ReportProgress>,
    /// What is waited for right now, and how long in all.
    pub waiting: Option<(Reason, Duration)>,
}

/// How far one report is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportProgress {
    /// In which state Qualys' list shows it, in its own words; `None` until it was looked at.
    pub state: Option<Text>,
    /// Bytes that arrived, after HTTP's own compression.
    pub received: u64,
}

impl Progress {
    pub(super) fn report(&mut self, template: u64) -> &mut ReportProgress {
        self.reports.entry(template).or_default()
    }
}

/// The waits of a conversation. Several reports may be waited for at the same time, which is counted once.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<Vec<(Reason, Duration, Instant)>>);

/// A wait, counted for as long as it really was: an import may be told to stop meanwhile.
pub(super) struct Wait<'a> {
    waits: &'a Waits,
    progress: &'a watch::Sender<Progress>,
    reason: Reason,
    wait: Duration,
}

impl<'a> Wait<'a> {
    pub(super) fn begin(
        waits: &'a Waits,
        progress: &'a watch::Sender<Progress>,
        reason: Reason,
        wait: Duration,
    ) -> Self {
        let mut all = locked(&waits.0);
        all.push((reason, wait, Instant::now()));
        progress.send_modify(|progress| progress.waiting = Some((reason, wait)));
        Wait {
            waits,
            progress,
            reason,
            wait,
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut all = locked(&self.waits.0);
        let place = all
            .iter()
            .position(|(reason, wait, _)| (*reason, *wait) == (self.reason, self.wait));
        let Some((_, _, begun)) = place.map(|place| all.remove(place)) else {
            return;
        };
        // What others still wait for goes on being counted from where the first of them began.
        let next = all.iter_mut().find(|(reason, ..)| *reason == self.reason);
        let over = match next {
            Some((_, _, since)) => {
                *since = begun.min(*since);
                None
            }
            None => Some(begun.elapsed()),
        };
        let waiting = all.last().map(|(reason, wait, _)| (*reason, *wait));
        self.progress.send_modify(|progress| {
            progress.waiting = waiting;
            if let Some(waited) = over {
                progress.usage.wait(self.reason, waited);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_twice_at_the_same_time_is_counted_once() {
        let (waits, progress) = (Waits::default(), watch::Sender::<Progress>::default());
        let begin = |wait| Wait::begin(&waits, &progress, Reason::Running, Duration::from_secs(wait));
        let pass = || tokio::time::sleep(Duration::from_millis(20));
        let begun = Instant::now();
        let first = begin(30);
        pass().await;
        let second = begin(40);
        pass().await;
        drop(first);
        assert_eq!(
            progress.borrow().waiting,
            Some((Reason::Running, Duration::from_secs(40)))
        );
        pass().await;
        drop(second);
        let progress = progress.borrow();
        assert_eq!(progress.waiting, None);
        let waited = progress.usage.waited[&Reason::Running];
        assert!(
            (Duration::from_millis(60)..=begun.elapsed()).contains(&waited),
            "{waited:?}"
        );
    }
}
