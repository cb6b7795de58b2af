//! Progress: how far an import is, for pushed metrics and the progress bar.
//!
//! The import writes, observers read [snapshots](Progress::snapshot) whenever they like. Nothing flows back, so observers can't
//! influence the import.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use crate::mutex::locked;
use crate::stage::Stage;
use crate::{host_input, qualys, report};

/// A live view of an import. A clone is the same view.
#[derive(Debug, Clone, Default)]
pub struct Progress(watch::Sender<ProgressState>);

/// How far an import is at a moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When it began; `None` before that.
    pub begun: Option<SystemTime>,
    /// Templates to import.
    pub templates: usize,
    /// How many of them were begun.
    pub number: usize,
    /// The current batch, counted from 1; 0 before the first.
    pub batch: usize,
    /// The stages that run now, in the order of the templates; none between stages, before the first and after the last.
    pub running: Vec<Running>,
    /// The conversation with Qualys; `None` where there is none.
    pub qualys: Option<qualys::Progress>,
    /// Bytes of XML parsed, of all reports of the batch.
    pub bytes_parsed: u64,
    /// Hosts parsed, of all reports of the batch.
    pub hosts_parsed: u64,
    /// The delivery; all zero until it begins.
    pub delivery: host_input::Progress,
    /// How far the hosts of a list are, where there is one.
    pub listed: Option<ListedHosts>,
}

/// Hosts that are asked for batch after batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedHosts {
    /// All of them.
    pub hosts: u64,
    /// Those of batches that aren't begun.
    pub left: u64,
    /// When they were known.
    pub since: Instant,
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
struct ProgressState {
    begun: Option<(SystemTime, Instant)>,
    templates: usize,
    number: usize,
    batch: usize,
    parts: Vec<Arc<Mutex<PartState>>>,
    qualys: Option<watch::Receiver<qualys::Progress>>,
    delivery: watch::Sender<host_input::Progress>,
    listed: Option<ListedHosts>,
}

/// What is known of one part of a batch, or of several parts at once.
#[derive(Debug, Default)]
struct PartState {
    template: String,
    report: Arc<report::Progress>,
    stage: Option<(Stage, Instant)>,
}

/// The progress of one part of a batch, or of several parts at once.
#[derive(Debug, Clone, Default)]
pub(super) struct PartProgress {
    import: Progress,
    state: Arc<Mutex<PartState>>,
}

impl Progress {
    /// How far the import is now.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.0.borrow();
        let parts = || state.parts.iter().map(|part| locked(part));
        let running = parts().filter_map(|part| {
            let (stage, begun) = part.stage?;
            Some(Running {
                template: part.template.clone(),
                stage,
                begun,
                bytes_parsed: part.report.bytes(),
                hosts_parsed: part.report.hosts(),
            })
        });
        let sum = |number: fn(&report::Progress) -> u64| parts().map(|part| number(&part.report)).sum();
        Snapshot {
            begun: state.begun.map(|(time, _)| time),
            templates: state.templates,
            number: state.number,
            batch: state.batch,
            running: running.collect(),
            qualys: state.qualys.as_ref().map(|qualys| qualys.borrow().clone()),
            bytes_parsed: sum(report::Progress::bytes),
            hosts_parsed: sum(report::Progress::hosts),
            delivery: *state.delivery.borrow(),
            listed: state.listed,
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

    /// Begins the next batch, and forgets batches that are over.
    pub(super) fn batch(&self) {
        self.0.send_modify(|state| {
            state.batch += 1;
            state.parts.retain(|part| Arc::strong_count(part) > 1);
            if state.parts.is_empty() {
                state.delivery = watch::Sender::default();
            }
        });
    }

    /// The next part of the batch.
    pub(super) fn part(&self, name: &str) -> PartProgress {
        self.0.send_modify(|state| state.number += 1);
        self.begin_part(name)
    }

    /// Work on several parts of the batch.
    pub(super) fn whole(&self) -> PartProgress {
        self.begin_part("")
    }

    fn begin_part(&self, name: &str) -> PartProgress {
        let part = PartProgress {
            import: self.clone(),
            ..PartProgress::default()
        };
        locked(&part.state).template = name.to_owned();
        self.0.send_modify(|state| state.parts.push(part.state.clone()));
        part
    }

    /// What a delivery writes to.
    pub(super) fn delivery(&self) -> watch::Sender<host_input::Progress> {
        self.0.borrow().delivery.clone()
    }
}

impl PartProgress {
    /// A stage begins; gives the time since the import began.
    pub(super) fn enter(&self, stage: Stage) -> Duration {
        let now = Instant::now();
        locked(&self.state).stage = Some((stage, now));
        let begun = self.import.0.borrow().begun;
        begun.map_or(Duration::ZERO, |(_, begun)| now.saturating_duration_since(begun))
    }

    pub(super) fn leave(&self) {
        locked(&self.state).stage = None;
    }

    /// So many hosts of a list are left to ask for; the first number is that of all.
    pub(super) fn hosts_left(&self, left: u64) {
        self.import.0.send_modify(|state| {
            let all = ListedHosts {
                hosts: left,
                left,
                since: Instant::now(),
            };
            state.listed.get_or_insert(all).left = left;
        });
    }

    /// What a parser writes to. A parser that starts again counts from zero.
    pub(super) fn report(&self) -> Arc<report::Progress> {
        let report = Arc::<report::Progress>::default();
        locked(&self.state).report.clone_from(&report);
        report
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
        let (first, second) = (import.part("424242"), import.part("535353"));
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
        drop(first);
        // A batch that is still delivered stays in view beside the next.
        import.batch();
        let seen = observer.snapshot();
        assert_eq!((seen.batch, running(&seen).len()), (2, 1));
        assert_eq!(seen.delivery.hosts_acknowledged, 7);
        drop(second);
        import.batch();
        import.part("646464");
        let seen = observer.snapshot();
        assert_eq!((seen.number, seen.batch, seen.running.len()), (3, 3, 0));
        assert_eq!(seen.delivery, host_input::Progress::default());
    }
}
