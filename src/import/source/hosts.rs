//! Hosts without a template: the list of hosts first, then batch after batch of their detections.
//!
//! Every batch holds whole hosts, and all hosts that share an address, so each is complete by itself: what fails later leaves
//! earlier ones imported, and the batches behind one that fails are imported all the same. Where commands go into one file or
//! one plan, or a page shows them, all batches are one.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::join_all;
use tracing::warn;

use crate::import::count::{Count, Outcome, Totals, Unit};
use crate::import::error::Error;
use crate::import::numbers::hosts;
use crate::import::record::{BatchRecord, Failure, Record};
use crate::import::runner::{Found, Runner};
use crate::import::stages::Stages;
use crate::import::stop::Stop;
use crate::problem::Problem as _;
use crate::qualys::{DetectionClient, Fetched, HostBatch, HostListing};
use crate::report::selection::Selection;
use crate::report::{self, Remarks, Report};
use crate::stage::Stage;

/// Batches in a row of which nothing arrives before the import is given up.
const FAILED: usize = 3;

/// Hosts and their detections, as Qualys gives them.
pub(in crate::import) struct HostSource {
    client: DetectionClient,
    selection: Selection,
    /// All batches are one.
    together: bool,
    state: RefCell<HostSourceState>,
}

/// What is known so far.
#[derive(Default)]
struct HostSourceState {
    listing: Option<Arc<HostListing>>,
    todo: VecDeque<HostBatch>,
    /// The records that nobody asks for, until something else is reported.
    rest: Option<Report>,
    /// Nothing more is to be begun.
    over: bool,
    /// Nothing more can be delivered.
    lost: bool,
    /// Batches in a row of which nothing arrived.
    failed: usize,
    /// Hosts that aren't imported, as their batch failed or wasn't begun.
    missing: u64,
    remarks: Remarks,
    /// The worst failure of a batch beside which others arrived.
    failure: Option<Failure>,
}

impl HostSource {
    pub(in crate::import) fn new(client: DetectionClient, selection: Selection, together: bool) -> Self {
        HostSource {
            client,
            selection,
            together,
            state: RefCell::default(),
        }
    }

    pub(in crate::import) fn client(&self) -> &DetectionClient {
        &self.client
    }

    /// Whether one batch is obtained while another is delivered.
    pub(in crate::import) fn looks_ahead(&self) -> bool {
        !self.together
    }

    /// How many batches there are to obtain; one until the list is known.
    pub(in crate::import) fn left(&self) -> usize {
        let state = self.state.borrow();
        match (&state.listing, self.together) {
            _ if state.over => 0,
            (None, _) => 1,
            (Some(_), true) => 0,
            (Some(_), false) => state.todo.len().div_ceil(self.client.settings().parallel_calls),
        }
    }

    /// Takes note of a batch that was delivered. Where nothing of it arrived, the next one would fail as well.
    pub(in crate::import) fn delivered(&self, batch: &BatchRecord) {
        let arrived =
            batch.totals.get(Unit::Hosts, Outcome::Acknowledged) + batch.totals.get(Unit::Hosts, Outcome::Cleared);
        let failure = batch.failure.as_ref();
        let failed = failure.is_some_and(|failure| !failure.kind.is_of_one_batch());
        if failed && (arrived == 0 || batch.totals.get(Unit::Hosts, Outcome::NotSent) > 0) {
            let mut state = self.state.borrow_mut();
            (state.over, state.lost) = (true, true);
        }
    }

    /// Whether nothing more is to be begun.
    pub(in crate::import) fn is_closed(&self) -> bool {
        self.state.borrow().over || self.client.login_is_refused()
    }

    /// Whether a batch that was obtained can't be delivered any more; its hosts, of each report that is there, are missing then.
    pub(in crate::import) fn abandons(&self, hosts: &[u64]) -> bool {
        let mut state = self.state.borrow_mut();
        // One that failed has nothing to deliver, but to be recorded.
        let abandoned = state.lost && !hosts.is_empty();
        if abandoned {
            state.missing += hosts.iter().sum::<u64>();
        }
        abandoned
    }

    /// The next batch, or all of them where they are one; the list before the first.
    pub(in crate::import) async fn obtain(&self, runner: &Runner<'_>, stages: &mut Stages) -> Result<Report, Error> {
        let known = self.state.borrow().listing.clone();
        let listing = match known {
            Some(listing) => listing,
            None => self.list(runner, stages).await?,
        };
        let (mut reports, mut worst) = (Vec::new(), None);
        while let Some(batches) = self.next() {
            let (arrived, failure) = self.batches(&listing, batches, runner, stages).await;
            reports.extend(arrived);
            worst = worst.into_iter().chain(failure).reduce(worse);
            if !self.together || self.is_closed() {
                break;
            }
        }
        match worst {
            Some(failure) if reports.is_empty() => return Err(failure),
            Some(failure) => self.keep(runner.fail(stages, &failure)),
            None => {}
        }
        reports.extend(self.state.borrow_mut().rest.take());
        let mut report = report::merge(reports)?;
        for (hidden, ipv6) in [(listing.hidden, false), (listing.hidden_ipv6, true)] {
            if hidden {
                report.hide_hosts(ipv6);
            }
        }
        self.state.borrow_mut().remarks.join(report.take_remarks());
        Ok(report)
    }

    /// Adds to the record what concerns all batches.
    pub(in crate::import) async fn end(&self, record: &mut Record, stop: &Stop) {
        let known = self.client.remarks().await;
        let HostSourceState {
            listing,
            todo,
            missing,
            remarks,
            failure,
            ..
        } = self.state.take();
        let missing = missing + todo.iter().map(|batch| batch.len() as u64).sum::<u64>();
        let Some(batch) = record.batches.last_mut() else { return };
        let listed = listing.into_iter().flat_map(|listing| listing.remarks.clone());
        batch.warnings.extend(listed);
        let lost = (missing > 0).then(|| {
            let missing = hosts(missing);
            format!("{missing} of the list weren't imported; what is held of them stays as it is")
        });
        for warning in remarks.sentences().chain(known).chain(lost) {
            warn!("{warning}");
            batch.warnings.push(warning);
        }
        batch.totals.add(Unit::Hosts, Outcome::Missing, missing);
        let cut_short = std::mem::take(&mut record.not_begun) > 0 && batch.exit().is_success();
        let interrupted = stop.kind().filter(|_| cut_short).map(|kind| Failure {
            kind,
            sentence: "interrupted before all hosts were imported".to_owned(),
            stage: None,
        });
        for failure in failure.into_iter().chain(interrupted) {
            record.exit = record.exit.max(failure.exit());
            batch.fail_worse(failure);
        }
    }

    async fn list(&self, runner: &Runner<'_>, stages: &mut Stages) -> Result<Arc<HostListing>, Error> {
        let listing = runner.stop.or(self.client.list(&self.selection));
        let listing = Arc::new(
            runner
                .run(stages, Stage::List, listing)
                .await
                .inspect_err(|_| self.state.borrow_mut().over = true)?,
        );
        let mut state = self.state.borrow_mut();
        state.todo = listing.hosts.batches(self.client.settings().hosts_per_call).into();
        state.rest = Some(not_asked_for(&listing));
        state.listing = Some(listing.clone());
        Ok(listing)
    }

    fn next(&self) -> Option<Vec<HostBatch>> {
        let mut state = self.state.borrow_mut();
        let some = self.client.settings().parallel_calls.min(state.todo.len());
        (some > 0).then(|| state.todo.drain(..some).collect())
    }

    /// Downloads batches at the same time, and looks up what isn't known of them yet. Gives what arrived, and the worst failure.
    async fn batches(
        &self,
        listing: &HostListing,
        batches: Vec<HostBatch>,
        runner: &Runner<'_>,
        stages: &mut Stages,
    ) -> (Vec<Report>, Option<Error>) {
        let all = batches.iter().map(|batch| batch.len() as u64).sum();
        let fetches = batches.into_iter().map(|batch| {
            let progress = runner.progress.clone();
            self.client.fetch(&listing.hosts, batch, move || progress.report())
        });
        let fetching = runner
            .stop
            .or(async { Ok::<_, Error>(join_all(fetches).await.into_iter().flatten().collect::<Vec<_>>()) });
        let fetched = match runner.run(stages, Stage::Download, fetching).await {
            Ok(fetched) => fetched,
            Err(failure) => {
                self.fail(all, &failure);
                return (Vec::new(), Some(failure));
            }
        };
        let (mut arrived, mut worst) = (Vec::new(), None);
        for Fetched { hosts, outcome } in fetched {
            let explained = match outcome {
                Ok(mut report) => {
                    let looking = runner.stop.or(self.client.look_up(&mut report));
                    runner.run(stages, Stage::LookUp, looking).await.map(|()| report)
                }
                Err(failure) => Err(failure.into()),
            };
            match explained {
                Ok(report) => {
                    self.state.borrow_mut().failed = 0;
                    arrived.push(report);
                }
                Err(failure) => {
                    self.fail(hosts, &failure);
                    worst = worst.into_iter().chain([failure]).reduce(worse);
                }
            }
        }
        (arrived, worst)
    }

    fn fail(&self, hosts: u64, failure: &Error) {
        let mut state = self.state.borrow_mut();
        state.missing += hosts;
        state.failed += 1;
        state.over |= failure.kind().ends_the_import() || state.failed >= FAILED;
    }

    fn keep(&self, failure: Failure) {
        let mut state = self.state.borrow_mut();
        let known = state.failure.take();
        state.failure = known.filter(|known| known.exit() >= failure.exit()).or(Some(failure));
    }
}

/// The failure that decides how an import ends.
fn worse(one: Error, other: Error) -> Error {
    match other.kind().exit() > one.kind().exit() {
        true => other,
        false => one,
    }
}

/// The records of the list that nobody asks for.
fn not_asked_for(listing: &HostListing) -> Report {
    let mut report = Report::default();
    for (reason, hosts) in listing.left_out.iter() {
        report.leave_out(reason, hosts);
    }
    report
}

impl Found for HostListing {
    fn counts(&self) -> Totals {
        Totals::from_iter([(Count(Unit::Hosts, Outcome::Read), self.listed)])
    }
}

impl Found for Vec<Fetched> {
    fn counts(&self) -> Totals {
        let mut all = Totals::default();
        let reports = self.iter().filter_map(|part| part.outcome.as_ref().ok());
        reports.for_each(|report| all.join(&Found::counts(report)));
        all
    }
}
