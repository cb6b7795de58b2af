//! A check result: what a step saw, and what to do where something is wrong.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::problem::{Kind, Problem, Step};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
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
pub struct CheckResult {
    /// The step, in the words of the documentation.
    pub step: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What is so: one sentence, without its full stop.
    pub text: String,
    /// What to do, where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What machines may want to read of it: a fingerprint, a date, a number of calls.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// The problem that an import would fail with.
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub kind: Option<Kind>,
}

impl CheckResult {
    /// All is well.
    pub(super) fn passed(step: impl fmt::Display, text: impl Into<String>) -> Self {
        Self::new(step, CheckStatus::Passed, text.into(), None)
    }

    /// An import would work, but…
    pub(super) fn warning(step: impl fmt::Display, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(step, CheckStatus::Warning, text.into(), Some(remedy.into()))
    }

    /// An import would fail.
    pub(super) fn failed(
        step: impl fmt::Display,
        kind: Kind,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        CheckResult {
            kind: Some(kind),
            ..Self::new(step, CheckStatus::Failed, text.into(), Some(remedy.into()))
        }
    }

    /// An import would fail with this problem.
    pub(super) fn problem(step: Step, problem: &impl Problem) -> Self {
        Self::failed(step, problem.kind(), problem.to_string(), problem.remedy())
    }

    /// The same, but a warning becomes a failure of this kind.
    pub(super) fn escalate(self, kind: Kind) -> Self {
        match self.status {
            CheckStatus::Warning => CheckResult {
                status: CheckStatus::Failed,
                kind: Some(kind),
                ..self
            },
            _ => self,
        }
    }

    /// The same, but a failure becomes a warning.
    pub(super) fn downgrade(self) -> Self {
        match self.status {
            CheckStatus::Failed => CheckResult {
                status: CheckStatus::Warning,
                kind: None,
                ..self
            },
            _ => self,
        }
    }

    /// A step before it failed.
    pub(super) fn not_tried(step: impl fmt::Display, because: &str) -> Self {
        Self::new(step, CheckStatus::NotTried, format!("not tried: {because}"), None)
    }

    /// This configuration doesn't need it.
    pub(super) fn not_needed(step: impl fmt::Display, because: &str) -> Self {
        Self::new(step, CheckStatus::NotNeeded, format!("not needed: {because}"), None)
    }

    /// With one fact more for machines.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    fn new(step: impl fmt::Display, status: CheckStatus, text: String, remedy: Option<String>) -> Self {
        CheckResult {
            step: step.to_string(),
            status,
            text,
            remedy,
            facts: Map::new(),
            kind: None,
        }
    }

    /// How an import would end because of it.
    pub(super) fn exit(&self) -> Exit {
        self.kind.map(Kind::exit).unwrap_or_default()
    }
}

/// The exit code of the problem, 0 without one.
fn code<S: serde::Serializer>(kind: &Option<Kind>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(kind.map(Kind::exit).unwrap_or_default().code())
}
