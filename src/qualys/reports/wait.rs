//! Wait: look at the list until the report is finished.
//!
//! Never by fetching: a fetch can't tell "not yet" from "never" (recorded). Where several reports are waited for, one list
//! serves them all: whoever is due first asks, and the others look at what came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

use super::launch::MISSES;
use super::list::{Report, ReportList, State};
use super::{Launched, Phase, ReportShare};
use crate::printable::Text;
use crate::problem::Reason;
use crate::qualys::error::Error;
use crate::qualys::fault::{Fault, TooLong};
use crate::qualys::transport::Call;
use crate::qualys::transport::retry::polls;
use crate::stage::Stage;

/// A report that is ready to be downloaded.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    pub(super) launched: &'a Launched,
}

/// What those who wait share.
#[derive(Debug, Default)]
pub(super) struct Board {
    waiting: AtomicUsize,
    /// One asks at a time.
    asking: tokio::sync::Mutex<()>,
    latest: watch::Sender<Option<Arc<Posted>>>,
}

/// A list of all reports.
#[derive(Debug)]
struct Posted {
    asked: Instant,
    reports: Vec<Report>,
    truncated: bool,
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a Board);

impl<'a> Waiting<'a> {
    fn begin(board: &'a Board) -> Self {
        board.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(board)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ReportShare {
    /// Waits until a report is finished.
    ///
    /// # Errors
    /// A report that was cancelled, failed or vanished; one that is still being made when the deadline comes (exit code
    /// 75: it is left for the next run); and every fault that stayed.
    pub async fn wait<'a>(&self, launched: &'a Launched) -> Result<Finished<'a>, Error> {
        match launched.id {
            Some(id) if launched.phase() == Phase::Running => self.poll(launched, id).await?,
            _ => {}
        }
        launched.reached(Phase::Finished);
        Ok(Finished { launched })
    }

    async fn poll(&self, launched: &Launched, id: u64) -> Result<(), Error> {
        let transport = &self.transport;
        let call = transport.call(Stage::Wait);
        let _counted = Waiting::begin(&self.board);
        let ends = |phase, fault| {
            launched.reached(phase);
            Err(transport.error(Stage::Wait, fault))
        };
        let begun = Instant::now();
        let mut posted = self.board.latest.subscribe();
        let mut misses = 0;
        let mut state: Text = "not looked at yet".into();
        for pause in polls(self.settings().poll_interval) {
            let found = loop {
                tokio::select! {
                    paused = transport.pause(call, Reason::Running, pause) => {
                        paused.map_err(|fault| transport.error(Stage::Wait, self.late(launched, id, state.clone(), fault)))?;
                        break self.look(call, id, begun, &mut posted).await?;
                    }
                    Ok(()) = posted.changed() => {
                        if let Some(found) = seen(&mut posted, id, begun) {
                            break found;
                        }
                    }
                }
            };
            let Some(report) = found else {
                misses += 1;
                if misses > MISSES {
                    return ends(Phase::Lost, Fault::Vanished { id });
                }
                continue;
            };
            misses = 0;
            state = report.progress();
            transport.note(|progress| progress.report(launched.template).state = Some(state.clone()));
            let message = report.message();
            match report.state() {
                State::Finished => {
                    info!(report = id, size = %report.size(), "report finished");
                    return Ok(());
                }
                State::Canceled => return ends(Phase::Failed, Fault::Canceled { id, message }),
                State::Errors => return ends(Phase::Failed, Fault::ReportFailed { id, message }),
                State::Running => info!(report = id, %state, "report is being made"),
            }
        }
        Ok(())
    }

    /// Asks for the list, unless somebody else just did. `None`: the report isn't in it.
    async fn look(
        &self,
        call: Call,
        id: u64,
        begun: Instant,
        posted: &mut watch::Receiver<Option<Arc<Posted>>>,
    ) -> Result<Option<Report>, Error> {
        let _one = self.board.asking.lock().await;
        if posted.has_changed().unwrap_or_default()
            && let Some(found) = seen(posted, id, begun)
        {
            return Ok(found);
        }
        if self.board.waiting.load(Ordering::Relaxed) > 1 {
            let asked = Instant::now();
            let list = self.list(call, None).await?;
            let truncated = list.is_truncated();
            let reports = list.into_reports();
            self.board.latest.send_replace(Some(Arc::new(Posted {
                asked,
                reports,
                truncated,
            })));
            if let Some(found) = seen(posted, id, begun) {
                return Ok(found);
            }
        }
        let list: ReportList = self.list(call, Some(id)).await?;
        Ok(list.into_reports().into_iter().find(|report| report.id == id))
    }

    /// The deadline comes before the next look.
    fn late(&self, launched: &Launched, id: u64, state: Text, fault: Fault) -> Fault {
        let left = launched.adoptable_for(self.settings()).unwrap_or_default();
        match fault {
            Fault::Wait(
                wait @ TooLong {
                    reason: Reason::Running,
                    ..
                },
            ) => Fault::StillRunning {
                id,
                state,
                adoptable: wait.wait < left,
                wait,
            },
            fault => fault,
        }
    }
}

/// What the latest list of all tells of a report; `None` where that proves nothing.
fn seen(posted: &mut watch::Receiver<Option<Arc<Posted>>>, id: u64, since: Instant) -> Option<Option<Report>> {
    let posted = posted.borrow_and_update().clone()?;
    let found = posted.reports.iter().find(|report| report.id == id).cloned();
    // A list that was asked for before the report was launched can't hold it, and one that is cut needn't.
    (found.is_some() || (posted.asked >= since && !posted.truncated)).then_some(found)
}
