//! A finding: what a step saw, and what to do where something is wrong.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::exit::Exit;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Passed,
    /// An import would work, but somebody should look at it.
    Warning,
    /// An import would fail.
    Failed,
    /// A step before it failed.
    NotTried,
    /// This configuration doesn't need it.
    NotNeeded,
}

/// What a step saw.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The step, in the words of the documentation.
    pub step: String,
    /// How it ended.
    pub status: Status,
    /// What is so: one sentence, without its full stop.
    pub text: String,
    /// What to do, where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What machines may want to read of it: a fingerprint, a date, a number of calls.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// The exit code that an import would end with because of it.
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub exit: Exit,
}

impl Finding {
    /// All is well.
    pub(super) fn passed(step: &str, text: impl Into<String>) -> Self {
        Self::new(step, Status::Passed, text.into(), None)
    }

    /// An import would work, but…
    pub(super) fn warning(step: &str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(step, Status::Warning, text.into(), Some(remedy.into()))
    }

    /// An import would fail.
    pub(super) fn failed(step: &str, exit: Exit, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Finding {
            exit,
            ..Self::new(step, Status::Failed, text.into(), Some(remedy.into()))
        }
    }

    /// An import would fail with this error, whose sentence says first what is wrong and then what to do; `remedy`
    /// is for those that leave it open.
    pub(super) fn error(step: &str, exit: Exit, error: &dyn fmt::Display, remedy: &str) -> Self {
        let sentence = error.to_string();
        match parted(&sentence) {
            (text, Some(told)) => Self::failed(step, exit, text, told),
            (text, None) => Self::failed(step, exit, text, remedy),
        }
    }

    /// The same, but a warning becomes a failure with this exit code.
    pub(super) fn weightier(self, exit: Exit) -> Self {
        match self.status {
            Status::Warning => Finding {
                status: Status::Failed,
                exit,
                ..self
            },
            _ => self,
        }
    }

    /// The same, but a failure becomes a warning.
    pub(super) fn lighter(self) -> Self {
        match self.status {
            Status::Failed => Finding {
                status: Status::Warning,
                exit: Exit::Success,
                ..self
            },
            _ => self,
        }
    }

    /// A step before it failed.
    pub(super) fn not_tried(step: &str, because: &str) -> Self {
        Self::new(step, Status::NotTried, format!("not tried: {because}"), None)
    }

    /// This configuration doesn't need it.
    pub(super) fn not_needed(step: &str, because: &str) -> Self {
        Self::new(step, Status::NotNeeded, format!("not needed: {because}"), None)
    }

    /// With one fact more for machines.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    fn new(step: &str, status: Status, text: String, remedy: Option<String>) -> Self {
        Finding {
            step: step.to_owned(),
            status,
            text,
            remedy,
            facts: Map::new(),
            exit: Exit::Success,
        }
    }
}

/// An error's sentence at its first semicolon, those inside of quotes aside: what is wrong, and what to do.
pub(super) fn parted(sentence: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    for (at, c) in sentence.char_indices() {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            let (text, remedy) = sentence.split_at(at);
            return match remedy.strip_prefix("; ") {
                Some(remedy) => (text, Some(remedy)),
                None => continue,
            };
        }
    }
    (sentence, None)
}

fn code<S: serde::Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_stands_behind_the_first_semicolon_that_isnt_quoted() {
        assert_eq!(parted("it fails"), ("it fails", None));
        assert_eq!(parted("it fails; mend it; soon"), ("it fails", Some("mend it; soon")));
        assert_eq!(
            parted(r#"it says "no; never"; ask again"#),
            (r#"it says "no; never""#, Some("ask again"))
        );
    }
}
