//! Progress: how far an import is, for whoever watches it: pushed metrics, a bar on a terminal.
//!
//! The import writes, observers read [snapshots](Progress::snapshot) as often as they like. Nothing flows back: an
//! import that nobody watches does the same.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use crate::report::Counts;
use crate::stage::Stage;
use crate::{host_input, qualys, report};

/// A live view of an import. A clone is the same view.
#[derive(Debug, Clone, Default)]
pub struct Progress(watch::Sender<State>);

/// How far an import is at a moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When it began; `None` before that.
    pub begun: Option<SystemTime>,
    /// Templates to import.
    pub templates: usize,
    /// How many of them were begun.
    pub number: usize,
    /// Which batch it is that the numbers are about, counted from 1; 0 before the first.
    pub batch: usize,
    /// The stages that run now, in the order of the templates; none between stages, before the first and after the last.
    pub running: Vec<Running>,
    /// The conversation with Qualys; `None` where there is none.
    pub qualys: Option<qualys::Progress>,
    /// Bytes of XML parsed, of all reports of the batch.
    pub bytes_parsed: u64,
    /// Hosts parsed, of all reports of the batch.
    pub hosts_parsed: u64,
    /// Findings parsed, of all reports of the batch.
    pub findings_parsed: u64,
    /// Hosts and findings that were selected; `None` until they are.
    pub selected: Option<(u64, u64)>,
    /// The delivery; all zero until it begins.
    pub delivery: host_input::Progress,
}

/// A stage that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The template that it works on, by its id or the file; empty where it works on several.
    pub template: String,
    /// The stage.
    pub stage: Stage,
    /// When it began.
    pub begun: Instant,
    /// Bytes of XML parsed of the template's report.
    pub bytes_parsed: u64,
    /// Hosts parsed of the template's report.
    pub hosts_parsed: u64,
}

#[derive(Debug, Clone, Default)]
struct State {
    begun: Option<(SystemTime, Instant)>,
    templates: usize,
    number: usize,
    batch: usize,
    parts: Vec<PartState>,
    qualys: Option<watch::Receiver<qualys::Progress>>,
    selected: Option<(u64, u64)>,
    delivery: watch::Sender<host_input::Progress>,
}

/// What is known of one template of the batch, or of the batch as a whole.
#[derive(Debug, Clone, Default)]
struct PartState {
    template: String,
    report: Arc<report::Progress>,
    stage: Option<(Stage, Instant)>,
}

/// A part of the view that one piece of work writes to: that on a template, or that on several at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    progress: Progress,
    index: usize,
}

impl Progress {
    /// How far the import is now.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.0.borrow();
        let running = state.parts.iter().filter_map(|part| {
            let (stage, begun) = part.stage?;
            Some(Running {
                template: part.template.clone(),
                stage,
                begun,
                bytes_parsed: part.report.bytes(),
                hosts_parsed: part.report.hosts(),
            })
        });
        let sum = |number: fn(&report::Progress) -> u64| state.parts.iter().map(|part| number(&part.report)).sum();
        Snapshot {
            begun: state.begun.map(|(time, _)| time),
            templates: state.templates,
            number: state.number,
            batch: state.batch,
            running: running.collect(),
            qualys: state.qualys.as_ref().map(|qualys| qualys.borrow().clone()),
            bytes_parsed: sum(report::Progress::bytes),
            hosts_parsed: sum(report::Progress::hosts),
            findings_parsed: sum(report::Progress::findings),
            selected: state.selected,
            delivery: *state.delivery.borrow(),
        }
    }

    pub(super) fn begin(&self) {
        let now = (SystemTime::now(), Instant::now());
        self.0.send_modify(|state| state.begun = Some(now));
    }

    /// What there is to do, and the conversation with Qualys if there is one.
    pub(super) fn plan(&self, templates: usize, qualys: Option<watch::Receiver<qualys::Progress>>) {
        self.0.send_modify(|state| {
            state.templates = templates;
            state.qualys = qualys;
        });
    }

    /// The next batch: what was known of the one before is forgotten.
    pub(super) fn batch(&self) {
        self.0.send_modify(|state| {
            state.batch += 1;
            state.parts.clear();
            state.selected = None;
            state.delivery = watch::Sender::default();
        });
    }

    /// The next template of the batch.
    pub(super) fn template(&self, name: &str) -> Part {
        self.0.send_modify(|state| state.number += 1);
        self.part(name)
    }

    /// Work on several templates of the batch.
    pub(super) fn whole(&self) -> Part {
        self.part("")
    }

    fn part(&self, name: &str) -> Part {
        let mut index = 0;
        self.0.send_modify(|state| {
            index = state.parts.len();
            state.parts.push(PartState {
                template: name.to_owned(),
                ..PartState::default()
            });
        });
        Part {
            progress: self.clone(),
            index,
        }
    }

    pub(super) fn select(&self, counts: &Counts) {
        let selected = Some((counts.hosts_selected, counts.findings_selected));
        self.0.send_modify(|state| state.selected = selected);
    }

    /// What a delivery writes to.
    pub(super) fn delivery(&self) -> watch::Sender<host_input::Progress> {
        self.0.borrow().delivery.clone()
    }
}

impl Part {
    /// A stage begins; says how long after the import that is.
    pub(super) fn enter(&self, stage: Stage) -> Duration {
        let now = Instant::now();
        self.modify(|part| part.stage = Some((stage, now)));
        let begun = self.progress.0.borrow().begun;
        begun.map_or(Duration::ZERO, |(_, begun)| now.saturating_duration_since(begun))
    }

    pub(super) fn leave(&self) {
        self.modify(|part| part.stage = None);
    }

    /// What a parser writes to. A parser that starts anew counts anew.
    pub(super) fn report(&self) -> Arc<report::Progress> {
        let report = Arc::<report::Progress>::default();
        self.modify(|part| part.report = report.clone());
        report
    }

    fn modify(&self, change: impl FnOnce(&mut PartState)) {
        self.progress.0.send_modify(|state| {
            // Where a later batch has begun, nobody watches this one any more.
            if let Some(part) = state.parts.get_mut(self.index) {
                change(part);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shows_what_the_import_writes_and_each_batch_begins_at_zero() {
        let import = Progress::default();
        let observer = import.clone();
        assert_eq!(observer.snapshot().begun, None);
        import.begin();
        import.plan(3, None);
        import.batch();
        let (first, second) = (import.template("424242"), import.template("535353"));
        first.enter(Stage::Download);
        second.enter(Stage::Wait);
        import
            .delivery()
            .send_modify(|delivery| delivery.hosts_acknowledged = 7);
        let seen = observer.snapshot();
        assert!(seen.begun.is_some());
        let running = |seen: &Snapshot| -> Vec<_> {
            let running = seen.running.iter();
            running
                .map(|running| (running.template.clone(), running.stage))
                .collect()
        };
        assert_eq!((seen.templates, seen.number, seen.batch), (3, 2, 1));
        assert_eq!(
            running(&seen),
            [
                ("424242".to_owned(), Stage::Download),
                ("535353".to_owned(), Stage::Wait)
            ]
        );
        assert_eq!(seen.delivery.hosts_acknowledged, 7);
        first.leave();
        assert_eq!(running(&observer.snapshot()).len(), 1);
        import.batch();
        import.template("646464");
        let seen = observer.snapshot();
        assert_eq!((seen.number, seen.batch, seen.running.len()), (3, 2, 0));
        assert_eq!(seen.delivery, host_input::Progress::default());
    }
}
