//! The report share's storage: what becomes of a report from its launch to its end.
//!
//! Source: qualys-api.md 1.2: states, a list that is briefly without a new report, and a fetch that fails shortly
//! after Finished (certain); which code a full storage answers (unknown).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::fault::Fate;
use super::library::Source;
use super::options::Times;

const FIRST_ID: u64 = 4_888_438;

/// All reports of a subscription.
#[derive(Debug)]
pub(super) struct Storage {
    times: Times,
    reports: BTreeMap<u64, Stored>,
    next: u64,
}

/// What was asked for by a launch, and what is to become of it.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) title: String,
    pub(super) template: u64,
    /// The template's type: Scan, as a rule.
    pub(super) kind: String,
    pub(super) user: String,
    pub(super) time: Duration,
    pub(super) source: Arc<Source>,
    pub(super) fates: Vec<Fate>,
}

/// One report.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) id: u64,
    pub(super) launch: Launch,
    canceled: bool,
    /// How often fetch has failed although it's finished.
    late: u32,
}

/// How far a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Submitted,
    Running {
        percent: u32,
    },
    Finished,
    Canceled,
    /// A state that a fault gave it, for as long as it's made or for ever.
    Other(String),
}

/// A report in the storage, as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// Its number.
    pub id: u64,
    /// The title that its launch gave it.
    pub title: String,
    /// The template it was made from.
    pub template: u64,
    /// Its state in Qualys' words.
    pub state: String,
}

impl Storage {
    /// An empty storage, whose times are already a client's.
    pub(super) fn new(times: Times) -> Self {
        Self {
            times,
            reports: BTreeMap::new(),
            next: FIRST_ID,
        }
    }

    /// Takes in a report that was launched; returns its id.
    pub(super) fn launch(&mut self, launch: Launch) -> u64 {
        let id = self.next;
        self.next += 1;
        let report = Stored {
            id,
            launch,
            canceled: false,
            late: 0,
        };
        self.reports.insert(id, report);
        id
    }

    /// Every report that isn't expired.
    pub(super) fn reports(&mut self, now: Duration) -> impl Iterator<Item = &Stored> {
        let keep = self.times.keep;
        self.reports.retain(|_, report| now < report.launch.time + keep);
        self.reports.values()
    }

    /// How many bytes are stored.
    pub(super) fn size(&mut self, now: Duration) -> u64 {
        self.reports(now).map(|report| report.launch.source.size_hint()).sum()
    }

    /// The report to send, if it can be fetched by now.
    pub(super) fn fetch(&mut self, id: u64, now: Duration) -> Option<&Stored> {
        let ready = self.times.build_time + self.times.fetch_lag;
        let report = self.reports.get_mut(&id)?;
        if report.state(now, &self.times) != State::Finished || now < report.launch.time + ready {
            return None;
        }
        let late = report.launch.fates.iter().find_map(|fate| match fate {
            Fate::LateFetch(times) => Some(*times),
            _ => None,
        });
        if report.late < late.unwrap_or(0) {
            report.late += 1;
            return None;
        }
        Some(report)
    }

    /// Stops a report that is being made.
    pub(super) fn cancel(&mut self, id: u64, now: Duration) -> bool {
        let Some(report) = self.reports.get_mut(&id) else {
            return false;
        };
        if report.state(now, &self.times) != State::Finished {
            report.canceled = true;
        }
        report.canceled
    }

    pub(super) fn delete(&mut self, id: u64) -> bool {
        self.reports.remove(&id).is_some()
    }
}

impl Stored {
    /// Whether the list shows it.
    pub(super) fn is_listed(&self, now: Duration, times: &Times) -> bool {
        now >= self.launch.time + times.unlisted && !self.launch.fates.contains(&Fate::Unlisted)
    }

    pub(super) fn state(&self, now: Duration, times: &Times) -> State {
        let age = now.saturating_sub(self.launch.time);
        // A report whose length isn't known yet is still being made, whatever the clock says.
        let built = age >= times.build_time && self.launch.source.is_ready();
        if self.canceled {
            return State::Canceled;
        }
        for fate in &self.launch.fates {
            match fate {
                Fate::Ends(state) if built => return State::Other(state.clone()),
                Fate::Passes(state) if !built => return State::Other(state.clone()),
                Fate::RunsForever if built => return State::Running { percent: 99 },
                _ => {}
            }
        }
        match built {
            true => State::Finished,
            false if age < times.queued => State::Submitted,
            false => State::Running {
                percent: (100.0 * age.as_secs_f64() / times.build_time.as_secs_f64()).min(99.0) as u32,
            },
        }
    }

    pub(super) fn view(&self, now: Duration, times: &Times) -> StoredReport {
        StoredReport {
            id: self.id,
            title: self.launch.title.clone(),
            template: self.launch.template,
            state: self.state(now, times).text().to_owned(),
        }
    }
}

impl State {
    /// In Qualys' words.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Submitted => "Submitted",
            Self::Running { .. } => "Running",
            Self::Finished => "Finished",
            Self::Canceled => "Canceled",
            Self::Other(state) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(fates: Vec<Fate>) -> (Storage, u64) {
        let mut storage = Storage::new(Times::default());
        let id = storage.launch(Launch {
            title: "Nightly".to_owned(),
            template: 7,
            kind: "Scan".to_owned(),
            user: "dirk".to_owned(),
            time: Duration::ZERO,
            source: Arc::new(Source::of_bytes(b"<ASSET_DATA_REPORT/>")),
            fates,
        });
        (storage, id)
    }

    fn states(fates: Vec<Fate>) -> Vec<String> {
        let (mut storage, _) = stored(fates);
        let at = |storage: &mut Storage, second| {
            let (now, times) = (Duration::from_secs(second), Times::default());
            let report = storage.reports(now).next();
            match report.filter(|report| report.is_listed(now, &times)) {
                Some(report) => report.state(now, &times).text().to_owned(),
                None => "-".to_owned(),
            }
        };
        [1, 3, 20, 30, 700_000]
            .iter()
            .map(|&second| at(&mut storage, second))
            .collect()
    }

    #[test]
    fn a_report_goes_through_its_states_and_expires() {
        assert_eq!(states(vec![]), ["-", "Submitted", "Running", "Finished", "-"]);
    }

    #[test]
    fn a_fate_changes_them() {
        let ends = Fate::Ends("Errors".to_owned());
        assert_eq!(states(vec![ends]), ["-", "Submitted", "Running", "Errors", "-"]);
        let passes = Fate::Passes("Frozen".to_owned());
        assert_eq!(states(vec![passes]), ["-", "Frozen", "Frozen", "Finished", "-"]);
        assert_eq!(
            states(vec![Fate::RunsForever]),
            ["-", "Submitted", "Running", "Running", "-"]
        );
        assert_eq!(states(vec![Fate::Unlisted]), ["-"; 5]);
    }

    #[test]
    fn finished_is_not_yet_fetchable() {
        let (mut storage, id) = stored(vec![Fate::LateFetch(2)]);
        let mut fetch = |second| storage.fetch(id, Duration::from_secs(second)).is_some();
        assert_eq!([29, 31, 32, 32, 32].map(&mut fetch), [false, false, false, false, true]);
    }
}
