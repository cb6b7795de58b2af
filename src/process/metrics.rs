//! Metrics of an import: pushed and written while it runs, and however it ends.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::Config;
use crate::exit::Exit;
use crate::import::{self, Failure, Progress, Record, Stop, metrics};
use crate::problem::Kind;
use crate::telemetry::metrics::{Error, Exposition, Outlets, Settings};

/// Imports, unless an output can't be written. Metrics that don't arrive are a warning, or fail the run if they are required.
pub(super) async fn import(config: Config, writable: Result<(), Failure>, stop: &Stop, progress: &Progress) -> Record {
    let settings = config.metrics.clone();
    let (mut outlets, opened) = Outlets::open(&settings);
    let file = outlets.check();
    let writable = writable.and_then(|()| match (&file, settings.required) {
        (Err(failure), true) => Err(Failure {
            kind: Kind::CannotCreate,
            sentence: failure.to_string(),
            stage: None,
        }),
        _ => Ok(()),
    });
    if let Err(failure) = &file {
        // Reported once.
        outlets.close_file();
        if !settings.required {
            warn!("{failure}; the import goes on");
        }
    }
    let meanwhile = Meanwhile::begin(&settings, &outlets, progress);
    let mut record = match writable {
        Ok(()) => import::run(config, stop, progress).await,
        Err(failure) => Record::unwritable(failure),
    };
    let ended = metrics::of_record(&settings, &record);
    let handed_over = hand_over(&outlets, &ended, meanwhile.end()).await;
    let mut failures = opened.err().into_iter().chain(handed_over).peekable();
    if settings.required && failures.peek().is_some() {
        record.exit = record.exit.max(Kind::MetricsLost.exit());
    }
    for failure in failures {
        warn!("{failure}");
    }
    record
}

/// Hands over the metrics of an import that ended before it began; gives what went wrong with that.
pub(super) fn failed(settings: &Settings, exit: Exit) -> Vec<Error> {
    if !settings.is_used() {
        return Vec::new();
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let (outlets, opened) = Outlets::open(settings);
    let failure = metrics::of_failure(settings, exit);
    let handed_over = runtime.block_on(hand_over(&outlets, &failure, async {}));
    runtime.shutdown_background();
    opened.err().into_iter().chain(handed_over).collect()
}

/// Hands over the last metrics, after a push that is still under way; both within one budget.
async fn hand_over(outlets: &Outlets, metrics: &Exposition, under_way: impl Future<Output = ()>) -> Vec<Error> {
    let written = outlets.write(metrics).err();
    let push = async {
        under_way.await;
        outlets.push(metrics).await.err()
    };
    let pushed = match outlets.budget() {
        Duration::ZERO => None,
        budget => timeout(budget, push).await.unwrap_or_else(|_| outlets.late()),
    };
    written.into_iter().chain(pushed).collect()
}

/// Pushes how far an import is, from time to time.
struct Meanwhile {
    ended: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Meanwhile {
    fn begin(settings: &Settings, outlets: &Outlets, progress: &Progress) -> Self {
        let ended = CancellationToken::new();
        let task = outlets.interval().map(|interval| {
            let (settings, outlets, progress) = (settings.clone(), outlets.clone(), progress.clone());
            let ended = ended.clone();
            tokio::spawn(async move {
                let mut well = true;
                loop {
                    tokio::select! {
                        () = sleep(interval) => {}
                        () = ended.cancelled() => return,
                    }
                    let now = metrics::of_snapshot(&settings, &progress.snapshot());
                    let written = outlets.write(&now);
                    let handed_over = outlets.push(&now).await.and(written);
                    match &handed_over {
                        Err(failure) if well => warn!("{failure}; the import goes on"),
                        Err(failure) => debug!("{failure}"),
                        Ok(()) if !well => info!("metrics arrive again"),
                        Ok(()) => {}
                    }
                    well = handed_over.is_ok();
                }
            })
        });
        Meanwhile { ended, task }
    }

    /// Stops; waits for what is on its way, so that it doesn't arrive after what comes last.
    async fn end(self) {
        self.ended.cancel();
        if let Some(task) = self.task {
            // A task that panicked has nothing more to push.
            let _ = task.await;
        }
    }
}
