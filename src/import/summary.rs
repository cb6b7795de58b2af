//! The summary: the record of a run, written while it runs. What people, machines and metrics read are views of it.
//!
//! A run is a list of batches. A batch is what is selected and delivered in one piece: all templates of an import, since
//! several may report the same host, or one template where they share none. What was read is known of each template, what
//! became of it of the batch.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use tracing::{Instrument, error, warn};

use super::error::Error;
use super::plan::{Plan, Share};
use super::progress::{Part, Progress};
use super::stop::Stop;
use super::told::Told;
use crate::exit::Exit;
use crate::host_input::csv_file::CsvWritten;
use crate::host_input::delivery::Delivery;
use crate::qualys;
use crate::report::{Breakdown, Counts, Report};
use crate::stage::Stage;
use crate::telemetry::spans;

mod accounts;
mod json;
mod line;
mod text;

pub use line::Arrived;

/// What an import did.
#[derive(Debug)]
pub struct Summary {
    /// What was delivered in one piece, in order.
    pub batches: Vec<BatchSummary>,
    /// Templates that weren't begun, since the import was told to stop or Qualys refuses the login.
    pub not_begun: usize,
    /// How the process ends.
    pub exit: Exit,
    /// What was asked of Qualys.
    pub usage: qualys::Usage,
    /// When the client certificate expires; once it was opened.
    pub certificate_expires: Option<SystemTime>,
    /// From the first stage to the last.
    pub duration: Duration,
}

/// What became of templates that are delivered in one piece, or of one report file.
#[derive(Debug, Default)]
pub struct BatchSummary {
    /// The templates that were begun, in order; one at least.
    pub templates: Vec<TemplateSummary>,
    /// What was read, selected and left out; once there was something to select from.
    pub counts: Option<Counts>,
    /// What was selected, broken down; only where somebody asks for it.
    pub breakdown: Option<Breakdown>,
    /// Clean hosts that are to be cleared.
    pub to_clear: u64,
    /// What is odd in what is delivered.
    pub remarks: Vec<String>,
    /// What became of it in the end.
    pub outcome: Outcome,
    /// Some of the hosts that nothing was told of, or only that they are clean.
    pub named: Named,
    /// Stages that work on several templates at once. A single template's own stages hold all of its batch.
    pub stages: Stages,
    /// Why it isn't delivered, or not in full.
    pub failure: Option<Failure>,
}

/// What became of one template, or of a report file, before it is delivered.
#[derive(Debug, Default)]
pub struct TemplateSummary {
    /// Template id, or the file.
    pub name: String,
    /// The title that the report carries.
    pub title: Option<String>,
    /// When Qualys made the report.
    pub generated: Option<SystemTime>,
    /// Bytes of XML.
    pub bytes: u64,
    /// What the report holds; once it was read.
    pub read: Option<Share>,
    /// What is odd in the report.
    pub remarks: Vec<String>,
    /// Stages that were passed.
    pub stages: Stages,
    /// Why there is no report.
    pub failure: Option<Failure>,
}

/// Hosts by name, the first ones only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Clean hosts that were cleared, or would be.
    pub cleared: Vec<IpAddr>,
    /// Hosts that were neither acknowledged nor refused.
    pub not_sent: Vec<IpAddr>,
}

/// Why something came to nothing, or not to all that it was meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process would end if there were no other.
    pub exit: Exit,
    /// What went wrong, in a sentence.
    pub sentence: String,
    /// The stage in which it did; `None` before the first.
    pub stage: Option<Stage>,
}

/// Stages that were passed, in the order of their ends.
#[derive(Debug, Default)]
pub struct Stages {
    passed: Vec<Passed>,
    part: Part,
}

/// A stage that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The stage.
    pub stage: Stage,
    /// When it began, counted from the import's beginning.
    pub begun: Duration,
    /// How long it took; of one that was passed twice, in all.
    pub took: Duration,
}

/// Where the findings went.
#[derive(Debug, Default)]
pub enum Outcome {
    /// Nowhere: it didn't come so far.
    #[default]
    Nothing,
    /// To the Management Center.
    Sent(Box<Delivery>),
    /// Into a CSV file.
    Written(String, CsvWritten),
    /// Nowhere, since it was only planned.
    Planned(Box<Plan>),
}

impl Summary {
    /// The summary of a run in which nothing was asked for, since something that it needs isn't there.
    pub fn unprepared(exit: Exit, sentence: String, progress: &Progress) -> Self {
        error!(exit = exit.code(), "{sentence}");
        progress.begin();
        progress.batch();
        let template = TemplateSummary {
            failure: Some(Failure {
                exit,
                sentence,
                stage: None,
            }),
            ..TemplateSummary::begin("preparation".to_owned(), progress)
        };
        Summary {
            batches: vec![BatchSummary::begin(vec![template], progress)],
            not_begun: 0,
            exit,
            usage: qualys::Usage::default(),
            certificate_expires: None,
            duration: Duration::ZERO,
        }
    }
}

impl Stages {
    /// No stage was passed yet; `part` shows the one that runs.
    pub(super) fn begin(part: Part) -> Self {
        Stages {
            passed: Vec::new(),
            part,
        }
    }

    /// Runs the work of a stage, remembers how long it took, and lets it tell what came of it.
    pub(super) async fn pass<T: Told>(&mut self, stage: Stage, work: impl Future<Output = T>) -> T {
        let begun = self.part.enter(stage);
        let clock = Instant::now();
        let span = spans::stage(stage);
        let result = work.instrument(span.clone()).await;
        span.in_scope(|| result.tell(&span));
        self.part.leave();
        let passed = Passed {
            stage,
            begun,
            took: clock.elapsed(),
        };
        self.add(passed);
        result
    }

    /// A stage may be gone through twice; the latest is the last.
    fn add(&mut self, passed: Passed) {
        let before = self.passed.iter().position(|earlier| earlier.stage == passed.stage);
        let before = before.map(|place| self.passed.remove(place));
        self.passed.push(match before {
            Some(before) => Passed {
                begun: before.begun,
                took: before.took + passed.took,
                ..passed
            },
            None => passed,
        });
    }

    /// The stages that were passed.
    pub fn iter(&self) -> impl Iterator<Item = &Passed> {
        self.passed.iter()
    }

    /// The stage that ended last.
    pub fn last(&self) -> Option<Stage> {
        self.passed.last().map(|passed| passed.stage)
    }

    /// Where the stages write how far they are.
    pub(super) fn part(&self) -> &Part {
        &self.part
    }
}

#[cfg(test)]
impl FromIterator<(Stage, Duration)> for Stages {
    fn from_iter<I: IntoIterator<Item = (Stage, Duration)>>(stages: I) -> Self {
        let mut all = Stages::default();
        for (stage, took) in stages {
            let begun = Duration::ZERO;
            all.add(Passed { stage, begun, took });
        }
        all
    }
}

impl Failure {
    /// Takes note of a failure and says it.
    pub(super) fn of(failure: &Error, stages: &Stages, stop: &Stop) -> Self {
        // Nothing fails between two stages, but something may before the first.
        let stage = stages.last();
        let told = stop.exit().filter(|_| failure.exit() == Exit::Terminated);
        let exit = told.unwrap_or(failure.exit());
        error!(exit = exit.code(), stage = stage.map(Stage::name), "{failure}");
        Failure {
            exit,
            sentence: failure.to_string(),
            stage,
        }
    }
}

impl TemplateSummary {
    /// The summary of a template of which nothing is known yet.
    pub(super) fn begin(name: String, progress: &Progress) -> Self {
        TemplateSummary {
            stages: Stages::begin(progress.template(&name)),
            name,
            ..TemplateSummary::default()
        }
    }

    /// Takes note of why there is no report, and says so.
    pub(super) fn fail(&mut self, failure: &Error, stop: &Stop) {
        self.failure = Some(Failure::of(failure, &self.stages, stop));
    }

    /// Takes note of which report it is.
    pub(super) fn describe(&mut self, report: &Report) {
        let about = report.about();
        self.title.clone_from(&about.title);
        self.generated = about.generated;
        self.bytes = about.bytes;
        self.read = Some(Share {
            hosts: about.hosts,
            findings: about.findings,
        });
        self.remarks.extend(report.remarks().sentences());
    }

    /// How the process would end if there were nothing but this report to obtain.
    pub fn exit(&self) -> Exit {
        self.failure.as_ref().map_or(Exit::Success, |failure| failure.exit)
    }
}

impl BatchSummary {
    /// The summary of templates whose reports have been obtained, or couldn't be.
    pub(super) fn begin(templates: Vec<TemplateSummary>, progress: &Progress) -> Self {
        BatchSummary {
            stages: match templates.len() {
                1 => Stages::default(),
                _ => Stages::begin(progress.whole()),
            },
            templates,
            ..BatchSummary::default()
        }
    }

    /// Runs the work of a stage that concerns all of the batch.
    pub(super) async fn pass<T: Told>(&mut self, stage: Stage, work: impl Future<Output = T>) -> T {
        self.stages_mut().pass(stage, work).await
    }

    /// The stages of the batch are those of its only template, or its own.
    fn stages_mut(&mut self) -> &mut Stages {
        match self.templates.as_mut_slice() {
            [only] => &mut only.stages,
            _ => &mut self.stages,
        }
    }

    /// Takes note of why it isn't delivered, or not in full, and says so.
    pub(super) fn fail(&mut self, failure: &Error, stop: &Stop) {
        self.failure = Some(Failure::of(failure, self.stages_mut(), stop));
    }

    /// Takes note of what was selected and what wasn't.
    pub(super) fn count(&mut self, counts: &Counts, progress: &Progress) {
        progress.select(counts);
        self.counts = Some(counts.clone());
    }

    /// The worst of its failures: of equally bad ones the first, with the template that it is about.
    pub fn worst(&self) -> Option<(Option<&TemplateSummary>, &Failure)> {
        let obtaining = self.templates.iter().filter_map(|template| {
            let failure = template.failure.as_ref()?;
            Some((Some(template), failure))
        });
        let all = obtaining.chain(self.failure.as_ref().map(|failure| (None, failure)));
        all.reduce(|worst, next| if next.1.exit > worst.1.exit { next } else { worst })
    }

    /// How the process would end if this were its only batch.
    pub fn exit(&self) -> Exit {
        self.worst().map_or(Exit::Success, |(_, failure)| failure.exit)
    }

    /// How many of its templates are imported in full.
    pub fn imported(&self) -> usize {
        match self.failure {
            Some(_) => 0,
            None => self
                .templates
                .iter()
                .filter(|template| template.failure.is_none())
                .count(),
        }
    }

    /// What it is called: by its only template, or by the number of them.
    pub fn name(&self) -> String {
        match self.templates.as_slice() {
            [only] => only.name.clone(),
            all => format!("{} templates", all.len()),
        }
    }

    /// Every stage that was passed, with the template that it worked on; several at once have none.
    pub fn passed(&self) -> impl Iterator<Item = (Option<&TemplateSummary>, &Passed)> {
        let of_templates = self.templates.iter().flat_map(|template| {
            let stages = template.stages.iter();
            stages.map(move |passed| (Some(template), passed))
        });
        of_templates.chain(self.stages.iter().map(|passed| (None, passed)))
    }
}

impl Summary {
    /// The summary of a run that ended. What doesn't add up in it is said: it is a bug, but the import is done.
    pub(super) fn new(batches: Vec<BatchSummary>, not_begun: usize, stop: &Stop, rest: Rest) -> Self {
        let mut batches = batches;
        for batch in &mut batches {
            let wrong = batch.contradictions();
            debug_assert!(wrong.is_empty(), "{wrong:?}");
            for sentence in wrong {
                warn!("{sentence}");
                batch.remarks.push(sentence);
            }
        }
        let worst = batches.iter().map(BatchSummary::exit).max().unwrap_or(Exit::Success);
        let exit = stop
            .exit()
            .filter(|_| not_begun > 0 || worst != Exit::Success)
            .unwrap_or(worst);
        let Rest {
            usage,
            certificate_expires,
            begun,
        } = rest;
        Summary {
            batches,
            not_begun,
            exit,
            usage,
            certificate_expires,
            duration: begun.elapsed(),
        }
    }

    /// The templates that were begun, in order.
    pub fn templates(&self) -> impl Iterator<Item = &TemplateSummary> {
        self.batches.iter().flat_map(|batch| &batch.templates)
    }

    /// One line to read: why it failed, and what was imported.
    pub fn line(&self) -> impl fmt::Display {
        line::Line(self)
    }

    /// What the exit code means here.
    pub fn meaning(&self) -> &'static str {
        let any = |is: fn(&Outcome) -> bool| self.batches.iter().any(|batch| is(&batch.outcome));
        match self.exit {
            Exit::Success if any(|outcome| matches!(outcome, Outcome::Planned(_))) => "planned, nothing was sent",
            Exit::Success if any(|outcome| matches!(outcome, Outcome::Written(..))) => "all written, nothing was sent",
            exit => exit.meaning(),
        }
    }

    /// The stage of the failure that decided how the process ends; where it failed before any stage, `configure`.
    pub(super) fn failed_stage(&self) -> Stage {
        let worst = self.batches.iter().filter_map(|batch| Some(batch.worst()?.1));
        let worst = worst.reduce(|worst, next| if next.exit > worst.exit { next } else { worst });
        worst.and_then(|worst| worst.stage).unwrap_or(Stage::Configure)
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        json::of(self).to_string()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        text::write(self, &mut out)?;
        f.write_str(&out)
    }
}

/// What a summary holds besides its batches.
pub(super) struct Rest {
    /// What was asked of Qualys.
    pub(super) usage: qualys::Usage,
    /// When the client certificate expires.
    pub(super) certificate_expires: Option<SystemTime>,
    /// When the run began.
    pub(super) begun: Instant,
}
