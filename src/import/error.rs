//! Why a template isn't imported, or not in full.

use std::borrow::Cow;

use thiserror::Error;
use tokio::task::JoinError;

use crate::host_input::delivery::Delivery;
use crate::host_input::{self, command_file, csv_file};
use crate::problem::{Kind, Problem};
use crate::qualys;
use crate::report;

/// Why a template isn't imported, or not in full.
#[derive(Debug, Error)]
pub enum Error {
    /// The report can't be used.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// Qualys didn't deliver.
    #[error(transparent)]
    Qualys(#[from] qualys::Error),
    /// The commands couldn't be delivered.
    #[error(transparent)]
    HostInput(#[from] host_input::Error),
    /// The file of commands can't be sent.
    #[error(transparent)]
    CommandFile(#[from] command_file::Error),
    /// The CSV file couldn't be written.
    #[error(transparent)]
    CsvFile(#[from] csv_file::Error),
    /// Delivered, but the Management Center refused some of it.
    #[error("the Management Center refused {findings} finding(s) of {hosts} host(s)")]
    Refused {
        /// Hosts of which something was refused.
        hosts: u64,
        /// Findings refused.
        findings: u64,
    },
    /// Delivered, but for commands that fit into no frame.
    #[error("{commands} command(s) of {hosts} host(s) are longer than a frame may be and weren't sent")]
    TooLong {
        /// Hosts that lack something.
        hosts: u64,
        /// Commands that weren't sent.
        commands: u64,
    },
    /// So many hosts left that this may be a mistake.
    #[error(
        "{left} of {known} known hosts left Qualys, which is more than commands.max_cleared allows: none of them is cleared"
    )]
    TooManyLeft {
        /// Hosts that left.
        left: u64,
        /// Hosts that were known.
        known: u64,
    },
    /// Stopped by a signal, after all else was done.
    #[error("interrupted before hosts that left Qualys were cleared; the next import clears them")]
    StoppedBeforeClearing,
    /// Stopped by a signal.
    #[error("interrupted before anything was sent")]
    Interrupted,
    /// A thread panicked.
    #[error("a bug in qualys-connector: {0}")]
    Bug(String),
}

impl Error {
    /// What is missing from a delivery that came to its end: something was refused, or wasn't sent.
    pub(super) fn refused(delivery: &Delivery) -> Option<Self> {
        match (delivery.hosts_refused, delivery.hosts_incomplete) {
            (0, 0) => None,
            (0, hosts) => Some(Error::TooLong {
                hosts,
                commands: delivery.commands_too_long,
            }),
            (hosts, _) => Some(Error::Refused {
                hosts,
                findings: delivery.findings_refused,
            }),
        }
    }
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::Report(error) => error.kind(),
            Error::Qualys(error) => error.kind(),
            Error::HostInput(error) => error.kind(),
            Error::CommandFile(error) => error.kind(),
            Error::CsvFile(error) => error.kind(),
            Error::TooLong { .. } => Kind::CommandsTooLong,
            Error::Refused { .. } => Kind::CommandsRefused,
            Error::TooManyLeft { .. } => Kind::TooManyLeft,
            Error::Interrupted | Error::StoppedBeforeClearing => Kind::Terminated,
            Error::Bug(_) => Kind::Bug,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Error::Report(error) => error.remedy(),
            Error::Qualys(error) => error.remedy(),
            Error::HostInput(error) => error.remedy(),
            Error::CommandFile(error) => error.remedy(),
            Error::CsvFile(error) => error.remedy(),
            _ => self.kind().row().remedy.into(),
        }
    }
}

impl From<JoinError> for Error {
    fn from(died: JoinError) -> Self {
        Error::Bug(died.to_string())
    }
}

impl From<qualys::DetectionError> for Error {
    fn from(failure: qualys::DetectionError) -> Self {
        match failure {
            qualys::DetectionError::Qualys(error) => error.into(),
            qualys::DetectionError::Answer(error) => error.into(),
        }
    }
}
