//! Hosts without a template: the list of hosts first, then batch after batch of their detections.
//!
//! Every batch holds whole hosts, and all hosts that share an address, so each is complete by itself: what fails later leaves
//! earlier ones imported, and the batches behind one that fails are imported all the same. Where commands go into one file or
//! one plan, or a page shows them, all batches are one.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tracing::warn;

use crate::import::count::{Count, Outcome, Totals, Unit};
use crate::import::error::Error;
use crate::import::memory::Memory;
use crate::import::numbers::hosts;
use crate::import::record::{self, BatchRecord, Failure, Record};
use crate::import::runner::{Found, Runner};
use crate::import::stages::Stages;
use crate::import::stop::Stop;
use crate::problem::{Kind, Problem as _};
use crate::qualys::{DetectionClient, Fetched, HostBatch, HostListing};
use crate::report::selection::Selection;
use crate::report::{self, Report, limits};
use crate::stage::Stage;
use state::{HeldBatches, HostSourceState};

mod state;

/// Batches wait for each other until what isn't known of them fills a call, up to so many hosts.
const HELD_HOSTS: u64 = 16_000;
/// The part of the memory for reports that they may take meanwhile.
const HELD_SHARE: usize = 8;

/// Hosts and their detections, as Qualys gives them.
pub(in crate::import) struct HostSource {
    client: DetectionClient,
    selection: Selection,
    /// All batches are delivered as one.
    in_one: bool,
    memory: Arc<Memory>,
    state: RefCell<HostSourceState>,
}

impl HostSource {
    pub(in crate::import) fn new(
        client: DetectionClient,
        selection: Selection,
        in_one: bool,
        memory: Arc<Memory>,
    ) -> Self {
        HostSource {
            client,
            selection,
            in_one,
            memory,
            state: RefCell::default(),
        }
    }

    pub(in crate::import) fn client(&self) -> &DetectionClient {
        &self.client
    }

    /// The last address of the latest batch, if nothing is missing up to there.
    pub(in crate::import) fn reached(&self) -> Option<IpAddr> {
        let state = self.state.borrow();
        state.reached.filter(|_| state.missing == 0)
    }

    /// How many batches there are to obtain; one until the list is known.
    pub(in crate::import) fn left(&self) -> usize {
        let state = self.state.borrow();
        match (&state.listing, self.in_one) {
            _ if state.has_ended() => 0,
            (None, _) => 1,
            (Some(_), true) => 0,
            (Some(_), false) => state.pending.len().div_ceil(self.client.settings().parallel_calls),
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
            (state.ended, state.undeliverable) = (true, true);
        }
    }

    /// Whether nothing more is to be begun.
    pub(in crate::import) fn is_closed(&self) -> bool {
        self.state.borrow().has_ended() || self.client.login_is_refused()
    }

    /// Whether a batch that was obtained can't be delivered any more; its hosts, of each report that is there, are missing then.
    pub(in crate::import) fn abandons(&self, hosts: &[u64]) -> bool {
        let mut state = self.state.borrow_mut();
        // One that failed has nothing to deliver, but to be recorded.
        let abandoned = state.undeliverable && !hosts.is_empty();
        if abandoned {
            state.missing += hosts.iter().sum::<u64>();
        }
        abandoned
    }

    /// The next batch, or several that wait for each other, or all of them where they are one; the list before the first.
    pub(in crate::import) async fn obtain(&self, runner: &Runner<'_>, stages: &mut Stages) -> Result<Report, Error> {
        let resting = self.state.borrow_mut().resting.take();
        self.client
            .rested(resting.map_or(Duration::ZERO, |since| since.elapsed()));
        let report = self.obtain_next(runner, stages).await;
        self.state.borrow_mut().resting = Some(Instant::now());
        report
    }

    async fn obtain_next(&self, runner: &Runner<'_>, stages: &mut Stages) -> Result<Report, Error> {
        let known = self.state.borrow().listing.clone();
        let listing = match known {
            Some(listing) => listing,
            None => self.list(runner, stages).await?,
        };
        self.state.borrow_mut().deliveries += 1;
        let (mut reports, mut held, mut worst) = (Vec::new(), HeldBatches::default(), None);
        while let Some(batches) = self.next(runner) {
            let last = batches.last().and_then(|batch| listing.hosts.last_address(batch));
            self.state.borrow_mut().reached = last;
            let failure = self.download(&listing, batches, &mut held, runner, stages).await;
            worst = worse(worst, failure);
            if self.waits(&held).await {
                continue;
            }
            match self.look_up(std::mem::take(&mut held), runner, stages).await {
                Ok(explained) => reports.extend(explained),
                Err(failure) => worst = worse(worst, Some(failure)),
            }
            if !self.in_one || self.is_closed() {
                break;
            }
        }
        match worst {
            Some(failure) if reports.is_empty() => return Err(failure),
            Some(failure) => self.keep(runner.fail(stages, &failure)),
            None => {}
        }
        let arrived = reports.iter().map(|report| report.about().hosts).sum();
        reports.extend(self.state.borrow_mut().not_asked_for.take());
        let merged = report::merge(reports).map_err(Error::from);
        let mut report = merged.inspect_err(|failure| self.fail(arrived, failure))?;
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
        let known = self.client.warnings().await;
        let state = self.state.take();
        let missing = state.missing + state.hosts_left();
        let HostSourceState {
            listing,
            warnings,
            remarks,
            failure,
            ..
        } = state;
        let Some(batch) = record.batches.last_mut() else { return };
        let listed = listing.into_iter().flat_map(|listing| listing.warnings.clone());
        batch.warnings.extend(listed.chain(warnings));
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
        // Hosts are missing only where something failed, and 0 says that all were imported.
        let is_explained = missing == 0 || !record.exit.is_success() || !batch.exit().is_success();
        let unexplained = (!is_explained && failure.is_none() && interrupted.is_none()).then(|| Failure {
            kind: Kind::Bug,
            sentence: format!("{} weren't imported, and nothing says why", hosts(missing)),
            stage: None,
        });
        for failure in failure.into_iter().chain(interrupted).chain(unexplained) {
            record.exit = record.exit.max(failure.exit());
            batch.fail_worse(failure);
        }
    }

    async fn list(&self, runner: &Runner<'_>, stages: &mut Stages) -> Result<Arc<HostListing>, Error> {
        let list = async {
            let mut listing = self.client.list(&self.selection).await?;
            let wanted = self.memory.listed(&listing, self.client.settings());
            self.client.choose(&mut listing, &wanted).await?;
            self.memory.chosen(&listing);
            Ok::<_, Error>(listing)
        };
        let listing = runner.run(stages, Stage::List, runner.stop.or(list)).await;
        let listing = Arc::new(listing.inspect_err(|_| self.state.borrow_mut().ended = true)?);
        let mut state = self.state.borrow_mut();
        state.pending = listing.hosts.batches(self.client.settings().hosts_per_call).into();
        state.not_asked_for = Some(not_asked_for(&listing));
        state.listing = Some(listing.clone());
        runner.progress.hosts_left(state.hosts_left());
        Ok(listing)
    }

    fn next(&self, runner: &Runner<'_>) -> Option<Vec<HostBatch>> {
        let mut state = self.state.borrow_mut();
        let some = self.client.settings().parallel_calls.min(state.pending.len());
        runner.progress.hosts_left(state.hosts_left());
        (some > 0).then(|| state.pending.drain(..some).collect())
    }

    /// Downloads batches at the same time, and adds what arrives to `held`. Gives the worst failure.
    async fn download(
        &self,
        listing: &HostListing,
        batches: Vec<HostBatch>,
        held: &mut HeldBatches,
        runner: &Runner<'_>,
        stages: &mut Stages,
    ) -> Option<Error> {
        let (count, all) = (batches.len(), batches.iter().map(|batch| batch.len() as u64).sum());
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
                return Some(failure);
            }
        };
        let (mut arrived, mut worst) = (false, None);
        for Fetched { hosts, outcome } in fetched {
            match outcome {
                Ok(report) => {
                    held.reports.push(report);
                    held.hosts += hosts;
                    arrived = true;
                }
                Err(failure) => {
                    let failure = Error::from(failure);
                    self.fail(hosts, &failure);
                    worst = worse(worst, Some(failure));
                }
            }
        }
        let mut state = self.state.borrow_mut();
        state.failed_batches = if arrived { 0 } else { state.failed_batches + count };
        if arrived && !std::mem::replace(&mut state.calls_compared, true) {
            // Each interface has calls of its own, so only an answer of this one tells.
            let left = self.client.limits().and_then(|limits| limits.remaining);
            let warning = left.and_then(|left| calls_missing(state.pending.len() as u64, left));
            state.warnings.extend(warning.inspect(|warning| warn!("{warning}")));
        }
        worst
    }

    /// Whether batches wait for the next ones, as a call for the few QIDs that aren't known of them isn't worth it. The first two
    /// never wait, so that commands leave before a third batch is asked for.
    async fn waits(&self, held: &HeldBatches) -> bool {
        let may_wait = {
            let state = self.state.borrow();
            !state.pending.is_empty() && (self.in_one || state.deliveries > 2)
        };
        let memory: usize = held.reports.iter().map(Report::memory).sum();
        let is_small = held.hosts < HELD_HOSTS && memory < limits::MEMORY / HELD_SHARE;
        let may_wait = may_wait && is_small && !self.is_closed();
        may_wait && !self.client.is_worth_asking(&held.reports).await
    }

    /// Looks up what isn't known of batches.
    async fn look_up(&self, held: HeldBatches, runner: &Runner<'_>, stages: &mut Stages) -> Result<Vec<Report>, Error> {
        let HeldBatches { mut reports, hosts } = held;
        if reports.is_empty() {
            return Ok(reports);
        }
        let looking = runner.stop.or(self.client.look_up(&mut reports));
        match runner.run(stages, Stage::LookUp, looking).await {
            Ok(()) => {
                self.state.borrow_mut().failed_look_ups = 0;
                Ok(reports)
            }
            Err(failure) => {
                self.fail(hosts, &failure);
                self.state.borrow_mut().failed_look_ups += 1;
                Err(failure)
            }
        }
    }

    fn fail(&self, hosts: u64, failure: &Error) {
        let mut state = self.state.borrow_mut();
        state.missing += hosts;
        state.ended |= failure.kind().ends_the_import();
    }

    fn keep(&self, failure: Failure) {
        let mut state = self.state.borrow_mut();
        let known = state.failure.take();
        state.failure = record::worst(known.into_iter().chain([failure]), Failure::exit);
    }
}

/// What the user should know where Qualys takes fewer calls for now than batches are left.
fn calls_missing(needed: u64, left: u64) -> Option<String> {
    (left < needed).then(|| {
        format!(
            "{needed} more calls for detections are needed, and {left} are left of the subscription's: the import waits for more \
             (raise detections.hosts_per_call to need fewer)"
        )
    })
}

/// The failure that decides how an import ends.
fn worse(one: Option<Error>, other: Option<Error>) -> Option<Error> {
    record::worst(one.into_iter().chain(other), |failure| failure.kind().exit())
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
