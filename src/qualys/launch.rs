//! Launch: ask for the report of a template, or go on with the one that an earlier attempt asked for.
//!
//! Launching isn't idempotent, and Qualys keeps what was launched. So before anything is launched, and after each
//! failure that leaves open whether it happened, the list is searched for a report with our [mark](super::mark).

use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{info, warn};

use super::Api;
use super::answer::{Document, Report, ReportList, State};
use super::client::{Client, Received};
use super::error::{Error, Stage};
use super::fault::Fault;
use super::mark::Mark;
use super::patience::Reason;
use super::progress::Progress;
use super::tidy_up::InHand;

/// How often a report that must be there may be missing from the list: right after its launch it can be
/// (Qualys' own script tolerates it twice).
pub(super) const MISSES: u32 = 2;

/// Left-overs deleted at the start of a run, at most: each one is a call.
const LEFT_OVERS: usize = 10;

/// A report that Qualys is making, or has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// The template it is made from.
    pub template: u64,
    /// Its id in the report share; `None` where there is none, with `qualys.api` = `asset-data-report`.
    pub id: Option<u64>,
    /// An earlier attempt launched it.
    pub adopted: bool,
    /// It was finished when we met it.
    pub(super) finished: bool,
}

/// Our reports as the list showed them.
#[derive(Debug)]
pub(super) struct Listing {
    ours: Vec<(Mark, Report)>,
    now: SystemTime,
    taken: Instant,
}

impl Client {
    /// Launches the report of a template, or adopts the one that an earlier attempt launched.
    ///
    /// # Errors
    /// Refused logins and templates, throttling beyond the deadline, and every fault that stayed.
    pub async fn launch(&mut self, template: u64) -> Result<Launched, Error> {
        self.in_hand = None;
        self.note(Progress::next_template);
        if self.settings.api == Api::AssetDataReport {
            return Ok(Launched {
                template,
                id: None,
                adopted: false,
                finished: true,
            });
        }
        let mark = Mark::new(&self.settings, template);
        self.survey(mark).await?;
        let launched = match self.adoptable(mark) {
            Some(report) => self.adopt(mark, &report),
            None => self.launch_new(mark).await?,
        };
        self.in_hand = InHand::new(&launched);
        Ok(launched)
    }

    /// One list serves all templates of a run. It is taken again only where an older one holds something to adopt.
    async fn survey(&mut self, mark: Mark) -> Result<(), Error> {
        let fresh = |listing: &Listing| listing.taken.elapsed() < self.settings.poll_interval;
        match &self.listing {
            None => {
                self.listing = Some(self.list_ours().await?);
                self.delete_left_overs().await;
            }
            Some(listing) if !fresh(listing) && self.adoptable(mark).is_some() => {
                self.listing = Some(self.list_ours().await?);
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The list of our reports.
    pub(super) async fn list_ours(&mut self) -> Result<Listing, Error> {
        let list = self.list(Stage::Launch, None).await?;
        if list.is_truncated() {
            warn!("Qualys' list of reports is cut; a report of ours may be overlooked");
        }
        let now = list.now().unwrap_or_else(SystemTime::now);
        let reports = list.into_reports().into_iter();
        let ours = reports.filter_map(|report| Some((Mark::parse(&self.settings, &report.title)?, report)));
        Ok(Listing {
            ours: ours.collect(),
            now,
            taken: Instant::now(),
        })
    }

    /// The list of all reports, or of one.
    pub(super) async fn list(&mut self, stage: Stage, id: Option<u64>) -> Result<ReportList, Error> {
        let parameters = id.map(|id| ("id", id.to_string()));
        let request = self.report_share("list", parameters.into_iter().collect());
        self.ask(stage, &request, |received| match received {
            Received::Document(Document::Reports(list)) => Ok(list),
            other => Err(unexpected(other)),
        })
        .await
    }

    /// The youngest report to go on with. With `qualys.keep_report` a finished one may have been imported already.
    fn adoptable(&self, mark: Mark) -> Option<Report> {
        let listing = self.listing.as_ref()?;
        let settings = &self.settings;
        let young = |report: &Report| listing.age(report).is_some_and(|age| age < settings.adopt_within);
        let state = |report: &Report| match report.state() {
            State::Finished => !settings.keep_report,
            State::Running => true,
            State::Canceled | State::Errors => false,
        };
        let reports = listing.of(mark).filter(|report| state(report) && young(report));
        reports.min_by_key(|report| listing.age(report)).cloned()
    }

    fn adopt(&mut self, mark: Mark, report: &Report) -> Launched {
        self.note(|progress| progress.usage.adopted += 1);
        if let Some(listing) = &mut self.listing {
            // Nobody adopts it twice: a template may be named twice.
            listing.ours.retain(|(_, listed)| listed.id != report.id);
        }
        info!(
            template = mark.template,
            report = report.id,
            state = report.progress(),
            "going on with the report of an earlier attempt"
        );
        Launched {
            template: mark.template,
            id: Some(report.id),
            adopted: true,
            finished: report.state() == State::Finished,
        }
    }

    async fn launch_new(&mut self, mark: Mark) -> Result<Launched, Error> {
        let parameters = vec![
            ("template_id", mark.template.to_string()),
            ("report_title", mark.to_string()),
            ("output_format", "xml".to_owned()),
        ];
        let request = self.report_share("launch", parameters);
        let mut tries = self.patience.tries();
        loop {
            let received = self.once(Stage::Launch, &request, tries.made()).await;
            let fault = match received.and_then(launched_id) {
                Ok(id) => {
                    self.note(|progress| progress.usage.launched += 1);
                    info!(template = mark.template, report = id, "report launched");
                    return Ok(Launched {
                        template: mark.template,
                        id: Some(id),
                        adopted: false,
                        finished: false,
                    });
                }
                Err(fault) => self.explain(mark.template, fault).await,
            };
            let unclear = fault.is_unclear();
            self.again(Stage::Launch, fault, &mut tries).await?;
            if unclear && let Some(report) = self.find_launched(mark).await? {
                return Ok(self.adopt(mark, &report));
            }
        }
    }

    /// Looks whether a launch of unclear outcome happened: a report of ours that wasn't there before.
    async fn find_launched(&mut self, mark: Mark) -> Result<Option<Report>, Error> {
        let known: Vec<u64> = self
            .listing
            .iter()
            .flat_map(|listing| listing.of(mark))
            .map(|report| report.id)
            .collect();
        for look in 1..=MISSES {
            let listing = self.list_ours().await?;
            let new = listing.of(mark).find(|report| {
                !known.contains(&report.id) && matches!(report.state(), State::Running | State::Finished)
            });
            if new.is_some() {
                return Ok(new.cloned());
            }
            if look < MISSES {
                let pause = self.pause(Reason::BackOff, self.settings.poll_interval).await;
                pause.map_err(|fault| self.error(Stage::Launch, fault))?;
            }
        }
        Ok(None)
    }

    /// Deletes reports of ours that no run will adopt any more, and that no run can still be downloading.
    async fn delete_left_overs(&mut self) {
        let Some(listing) = self.listing.as_ref().filter(|_| !self.settings.keep_report) else {
            return;
        };
        let useless = self.settings.adopt_within.max(self.settings.deadline);
        let old = |report: &Report| listing.age(report).is_some_and(|age| age > useless);
        let finished = listing
            .ours
            .iter()
            .map(|(_, report)| report)
            .filter(|report| report.state() == State::Finished);
        let ids: Vec<u64> = finished
            .filter(|report| old(report))
            .map(|report| report.id)
            .take(LEFT_OVERS)
            .collect();
        for id in ids {
            match self.delete(Stage::Launch, id).await {
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

impl Listing {
    fn of(&self, mark: Mark) -> impl Iterator<Item = &Report> {
        self.ours
            .iter()
            .filter(move |(of, _)| *of == mark)
            .map(|(_, report)| report)
    }

    /// By Qualys' own clock, and ours only for the time since.
    fn age(&self, report: &Report) -> Option<Duration> {
        let listed = self.now.duration_since(report.launched_at()?).unwrap_or_default();
        Some(listed + self.taken.elapsed())
    }
}

fn launched_id(received: Received) -> Result<u64, Fault> {
    match received {
        Received::Document(Document::Done(done)) => done.id().ok_or_else(|| Fault::Unexpected {
            found: "a launch without the report's id".to_owned(),
        }),
        other => Err(unexpected(other)),
    }
}

/// Success, but with a document of another kind.
pub(super) fn unexpected(received: Received) -> Fault {
    let found = match received {
        Received::Document(Document::Done(_)) => "a SIMPLE_RETURN".to_owned(),
        Received::Document(Document::Reports(_)) => "a list of reports".to_owned(),
        Received::Document(Document::Templates(_)) => "a list of templates".to_owned(),
        Received::Document(Document::Other(found)) => found,
        Received::Report(_) => "a report".to_owned(),
    };
    Fault::Unexpected { found }
}
