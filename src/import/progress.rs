//! Progress: how far an import is, for whoever watches it: pushed metrics, a bar on a terminal.
//!
//! The import writes, observers read [snapshots](Progress::snapshot) as often as they like. Nothing flows back: an
//! import that nobody watches does the same.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio::sync::watch;

use crate::report::Counts;
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
    /// Which of them is being imported, from 1 on; 0 before the first.
    pub number: usize,
    /// What that one is called: its id, or the file.
    pub template: String,
    /// The stage, and when it began; `None` between stages, before the first and after the last.
    pub stage: Option<(&'static str, Instant)>,
    /// The conversation with Qualys; `None` where there is none.
    pub qualys: Option<qualys::Progress>,
    /// Bytes of XML parsed.
    pub bytes_parsed: u64,
    /// Hosts parsed.
    pub hosts_parsed: u64,
    /// Findings parsed.
    pub findings_parsed: u64,
    /// Hosts and findings that were selected; `None` until they are.
    pub selected: Option<(u64, u64)>,
    /// The delivery; all zero until it begins.
    pub delivery: host_input::Progress,
}

#[derive(Debug, Clone, Default)]
struct State {
    begun: Option<SystemTime>,
    templates: usize,
    number: usize,
    template: String,
    stage: Option<(&'static str, Instant)>,
    qualys: Option<watch::Receiver<qualys::Progress>>,
    report: Arc<report::Progress>,
    selected: Option<(u64, u64)>,
    delivery: watch::Sender<host_input::Progress>,
}

impl Progress {
    /// How far the import is now.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.0.borrow();
        Snapshot {
            begun: state.begun,
            templates: state.templates,
            number: state.number,
            template: state.template.clone(),
            stage: state.stage,
            qualys: state.qualys.as_ref().map(|qualys| qualys.borrow().clone()),
            bytes_parsed: state.report.bytes(),
            hosts_parsed: state.report.hosts(),
            findings_parsed: state.report.findings(),
            selected: state.selected,
            delivery: *state.delivery.borrow(),
        }
    }

    pub(super) fn begin(&self) {
        self.0.send_modify(|state| state.begun = Some(SystemTime::now()));
    }

    /// What there is to do, and the conversation with Qualys if there is one.
    pub(super) fn plan(&self, templates: usize, qualys: Option<watch::Receiver<qualys::Progress>>) {
        self.0.send_modify(|state| {
            state.templates = templates;
            state.qualys = qualys;
        });
    }

    /// The next template.
    pub(super) fn template(&self, name: &str) {
        self.0.send_modify(|state| {
            state.number += 1;
            state.template = name.to_owned();
            state.report = Arc::default();
            state.selected = None;
            state.delivery = watch::Sender::default();
        });
    }

    pub(super) fn enter(&self, stage: &'static str) {
        self.0.send_modify(|state| state.stage = Some((stage, Instant::now())));
    }

    pub(super) fn leave(&self) {
        self.0.send_modify(|state| state.stage = None);
    }

    /// What a parser writes to. A parser that starts anew counts anew.
    pub(super) fn report(&self) -> Arc<report::Progress> {
        let report = Arc::<report::Progress>::default();
        self.0.send_modify(|state| state.report = report.clone());
        report
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shows_what_the_import_writes_and_each_template_begins_at_zero() {
        let import = Progress::default();
        let observer = import.clone();
        assert_eq!(observer.snapshot().begun, None);
        import.begin();
        import.plan(2, None);
        import.template("424242");
        import.enter("send");
        import
            .delivery()
            .send_modify(|delivery| delivery.hosts_acknowledged = 7);
        let seen = observer.snapshot();
        assert!(seen.begun.is_some());
        assert_eq!((seen.templates, seen.number, seen.template.as_str()), (2, 1, "424242"));
        assert_eq!(seen.stage.map(|(stage, _)| stage), Some("send"));
        assert_eq!(seen.delivery.hosts_acknowledged, 7);
        import.leave();
        import.template("535353");
        let seen = observer.snapshot();
        assert_eq!((seen.number, seen.stage), (2, None));
        assert_eq!(seen.delivery, host_input::Progress::default());
    }
}
