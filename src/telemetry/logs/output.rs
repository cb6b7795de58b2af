//! Outputs: where lines are written, and in which format.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::line::LogLine;
use super::syslog::Sender;
use super::{LogError, LogFormat};
use crate::printable::Text;
use crate::telemetry::terminal;
use crate::whole_file::{self, Readers};

/// Writes lines.
#[derive(Debug)]
pub(super) struct LogOutput {
    json: bool,
    target: LogTarget,
}

#[derive(Debug)]
enum LogTarget {
    Stderr {
        colour: bool,
    },
    File {
        file: File,
        path: PathBuf,
        failed: AtomicBool,
    },
    Syslog(Sender),
}

impl LogOutput {
    /// Text on a terminal, otherwise JSON.
    pub(super) fn stderr(format: LogFormat) -> Self {
        let is_terminal = io::stderr().is_terminal();
        LogOutput {
            json: format == LogFormat::Json || format == LogFormat::Auto && !is_terminal,
            target: LogTarget::Stderr {
                colour: terminal::is_colourful(),
            },
        }
    }

    /// A file that lines are appended to; JSON by default.
    pub(super) fn file(format: LogFormat, path: &Path) -> Result<Self, LogError> {
        // A pipe without a reader is an error; opening it would block.
        let opened = match whole_file::is_stream(path) {
            true => whole_file::as_it_is(path),
            false => OpenOptions::new()
                .create(true)
                .append(true)
                .mode(Readers::OwnerAndGroup.mode())
                .open(path),
        };
        let file = opened.map_err(|error| LogError::File {
            path: path.to_owned(),
            error,
        })?;
        Ok(LogOutput {
            json: format != LogFormat::Text,
            target: LogTarget::File {
                file,
                path: path.to_owned(),
                failed: AtomicBool::new(false),
            },
        })
    }

    /// A syslog, which adds time and level itself; text by default.
    pub(super) fn syslog(format: LogFormat, sender: Sender) -> Self {
        LogOutput {
            json: format == LogFormat::Json,
            target: LogTarget::Syslog(sender),
        }
    }

    pub(super) fn write(&self, line: &LogLine<'_>) {
        match &self.target {
            LogTarget::Stderr { colour } => {
                // Standard error may be closed; there is no other place to report that.
                let _ = terminal::stderr().write_all(self.form(line, *colour).as_bytes());
            }
            LogTarget::File { file, path, failed } => {
                let mut file = file;
                if let Err(error) = file.write_all(self.form(line, false).as_bytes())
                    && !failed.swap(true, Ordering::Relaxed)
                {
                    complain(&format!(
                        "the log file {} can't be written: {error} (log.file)",
                        Text::of_path(path)
                    ));
                }
            }
            LogTarget::Syslog(sender) => {
                let words = if self.json { line.json() } else { line.words() };
                sender.send(line.at, line.level, &words);
            }
        }
    }

    /// Waits a little for messages under way, and reports lost ones.
    pub(super) fn finish(&self) {
        if let LogTarget::Syslog(sender) = &self.target
            && let Some(lost) = sender.finish()
        {
            complain(&lost);
        }
    }

    /// The whole line, so that one write takes it.
    fn form(&self, line: &LogLine<'_>, colour: bool) -> String {
        let mut text = match self.json {
            true => line.json(),
            false => line.text(colour),
        };
        text.push('\n');
        text
    }
}

/// Reports on standard error what can't be logged, whether or not the log goes there.
fn complain(problem: &str) {
    let _ = writeln!(terminal::stderr(), "warning: {problem}");
}
