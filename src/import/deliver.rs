//! Delivering a batch: merge, select, send, and tidy up what the source keeps of it.

use tracing::{info, warn};

use super::commands::{self, Closings};
use super::count::{Outcome, Unit};
use super::error::Error;
use super::memory::Memory;
use super::numbers::plural;
use super::obtain::{Obtained, ObtainedPart};
use super::progress::Progress;
use super::record::BatchRecord;
use super::runner::{Found, Runner};
use super::sink::{Ready, Sink};
use super::source::Source;
use crate::qualys::{Ending, Launched};
use crate::report::selection::Selection;
use crate::report::{self, Report, Selected};
use crate::stage::Stage;
use crate::telemetry::spans;

/// What a delivery works with, whichever batch it is of.
pub(super) struct BatchDelivery<'a> {
    pub(super) source: &'a Source,
    pub(super) selection: &'a Selection,
    pub(super) sink: &'a Sink,
    pub(super) memory: &'a Memory,
    pub(super) progress: &'a Progress,
    /// Whether the record holds a breakdown of what is selected.
    pub(super) breakdown: bool,
}

/// What is delivered in one piece: all parts of a batch, or one where each has a file of its own.
struct Bundle<'a> {
    record: BatchRecord,
    runner: Runner<'a>,
    reports: Vec<Report>,
    selected: Option<Selected>,
    ready: Option<Ready>,
    /// Of each part, for what is left to tidy up.
    parts: Vec<(Runner<'a>, Option<Launched>)>,
}

impl BatchDelivery<'_> {
    /// Delivers what was obtained. Where a part is missing, the Management Center keeps what it holds of the hosts: it may be
    /// true.
    pub(super) async fn deliver(&self, obtained: Obtained<'_>, closings: &mut Closings) -> Vec<BatchRecord> {
        let Obtained {
            parts,
            not_begun,
            ready,
            reached,
        } = obtained;
        let missing = parts.iter().filter(|part| part.report.is_none());
        let missing: Vec<_> = missing.map(|part| part.record.name.clone()).collect();
        let is_incomplete = (!missing.is_empty() || not_begun > 0) && missing.len() < parts.len();
        let stopped = parts.iter().any(|part| part.runner.stop.kind().is_some());
        let mut bundles = self.bundles(parts, ready);
        if is_incomplete && stopped {
            bundles.iter_mut().for_each(Bundle::interrupt);
        } else {
            if is_incomplete {
                let warning = incomplete(&missing, not_begun);
                warn!("{warning}");
                closings.incomplete();
                let with_reports = bundles.iter_mut().filter(|bundle| !bundle.reports.is_empty());
                with_reports.for_each(|bundle| bundle.record.warnings.push(warning.clone()));
            }
            for bundle in &mut bundles {
                self.select(bundle).await;
            }
            if self.sink.keeps_parts_apart() {
                keep_apart(&bundles, closings);
            }
            for bundle in &mut bundles {
                self.send(bundle, closings).await;
            }
        }
        let failed = bundles.iter().any(|bundle| !bundle.record.exit().is_success());
        self.memory.delivered(reached, failed);
        self.tidy_up(&mut bundles).await;
        bundles.into_iter().map(|bundle| bundle.record).collect()
    }

    fn bundles<'p>(&self, parts: Vec<ObtainedPart<'p>>, ready: Vec<Ready>) -> Vec<Bundle<'p>> {
        let groups: Vec<Vec<_>> = match self.sink.keeps_parts_apart() {
            true => parts.into_iter().map(|part| vec![part]).collect(),
            false => vec![parts],
        };
        let mut ready = ready.into_iter();
        let bundles = groups.into_iter().filter_map(|group| {
            let first = group.first()?.runner.clone();
            let mut bundle = Bundle {
                runner: match group.len() {
                    1 => first,
                    _ => Runner::of_batch(self.progress, first.stop),
                },
                record: BatchRecord::default(),
                reports: Vec::new(),
                selected: None,
                ready: ready.next(),
                parts: Vec::new(),
            };
            for part in group {
                bundle.record.parts.push(part.record);
                bundle.reports.extend(part.report);
                bundle.parts.push((part.runner, part.launched));
            }
            Some(bundle)
        });
        bundles.collect()
    }

    /// What goes on of a bundle's reports.
    async fn select(&self, bundle: &mut Bundle<'_>) {
        let mut reports = std::mem::take(&mut bundle.reports);
        if !self.source.pages() && reports.iter().any(|report| report.about().hosts == 0) {
            self.memory.reported_nobody();
        }
        if reports.len() > 1 {
            let merge = async { report::merge(reports).map_err(Error::from) };
            match bundle.run(Stage::Merge, merge).await {
                Ok(report) => reports = vec![report],
                Err(failure) => return bundle.fail(&failure),
            }
        }
        let Some(report) = reports.pop() else { return };
        let select = async {
            let selected = self.selection.apply(report);
            log(&selected);
            selected
        };
        let selected = bundle.run(Stage::Select, select).await;
        let record = &mut bundle.record;
        record.totals = Found::counts(&selected);
        record.totals.add(Unit::Hosts, Outcome::ToClear, 0);
        record.warnings.extend(selected.undescribed());
        record.warnings.extend(selected.filtered());
        if selected.about().unfinished.is_some() {
            let warning =
                "what an unfinished scan says is added to what is held of its hosts; nothing is replaced or cleared";
            record.warnings.push(warning.to_owned());
        }
        record.breakdown = self.breakdown.then(|| selected.breakdown());
        match self.source.pages() {
            true => self.memory.named(&selected),
            false => self.memory.reported(&selected),
        }
        bundle.selected = Some(selected);
    }

    /// Sends, writes or plans what was selected.
    async fn send(&self, bundle: &mut Bundle<'_>, closings: &mut Closings) {
        let Some(selected) = bundle.selected.take() else { return };
        let Some(ready) = bundle.ready.take() else {
            return bundle.fail(&Error::Bug("nothing is ready to take what was selected".to_owned()));
        };
        let stop = bundle.runner.stop;
        let delivery = self
            .sink
            .deliver(ready, &selected, closings, self.memory, stop, self.progress.delivery());
        let delivered = bundle.run(self.sink.stage(), delivery).await;
        bundle.record.join(delivered.record);
        if let Some(failure) = delivered.failure {
            bundle.fail(&failure);
        }
    }

    /// Leaves at the source what the next run shall go on with, and nothing else. The reports of one batch share their fate,
    /// but for those that are no use to anybody: if one isn't there in time, a run after another comes nearer to all of them.
    async fn tidy_up(&self, bundles: &mut [Bundle<'_>]) {
        let failures = bundles.iter().map(|bundle| bundle.record.worst());
        let worst = failures.map(|worst| worst.map_or(Ending::Done, |(_, failure)| Ending::of(failure.kind)));
        let together = worst.max_by_key(|ending| match ending {
            Ending::Done => 0,
            Ending::Later => 1,
            Ending::Terminated => 2,
            Ending::Interrupted => 3,
        });
        for bundle in bundles {
            let failure = bundle.record.failure.as_ref().map(|failure| failure.kind);
            for (part, (runner, launched)) in bundle.record.parts.iter_mut().zip(&bundle.parts) {
                let own = part.failure.as_ref().map(|failure| failure.kind);
                if let Some(kind) = own.or(failure) {
                    spans::fail(&runner.span, kind.exit().label());
                }
                let ending = own.map(Ending::of).or(together).unwrap_or(Ending::Done);
                if let Some(launched) = launched {
                    self.source.tidy_up(launched, ending, runner, &mut part.stages).await;
                }
            }
        }
    }
}

impl Bundle<'_> {
    async fn run<T: Found>(&mut self, stage: Stage, work: impl Future<Output = T>) -> T {
        self.runner.run(self.record.stages_mut(), stage, work).await
    }

    fn fail(&mut self, failure: &Error) {
        self.record.failure = Some(self.runner.fail(self.record.stages_mut(), failure));
    }

    /// Told to stop before the batch was whole: nothing of it is delivered.
    fn interrupt(&mut self) {
        if self.record.parts.iter().any(|part| part.failure.is_none()) {
            self.fail(&Error::Interrupted);
        }
    }
}

/// Several bundles may hold the same host: what one of them says isn't all.
fn keep_apart(bundles: &[Bundle<'_>], closings: &mut Closings) {
    let reports: Vec<_> = bundles.iter().filter_map(|bundle| bundle.selected.as_ref()).collect();
    closings.keep(reports.iter().flat_map(|report| commands::not_clean(report)));
    closings.join(reports.iter().flat_map(|report| commands::doubtful(report, &reports)));
}

fn log(selected: &Selected) {
    let counts = selected.counts();
    info!(
        hosts = counts.hosts_selected,
        findings = counts.findings_selected,
        "selected {} of {} findings",
        counts.findings_selected,
        counts.findings_read
    );
    info!("QualysGuard Report Processing Complete");
    if let Some(undescribed) = selected.undescribed() {
        match selected.describes_nothing() {
            true => warn!("{undescribed}"),
            false => info!("{undescribed}"),
        }
    }
    if let Some(filtered) = selected.filtered() {
        warn!("{filtered}");
    }
    if selected.is_empty() {
        warn!("no host of the report passes the selection: nothing is sent, and no host is cleared");
    }
}

/// What is done about templates that are missing.
fn incomplete(missing: &[String], not_begun: usize) -> String {
    let what = match (missing, not_begun) {
        ([], left) => plural(left as u64, "template is", "templates are"),
        ([one], 0) => format!("template {one} is"),
        (several, 0) => format!("templates {} are", several.join(", ")),
        (several, left) => format!("templates {} and {left} more are", several.join(", ")),
    };
    format!(
        "{what} missing: what the others report is added to what is held of their hosts; nothing is replaced or cleared"
    )
}
