//! Launch: ask for the report of a template, or go on with the one that an earlier attempt asked for.
//!
//! Launching isn't idempotent, and Qualys keeps what was launched. So before anything is launched, and after each
//! failure that leaves open whether it happened, the list is searched for a report with our [title](super::title).

use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{info, warn};

use super::list::{Report, ReportList, State, unexpected};
use super::title::Title;
use super::{Api, Launched, Phase, ReportShare};
use crate::problem::{Problem as _, Reason};
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::progress::ReportProgress;
use crate::qualys::transport::answer::Document;
use crate::qualys::transport::{Call, Received};
use crate::stage::Stage;

/// How often a report that must be there may be missing from the list: right after its launch it can be
/// (Qualys' own script tolerates it twice).
pub(super) const MISSES: u32 = 2;

/// Left-overs deleted at the start of a run, at most: each one is a call.
const LEFT_OVERS: usize = 10;

/// So far apart may the clocks be that a list is made by.
const SKEW: Duration = Duration::from_secs(300);

/// The reports that a list showed.
#[derive(Debug)]
pub(super) struct OurReports {
    reports: Vec<Report>,
    /// Whose left-overs were deleted.
    cleaned: Vec<u64>,
    now: SystemTime,
    taken: Instant,
}

impl ReportShare {
    /// Launches the report of a template, or adopts the one that an earlier attempt launched.
    ///
    /// # Errors
    /// Refused logins and templates, throttling beyond the deadline, and every fault that stayed.
    pub async fn launch(&self, template: u64) -> Result<Launched, Error> {
        let begin = |reports: &mut ReportProgress| *reports = ReportProgress::default();
        self.transport.note(|progress| begin(progress.report(template)));
        if self.settings().api == Api::AssetDataReport {
            return Ok(Launched::new(template, None, Phase::Finished));
        }
        let title = Title::new(self.settings(), template);
        let call = self.transport.call(Stage::Launch);
        let (adopted, known) = self.survey(call, &title).await?;
        match adopted {
            Some(launched) => Ok(launched),
            None => self.launch_new(call, &title, &known).await,
        }
    }

    /// Looks for a report to adopt. Beside it, the ids of those that there are.
    ///
    /// One list serves all templates of a run. It is taken again only where an older one holds something to adopt.
    async fn survey(&self, call: Call, title: &Title) -> Result<(Option<Launched>, Vec<u64>), Error> {
        let mut ours = self.ours.lock().await;
        let mut listing = match ours.take() {
            Some(listing)
                if listing.taken.elapsed() < self.settings().poll_interval
                    || self.adoptable(&listing, title).is_none() =>
            {
                listing
            }
            other => OurReports {
                cleaned: other.map(|listing| listing.cleaned).unwrap_or_default(),
                ..self.take_list(call).await?
            },
        };
        if !listing.cleaned.contains(&title.template) {
            listing.cleaned.push(title.template);
            self.delete_left_overs(call, &listing, title).await;
        }
        let adopted = self.adoptable(&listing, title).map(|report| {
            // Nobody adopts it twice: a template may be named twice.
            listing.reports.retain(|listed| listed.id != report.id);
            self.adopt(title, &report, listing.age(&report).unwrap_or_default())
        });
        let known = listing.of(title).map(|report| report.id).collect();
        *ours = Some(listing);
        Ok((adopted, known))
    }

    /// The list of all reports.
    async fn take_list(&self, call: Call) -> Result<OurReports, Error> {
        let list = self.list(call, None).await?;
        if list.is_truncated() {
            warn!("Qualys' list of reports is cut; a report of ours may be overlooked");
        }
        Ok(OurReports {
            now: list.now().unwrap_or_else(SystemTime::now),
            taken: Instant::now(),
            reports: list.into_reports(),
            cleaned: Vec::new(),
        })
    }

    /// The list of all reports, or of one.
    pub(super) async fn list(&self, call: Call, id: Option<u64>) -> Result<ReportList, Error> {
        let parameters = id.map(|id| ("id", id.to_string()));
        let request = self.request("list", parameters.into_iter().collect());
        self.transport.ask(call, &request, ReportList::read).await
    }

    /// The youngest report to go on with. A kept one was imported as far as we know, unless it is still being made.
    fn adoptable(&self, listing: &OurReports, title: &Title) -> Option<Report> {
        let settings = self.settings();
        let young = |report: &Report| listing.age(report).is_some_and(|age| age < settings.adopt_within);
        let state = |report: &Report| match report.state() {
            State::Finished => !settings.keep_report,
            State::Running => true,
            State::Canceled | State::Errors => false,
        };
        let reports = listing.of(title).filter(|report| state(report) && young(report));
        reports.min_by_key(|report| listing.age(report)).cloned()
    }

    fn adopt(&self, title: &Title, report: &Report, age: Duration) -> Launched {
        self.transport.note(|progress| progress.usage.adopted += 1);
        info!(
            template = title.template,
            report = report.id,
            state = %report.progress(),
            "going on with the report of an earlier attempt"
        );
        let phase = match report.state() {
            State::Finished => Phase::Finished,
            _ => Phase::Running,
        };
        Launched {
            adopted: true,
            age: (age, Instant::now()),
            ..Launched::new(title.template, Some(report.id), phase)
        }
    }

    async fn launch_new(&self, call: Call, title: &Title, known: &[u64]) -> Result<Launched, Error> {
        let parameters = vec![
            ("template_id", title.template.to_string()),
            ("report_title", title.to_string()),
            ("output_format", "xml".to_owned()),
        ];
        let request = self.request("launch", parameters);
        let mut attempts = self.transport.attempts();
        loop {
            let received = self.transport.once(call, &request, attempts.made()).await;
            let fault = match received.and_then(launched_id) {
                Ok(id) => {
                    self.transport.note(|progress| progress.usage.launched += 1);
                    info!(template = title.template, report = id, "report launched");
                    return Ok(Launched::new(title.template, Some(id), Phase::Running));
                }
                Err(fault) => self.explain(call, title.template, fault).await,
            };
            let unclear = fault.kind().row().acted;
            self.transport.again(call, fault, &mut attempts).await?;
            if unclear && let Some(report) = self.find_launched(call, title, known).await? {
                return Ok(self.adopt(title, &report, Duration::ZERO));
            }
        }
    }

    /// Looks whether a launch of unclear outcome happened: a report of ours that wasn't there before.
    async fn find_launched(&self, call: Call, title: &Title, known: &[u64]) -> Result<Option<Report>, Error> {
        for look in 1..=MISSES {
            let listing = self.take_list(call).await?;
            let new = listing.of(title).find(|report| {
                !known.contains(&report.id) && matches!(report.state(), State::Running | State::Finished)
            });
            if new.is_some() {
                return Ok(new.cloned());
            }
            if look < MISSES {
                let transport = &self.transport;
                let pause = transport
                    .pause(call, Reason::BackOff, self.settings().poll_interval)
                    .await;
                pause.map_err(|fault| transport.error(Stage::Launch, fault))?;
            }
        }
        Ok(None)
    }

    /// Deletes reports of this title that no run will adopt any more, and that no run that adopted one in time can still
    /// be downloading.
    async fn delete_left_overs(&self, call: Call, listing: &OurReports, title: &Title) {
        let settings = self.settings();
        if settings.keep_report {
            return;
        }
        let useless = settings.adopt_within + settings.deadline;
        let old = |report: &Report| listing.age(report).is_some_and(|age| age > useless);
        let finished = listing.of(title).filter(|report| report.state() == State::Finished);
        for report in finished.filter(|report| old(report)).take(LEFT_OVERS) {
            let id = report.id;
            match self.delete(call, id).await {
                Ok(()) => info!(report = id, "deleted a report that an earlier attempt left behind"),
                Err(fault) => {
                    warn!(
                        report = id,
                        "a report that an earlier attempt left behind can't be deleted: {fault}"
                    );
                    return;
                }
            }
        }
    }
}

impl OurReports {
    fn of<'a>(&'a self, title: &'a Title) -> impl Iterator<Item = &'a Report> {
        self.reports.iter().filter(move |report| title.is_on(report))
    }

    /// By Qualys' own clock, and ours only for the time since. Of a launch in the future nobody knows the age.
    fn age(&self, report: &Report) -> Option<Duration> {
        let listed = match self.now.duration_since(report.launched_at()?) {
            Ok(listed) => listed,
            Err(ahead) if ahead.duration() <= SKEW => Duration::ZERO,
            Err(_) => return None,
        };
        Some(listed + self.taken.elapsed())
    }
}

fn launched_id(received: Received) -> Result<u64, Fault> {
    match received {
        Received::Document(Document::Done(done)) => done.id().ok_or_else(|| Fault::Unexpected {
            found: "a launch without the report's id".into(),
        }),
        other => Err(unexpected(&other)),
    }
}
