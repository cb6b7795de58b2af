//! Mistakes: everything that is wrong with a configuration, told at once.

use std::fmt;
use std::path::PathBuf;

use super::bounded::Unreadable;
use super::origin::Origin;
use super::settings::Setting;
use crate::exit::Exit;
use crate::printable::escaped;

/// One thing that is wrong. None of them holds the value of a secret.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
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
    #[error("{}: there is no setting '{}'{}", shown(origin), quoted(given), did_you_mean(nearest.as_deref()))]
    Unknown {
        /// Where it is.
        origin: Origin,
        /// The name as it was given.
        given: String,
        /// The name that was probably meant, in the spelling of that place.
        nearest: Option<String>,
    },
    /// A value that the setting can't have.
    #[error("{}: {}{}: {}{}", shown(origin), setting.key, of_value(.value.as_deref()), shown(reason), instead(setting))]
    Value {
        /// Where it is.
        origin: String,
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
    #[error("{key} is not set: {remedy}")]
    Missing {
        /// The setting.
        key: &'static str,
        /// How to give it.
        remedy: String,
    },
    /// Two settings that don't go together.
    #[error("{}", shown(.0))]
    Contradiction(String),
    /// There is no place to take the report to.
    #[error("neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE")]
    NoSink,
    /// There is no Management Center to send a file of commands to.
    #[error("no Management Center is given: say --server HOST")]
    NoServer,
    /// Our bug: a section lacks something, and nothing before has said so.
    #[error("a bug in qualys-connector: the configuration is incomplete, and nobody knows why")]
    Incomplete,
}

impl Mistake {
    /// A setting must be given and isn't.
    pub(super) fn missing(setting: &Setting) -> Self {
        let variable = setting.variable();
        let remedy = match setting.secret {
            true => format!("set it in the configuration file, by {variable}_FILE, or as a file in QC_SECRETS_DIR"),
            false => format!("set it in the configuration file or by {variable}"),
        };
        Mistake::Missing {
            key: setting.key,
            remedy: match setting.sample() {
                "" => remedy,
                example => format!("{remedy}, for example {example}"),
            },
        }
    }

    /// Whether settings may stand where this mistake has kept us from reading.
    pub(super) fn hides_others(&self) -> bool {
        matches!(self, Mistake::Unreadable { .. } | Mistake::Yaml { .. })
    }

    /// Whether this is about something that isn't there.
    pub fn is_absence(&self) -> bool {
        matches!(self, Mistake::Missing { .. } | Mistake::NoSink | Mistake::NoServer)
    }

    /// The exit code that this mistake alone decides.
    pub fn exit(&self) -> Exit {
        match self {
            Mistake::NoSink | Mistake::NoServer => Exit::Usage,
            Mistake::Incomplete => Exit::Bug,
            _ => Exit::Config,
        }
    }
}

/// All mistakes of a configuration, one line each. There is at least one.
#[derive(Debug)]
pub struct Mistakes(pub(super) Vec<Mistake>);

impl Mistakes {
    /// 64 when there is nowhere to take the report to, otherwise 78.
    pub fn exit(&self) -> Exit {
        self.0.iter().map(Mistake::exit).max().unwrap_or(Exit::Config)
    }

    /// The mistakes, in the order of the layers.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Mistake::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// A text from outside, fit for one line of an error: nothing that steers a terminal, and not without end.
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

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|name| format!("; did you mean {name}?"))
        .unwrap_or_default()
}

fn of_value(value: Option<&str>) -> String {
    value.map(|value| format!(" '{}'", quoted(value))).unwrap_or_default()
}

/// What would be right, where the reason doesn't say so already.
fn instead(setting: &Setting) -> String {
    let expected = setting.syntax.expected();
    match setting.sample() {
        _ if setting.syntax.explains_itself() => String::new(),
        "" => format!("; expected {expected}"),
        example => format!("; expected {expected}, for example {example}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::find;
    use super::*;

    #[test]
    fn what_is_quoted_stays_on_its_line_and_on_the_terminal() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(quoted(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
        assert_eq!(quoted(&"é".repeat(80)), "é".repeat(80));
    }

    #[test]
    fn no_mistake_leaves_its_line_whatever_it_repeats() {
        let odd = || "a\nb\u{1b}[2J".to_owned();
        for mistake in [
            Mistake::Unreadable {
                origin: Some(Origin::VariableFile {
                    variable: odd(),
                    path: odd().into(),
                }),
                path: odd().into(),
                reason: Unreadable::TooLarge,
            },
            Mistake::Yaml {
                path: odd().into(),
                line: 1,
                reason: odd(),
            },
            Mistake::Unknown {
                origin: Origin::Variable(odd()),
                given: odd(),
                nearest: None,
            },
            Mistake::Value {
                origin: odd(),
                setting: find("log.level").unwrap(),
                value: Some(odd()),
                reason: odd(),
            },
            Mistake::Misplaced {
                origin: Origin::Secret(odd().into()),
                reason: odd(),
            },
            Mistake::Contradiction(odd()),
        ] {
            let sentence = mistake.to_string();
            assert!(!sentence.contains(char::is_control), "{sentence:?}");
        }
    }

    #[test]
    fn a_missing_sink_weighs_more_than_a_wrong_value() {
        let missing = || Mistake::Missing {
            key: "k",
            remedy: "r".into(),
        };
        assert_eq!(Mistakes(vec![missing()]).exit(), Exit::Config);
        assert_eq!(Mistakes(vec![missing(), Mistake::NoSink]).exit(), Exit::Usage);
    }
}
