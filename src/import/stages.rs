//! Stages that were passed, and the time that each took.

use std::time::Duration;

use crate::stage::Stage;

/// Stages that were passed, in the order of their ends.
#[derive(Debug, Default)]
pub struct Stages(Vec<Passed>);

/// A stage that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The stage.
    pub stage: Stage,
    /// When it began, counted from the import's beginning.
    pub begun: Duration,
    /// How long it took; of one that was passed several times, in all.
    pub took: Duration,
}

impl Stages {
    /// A stage may be passed several times; the latest is the last.
    pub fn add(&mut self, passed: Passed) {
        let before = self.0.iter().position(|earlier| earlier.stage == passed.stage);
        let before = before.map(|place| self.0.remove(place));
        self.0.push(match before {
            Some(before) => Passed {
                begun: before.begun,
                took: before.took + passed.took,
                ..passed
            },
            None => passed,
        });
    }

    /// Adds the stages of a later batch.
    pub(super) fn join(&mut self, later: &Stages) {
        later.iter().for_each(|passed| self.add(*passed));
    }

    /// The stages that were passed.
    pub fn iter(&self) -> impl Iterator<Item = &Passed> {
        self.0.iter()
    }

    /// The stage that ended last.
    pub fn last(&self) -> Option<Stage> {
        self.0.last().map(|passed| passed.stage)
    }
}
