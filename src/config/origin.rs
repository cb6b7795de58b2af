//! Origins: where a value stands; and assignments, in which all layers speak.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::error::ConfigError;
use super::settings::{self, Setting};

/// What one layer says about one setting.
#[derive(Debug)]
pub struct Assignment {
    pub(super) setting: &'static Setting,
    /// The value as it was written. Any of them could be a secret in the wrong place, so all are kept as one.
    pub(super) text: SecretString,
    pub(super) origin: Origin,
}

impl Assignment {
    /// Assigns to the setting of this key.
    ///
    /// # Errors
    ///
    /// No setting has this key.
    pub fn new(key: &str, text: impl Into<SecretString>, origin: Origin) -> Result<Self, ConfigError> {
        match settings::find(key) {
            Some(setting) => Ok(Assignment {
                setting,
                text: text.into(),
                origin,
            }),
            None => Err(ConfigError::Unknown {
                nearest: settings::nearest(key).map(|setting| setting.key.to_owned()),
                given: key.to_owned(),
                origin,
            }),
        }
    }

    /// The setting.
    pub fn setting(&self) -> &'static Setting {
        self.setting
    }

    /// The file that a secret stands in.
    pub(super) fn secret_file(&self) -> Option<&Path> {
        let (Origin::File { path, .. } | Origin::VariableFile { path, .. } | Origin::Secret(path)) = &self.origin
        else {
            return None;
        };
        (self.setting.secret && !self.text.expose_secret().is_empty()).then_some(path)
    }
}

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
