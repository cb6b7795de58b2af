//! Tidy up: leave nothing behind at Qualys that nobody will use, and everything that somebody will.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::list::unexpected;
use super::{Launched, Phase, ReportShare};
use crate::exit::Exit;
use crate::qualys::error::{Error, Stage};
use crate::qualys::fault::Fault;
use crate::qualys::transport::answer::Document;
use crate::qualys::transport::{Call, Received};
use crate::qualys::usage::Usage;

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

impl ReportShare {
    /// Deletes a report, cancels it or leaves it, as `ending` and the settings say. Never fails: what goes wrong here is
    /// a warning, and Qualys deletes old reports by itself after some days.
    pub async fn tidy_up(&self, launched: &Launched, ending: Ending) {
        self.transport.note(|progress| {
            progress.reports.remove(&launched.template);
        });
        let Some(id) = launched.id else { return };
        let settings = self.settings();
        let finished = launched.phase() == Phase::Finished;
        let kept = finished && settings.keep_report;
        let adoptable = !kept && !settings.adopt_within.is_zero();
        let call = self.late_call(ending);
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
                let outcome = self.act(call, "cancel", id).await;
                self.say(id, "cancelled", outcome);
            }
            (Ending::Done | Ending::Later | Ending::Aborted, _) => {
                let outcome = self.act(call, "delete", id).await;
                if outcome.is_ok() {
                    self.transport.note(|progress| progress.usage.deleted += 1);
                }
                self.say(id, "deleted", outcome);
            }
        }
    }

    /// Logs out, on every path, and gives the counts of the run.
    pub async fn close(self) -> Usage {
        self.transport.close_session(Instant::now() + HURRY).await;
        self.usage()
    }

    /// Tidying up may take a moment more than the deadline, or must be quick.
    fn late_call(&self, ending: Ending) -> Call {
        let (now, call) = (Instant::now(), self.transport.call(Stage::TidyUp));
        let deadline = match ending {
            Ending::Aborted => now + HURRY,
            Ending::Done | Ending::Later => call.deadline.max(now + GRACE),
        };
        Call { deadline, ..call }
    }

    /// Deletes a report, with one try.
    pub(super) async fn delete(&self, call: Call, id: u64) -> Result<(), Fault> {
        let request = self.request("delete", vec![("id", id.to_string())]);
        self.transport.once(call, &request, 0).await.and_then(done)?;
        self.transport.note(|progress| progress.usage.deleted += 1);
        Ok(())
    }

    async fn act(&self, call: Call, action: &'static str, id: u64) -> Result<(), Error> {
        let request = self.request(action, vec![("id", id.to_string())]);
        self.transport.ask(call, &request, done).await
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
        other => Err(unexpected(&other)),
    }
}
