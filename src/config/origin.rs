//! Assignments: a setting, its text, and where that stands. All layers speak in them.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::environment::SECRETS_DIR;
use super::files::Named;
use super::mistake::Mistake;
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
    pub fn new(key: &str, text: impl Into<SecretString>, origin: Origin) -> Result<Self, Mistake> {
        match settings::find(key) {
            Some(setting) => Ok(Assignment {
                setting,
                text: text.into(),
                origin,
            }),
            None => Err(Mistake::Unknown {
                nearest: settings::nearest(key).map(|setting| setting.key.to_owned()),
                given: key.to_owned(),
                origin,
            }),
        }
    }

    /// The environment variable of the setting.
    pub fn variable(&self) -> String {
        self.setting.variable()
    }

    /// The file that a secret stands in.
    pub(super) fn secret_file(&self) -> Option<&Path> {
        let (Origin::File { path, .. } | Origin::VariableFile { path, .. } | Origin::Secret(path)) = &self.origin
        else {
            return None;
        };
        (self.setting.secret && !self.text.expose_secret().is_empty()).then_some(path)
    }

    /// The file that holds this value alone, and what names it.
    pub(super) fn own_file(&self) -> Option<Named> {
        match &self.origin {
            Origin::VariableFile { variable, path } => Some(Named::new(variable, path)),
            Origin::Secret(path) => Some(Named::new(SECRETS_DIR, path)),
            _ => None,
        }
    }

    /// Whether the setting is one whose value nobody may read.
    pub fn is_secret(&self) -> bool {
        self.setting.secret
    }
}

/// Where a value stands, in the words that errors and `qualys-connector config` use.
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
        }
    }
}
