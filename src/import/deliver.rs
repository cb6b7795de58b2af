//! Delivering a batch: merge, select, send, and tidy up what the source keeps of it.

use tracing::{info, warn};

use super::commands::{self, Closings};
use super::count::{Outcome, Unit};
use super::error::Error;
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
pub(super) struct Delivery<'a> {
    pub(super) source: &'a Source,
    pub(super) selection: &'a Selection,
    pub(super) sink: &'a Sink,
    pub(super) progress: &'a Progress,
    /// Whether the record holds a breakdown of what is selected.
    pub(super) breakdown: bool,
}

/// What is delivered in one piece: all parts of a batch, or one where each has a file of its own.
struct Piece<'a> {
    record: BatchRecord,
    runner: Runner<'a>,
    reports: Vec<Report>,
    selected: Option<Selected>,
    ready: Option<Ready>,
    /// Of each part, for what is left to tidy up.
    parts: Vec<(Runner<'a>, Option<Launched>)>,
}

impl Delivery<'_> {
    /// Delivers what was obtained. Where a part is missing, the Management Center keeps what it holds of the hosts: it may be
    /// true.
    pub(super) async fn deliver(&self, obtained: Obtained<'_>, closings: &mut Closings) -> Vec<BatchRecord> {
        let Obtained {
            parts,
            not_begun,
            ready,
        } = obtained;
        let missing = parts.iter().filter(|part| part.report.is_none());
        let missing: Vec<_> = missing.map(|part| part.record.name.clone()).collect();
        let is_incomplete = (!missing.is_empty() || not_begun > 0) && missing.len() < parts.len();
        let stopped = parts.iter().any(|part| part.runner.stop.exit().is_some());
        let mut pieces = self.pieces(parts, ready);
        if is_incomplete && stopped {
            pieces.iter_mut().for_each(Piece::interrupt);
        } else {
            if is_incomplete {
                let warning = incomplete(&missing, not_begun);
                warn!("{warning}");
                closings.incomplete();
                let with_reports = pieces.iter_mut().filter(|piece| !piece.reports.is_empty());
                with_reports.for_each(|piece| piece.record.warnings.push(warning.clone()));
            }
            for piece in &mut pieces {
                self.select(piece).await;
            }
            if self.sink.keeps_parts_apart() {
                keep_apart(&pieces, closings);
            }
            for piece in &mut pieces {
                self.send(piece, closings).await;
            }
        }
        self.tidy_up(&mut pieces).await;
        pieces.into_iter().map(|piece| piece.record).collect()
    }

    fn pieces<'p>(&self, parts: Vec<ObtainedPart<'p>>, ready: Vec<Ready>) -> Vec<Piece<'p>> {
        let groups: Vec<Vec<_>> = match self.sink.keeps_parts_apart() {
            true => parts.into_iter().map(|part| vec![part]).collect(),
            false => vec![parts],
        };
        let mut ready = ready.into_iter();
        let pieces = groups.into_iter().filter_map(|group| {
            let first = group.first()?.runner.clone();
            let mut piece = Piece {
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
                piece.record.parts.push(part.record);
                piece.reports.extend(part.report);
                piece.parts.push((part.runner, part.launched));
            }
            Some(piece)
        });
        pieces.collect()
    }

    /// What goes on of a piece's reports.
    async fn select(&self, piece: &mut Piece<'_>) {
        let mut reports = std::mem::take(&mut piece.reports);
        if reports.len() > 1 {
            let merge = async { report::merge(reports).map_err(Error::from) };
            match piece.run(Stage::Merge, merge).await {
                Ok(report) => reports = vec![report],
                Err(failure) => return piece.fail(&failure),
            }
        }
        let Some(report) = reports.pop() else { return };
        let select = async {
            let selected = self.selection.apply(report);
            log(&selected);
            selected
        };
        let selected = piece.run(Stage::Select, select).await;
        self.progress.select(selected.counts());
        let record = &mut piece.record;
        record.totals = Found::counts(&selected);
        record.totals.add(Unit::Hosts, Outcome::ToClear, 0);
        record.warnings.extend(selected.undescribed());
        if selected.about().unfinished.is_some() {
            let warning =
                "what an unfinished scan says is added to what is held of its hosts; nothing is replaced or cleared";
            record.warnings.push(warning.to_owned());
        }
        record.breakdown = self.breakdown.then(|| selected.breakdown());
        piece.selected = Some(selected);
    }

    /// Sends, writes or plans what was selected.
    async fn send(&self, piece: &mut Piece<'_>, closings: &mut Closings) {
        let Some(selected) = piece.selected.take() else { return };
        let Some(ready) = piece.ready.take() else {
            return piece.fail(&Error::Bug("nothing is ready to take what was selected".to_owned()));
        };
        let stop = piece.runner.stop;
        let delivery = self
            .sink
            .deliver(ready, &selected, closings, stop, self.progress.delivery());
        let delivered = piece.run(self.sink.stage(), delivery).await;
        if let Err(failure) = delivered.record(&mut piece.record) {
            piece.fail(&failure);
        }
    }

    /// Leaves at the source what the next run shall go on with, and nothing else. The reports of one batch share their fate,
    /// but for those that are no use to anybody.
    async fn tidy_up(&self, pieces: &mut [Piece<'_>]) {
        let worst = pieces.iter().map(|piece| Ending::of(piece.record.exit()));
        let together = worst.max_by_key(|ending| match ending {
            Ending::Done => 0,
            Ending::Later => 1,
            Ending::Terminated => 2,
            Ending::Interrupted => 3,
        });
        for piece in pieces {
            let failure = piece.record.failure.as_ref().map(|failure| failure.exit);
            for (part, (runner, launched)) in piece.record.parts.iter_mut().zip(&piece.parts) {
                let own = part.failure.as_ref().map(|failure| failure.exit);
                if let Some(exit) = own.or(failure) {
                    spans::fail(&runner.span, exit.label());
                }
                let ending = own.map(Ending::of).or(together).unwrap_or(Ending::Done);
                if let Some(launched) = launched {
                    self.source.tidy_up(launched, ending, runner, &mut part.stages).await;
                }
            }
        }
    }
}

impl Piece<'_> {
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

/// Several pieces may hold the same host: what one of them says isn't all.
fn keep_apart(pieces: &[Piece<'_>], closings: &mut Closings) {
    let reports: Vec<_> = pieces.iter().filter_map(|piece| piece.selected.as_ref()).collect();
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
