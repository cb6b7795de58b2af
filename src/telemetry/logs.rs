//! Logs: lines for people on a terminal, lines of JSON for everything else.
//!
//! Only what this crate says is logged below a warning. The libraries beneath it are talkative, and nobody has
//! checked their debug lines for secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal;
use crate::exit::Exit;

/// The section `log` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `log.level`.
    pub level: Level,
    /// `log.format`.
    pub format: Format,
    /// `log.file`: lines are added to it.
    pub file: Option<PathBuf>,
    /// `log.syslog`.
    pub syslog: Syslog,
    /// `log.stderr`: whether lines go to standard error.
    pub stderr: bool,
}

/// `log.level`: how much a line must weigh to be logged.
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
pub enum Format {
    /// Text on a terminal, otherwise JSON.
    Auto,
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// `log.syslog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// No syslog.
    None,
    /// The socket of this machine.
    Local,
    /// A server over UDP, `host:port`.
    Udp(String),
    /// A server over TCP, `host:port`.
    Tcp(String),
}

/// Why a text is no [`Syslog`].
#[derive(Debug, thiserror::Error)]
#[error("a syslog is none, local, udp://HOST:PORT or tcp://HOST:PORT")]
pub struct SyslogError;

impl FromStr for Syslog {
    type Err = SyslogError;

    fn from_str(text: &str) -> Result<Self, SyslogError> {
        let server = |address: &str| match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse().is_ok_and(|port: u16| port != 0) => {
                Ok(address.to_owned())
            }
            _ => Err(SyslogError),
        };
        match text.split_once("://") {
            Some(("udp", address)) => server(address).map(Syslog::Udp),
            Some(("tcp", address)) => server(address).map(Syslog::Tcp),
            None if text == "none" => Ok(Syslog::None),
            None if text == "local" => Ok(Syslog::Local),
            _ => Err(SyslogError),
        }
    }
}

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Its directory is missing, or it isn't permitted.
    #[error("the log file {} can't be opened for writing: {error} (log.file)", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Two loggers in one process.
    #[error("a log is already kept")]
    Twice,
}

impl LogError {
    /// 73 for a file that can't be written.
    pub fn exit(&self) -> Exit {
        match self {
            LogError::File { .. } => Exit::CannotCreate,
            LogError::Twice => Exit::Bug,
        }
    }
}

/// Begins to log; to be called once, before anything is said.
///
/// # Errors
///
/// The log file can't be opened.
pub fn init(settings: &Settings) -> Result<(), LogError> {
    subscriber(settings)?.try_init().map_err(|_| LogError::Twice)?;
    if settings.syslog != Syslog::None {
        warn!("log.syslog is set, but this version can't log to syslog yet; the log goes to standard error");
    }
    Ok(())
}

fn subscriber(settings: &Settings) -> Result<impl Subscriber + Send + Sync + use<>, LogError> {
    let mut outputs = Vec::new();
    if settings.stderr || settings.syslog != Syslog::None {
        let terminal = io::stderr().is_terminal();
        outputs.push(output(
            settings.format,
            terminal,
            terminal::is_colourful(),
            terminal::stderr,
        ));
    }
    if let Some(path) = &settings.file {
        outputs.push(output(settings.format, false, false, open(path)?));
    }
    let level = match settings.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warning => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let ours = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN));
    Ok(tracing_subscriber::registry().with(outputs.with_filter(ours)))
}

fn open(path: &Path) -> Result<File, LogError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| LogError::File {
        path: path.to_owned(),
        error,
    })
}

type Output = Box<dyn Layer<Registry> + Send + Sync>;

fn output<W>(format: Format, terminal: bool, colour: bool, writer: W) -> Output
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour);
    match format {
        Format::Json => boxed(layer.json().flatten_event(true)),
        Format::Auto if !terminal => boxed(layer.json().flatten_event(true)),
        Format::Text | Format::Auto => boxed(layer.with_target(false)),
    }
}

fn boxed<S: Subscriber + for<'a> LookupSpan<'a>>(
    layer: impl Layer<S> + Send + Sync + 'static,
) -> Box<dyn Layer<S> + Send + Sync> {
    Box::new(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_file(path: PathBuf) -> Settings {
        Settings {
            level: Level::Info,
            format: Format::Auto,
            file: Some(path),
            syslog: Syslog::None,
            stderr: false,
        }
    }

    #[test]
    fn a_file_gets_lines_of_json_added_to_what_it_holds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "earlier\n").unwrap();
        let subscriber = subscriber(&to_file(file.path().to_owned())).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(hosts = 7, "imported");
            tracing::debug!("not at this level");
            tracing::info!(target: "rustls", "not from there");
            tracing::warn!(target: "rustls", "from there too");
        });
        let log = std::fs::read_to_string(file.path()).unwrap();
        let (earlier, lines) = log.split_once('\n').unwrap();
        assert_eq!(earlier, "earlier");
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
        assert_eq!(messages, ["imported", "from there too"]);
        assert_eq!(lines[0]["hosts"], 7);
        assert_eq!(lines[0]["level"], "INFO");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing").join("log");
        let error = subscriber(&to_file(path.clone())).err().unwrap();
        assert_eq!(error.exit(), Exit::CannotCreate);
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

    #[test]
    fn a_syslog_server_has_a_port() {
        let syslog = |text: &str| text.parse::<Syslog>().ok();
        assert_eq!(syslog("local"), Some(Syslog::Local));
        assert_eq!(syslog("udp://[::1]:514"), Some(Syslog::Udp("[::1]:514".into())));
        assert_eq!(syslog("tcp://log:601"), Some(Syslog::Tcp("log:601".into())));
        for wrong in ["", "udp://log", "udp://:514", "tcp://log:0", "http://log:1", "log:514"] {
            assert_eq!(syslog(wrong), None, "{wrong}");
        }
    }
}
