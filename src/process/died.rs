//! What ends an invocation before it can give a result of its own.

use std::io;

use super::panics::Bug;
use crate::problem::{Kind, Problem};

/// Why a run left no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Died {
    /// The system gives no further thread, socket or signal handler.
    #[error("the program can't begin: {0}")]
    System(#[from] io::Error),
    /// A panic.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl Problem for Died {
    fn kind(&self) -> Kind {
        match self {
            Died::System(_) => Kind::SystemLimit,
            Died::Bug(bug) => bug.kind(),
        }
    }
}
