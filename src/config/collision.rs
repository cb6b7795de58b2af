//! Collisions: two files that are one.

use std::fmt;
use std::path::PathBuf;

/// A file that something names.
#[derive(Debug, Clone)]
pub struct Named {
    /// What names it, in the words of errors: a setting, a variable, an argument.
    by: String,
    pub(super) path: PathBuf,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.by, self.path.display())
    }
}

impl Named {
    pub(super) fn new(by: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Named {
            by: by.into(),
            path: path.into(),
        }
    }
}

/// Two files that are one.
#[derive(Debug, thiserror::Error)]
pub enum Collision {
    /// What is written would be read as a setting.
    #[error(
        "{output} would be written into the folder that QC_SECRETS_DIR names, where each file is read as a setting; name a \
         file elsewhere"
    )]
    AmongSecrets {
        /// What would be written.
        output: Named,
    },
    /// What is written would destroy what is read.
    #[error("{output} would overwrite {input}: it is the same file; name another one")]
    Overwrites {
        /// What would be written.
        output: Named,
        /// What is read.
        input: Named,
    },
    /// Of two outputs only the later would be left.
    #[error("{one} and {other} are written to the same file; give each a file of its own")]
    SameOutput {
        /// The later one.
        one: Named,
        /// The earlier one.
        other: Named,
    },
}

impl Collision {
    /// Whether the output of a setting takes part.
    pub(super) fn concerns(&self, key: &str) -> bool {
        match self {
            Collision::AmongSecrets { output } | Collision::Overwrites { output, .. } => output.by == key,
            Collision::SameOutput { one, other } => one.by == key || other.by == key,
        }
    }
}
