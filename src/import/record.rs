//! The record of a run: plain data, written by the stages. Text, JSON, metrics and the page are views of it.
//!
//! A run is a list of batches. A batch is what is selected and delivered in one piece: all templates of an import, since
//! several may report the same host, or one template where they share none. What was read is known of each of its parts,
//! what became of it of the batch.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use tracing::{error, warn};

use super::count::{Equation, Outcome, Totals, Unit};
use super::plan::Plan;
use super::stages::{Passed, Stages};
use crate::exit::Exit;
use crate::problem::{Kind, Problem};
use crate::qualys;
use crate::report::Breakdown;
use crate::stage::Stage;

/// Warnings, refusals and hosts that are named of batches which add up, of each kind.
const NAMED: usize = 100;

/// What an import did.
#[derive(Debug, Default)]
pub struct Record {
    /// What was delivered in one piece, in order.
    pub batches: Vec<BatchRecord>,
    /// Parts that weren't begun, since the import was told to stop or Qualys refuses the login.
    pub not_begun: usize,
    /// How the process ends.
    pub exit: Exit,
    /// What was asked of Qualys.
    pub usage: qualys::Usage,
    /// Whether the run is remembered for the next one; nothing where nobody asks for it.
    pub remembered: Option<bool>,
    /// When the client certificate expires; once it was opened.
    pub certificate_expires: Option<SystemTime>,
    /// From the first stage to the last.
    pub duration: Duration,
}

/// What became of templates that are delivered in one piece, or of one report file.
#[derive(Debug, Default)]
pub struct BatchRecord {
    /// The parts that were begun, in order; one at least.
    pub parts: Vec<PartRecord>,
    /// What was counted of all of it.
    pub totals: Totals,
    /// What was selected, broken down; only where somebody asks for it.
    pub breakdown: Option<Breakdown>,
    /// What is odd in what is delivered.
    pub warnings: Vec<String>,
    /// Where it goes.
    pub destination: Destination,
    /// Host and reason of the first refusals.
    pub refusals: Vec<(String, String)>,
    /// The first clean hosts that were cleared, or would be.
    pub cleared: Vec<IpAddr>,
    /// The first hosts that left.
    pub left: Vec<IpAddr>,
    /// The first hosts that were neither acknowledged nor refused.
    pub not_sent: Vec<IpAddr>,
    /// When the certificate expires that the Management Center showed last.
    pub server_certificate_expires: Option<SystemTime>,
    /// Stages that work on several parts at once. A single part's own stages hold all of its batch.
    pub stages: Stages,
    /// Why it isn't delivered, or not in full.
    pub failure: Option<Failure>,
}

/// What became of one template, or of a report file, before it is delivered.
#[derive(Debug, Default)]
pub struct PartRecord {
    /// Template id, or the file.
    pub name: String,
    /// The title that the report carries.
    pub title: Option<String>,
    /// When Qualys made the report.
    pub generated: Option<SystemTime>,
    /// What was read; nothing where there is no report.
    pub totals: Totals,
    /// What is odd in the report.
    pub warnings: Vec<String>,
    /// Stages that were passed.
    pub stages: Stages,
    /// Why there is no report.
    pub failure: Option<Failure>,
}

/// Where commands go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// To the Management Center.
    #[default]
    ManagementCenter,
    /// Into this CSV file.
    File(String),
    /// Nowhere: they are only counted.
    Plan(Plan),
}

impl Destination {
    /// What happens to findings that reach it: `imported`.
    pub fn participle(&self) -> &'static str {
        match self {
            Destination::ManagementCenter => "imported",
            Destination::File(_) => "written",
            Destination::Plan(_) => "planned",
        }
    }
}

/// Why something came to nothing, or not to all that it was meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of problem it is.
    pub kind: Kind,
    /// What went wrong, in a sentence.
    pub sentence: String,
    /// The stage in which it did; `None` before the first.
    pub stage: Option<Stage>,
}

impl Failure {
    /// Something that the run should write can't be, so nothing is begun.
    pub fn unwritable(problem: &impl Problem) -> Self {
        Failure {
            kind: problem.kind(),
            sentence: problem.sentence(),
            stage: None,
        }
    }

    /// How the process would end if there were no other.
    pub fn exit(&self) -> Exit {
        self.kind.exit()
    }
}

/// The worst of several failures, by how each would end the process; the first of equally bad ones.
pub(super) fn worst<T>(failures: impl IntoIterator<Item = T>, exit: impl Fn(&T) -> Exit) -> Option<T> {
    let failures = failures.into_iter();
    failures.reduce(|worst, next| if exit(&next) > exit(&worst) { next } else { worst })
}

fn worse(one: Option<Failure>, other: Option<Failure>) -> Option<Failure> {
    worst(one.into_iter().chain(other), Failure::exit)
}

/// Adds what isn't named yet, as long as there is room.
fn name<T: PartialEq>(named: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if named.len() < NAMED && !named.contains(&one) {
            named.push(one);
        }
    }
}

impl PartRecord {
    /// How the process would end if there were nothing but this report to obtain.
    pub fn exit(&self) -> Exit {
        self.failure.as_ref().map(Failure::exit).unwrap_or_default()
    }

    /// Whether there is a report.
    pub fn is_read(&self) -> bool {
        self.totals.iter().next().is_some()
    }
}

impl BatchRecord {
    /// The stages of the batch are those of its only part, or its own.
    pub fn stages_mut(&mut self) -> &mut Stages {
        match self.parts.as_mut_slice() {
            [only] => &mut only.stages,
            _ => &mut self.stages,
        }
    }

    /// The worst of its failures: of equally bad ones the first, with the part that it is about.
    pub fn worst(&self) -> Option<(Option<&PartRecord>, &Failure)> {
        let obtaining = self.parts.iter().filter_map(|part| {
            let failure = part.failure.as_ref()?;
            Some((Some(part), failure))
        });
        let all = obtaining.chain(self.failure.as_ref().map(|failure| (None, failure)));
        worst(all, |(_, failure)| failure.exit())
    }

    /// Takes note of a failure, unless a worse one is known.
    pub(super) fn fail_worse(&mut self, failure: Failure) {
        self.failure = worse(self.failure.take(), Some(failure));
    }

    /// How the process would end if this were its only batch.
    pub fn exit(&self) -> Exit {
        self.worst().map(|(_, failure)| failure.exit()).unwrap_or_default()
    }

    /// How many of its parts are imported in full.
    pub fn imported(&self) -> usize {
        match self.failure {
            Some(_) => 0,
            None => self.parts.iter().filter(|part| part.failure.is_none()).count(),
        }
    }

    /// What it is called: by its only part, or by the number of them.
    pub fn name(&self) -> String {
        match self.parts.as_slice() {
            [only] => only.name.clone(),
            all => format!("{} templates", all.len()),
        }
    }

    /// Every stage that was passed, with the part that it worked on; several at once have none.
    pub fn passed(&self) -> impl Iterator<Item = (Option<&PartRecord>, &Passed)> {
        let of_parts = self.parts.iter().flat_map(|part| {
            let stages = part.stages.iter();
            stages.map(move |passed| (Some(part), passed))
        });
        of_parts.chain(self.stages.iter().map(|passed| (None, passed)))
    }

    /// Adds what is known of it further, or a later batch of the same parts: counts and times add up, and of what is named the
    /// first [`NAMED`] stay.
    pub(super) fn join(&mut self, later: BatchRecord) {
        self.totals.join(&later.totals);
        self.stages.join(&later.stages);
        for (part, later) in self.parts.iter_mut().zip(later.parts) {
            part.totals.join(&later.totals);
            part.stages.join(&later.stages);
            name(&mut part.warnings, later.warnings);
            part.failure = worse(part.failure.take(), later.failure);
        }
        name(&mut self.warnings, later.warnings);
        name(&mut self.refusals, later.refusals);
        name(&mut self.cleared, later.cleared);
        name(&mut self.left, later.left);
        name(&mut self.not_sent, later.not_sent);
        self.destination = later.destination;
        self.server_certificate_expires = later.server_certificate_expires.or(self.server_certificate_expires);
        self.failure = worse(self.failure.take(), later.failure);
    }

    /// One sentence for each equation that doesn't hold: none, unless there is a bug.
    fn contradictions(&self) -> Vec<String> {
        let read = [Unit::Hosts, Unit::Findings].map(|unit| {
            let parts = self.parts.iter().map(|part| part.totals.get(unit, Outcome::Read));
            (
                unit,
                "read of all parts",
                self.totals.get(unit, Outcome::Read),
                parts.sum(),
            )
        });
        let read = read
            .into_iter()
            .filter(|(.., whole, parts)| self.totals.is_selected() && whole != parts);
        let equations = self.totals.contradictions().into_iter();
        let equations = equations.map(|(unit, equation, whole, parts)| match equation {
            Equation::Selection => (unit, "selected", whole, parts),
            Equation::Delivery => (unit, self.destination.participle(), whole, parts),
        });
        let sentences = read.chain(equations).map(|(unit, what, whole, parts)| {
            let unit = unit.name();
            format!("a bug in qualys-connector: the numbers of {unit} {what} don't add up ({whole} and {parts})")
        });
        sentences.collect()
    }
}

impl Record {
    /// The record of a run in which nothing could be tried.
    pub fn unprepared(failure: Failure) -> Self {
        let part = PartRecord {
            name: "preparation".to_owned(),
            failure: Some(failure),
            ..PartRecord::default()
        };
        let mut record = Record::default();
        let batch = BatchRecord {
            parts: vec![part],
            ..BatchRecord::default()
        };
        record.add(batch, false);
        record
    }

    /// The record of a run that isn't begun, since something that it writes can't be written.
    pub fn unwritable(failure: Failure) -> Self {
        error!(exit = failure.exit().code(), "{}", failure.sentence);
        Record::unprepared(failure)
    }

    /// Takes a batch that ended, into the entry of the one before if there is one record for all. What doesn't add up in it is
    /// a bug, and becomes a warning: the import is done.
    pub fn add(&mut self, mut batch: BatchRecord, one_record: bool) {
        let wrong = batch.contradictions();
        debug_assert!(wrong.is_empty(), "{wrong:?}");
        for sentence in wrong {
            warn!("{sentence}");
            batch.warnings.push(sentence);
        }
        self.exit = self.exit.max(batch.exit());
        match self.batches.last_mut() {
            Some(before) if one_record => before.join(batch),
            _ => self.batches.push(batch),
        }
    }

    /// The end of a run that began at `begun`, and was told to stop with `stopped`.
    pub fn end(mut self, begun: Instant, stopped: Option<Kind>) -> Self {
        if let Some(kind) = stopped.filter(|_| self.not_begun > 0 || !self.exit.is_success()) {
            self.exit = kind.exit();
        }
        self.duration = begun.elapsed();
        self
    }

    /// The parts that were begun, in order.
    pub fn parts(&self) -> impl Iterator<Item = &PartRecord> {
        self.batches.iter().flat_map(|batch| &batch.parts)
    }

    /// What was counted of all batches.
    pub fn totals(&self) -> Totals {
        let mut all = Totals::default();
        self.batches.iter().for_each(|batch| all.join(&batch.totals));
        all
    }

    /// The failure that decides how the process ends, with its batch and part: of equally bad ones the first.
    pub fn worst(&self) -> Option<(&BatchRecord, Option<&PartRecord>, &Failure)> {
        let of_batches = self.batches.iter().filter_map(|batch| {
            let (part, failure) = batch.worst()?;
            Some((batch, part, failure))
        });
        worst(of_batches, |(.., failure)| failure.exit())
    }

    /// What the exit code means here.
    pub fn meaning(&self) -> &'static str {
        let any = |is: fn(&Destination) -> bool| self.batches.iter().any(|batch| is(&batch.destination));
        match self.exit.is_success() {
            true if any(|to| matches!(to, Destination::Plan(_))) => "planned, nothing was sent",
            true if any(|to| matches!(to, Destination::File(_))) => "all written, nothing was sent",
            _ => self.exit.meaning(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(number: u64, kind: Option<Kind>) -> BatchRecord {
        let mut batch = BatchRecord {
            parts: vec![PartRecord::default()],
            warnings: vec!["said of each".to_owned(), format!("said of {number}")],
            failure: kind.map(|kind| Failure {
                kind,
                sentence: format!("batch {number} failed"),
                stage: Some(Stage::Send),
            }),
            ..BatchRecord::default()
        };
        batch.totals.add(Unit::Hosts, Outcome::Acknowledged, 1000);
        batch.stages_mut().add(Passed {
            stage: Stage::Send,
            begun: Duration::from_secs(number),
            took: Duration::from_secs(2),
        });
        batch
    }

    #[test]
    fn hundreds_of_batches_are_one_entry_that_stays_small() {
        let mut record = Record::default();
        for number in 0..300 {
            let kind = match number {
                7 => Some(Kind::TooManyCalls),
                8 | 9 => Some(Kind::Unavailable),
                _ => None,
            };
            record.add(batch(number, kind), true);
        }
        let [all] = record.batches.as_slice() else {
            panic!("{} entries", record.batches.len());
        };
        assert_eq!(all.totals.get(Unit::Hosts, Outcome::Acknowledged), 300_000);
        assert_eq!((all.warnings.len(), all.warnings[0].as_str()), (NAMED, "said of each"));
        let sent: Vec<_> = all.passed().map(|(_, passed)| (passed.begun, passed.took)).collect();
        assert_eq!(sent, [(Duration::ZERO, Duration::from_secs(600))]);
        assert_eq!(all.failure.as_ref().unwrap().sentence, "batch 8 failed");
        assert_eq!(record.exit, Kind::Unavailable.exit());
    }
}
