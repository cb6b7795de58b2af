//! `log`: what is logged, and where; and the file for Kubernetes.

use std::path::PathBuf;

use crate::config::error::{Errors, Reported};
use crate::config::row::{boolean, form, path, words};
use crate::telemetry::logs::{Level, LogFormat, Settings, Syslog};

section! {
    /// The section `log`.
    LogSection "log" {
        /// Least weight of what is logged; 3, 2, 1, 0 are debug, info, warning, error
        level: Level = words().default("info");
        /// Form of log lines; auto is text on a terminal and in a syslog, else JSON
        format: LogFormat = words().default("auto");
        /// File that log lines are added to
        file: PathBuf = path().example("/var/log/qualys-connector.log");
        /// Syslog that log lines go to
        syslog: Syslog = form("none, local, unix:PATH, udp://HOST:PORT or tcp://HOST:PORT").default("none");
        /// Log to standard error too; not set: only when there is no other log
        stderr: bool = boolean().example("y");
        /// File that takes the outcome as one line, where it is there already
        termination_file: PathBuf = path().default(TERMINATION_FILE);
    }
}

/// Where Kubernetes looks for the outcome of a container.
pub(in crate::config) const TERMINATION_FILE: &str = "/dev/termination-log";

impl LogSection {
    pub(in crate::config) fn settings(&self, errors: &mut Errors) -> Result<Settings, Reported> {
        let (file, syslog) = (self.file.optional()?, self.syslog.required(errors)?);
        // Without another log, standard error takes it, unless that is refused explicitly.
        let alone = file.is_none() && syslog == Syslog::None;
        Ok(Settings {
            level: self.level.required(errors)?,
            format: self.format.required(errors)?,
            file,
            syslog,
            stderr: self.stderr.optional()?.unwrap_or(alone),
        })
    }
}
