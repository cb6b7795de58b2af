//! Origins: where a value stands.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// What the strongest layer assigns to a setting.
#[derive(Debug)]
pub(super) struct Assigned {
    /// The value; nothing for a setting that has neither value nor default.
    pub(super) text: Option<SecretString>,
    /// Where it stands.
    pub(super) origin: Origin,
}

/// The effective configuration as text, by key.
pub(super) type Effective = HashMap<&'static str, Assigned>;

/// Where a value stands. Errors and `qualys-connector config` show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the code.
    Default,
    /// A file name that was found in the working directory.
    WorkingDirectory,
    /// A YAML file; the line counts from 1.
    File {
        /// The file, as it was given.
        path: PathBuf,
        /// The line of the key.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A file that an environment variable names.
    VariableFile {
        /// The variable, `QC_…_FILE`.
        variable: String,
        /// The file that it names.
        path: PathBuf,
    },
    /// A file in the directory of mounted secrets.
    Secret(PathBuf),
    /// An option on the command line, with its dashes.
    Option(&'static str),
    /// There the value is empty, which brings the default back.
    Empty(Box<Origin>),
}

impl Origin {
    /// The one option whose value is a secret.
    pub const PASSWORD: Origin = Origin::Option("--password");
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::WorkingDirectory => f.write_str("working directory"),
            Origin::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Origin::Variable(name) => f.write_str(name),
            Origin::VariableFile { variable, path } => write!(f, "{variable} ({})", path.display()),
            Origin::Secret(path) => write!(f, "{}", path.display()),
            Origin::Option(name) => write!(f, "option {name}"),
            Origin::Empty(origin) => write!(f, "{origin} (empty)"),
        }
    }
}
