//! Telemetry: logs, metrics and traces of an import, while it runs and afterwards.
//!
//! | module | is the home of |
//! |---|---|
//! | [`logs`] | log lines, to standard error, a file, a syslog |
//! | [`metrics`] | metrics, to a Pushgateway and to a file |
//! | [`spans`] | the names and attributes of spans |
//! | [`terminal`] | standard error, shared with a progress bar |
//! | [`traces`] | spans to a collector, over OTLP |

use std::iter;

use tracing::{Span, warn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub mod logs;
pub mod metrics;
pub mod spans;
pub mod terminal;
pub mod traces;

use logs::{LogError, Logs};
use traces::Traces;

use crate::exit::Exit;

/// The telemetry of one invocation, from its first line to its last span.
#[must_use = "what isn't finished isn't flushed"]
#[derive(Debug)]
pub struct Telemetry {
    run: Span,
    traces: Option<Traces>,
    logs: Logs,
}

/// Starts logging and tracing, once in a process, and logs the `warnings`.
///
/// # Errors
///
/// The log can't be opened. Traces that can't be sent are only a warning.
pub fn begin(log: &logs::Settings, traces: &traces::Settings, warnings: &[String]) -> Result<Telemetry, LogError> {
    let logs = Logs::open(log)?;
    let (traces, mut of_traces) = Traces::from_environment(traces);
    let layers: Vec<_> = iter::once(logs.layer())
        .chain(traces.as_ref().map(Traces::layer))
        .collect();
    let subscriber = tracing_subscriber::registry().with(layers);
    subscriber.try_init().map_err(|_| LogError::Twice)?;

    let run = spans::run();
    if let Some(traces) = &traces {
        of_traces.extend(traces.adopt(&run));
        logs.set_trace(spans::trace_id(&run));
    }
    for warning in logs.warnings().iter().chain(warnings).chain(&of_traces) {
        warn!("{warning}");
    }
    Ok(Telemetry { run, traces, logs })
}

impl Telemetry {
    /// The span of the whole run, the root of all others.
    pub fn run(&self) -> &Span {
        &self.run
    }

    /// Flushes everything, however the process ends; `exit` goes onto the run's span.
    ///
    /// Takes no longer than the outputs' budgets, even if their endpoints are dead.
    pub fn finish(self, exit: Exit) {
        let Telemetry { run, traces, logs } = self;
        spans::ended(&run, exit);
        // A span ends when its last handle is dropped.
        drop(run);
        if let Some(lost) = traces.and_then(Traces::finish) {
            warn!("{lost}");
        }
        logs.finish();
    }
}
