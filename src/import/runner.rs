//! The runner: gives each stage its span, its place in the progress, its time in the record, and its failure.

use std::time::Instant;

use tracing::{Instrument as _, Span, error};

use super::count::{Count, Outcome, Totals, Unit};
use super::error::Error;
use super::progress::{PartProgress, Progress};
use super::record::Failure;
use super::stages::{Passed, Stages};
use super::stop::Stop;
use crate::problem::{Kind, Problem as _};
use crate::stage::Stage;
use crate::telemetry::spans;

/// The result of a stage.
pub(super) trait Found {
    /// What was counted.
    fn counts(&self) -> Totals {
        Totals::default()
    }

    /// Why it isn't all that there could be.
    fn failure(&self) -> Option<&Error> {
        None
    }
}

impl Found for () {}

impl<T: Found> Found for Result<T, Error> {
    fn counts(&self) -> Totals {
        self.as_ref().map(Found::counts).unwrap_or_default()
    }

    fn failure(&self) -> Option<&Error> {
        self.as_ref().map_or_else(Some, Found::failure)
    }
}

/// Runs the stages that work on one part of an import, or on several parts at once.
#[derive(Clone)]
pub(super) struct Runner<'a> {
    pub(super) stop: &'a Stop,
    pub(super) progress: PartProgress,
    pub(super) span: Span,
}

impl<'a> Runner<'a> {
    /// For what concerns the run, before there is a batch.
    pub(super) fn of_run(stop: &'a Stop) -> Self {
        Runner {
            stop,
            progress: PartProgress::default(),
            span: Span::current(),
        }
    }

    /// For the parts of a batch together.
    pub(super) fn of_batch(progress: &Progress, stop: &'a Stop) -> Self {
        Runner {
            progress: progress.whole(),
            ..Runner::of_run(stop)
        }
    }

    /// For one part, by its name.
    pub(super) fn of_part(name: &str, progress: &Progress, stop: &'a Stop) -> Self {
        Runner {
            stop,
            progress: progress.part(name),
            span: spans::template(name),
        }
    }

    /// Runs the work of a stage, and puts what it found on its span.
    pub(super) async fn run<T: Found>(&self, stages: &mut Stages, stage: Stage, work: impl Future<Output = T>) -> T {
        let begun = self.progress.enter(stage);
        let clock = Instant::now();
        let span = self.span.in_scope(|| spans::stage(stage));
        let result = work.instrument(span.clone()).await;
        for (count, value) in result.counts().iter() {
            if let Some(name) = attribute(count) {
                spans::count(&span, &name, value);
            }
        }
        if let Some(error) = result.failure() {
            spans::fail(&span, error.kind().exit().label());
        }
        self.progress.leave();
        stages.add(Passed {
            stage,
            begun,
            took: clock.elapsed(),
        });
        result
    }

    /// Logs a failure of the latest of `stages`, for the record.
    pub(super) fn fail(&self, stages: &Stages, failure: &Error) -> Failure {
        // Nothing fails between two stages, but something may before the first.
        let stage = stages.last();
        let stopped = self.stop.kind().filter(|_| failure.kind() == Kind::Terminated);
        let kind = stopped.unwrap_or(failure.kind());
        let sentence = failure.sentence();
        self.span
            .in_scope(|| error!(exit = kind.exit().code(), stage = stage.map(Stage::name), "{sentence}"));
        Failure { kind, sentence, stage }
    }
}

/// The attribute that a stage's span has for a count: none for reasons and kinds, which are many, nor for a plan.
fn attribute(Count(unit, outcome): Count) -> Option<String> {
    use Outcome::{Read, Sent, Written};
    let is_counted = outcome == Read || outcome.part_of().is_some() && Outcome::ALL.contains(&outcome);
    match unit {
        Unit::Hosts | Unit::Findings if is_counted && !outcome.is_planned() => {
            Some(format!("{}.{}", unit.name(), outcome.name()))
        }
        Unit::Hosts | Unit::Findings => None,
        unit => matches!(outcome, Read | Sent | Written).then(|| unit.name().to_owned()),
    }
}
