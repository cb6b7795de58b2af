//! Errors: everything that is wrong with a configuration, reported at once.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use super::contradiction::Contradiction;
use super::origin::Origin;
use super::setting::Setting;
use super::small_file::Unreadable;
use crate::printable::escaped;
use crate::problem::{Kind, Problem};

/// One thing that is wrong. None of them holds the value of a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or a directory that a layer names can't be read.
    #[error("{}{} can't be read: {reason}", prefix(.origin.as_ref()), shown(path.display()))]
    Unreadable {
        /// Who named it; nobody for the default path.
        origin: Option<Origin>,
        /// What can't be read.
        path: PathBuf,
        /// Why.
        reason: Unreadable,
    },
    /// The text of a YAML file has another shape than settings have.
    #[error("{}, line {line}: {}", shown(path.display()), shown(reason))]
    Yaml {
        /// The file.
        path: PathBuf,
        /// Where in it, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// No setting is called so.
    #[error("{}: there is no setting '{}'", shown(origin), quoted(given))]
    Unknown {
        /// Where it is.
        origin: Origin,
        /// The name as it was given.
        given: String,
        /// The name that was probably meant, in the spelling of that place.
        nearest: Option<String>,
    },
    /// A value that the setting can't have.
    #[error("{}: {}{}: {}", shown(origin), setting.key, of_value(.value.as_deref()), shown(reason))]
    Value {
        /// Where it is.
        origin: Origin,
        /// The setting.
        setting: &'static Setting,
        /// The value, unless it must not be read.
        value: Option<String>,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is given in a place or in a way where it can't be.
    #[error("{}: {}", shown(origin), shown(reason))]
    Misplaced {
        /// Where it is.
        origin: Origin,
        /// Why not there, and what to do instead.
        reason: String,
    },
    /// A setting without a default that the import can't do without.
    #[error("{} is not set", .0.key)]
    Missing(&'static Setting),
    /// The certificate is neither named nor found.
    #[error("management_center.pkcs12 is not set")]
    NoCertificate,
    /// Settings that don't go together.
    #[error("{}", shown(.0))]
    Contradiction(Contradiction),
    /// There is no place to take the report to.
    #[error("neither a Management Center nor a CSV file is given")]
    NoSink,
    /// There is no Management Center to send a file of commands to.
    #[error("no Management Center is given")]
    NoServer,
}

impl ConfigError {
    /// Whether settings may stand where this error has kept us from reading.
    fn hides_others(&self) -> bool {
        matches!(self, ConfigError::Unreadable { .. } | ConfigError::Yaml { .. })
    }

    /// Whether this is about something that isn't there.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            ConfigError::Missing(_) | ConfigError::NoCertificate | ConfigError::NoSink | ConfigError::NoServer
        )
    }
}

impl Problem for ConfigError {
    fn kind(&self) -> Kind {
        match self {
            ConfigError::NoSink | ConfigError::NoServer => Kind::NothingToDo,
            _ => Kind::Configuration,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            ConfigError::Unknown { nearest: Some(name), .. } => format!("did you mean {name}?").into(),
            ConfigError::Value { setting, .. } => instead(setting).into(),
            ConfigError::Missing(setting) => setting.remedy().into(),
            ConfigError::NoCertificate => {
                "there is no *.pkcs12 in the working directory either; say --pkcs12 FILE with the file that the Management \
                 Center issued"
                    .into()
            }
            ConfigError::NoSink => "say --server HOST or --csvfile FILE".into(),
            ConfigError::NoServer => "say --server HOST".into(),
            _ => "".into(),
        }
    }

    fn sentence(&self) -> String {
        match &*self.remedy() {
            "" => self.to_string(),
            remedy if self.is_absence() => format!("{self}: {remedy}"),
            remedy => format!("{self}; {remedy}"),
        }
    }
}

impl From<Contradiction> for ConfigError {
    fn from(contradiction: Contradiction) -> Self {
        ConfigError::Contradiction(contradiction)
    }
}

/// Errors as they are found.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<ConfigError>);

/// Proof that an error was reported: returned in the place of a value that can't be made, so that nothing fails silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported(());

impl Errors {
    /// Takes an error.
    pub(super) fn report(&mut self, error: impl Into<ConfigError>) -> Reported {
        self.0.push(error.into());
        Reported(())
    }

    /// What was made, unless there was any error, whether that kept it from being made or not.
    ///
    /// An unreadable file is reported without what is missing: that may stand in it.
    pub(super) fn finish<T>(mut self, made: Result<T, Reported>) -> Result<T, ConfigErrors> {
        if self.0.iter().any(ConfigError::hides_others) {
            self.0.retain(|error| !error.is_absence());
        }
        match made {
            Ok(made) if self.0.is_empty() => Ok(made),
            _ => Err(ConfigErrors(self.0)),
        }
    }
}

/// All errors of a configuration, one line each. There is at least one.
#[derive(Debug)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The one that decides the exit code: a missing destination before all others.
    pub fn kind(&self) -> Kind {
        let kinds = self.0.iter().map(ConfigError::kind);
        kinds.max_by_key(|kind| kind.exit()).unwrap_or(Kind::Configuration)
    }

    /// The errors, in the order of the layers.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ConfigError::sentence).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// A text from outside, fit for one line of an error: escaped and shortened.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown = escaped(&text.chars().take(LONGEST).collect::<String>());
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// A text that may repeat one from outside, fit for one line.
fn shown(text: impl fmt::Display) -> String {
    escaped(&text.to_string())
}

fn prefix(origin: Option<&Origin>) -> String {
    origin.map(|origin| format!("{}: ", shown(origin))).unwrap_or_default()
}

fn of_value(value: Option<&str>) -> String {
    value.map(|value| format!(" '{}'", quoted(value))).unwrap_or_default()
}

/// What would be right, where the reason doesn't say so already.
fn instead(setting: &Setting) -> String {
    let expected = setting.syntax.expected();
    match setting.sample() {
        _ if setting.syntax.explains_itself() => String::new(),
        "" => format!("expected {expected}"),
        example => format!("expected {expected}, for example {example}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::find;

    #[test]
    fn what_is_quoted_stays_on_its_line_and_on_the_terminal() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(quoted(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
        assert_eq!(quoted(&"é".repeat(80)), "é".repeat(80));
    }

    #[test]
    fn no_error_leaves_its_line_whatever_it_repeats() {
        let odd = || "a\nb\u{1b}[2J".to_owned();
        for error in [
            ConfigError::Unreadable {
                origin: Some(Origin::VariableFile {
                    variable: odd(),
                    path: odd().into(),
                }),
                path: odd().into(),
                reason: Unreadable::TooLarge,
            },
            ConfigError::Yaml {
                path: odd().into(),
                line: 1,
                reason: odd(),
            },
            ConfigError::Unknown {
                origin: Origin::Variable(odd()),
                given: odd(),
                nearest: None,
            },
            ConfigError::Value {
                origin: Origin::Variable(odd()),
                setting: find("log.level").unwrap(),
                value: Some(odd()),
                reason: odd(),
            },
            ConfigError::Misplaced {
                origin: Origin::Secret(odd().into()),
                reason: odd(),
            },
            ConfigError::Contradiction(Contradiction::Proxy(odd())),
        ] {
            let sentence = error.to_string();
            assert!(!sentence.contains(char::is_control), "{sentence:?}");
        }
    }

    #[test]
    fn a_missing_sink_weighs_more_than_a_wrong_value() {
        let missing = || ConfigError::Missing(find("qualys.user_id").unwrap());
        assert_eq!(ConfigErrors(vec![missing()]).kind(), Kind::Configuration);
        assert_eq!(
            ConfigErrors(vec![missing(), ConfigError::NoSink]).kind(),
            Kind::NothingToDo
        );
    }
}
