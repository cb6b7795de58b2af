//! Wait: look at the list until the report is finished.
//!
//! Never by fetching: a fetch can't tell "not yet" from "never" (recorded).

use tracing::info;

use super::answer::State;
use super::client::Client;
use super::error::{Error, Stage};
use super::fault::Fault;
use super::launch::{Launched, MISSES};
use super::patience::{Reason, TooLong};
use super::tidy_up::InHand;

/// A report that is ready to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub(super) launched: Launched,
}

impl Client {
    /// Waits until a report is finished.
    ///
    /// # Errors
    /// A report that was cancelled, failed or vanished; one that is still being made when the deadline comes (exit code
    /// 75: it is left for the next run); and every fault that stayed.
    pub async fn wait(&mut self, launched: &Launched) -> Result<Finished, Error> {
        let error = match launched.id {
            Some(id) if !launched.finished => self.poll(id).await,
            _ => Ok(()),
        };
        error.map(|()| {
            self.in_hand = InHand::finished(launched);
            Finished {
                launched: launched.clone(),
            }
        })
    }

    async fn poll(&mut self, id: u64) -> Result<(), Error> {
        let mut misses = 0;
        let mut state = "not looked at yet".to_owned();
        for pause in self.patience.polls() {
            if let Err(fault) = self.pause(Reason::Running, pause).await {
                return Err(self.error(Stage::Wait, self.late(id, state, fault)));
            }
            let list = self.list(Stage::Wait, Some(id)).await?;
            let Some(report) = list.into_reports().into_iter().find(|report| report.id == id) else {
                misses += 1;
                if misses > MISSES {
                    return Err(self.error(Stage::Wait, Fault::Vanished { id }));
                }
                continue;
            };
            misses = 0;
            state = self.secrets().redact(&report.progress());
            self.note(|progress| progress.state = Some(state.clone()));
            let message = report.message();
            match report.state() {
                State::Finished => {
                    info!(report = id, size = report.size, "report finished");
                    return Ok(());
                }
                State::Canceled => return Err(self.error(Stage::Wait, Fault::Canceled { id, message })),
                State::Errors => return Err(self.error(Stage::Wait, Fault::ReportFailed { id, message })),
                State::Running => info!(report = id, state, "report is being made"),
            }
        }
        Ok(())
    }

    /// The deadline comes before the next look.
    fn late(&self, id: u64, state: String, fault: Fault) -> Fault {
        match fault {
            Fault::Wait(
                wait @ TooLong {
                    reason: Reason::Running,
                    ..
                },
            ) => Fault::StillRunning {
                id,
                state,
                adoptable: !self.settings.adopt_within.is_zero(),
                wait,
            },
            fault => fault,
        }
    }
}
