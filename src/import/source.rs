//! The source: where reports come from. It is all that an import sees of Qualys and of report files.
//!
//! A source gives batches, one after the other. A batch is what is complete by itself, so it is selected and delivered
//! in one piece. Each of its parts becomes one [`Report`], and several are obtained [at the same time](Source::at_once).
//!
//! | source | a batch | a part |
//! |---|---|---|
//! | a report file | the file | the file |
//! | Qualys' report share | all templates, or one where they share no host | a template |
//! | Qualys' hosts | so many hosts with their detections | the batch |
//!
//! **A further source** is a variant of [`Source`], and of [`Part`] what one report of it is made from. Of a source that
//! [pages](Source::pages) through hosts there may be hundreds of batches, so [`next`](Source::next) makes them one by one.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use std::vec;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tracing::{Span, warn};

use super::error::Error;
use super::memory::Memory;
use super::record::{BatchRecord, Record};
use super::runner::Runner;
use super::stages::Stages;
use super::stop::Stop;
use crate::config::{self, Templates};
use crate::printable::Text;
use crate::qualys::{self, DetectionClient, Ending, Launched, ReportShare};
use crate::report::selection::Selection;
use crate::report::{self, Keep, Report, file};
use crate::stage::Stage;
use crate::telemetry::spans;
use hosts::HostSource;

mod hosts;

/// Where reports come from.
pub(super) enum Source {
    /// One report that is there already.
    File {
        /// The file, until it is the next.
        next: RefCell<Option<Vec<Part>>>,
        /// A saved answer of the KnowledgeBase about it.
        knowledge_base: Option<PathBuf>,
        /// What is kept of it.
        keep: Keep,
    },
    /// Qualys makes them.
    Reports {
        /// The way to Qualys.
        share: Box<ReportShare>,
        /// Report templates, in the order in which they are imported.
        batches: RefCell<vec::IntoIter<Vec<Part>>>,
        /// So many reports are made at the same time.
        at_once: usize,
        /// What is kept of each report.
        keep: Keep,
    },
    /// Qualys says of hosts what was found on them.
    Hosts(Box<HostSource>),
}

/// What one report is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A report template at Qualys.
    Template(u64),
    /// A file.
    File(PathBuf),
    /// Whichever hosts are next.
    Hosts,
}

impl Part {
    /// What it is called in messages and in the names of files.
    pub(super) fn name(&self) -> String {
        match self {
            Part::Template(id) => id.to_string(),
            Part::File(path) if path == Path::new("-") => "standard input".to_owned(),
            Part::File(path) => Text::of_path(path).to_string(),
            Part::Hosts => "detections".to_owned(),
        }
    }
}

impl Source {
    /// Makes ready what is needed to reach the source; reaches for nothing yet. Of hosts, `in_one` asks for one batch.
    pub(super) fn new(
        source: config::SourceSettings,
        templates: Templates,
        selection: &Selection,
        keep: Keep,
        in_one: bool,
        memory: &Arc<Memory>,
    ) -> Result<Self, Error> {
        let (settings, ids, at_once) = match source {
            config::SourceSettings::File { report, knowledge_base } => {
                return Ok(Source::File {
                    next: RefCell::new(Some(vec![Part::File(report)])),
                    knowledge_base,
                    keep,
                });
            }
            config::SourceSettings::Detections { qualys, detections } => {
                let deadline = Instant::now() + qualys.deadline;
                let client = DetectionClient::new(&qualys, detections, keep, memory.knowledge(), deadline)?;
                let (selection, memory) = (selection.clone(), memory.clone());
                return Ok(Source::Hosts(Box::new(HostSource::new(
                    client, selection, in_one, memory,
                ))));
            }
            config::SourceSettings::Qualys {
                settings,
                templates,
                at_once,
            } => (settings, templates, at_once),
        };
        let deadline = Instant::now() + settings.deadline;
        let parts = ids.into_iter().map(Part::Template);
        let batches: Vec<Vec<Part>> = match templates {
            Templates::Overlapping => vec![parts.collect()],
            Templates::Disjoint => parts.map(|part| vec![part]).collect(),
        };
        Ok(Source::Reports {
            share: Box::new(ReportShare::new(&settings, deadline)?),
            batches: RefCell::new(batches.into_iter()),
            at_once,
            keep,
        })
    }

    /// The next batch, of one part at least; `None` after the last one.
    pub(super) fn next(&self) -> Option<Vec<Part>> {
        match self {
            Source::File { next, .. } => next.take(),
            Source::Hosts(hosts) => (hosts.left() > 0).then(|| vec![Part::Hosts]),
            Source::Reports { batches, .. } => batches.borrow_mut().next(),
        }
    }

    /// How many parts the batches have that didn't come yet.
    pub(super) fn parts_left(&self) -> usize {
        match self {
            Source::File { next, .. } => next.borrow().iter().map(Vec::len).sum(),
            Source::Hosts(hosts) => hosts.left(),
            Source::Reports { batches, .. } => batches.borrow().as_slice().iter().map(Vec::len).sum(),
        }
    }

    /// How many parts of a batch may be on their way at the same time.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Source::File { .. } | Source::Hosts(_) => 1,
            Source::Reports { at_once, .. } => *at_once,
        }
    }

    /// The whole report of a part, parsed to its end. What the source keeps of it meanwhile is put into `launched`, to be
    /// [tidied up](Self::tidy_up) later.
    pub(super) async fn obtain(
        &self,
        part: &Part,
        runner: &Runner<'_>,
        stages: &mut Stages,
        launched: &mut Option<Launched>,
    ) -> Result<Report, Error> {
        match (self, part) {
            (
                Source::File {
                    knowledge_base, keep, ..
                },
                Part::File(path),
            ) => {
                let (path, knowledge_base) = (path.clone(), knowledge_base.clone());
                let (keep, progress) = (keep.clone(), runner.progress.report());
                let parse = spawn_blocking(move || {
                    let mut report = report::parse(file::open(&path)?, &keep, &progress)?;
                    if let Some(path) = knowledge_base {
                        report::describe(&mut report, file::open(&path), &keep)?;
                    }
                    Ok::<_, report::Error>(report)
                });
                let parsed = async {
                    let parsed = runner.stop.or(async { Ok::<_, Error>(parse.await??) }).await;
                    parsed.inspect(warn_of)
                };
                runner.run(stages, Stage::Parse, parsed).await
            }
            (Source::Reports { share, keep, .. }, Part::Template(id)) => {
                let (keep, progress) = (keep.clone(), runner.progress.clone());
                let parse = move |body| Ok(report::parse(file::decode(body)?, &keep, &progress.report())?);
                let mut launches = 0;
                loop {
                    let launch = async {
                        let launched = runner.stop.or(share.launch(*id)).await?;
                        if let Some(id) = launched.id {
                            spans::count(&Span::current(), "report.id", id);
                        }
                        Ok(launched)
                    };
                    let launched = launched.insert(runner.run(stages, Stage::Launch, launch).await?);
                    launches += u32::from(!launched.adopted);
                    match finish(share, launched, parse.clone(), runner, stages).await {
                        // Another run of this import needs it no more. Each is adopted once, so this comes to an end.
                        Err(Error::Qualys(error)) if launched.is_lost() && launches < 2 => {
                            warn!("the report is lost ({error}); another one is launched");
                        }
                        report => return report,
                    }
                }
            }
            (Source::Hosts(hosts), Part::Hosts) => hosts.obtain(runner, stages).await,
            (Source::File { .. } | Source::Reports { .. } | Source::Hosts(_), part) => {
                Err(Error::Bug(format!("{} belongs to another source", part.name())))
            }
        }
    }

    /// Whether the source would refuse whatever it is asked for next. Each further try with a login that is refused may be
    /// the one that locks the account.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Source::File { .. } => false,
            Source::Reports { share, .. } => share.login_is_refused(),
            Source::Hosts(hosts) => hosts.is_closed(),
        }
    }

    /// Whether a batch is one of many pages of hosts: the next is obtained while one is delivered, which reports are too large
    /// for, and all add up to one entry of the record.
    pub(super) fn pages(&self) -> bool {
        match self {
            Source::File { .. } | Source::Reports { .. } => false,
            Source::Hosts(_) => true,
        }
    }

    /// Where hosts come page by page: the last address of the latest page, if nothing is missing up to there.
    pub(super) fn reached(&self) -> Option<IpAddr> {
        match self {
            Source::File { .. } | Source::Reports { .. } => None,
            Source::Hosts(hosts) => hosts.reached(),
        }
    }

    /// The conversation with Qualys, for whoever watches; `None` where there is none.
    pub(super) fn progress(&self) -> Option<watch::Receiver<qualys::Progress>> {
        match self {
            Source::File { .. } => None,
            Source::Reports { share, .. } => Some(share.progress()),
            Source::Hosts(hosts) => Some(hosts.client().progress()),
        }
    }

    /// Leaves nothing at the source that nobody will use, after work on it that ended so.
    pub(super) async fn tidy_up(&self, launched: &Launched, ending: Ending, runner: &Runner<'_>, stages: &mut Stages) {
        if let Source::Reports { share, .. } = self {
            let tidied = async {
                tokio::select! {
                    () = share.tidy_up(launched, ending) => {}
                    () = hurried(runner.stop) => warn!("told to stop; the report may stay in Qualys' storage"),
                }
            };
            runner.run(stages, Stage::TidyUp, tidied).await;
        }
    }

    /// Takes note of a batch that was delivered: where nothing of it arrived, nothing more is begun.
    pub(super) fn delivered(&self, batch: &BatchRecord) {
        if let Source::Hosts(hosts) = self {
            hosts.delivered(batch);
        }
    }

    /// Whether a batch that was obtained, with so many hosts in each report, isn't to be delivered any more; takes note of it.
    pub(super) fn abandons(&self, hosts: &[u64]) -> bool {
        match self {
            Source::File { .. } | Source::Reports { .. } => false,
            Source::Hosts(source) => source.abandons(hosts),
        }
    }

    /// Ends the conversation with the source; adds to the record what was asked of it, and what concerns all batches.
    pub(super) async fn close(self, record: &mut Record, stop: &Stop) {
        record.usage = match self {
            Source::File { .. } => qualys::Usage::default(),
            Source::Reports { share, .. } => share.close().await,
            Source::Hosts(hosts) => {
                hosts.end(record, stop).await;
                hosts.client().close().await
            }
        }
    }
}

/// The report that was launched, as soon as it is there.
async fn finish(
    share: &ReportShare,
    launched: &Launched,
    parse: impl Fn(qualys::Body) -> Result<Report, Error> + Clone + Send + 'static,
    runner: &Runner<'_>,
    stages: &mut Stages,
) -> Result<Report, Error> {
    let wait = runner.stop.or(share.wait(launched));
    let finished = runner.run(stages, Stage::Wait, wait).await?;
    let cut_off = |error: &Error| matches!(error, Error::Report(error) if error.is_cut_off());
    let download = share.download(finished, parse, cut_off);
    let download = async { runner.stop.or(download).await.inspect(warn_of) };
    runner.run(stages, Stage::Download, download).await
}

/// Warns of what is odd in a report.
fn warn_of(report: &Report) {
    for sentence in report.remarks().sentences() {
        warn!("{sentence}");
    }
}

/// Ends when a process that was told to stop should have ended.
async fn hurried(stop: &Stop) {
    stop.token().cancelled().await;
    let stopped_at = stop.stopped_at().unwrap_or_else(Instant::now);
    tokio::time::sleep_until((stopped_at + qualys::HURRY).into()).await;
}
