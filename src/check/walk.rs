//! The walk: all findings in their order, and what they come to.

use serde_json::{Value, json};

use super::finding::{Finding, Status};
use crate::exit::Exit;

/// All findings of a preflight, or of a part of it.
#[derive(Debug, Default)]
pub struct Walk {
    /// In the order of the steps.
    pub findings: Vec<Finding>,
}

impl Walk {
    /// How the process ends: with the worst that an import would end with.
    pub fn exit(&self) -> Exit {
        let exits = self.findings.iter().map(|finding| finding.exit);
        exits.max().unwrap_or(Exit::Success)
    }

    /// How many findings have this status.
    pub fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|finding| finding.status == status).count()
    }

    /// The first finding that an import would fail of, in one sentence.
    pub fn first(&self) -> Option<String> {
        let first = self.findings.iter().find(|finding| finding.status == Status::Failed)?;
        Some(format!("{}: {}", first.step, first.text))
    }

    /// The whole of it for machines.
    pub fn json(&self) -> Value {
        json!({"exit_code": self.exit().code(), "steps": self.findings})
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn extend(&mut self, walk: Walk) {
        self.findings.extend(walk.findings);
    }

    /// Steps that are not tried, and why.
    pub(super) fn not_tried(mut self, steps: &[&str], because: &str) -> Self {
        let findings = steps.iter().map(|step| Finding::not_tried(step, because));
        self.findings.extend(findings);
        self
    }

    /// Steps that this configuration doesn't need, and why.
    pub(super) fn not_needed(mut self, steps: &[&str], because: &str) -> Self {
        let findings = steps.iter().map(|step| Finding::not_needed(step, because));
        self.findings.extend(findings);
        self
    }
}
