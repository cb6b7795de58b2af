//! Logs: lines for people on a terminal, lines of JSON for everything else; to standard error, to a file, to a syslog.
//!
//! Below a warning, only lines of this crate are logged. Libraries log much, and nobody has checked their debug lines for
//! secrets.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::ValueEnum;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::FilterFn;

mod layer;
mod line;
mod output;
mod syslog;

use layer::{LogLayer, Traced};
use output::LogOutput;
pub use syslog::{Syslog, SyslogError};

use super::traces::BoxedLayer;
use crate::printable::Text;
use crate::problem::{Kind, Problem};

/// The section `log` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `log.level`.
    pub level: Level,
    /// `log.format`.
    pub format: LogFormat,
    /// `log.file`: lines are added to it.
    pub file: Option<PathBuf>,
    /// `log.syslog`.
    pub syslog: Syslog,
    /// `log.stderr`: whether lines go to standard error.
    pub stderr: bool,
}

/// `log.level`: the lowest level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The import failed, or a part of it did.
    #[value(alias = "0")]
    Error,
    /// Somebody should look at it.
    #[value(alias = "1", alias = "warn")]
    Warning,
    /// The stages as they pass.
    #[value(alias = "2")]
    Info,
    /// Every finding that is imported.
    #[value(alias = "3")]
    Debug,
}

/// `log.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal and in a syslog, otherwise JSON.
    Auto,
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Its folder is missing, or permission is.
    #[error(
        "the log file {} can't be opened for writing: {error} (log.file)",
        Text::of_path(path)
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The system gives no further thread.
    #[error("no thread can be started for the syslog: {0}")]
    Thread(io::Error),
    /// Two loggers in one process.
    #[error("a log is already kept")]
    Twice,
}

impl Problem for LogError {
    fn kind(&self) -> Kind {
        match self {
            LogError::File { .. } => Kind::CannotCreate,
            LogError::Thread(_) | LogError::Twice => Kind::Bug,
        }
    }
}

/// The outputs of log lines.
#[derive(Debug)]
pub struct Logs {
    level: Level,
    outputs: Arc<Vec<LogOutput>>,
    trace: Traced,
    warnings: Vec<String>,
}

impl Logs {
    /// Opens all outputs.
    ///
    /// # Errors
    ///
    /// The log file can't be opened.
    pub(super) fn open(settings: &Settings) -> Result<Self, LogError> {
        let mut outputs = Vec::new();
        let mut warnings = Vec::new();
        let mut stderr = settings.stderr;
        match syslog::Sender::open(&settings.syslog) {
            Ok(Some(sender)) => outputs.push(LogOutput::syslog(settings.format, sender)),
            Ok(None) => {}
            Err(syslog::OpenError::Thread(error)) => return Err(LogError::Thread(error)),
            Err(syslog::OpenError::Missing(problem)) => {
                warnings.push(format!("{problem} (log.syslog); the log goes to standard error"));
                stderr = true;
            }
        }
        if stderr {
            outputs.push(LogOutput::stderr(settings.format));
        }
        if let Some(path) = &settings.file {
            outputs.push(LogOutput::file(settings.format, path)?);
        }
        Ok(Logs {
            level: settings.level,
            outputs: Arc::new(outputs),
            trace: Arc::new(OnceLock::new()),
            warnings,
        })
    }

    /// Warnings about the log itself.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The layer that turns events into lines.
    pub(super) fn layer(&self) -> BoxedLayer {
        let level = match self.level {
            Level::Error => LevelFilter::ERROR,
            Level::Warning => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        };
        let filter = FilterFn::new(move |metadata| is_logged(metadata, level)).with_max_level_hint(level.max(SPANS));
        let layer = LogLayer::new(self.outputs.clone(), self.trace.clone());
        layer.with_filter(filter).boxed()
    }

    /// Adds the trace's id to all further lines.
    pub(super) fn set_trace(&self, trace: Option<String>) {
        if let Some(trace) = trace {
            // There is one trace in a process.
            let _ = self.trace.set(trace);
        }
    }

    /// Waits a little for slow outputs, and reports lost lines.
    pub(super) fn finish(&self) {
        for output in self.outputs.iter() {
            output.finish();
        }
    }
}

/// Spans are of this level.
const SPANS: LevelFilter = LevelFilter::INFO;

/// Our spans are always enabled, since lines carry their fields.
fn is_logged(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let ours = super::traces::is_ours(metadata);
    match (metadata.is_span(), ours) {
        (true, _) => ours && *metadata.level() <= SPANS,
        (false, true) => *metadata.level() <= level,
        (false, false) => *metadata.level() <= level.min(LevelFilter::WARN),
    }
}

#[cfg(test)]
mod tests {

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::stage::Stage;
    use crate::telemetry::spans;

    fn to_file(path: PathBuf) -> Settings {
        Settings {
            level: Level::Info,
            format: LogFormat::Auto,
            file: Some(path),
            syslog: Syslog::None,
            stderr: false,
        }
    }

    #[test]
    fn a_file_gets_lines_of_json_added_to_what_it_holds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "earlier\n").unwrap();
        let logs = Logs::open(&to_file(file.path().to_owned())).unwrap();
        // With one dispatcher alone, tracing asks the thread that first meets a call site, and another test's has none.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs.layer()), || {
            let _template = spans::template("424242").entered();
            let _stage = spans::stage(Stage::Select).entered();
            tracing::info!(hosts = 7, "imported");
            tracing::debug!("not at this level");
            logs.set_trace(Some("4bf92f35".to_owned()));
            tracing::info!(target: "rustls", "not from there");
            tracing::warn!(target: "rustls", template = 424_242, "from there too\nin full");
        });
        let log = std::fs::read_to_string(file.path()).unwrap();
        let (earlier, lines) = log.split_once('\n').unwrap();
        assert_eq!(earlier, "earlier");
        let lines: Vec<&str> = lines.lines().map(|line| line.split_once(',').unwrap().1).collect();
        assert_eq!(
            lines,
            [
                r#""level":"INFO","message":"imported","hosts":7,"stage":"select","template":"424242"}"#,
                r#""level":"WARN","target":"rustls","message":"from there too\nin full","stage":"select","template":"424242","trace_id":"4bf92f35"}"#,
            ]
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing").join("log");
        let error = Logs::open(&to_file(path.clone())).err().unwrap();
        assert_eq!(error.kind(), Kind::CannotCreate);
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }

    #[test]
    fn levels_have_names_and_the_numbers_of_the_old_tool() {
        let level = |text| Level::from_str(text, true).ok();
        assert_eq!(
            ["0", "1", "2", "3"].map(level),
            ["error", "Warn", "INFO", "debug"].map(level)
        );
        assert_eq!(level("warning"), Some(Level::Warning));
        assert_eq!(level("4"), None);
    }
}
