//! Obtaining a batch: the report of each of its parts, or why there is none.

use std::net::IpAddr;

use futures_util::{StreamExt as _, future, stream};
use tracing::Instrument as _;

use super::count::{Outcome, Unit};
use super::progress::Progress;
use super::record::PartRecord;
use super::runner::{Found as _, Runner};
use super::sink::{Ready, Sink};
use super::source::{Part, Source};
use super::stop::Stop;
use crate::qualys::Launched;
use crate::report::Report;

/// A batch whose reports are there, as far as they could be obtained.
pub(super) struct Obtained<'a> {
    /// The parts that were begun, in order.
    pub(super) parts: Vec<ObtainedPart<'a>>,
    /// How many weren't begun.
    pub(super) not_begun: usize,
    /// What the sink made ready for each delivery.
    pub(super) ready: Vec<Ready>,
    /// Where hosts come page by page: the last address of this one, if nothing is missing up to there.
    pub(super) reached: Option<IpAddr>,
}

impl Obtained<'_> {
    /// The hosts of each report that is there.
    pub(super) fn hosts(&self) -> Vec<u64> {
        let reported = self.parts.iter().filter(|part| part.report.is_some());
        reported
            .map(|part| part.record.totals.get(Unit::Hosts, Outcome::Read))
            .collect()
    }
}

/// The report of a part, or why there is none, in its record.
pub(super) struct ObtainedPart<'a> {
    pub(super) record: PartRecord,
    pub(super) runner: Runner<'a>,
    pub(super) report: Option<Report>,
    /// What the source keeps until it is tidied up.
    pub(super) launched: Option<Launched>,
}

impl<'a> ObtainedPart<'a> {
    fn begin(part: &Part, progress: &Progress, stop: &'a Stop) -> Self {
        let name = part.name();
        ObtainedPart {
            runner: Runner::of_part(&name, progress, stop),
            record: PartRecord {
                name,
                ..PartRecord::default()
            },
            report: None,
            launched: None,
        }
    }

    async fn obtain(&mut self, source: &Source, part: &Part) {
        let ObtainedPart {
            record,
            runner,
            report,
            launched,
        } = self;
        let obtained = source.obtain(part, runner, &mut record.stages, launched);
        match obtained.instrument(runner.span.clone()).await {
            Ok(obtained) => {
                let about = obtained.about();
                record.title.clone_from(&about.title);
                record.generated = about.generated;
                record.totals = obtained.counts();
                record.warnings.extend(obtained.remarks().sentences());
                *report = Some(obtained);
            }
            Err(failure) => record.failure = Some(runner.fail(&record.stages, &failure)),
        }
    }
}

/// The reports of the next batch, after the sink is ready for them; `None` if there is no batch, or nothing more is to be
/// begun.
pub(super) async fn obtain<'a>(
    source: &Source,
    sink: &Sink,
    progress: &Progress,
    stop: &'a Stop,
) -> Option<Obtained<'a>> {
    // While others were under way, Qualys may have refused the login.
    let is_over = || stop.kind().is_some() || source.is_closed();
    if is_over() {
        return None;
    }
    let batch = source.next()?;
    progress.batch();
    let begin = |part| ObtainedPart::begin(part, progress, stop);
    let ready = match sink.prepare(batch.iter().map(Part::name)) {
        Ok(ready) => ready,
        Err((place, failure)) => {
            let mut parts: Vec<_> = batch.iter().skip(place).take(1).map(begin).collect();
            for part in &mut parts {
                part.record.failure = Some(part.runner.fail(&part.record.stages, &failure));
            }
            return Some(Obtained {
                parts,
                not_begun: batch.len() - 1,
                ready: Vec::new(),
                reached: None,
            });
        }
    };
    let works = batch.iter().enumerate().map(|(place, part)| async move {
        if is_over() {
            return None;
        }
        let mut obtained = begin(part);
        obtained.obtain(source, part).await;
        Some((place, obtained))
    });
    let works = stream::iter(works).buffer_unordered(source.at_once());
    let mut parts: Vec<_> = works.filter_map(future::ready).collect().await;
    parts.sort_unstable_by_key(|(place, _)| *place);
    Some(Obtained {
        not_begun: batch.len() - parts.len(),
        parts: parts.into_iter().map(|(_, obtained)| obtained).collect(),
        ready,
        reached: source.reached(),
    })
}
