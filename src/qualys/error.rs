//! Errors: what the import learns when Qualys didn't deliver.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::fault::Fault;
use crate::problem::{Kind, Problem};
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
    /// Qualys doesn't have the report that was to be deleted or cancelled, or not any more.
    pub(super) fn is_about_a_lost_report(&self) -> bool {
        // Which code says so is a guess; nothing but the report's id can be a bad value here.
        matches!(self.kind(), Kind::BadValue | Kind::NotFetchable)
    }
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        self.fault.kind()
    }

    fn remedy(&self) -> Cow<'_, str> {
        self.fault.remedy()
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
