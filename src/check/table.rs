//! The table that people read: a sign, the step, what was found; below it what to do.

use std::fmt;

use super::result::{CheckResult, CheckStatus};
use super::results::Preflight;
use crate::printable::escaped;

/// Whether signs are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal.
    Always,
    /// Everywhere else, and where NO_COLOR is set.
    Never,
}

/// A results as a table.
#[derive(Debug)]
pub struct Table<'a> {
    /// What was found.
    pub results: &'a Preflight,
    /// How it is shown.
    pub colour: Colour,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.results.results.iter().map(|result| result.step.chars().count());
        let width = steps.max().unwrap_or_default();
        for result in &self.results.results {
            self.line(f, result, width)?;
        }
        writeln!(f)?;
        writeln!(f, "{}", self.verdict())
    }
}

impl Table<'_> {
    fn line(&self, f: &mut fmt::Formatter<'_>, result: &CheckResult, width: usize) -> fmt::Result {
        let (sign, colour) = sign(result.status);
        let (on, off) = match self.colour {
            Colour::Always => (colour, "\u{1b}[0m"),
            Colour::Never => ("", ""),
        };
        let (step, text) = (&result.step, escaped(&result.text));
        writeln!(f, "{on}{sign}{off} {step:width$}  {text}")?;
        match &result.remedy {
            Some(remedy) => writeln!(f, "  {:width$}  → {}", "", escaped(remedy)),
            None => Ok(()),
        }
    }

    fn verdict(&self) -> String {
        let count = |status, one: &str, many: &str| match self.results.count(status) {
            1 => format!("1 {one}"),
            number => format!("{number} {many}"),
        };
        let failed = self.results.count(CheckStatus::Failed);
        let warnings = self.results.count(CheckStatus::Warning);
        let mut verdict = match (failed, warnings) {
            (0, 0) => return "Ready for an import.".to_owned(),
            (0, _) => "An import would run".to_owned(),
            _ => format!("An import would fail, with exit code {}", self.results.exit()),
        };
        let counts = [
            (failed > 0).then(|| count(CheckStatus::Failed, "problem", "problems")),
            (warnings > 0).then(|| count(CheckStatus::Warning, "warning", "warnings")),
            (self.results.count(CheckStatus::NotTried) > 0)
                .then(|| format!("{} not tried", self.results.count(CheckStatus::NotTried))),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        verdict.push_str(&format!(": {}.", counts.join(", ")));
        verdict
    }
}

fn sign(status: CheckStatus) -> (&'static str, &'static str) {
    match status {
        CheckStatus::Passed => ("✓", "\u{1b}[32m"),
        CheckStatus::Warning => ("!", "\u{1b}[33m"),
        CheckStatus::Failed => ("✗", "\u{1b}[31m"),
        CheckStatus::NotTried | CheckStatus::NotNeeded => ("-", "\u{1b}[2m"),
    }
}
