//! The results of all steps in their order, and what they come to.

use serde_json::{Value, json};

use super::result::{CheckResult, CheckStatus};
use crate::exit::Exit;
use crate::problem::Step;

/// All results of a preflight, or of a part of it.
#[derive(Debug, Default)]
pub struct Preflight {
    /// In the order of the steps.
    pub results: Vec<CheckResult>,
}

impl Preflight {
    /// How the process ends: with the worst that an import would end with.
    pub fn exit(&self) -> Exit {
        let exits = self.results.iter().map(CheckResult::exit);
        exits.max().unwrap_or_default()
    }

    /// How many results have this status.
    pub fn count(&self, status: CheckStatus) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }

    /// The first result that an import would fail of, in one sentence.
    pub fn first(&self) -> Option<String> {
        let first = self
            .results
            .iter()
            .find(|result| result.status == CheckStatus::Failed)?;
        Some(format!("{}: {}", first.step, first.text))
    }

    /// The whole of it for machines.
    pub fn json(&self) -> Value {
        json!({"exit_code": self.exit().code(), "steps": self.results})
    }

    pub(super) fn add(&mut self, result: CheckResult) {
        self.results.push(result);
    }

    pub(super) fn extend(&mut self, results: Preflight) {
        self.results.extend(results.results);
    }

    /// Steps that are not tried, and why.
    pub(super) fn not_tried(mut self, steps: &[Step], because: &str) -> Self {
        let results = steps.iter().map(|step| CheckResult::not_tried(step, because));
        self.results.extend(results);
        self
    }

    /// Steps that this configuration doesn't need, and why.
    pub(super) fn not_needed(mut self, steps: &[Step], because: &str) -> Self {
        let results = steps.iter().map(|step| CheckResult::not_needed(step, because));
        self.results.extend(results);
        self
    }
}
