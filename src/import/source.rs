//! The source: where reports come from, a file or Qualys.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::error::Error;
use super::stop::Stop;
use super::summary::TemplateSummary;
use crate::config;
use crate::qualys::{self, Ending, Launched, ReportShare};
use crate::report::{self, Keep, Report, file};
use crate::stage::Stage;

/// Where reports come from.
pub(super) enum Source {
    /// One report that is there already.
    File {
        /// The file, `-` for standard input.
        path: PathBuf,
        /// What is kept of it.
        keep: Keep,
    },
    /// Qualys makes them.
    Qualys {
        /// The way to Qualys.
        share: Box<ReportShare>,
        /// Report templates, in the order they are imported.
        templates: Vec<u64>,
        /// So many reports are made at the same time.
        at_once: usize,
        /// What is kept of each report.
        keep: Keep,
    },
}

/// What one report is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// A report template at Qualys.
    Id(u64),
    /// A file.
    File(PathBuf),
}

impl Template {
    /// What it is called in messages and in the names of files.
    pub(super) fn name(&self) -> String {
        match self {
            Template::Id(id) => id.to_string(),
            Template::File(path) if path == Path::new("-") => "standard input".to_owned(),
            Template::File(path) => crate::printable::Text::of_path(path).to_string(),
        }
    }
}

impl Source {
    /// Makes ready what is needed to reach the source; reaches for nothing yet.
    pub(super) fn new(source: config::Source, keep: Keep) -> Result<Self, Error> {
        Ok(match source {
            config::Source::File(path) => Source::File { path, keep },
            config::Source::StandardInput => Source::File { path: "-".into(), keep },
            config::Source::Qualys {
                settings,
                templates,
                at_once,
            } => {
                let deadline = Instant::now() + settings.deadline;
                Source::Qualys {
                    share: Box::new(ReportShare::new(&settings, deadline)?),
                    templates,
                    at_once,
                    keep,
                }
            }
        })
    }

    /// What reports are made from, in order.
    pub(super) fn templates(&self) -> Vec<Template> {
        match self {
            Source::File { path, .. } => vec![Template::File(path.clone())],
            Source::Qualys { templates, .. } => templates.iter().copied().map(Template::Id).collect(),
        }
    }

    /// How many reports may be on their way at the same time.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Source::File { .. } => 1,
            Source::Qualys { at_once, .. } => *at_once,
        }
    }

    /// The whole report of `template`, parsed to its end. What the source keeps of it meanwhile is put into `launched`, to be
    /// [tidied up](Self::tidy_up) later.
    pub(super) async fn obtain(
        &self,
        template: &Template,
        stop: &Stop,
        summary: &mut TemplateSummary,
        launched: &mut Option<Launched>,
    ) -> Result<Report, Error> {
        match (self, template) {
            (Source::File { path, keep }, _) => {
                let (path, keep) = (path.clone(), keep.clone());
                let progress = summary.stages.part().report();
                let parse = spawn_blocking(move || report::parse(file::open(&path)?, &keep, &progress));
                let parsed = async {
                    let parsed = parse.await.map_err(|died| Error::Bug(died.to_string()))?;
                    parsed.map_err(Error::from)
                };
                summary.stages.pass(Stage::Parse, unless_stopped(stop, parsed)).await
            }
            (Source::Qualys { share, keep, .. }, Template::Id(id)) => {
                let keep = keep.clone();
                let part = summary.stages.part().clone();
                let parse = move |body| Ok(report::parse(file::decode(body)?, &keep, &part.report())?);
                let mut launches = 0;
                loop {
                    let launch = unless_stopped(stop, share.launch(*id));
                    let launched = launched.insert(summary.stages.pass(Stage::Launch, launch).await?);
                    launches += u32::from(!launched.adopted);
                    match finish(share, launched, parse.clone(), stop, summary).await {
                        // Another run of this import needs it no more. Each is adopted once, so this comes to an end.
                        Err(Error::Qualys(error)) if launched.is_lost() && launches < 2 => {
                            warn!("the report is lost ({error}); another one is launched");
                        }
                        report => return report,
                    }
                }
            }
            (Source::Qualys { .. }, Template::File(path)) => {
                Err(Error::Bug(format!("{} isn't a template", path.display())))
            }
        }
    }

    /// Whether the source would refuse whatever it is asked for next.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Source::Qualys { share, .. } if share.login_is_refused())
    }

    /// The conversation with Qualys, for whoever watches; `None` where there is none.
    pub(super) fn progress(&self) -> Option<watch::Receiver<qualys::Progress>> {
        match self {
            Source::File { .. } => None,
            Source::Qualys { share, .. } => Some(share.progress()),
        }
    }

    /// Leaves nothing at the source that nobody will use, after work on it that ended so.
    pub(super) async fn tidy_up(
        &self,
        launched: &Launched,
        ending: Ending,
        stop: &Stop,
        summary: &mut TemplateSummary,
    ) {
        if let Source::Qualys { share, .. } = self {
            let tidied = async {
                tokio::select! {
                    () = share.tidy_up(launched, ending) => {}
                    () = hurried(stop) => warn!("told to stop; the report may stay in Qualys' storage"),
                }
            };
            summary.stages.pass(Stage::TidyUp, tidied).await;
        }
    }

    /// Ends the conversation with the source; says what was asked of it.
    pub(super) async fn close(self) -> qualys::Usage {
        match self {
            Source::File { .. } => qualys::Usage::default(),
            Source::Qualys { share, .. } => share.close().await,
        }
    }
}

/// The report that was launched, as soon as it is there.
async fn finish(
    share: &ReportShare,
    launched: &Launched,
    parse: impl Fn(qualys::Body) -> Result<Report, Error> + Clone + Send + 'static,
    stop: &Stop,
    summary: &mut TemplateSummary,
) -> Result<Report, Error> {
    let wait = unless_stopped(stop, share.wait(launched));
    let finished = summary.stages.pass(Stage::Wait, wait).await?;
    let cut_off = |error: &Error| matches!(error, Error::Report(error) if error.is_cut_off());
    let download = share.download(finished, parse, cut_off);
    summary
        .stages
        .pass(Stage::Download, unless_stopped(stop, download))
        .await
}

/// Ends when a process that was told to stop should have ended.
async fn hurried(stop: &Stop) {
    stop.token().cancelled().await;
    let told_at = stop.told_at().unwrap_or_else(Instant::now);
    tokio::time::sleep_until((told_at + qualys::HURRY).into()).await;
}

/// The work's result, or the end of it when `stop` comes first.
pub(super) async fn unless_stopped<T, E: Into<Error>>(
    stop: &Stop,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done.map_err(Into::into),
        () = stop.token().cancelled() => Err(Error::Interrupted),
    }
}
