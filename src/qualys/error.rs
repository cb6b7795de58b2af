//! Errors: what the import learns when Qualys didn't deliver.

use std::fmt;

use thiserror::Error;

use super::fault::Fault;
use super::refusal::Meaning;
use crate::exit::Exit;
use crate::stage::Stage;

/// Why there is no report, where, and what to do about it.
#[derive(Debug, Clone, Error)]
pub struct Error {
    /// What the client was doing.
    pub stage: Stage,
    /// Whom it was talking to: host, and port where it isn't the usual one.
    pub host: String,
    /// What went wrong.
    pub fault: Box<Fault>,
}

impl Error {
    /// The exit code that this error decides.
    pub fn exit(&self) -> Exit {
        self.fault.exit()
    }

    /// Qualys doesn't have the report that was to be deleted or cancelled, or not any more.
    pub(super) fn is_about_a_lost_report(&self) -> bool {
        match &*self.fault {
            // Which code says so is a guess; nothing but the report's id can be a bad value here.
            Fault::Refused(refusal) => matches!(refusal.meaning(), Meaning::BadValue | Meaning::NotFetchable),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Configure => self.fault.fmt(f),
            stage => write!(f, "{stage} at {}: {}", self.host, self.fault),
        }
    }
}
