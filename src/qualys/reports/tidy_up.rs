//! Tidy up: leave nothing behind at Qualys that nobody will use, and everything that somebody will.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::list::unexpected;
use super::{Launched, Phase, ReportShare};
use crate::mutex::locked;
use crate::problem::Kind;
use crate::qualys::Settings;
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::transport::answer::Document;
use crate::qualys::transport::{Call, Received};
use crate::qualys::usage::Usage;
use crate::stage::Stage;

/// Tidying up may take so long beyond the deadline, for all reports together that can't be.
const GRACE: Duration = Duration::from_secs(30);

/// An interrupted process has little time: Kubernetes kills after 30 s, and others have to end too.
pub const HURRY: Duration = Duration::from_secs(10);

/// How the work on a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody needs the report any more: it was delivered, or never can be.
    Done,
    /// The next run shall go on with it.
    Later,
    /// The process was told to stop, by SIGTERM: by a machine, which starts another run.
    Terminated,
    /// The process was told to stop, by SIGINT: by a person, who wants it to have an end.
    Interrupted,
}

/// What becomes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It isn't there any more.
    Nothing,
    /// `qualys.keep_report` keeps it.
    Kept,
    /// It stays for the next run.
    Left,
    /// It stays, as it is still being made and another run may have adopted it.
    Abandoned,
    Cancelled,
    Deleted,
}

impl Ending {
    /// What a problem means for the report: whatever a later run may overcome leaves it there. A Management Center that
    /// refused some of it has got it: the next run is to bring what Qualys has then.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Terminated => Ending::Terminated,
            Kind::Interrupted => Ending::Interrupted,
            kind if kind.row().resumes => Ending::Later,
            _ => Ending::Done,
        }
    }
}

impl Fate {
    /// Only what this run launched is cancelled, and only where nobody else can have adopted it or a person wants it.
    fn of(launched: &Launched, ending: Ending, settings: &Settings) -> Self {
        let adoptable = launched.adoptable_for(settings).is_some();
        match launched.phase() {
            Phase::Lost => Fate::Nothing,
            Phase::Failed => Fate::Deleted,
            Phase::Finished if settings.keep_report => Fate::Kept,
            Phase::Finished if ending != Ending::Done && adoptable => Fate::Left,
            Phase::Finished => Fate::Deleted,
            Phase::Running if ending == Ending::Interrupted && !launched.adopted => Fate::Cancelled,
            Phase::Running if adoptable => Fate::Left,
            Phase::Running if settings.adopt_within.is_zero() && !launched.adopted => Fate::Cancelled,
            Phase::Running => Fate::Abandoned,
        }
    }
}

impl ReportShare {
    /// Deletes a report, cancels it or leaves it, as `ending` and the settings say. What can't be done is said, and is no
    /// error: the import is over, and Qualys deletes old reports by itself after some days.
    pub async fn tidy_up(&self, launched: &Launched, ending: Ending) {
        self.transport.note(|progress| {
            progress.reports.remove(&launched.template);
        });
        let Some(id) = launched.id else { return };
        let settings = self.settings();
        match Fate::of(launched, ending, settings) {
            Fate::Nothing => {}
            Fate::Kept => info!(report = id, "the report is kept at Qualys (qualys.keep_report)"),
            Fate::Left => {
                let until = SystemTime::now() + launched.adoptable_for(settings).unwrap_or_default();
                let until = humantime::format_rfc3339_seconds(until);
                info!(
                    report = id,
                    "the report stays at Qualys; a run that begins before {until} goes on with it"
                );
            }
            Fate::Abandoned => info!(
                report = id,
                "the report is still being made, and too old for the next run; it stays at Qualys until a run deletes it"
            ),
            Fate::Cancelled => {
                let outcome = self.act(ending, "cancel", id).await;
                self.say(id, "cancelled", outcome);
            }
            Fate::Deleted => {
                let outcome = self.act(ending, "delete", id).await;
                match &outcome {
                    Ok(()) => self.transport.note(|progress| progress.usage.deleted += 1),
                    Err(_) => say_adoptable(id, launched.adoptable_for(settings)),
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

    /// Tidying up may take a moment more than the deadline, or must be quick. What one report has taken in vain, the next
    /// doesn't get again.
    fn late_call(&self, ending: Ending) -> Call {
        let since = *locked(&self.in_vain_since).get_or_insert_with(Instant::now);
        let call = self.transport.call(Stage::TidyUp);
        let deadline = match ending {
            Ending::Terminated | Ending::Interrupted => since + HURRY,
            Ending::Done | Ending::Later => call.deadline.max(since + GRACE),
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

    async fn act(&self, ending: Ending, action: &'static str, id: u64) -> Result<(), Error> {
        let request = self.request(action, vec![("id", id.to_string())]);
        let outcome = self.transport.ask(self.late_call(ending), &request, done).await;
        if outcome.is_ok() {
            *locked(&self.in_vain_since) = None;
        }
        outcome
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

/// A report that was delivered and stays all the same is taken for one that wasn't.
fn say_adoptable(id: u64, age: Option<Duration>) {
    if let Some(age) = age {
        let until = humantime::format_rfc3339_seconds(SystemTime::now() + age);
        warn!(
            report = id,
            "report {id} was delivered, but a run that begins before {until} imports it once more (qualys.adopt_within)"
        );
    }
}

/// Only a SIMPLE_RETURN without a code says that something was done.
fn done(received: Received) -> Result<(), Fault> {
    match received {
        Received::Document(Document::Done(_)) => Ok(()),
        other => Err(unexpected(&other)),
    }
}
