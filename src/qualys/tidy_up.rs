//! Tidy up: leave nothing behind at Qualys that nobody will use, and everything that somebody will.

use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::answer::Document;
use super::client::{Client, Received};
use super::error::{Error, Stage};
use super::fault::Fault;
use super::launch::{Launched, unexpected};
use super::usage::Usage;
use crate::exit::Exit;

/// Tidying up may take so long beyond the deadline.
const GRACE: Duration = Duration::from_secs(30);

/// An interrupted process has little time: Kubernetes kills after 30 s, and others have to end too.
pub const HURRY: Duration = Duration::from_secs(10);

/// How the work on a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody needs the report any more: it was imported, or never can be. It is deleted, unless `qualys.keep_report`
    /// keeps it.
    Done,
    /// The next run shall go on with it. It is left, unless `qualys.adopt_within` forbids that.
    Later,
    /// The process was told to stop. A report that is still being made is cancelled; a finished one is left as for
    /// [`Later`](Self::Later).
    Aborted,
}

/// The report that is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InHand {
    id: u64,
    finished: bool,
}

impl Ending {
    /// What an exit code means for the report: whatever a later run may overcome leaves it there.
    pub fn of(exit: Exit) -> Self {
        match exit {
            Exit::TryAgain | Exit::Unavailable | Exit::Protocol | Exit::Credentials => Ending::Later,
            Exit::Interrupted | Exit::Terminated => Ending::Aborted,
            Exit::Success | Exit::Report | Exit::CannotCreate | Exit::Io | Exit::Config | Exit::Usage | Exit::Bug => {
                Ending::Done
            }
        }
    }
}

impl InHand {
    pub(super) fn new(launched: &Launched) -> Option<Self> {
        Some(InHand {
            id: launched.id?,
            finished: launched.finished,
        })
    }

    pub(super) fn finished(launched: &Launched) -> Option<Self> {
        Some(InHand {
            id: launched.id?,
            finished: true,
        })
    }
}

impl Client {
    /// Deletes, cancels or leaves the report that was launched last, by how the work on it ended. Works also when the
    /// future of another stage was dropped. What can't be done is said, and is no error: the import is over.
    pub async fn tidy_up(&mut self, ending: Ending) {
        let Some(InHand { id, finished }) = self.in_hand.take() else {
            return;
        };
        let deadline = self.patience.deadline();
        self.extend_deadline(ending);
        let kept = finished && self.settings.keep_report;
        let adoptable = !kept && !self.settings.adopt_within.is_zero();
        match (ending, finished) {
            _ if kept => {
                info!(report = id, "the report is kept at Qualys (qualys.keep_report)");
            }
            (Ending::Later, _) | (Ending::Aborted, true) if adoptable => {
                info!(
                    report = id,
                    "the report is left at Qualys for the next run to go on with"
                );
            }
            (Ending::Aborted | Ending::Later, false) => {
                let outcome = self.act("cancel", id).await;
                self.say(id, "cancelled", outcome);
            }
            (Ending::Done | Ending::Later | Ending::Aborted, _) => {
                let outcome = self.delete_patiently(id).await;
                self.say(id, "deleted", outcome);
            }
        }
        self.patience.set_deadline(deadline);
    }

    /// Logs out, on every path, and gives the counts of the run.
    pub async fn close(mut self) -> Usage {
        self.extend_deadline(Ending::Aborted);
        self.close_session().await;
        self.usage()
    }

    fn extend_deadline(&mut self, ending: Ending) {
        let now = Instant::now();
        self.patience.set_deadline(match ending {
            Ending::Aborted => now + HURRY,
            Ending::Done | Ending::Later => self.patience.deadline().max(now + GRACE),
        });
    }

    /// Deletes a report, with one try.
    pub(super) async fn delete(&mut self, stage: Stage, id: u64) -> Result<(), Fault> {
        let request = self.report_share("delete", vec![("id", id.to_string())]);
        self.once(stage, &request, 0).await.and_then(done)?;
        self.note(|progress| progress.usage.deleted += 1);
        Ok(())
    }

    async fn delete_patiently(&mut self, id: u64) -> Result<(), Error> {
        self.act("delete", id).await?;
        self.note(|progress| progress.usage.deleted += 1);
        Ok(())
    }

    async fn act(&mut self, action: &'static str, id: u64) -> Result<(), Error> {
        let request = self.report_share(action, vec![("id", id.to_string())]);
        debug_assert_eq!(request.method, Method::POST);
        self.ask(Stage::TidyUp, &request, done).await
    }

    fn say(&self, id: u64, done: &str, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => debug!(report = id, "report {done}"),
            // It was done at a try whose answer was lost, or somebody else did it.
            Err(error) if error.is_about_a_lost_report() => debug!(report = id, "report {id} isn't at Qualys any more"),
            Err(error) => warn!(
                report = id,
                "report {id} wasn't {done}; it stays in Qualys' storage ({error})"
            ),
        }
    }
}

/// Only a SIMPLE_RETURN without a code says that something was done.
fn done(received: Received) -> Result<(), Fault> {
    match received {
        Received::Document(Document::Done(_)) => Ok(()),
        other => Err(unexpected(other)),
    }
}
