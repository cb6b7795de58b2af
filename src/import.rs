//! The import: the stages, one after the other, batch after batch.
//!
//! ```text
//! launch ─► wait ─► download+parse, for each template ─┐
//!                                                      ├─► merge ─► select ─► send ─► tidy up
//!                                  parse a report file ┘                └───► write a CSV file
//! ```
//!
//! A batch is what is complete by itself: all templates of an import, as a host may be in several of them, or one template
//! where they share none. Nothing is known here of XML, HTTP, TLS or CSV; `source` and `sink` know who knows.

use std::time::Instant;

use futures_util::{StreamExt as _, future, stream};
use tokio::task::spawn_blocking;
use tracing::{Instrument, Span, error, warn};

use crate::config::{Config, Templates, UnfinishedScans};
use crate::qualys::{Ending, Launched, Usage};
use crate::report::selection::Selection;
use crate::report::{self, Keep, Report, Selected};
use crate::stage::Stage;
use crate::telemetry::spans;

mod commands;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod metrics;
mod plan;
mod progress;
mod send;
mod sink;
mod source;
mod stop;
mod summary;
pub mod text;
mod told;

pub use error::Error;
pub use plan::{Plan, Share};
pub use progress::{Progress, Running, Snapshot};
pub use send::send;
use sink::{Ready, Sink};
use source::{Source, Template, unless_stopped};
pub use stop::Stop;
use summary::Rest;
pub use summary::{Arrived, BatchSummary, Failure, Named, Outcome, Passed, Stages, Summary, TemplateSummary};
use told::{Merged, Told as _};

/// Runs one import to its end, which may be an early one when `stop` says so.
///
/// A template that fails doesn't keep the others from being imported, unless Qualys refuses the login; the worst exit code
/// is the import's. `progress` is written for whoever watches.
pub async fn run(config: Config, stop: &Stop, progress: &Progress) -> Summary {
    let begun = Instant::now();
    progress.begin();
    let mut usage = Usage::default();
    let mut certificate_expires = None;
    let page = config.page.is_some();
    let configure = spans::stage(Stage::Configure);
    let span = configure.clone();
    let preparing = spawn_blocking(move || span.in_scope(|| prepare(config)));
    // Beside a thread that waits for a file, a signal is still heard.
    let prepared = unless_stopped(stop, async {
        preparing.await.unwrap_or_else(|died| Err(Error::Bug(died.to_string())))
    });
    let prepared = prepared.await;
    let said = |failure: &Error| error!(exit = failure.exit().code(), "{failure}");
    let prepared = configure.in_scope(|| prepared.inspect_err(said));
    prepared.tell(&configure);
    drop(configure);
    let (mut batches, mut not_begun) = (Vec::new(), 0);
    match prepared {
        Ok(Prepared {
            source,
            selection,
            sink,
            batches: todo,
        }) => {
            certificate_expires = sink.certificate_expires();
            progress.plan(todo.iter().map(Vec::len).sum(), source.progress());
            let mut import = Import {
                source,
                selection,
                sink,
                stop,
                progress,
                page,
            };
            for templates in &todo {
                let (done, left) = import.batch(templates).await;
                batches.extend(done);
                not_begun += left;
            }
            usage = import.source.close().await;
        }
        Err(failure) => {
            progress.batch();
            let template = TemplateSummary {
                failure: Some(Failure {
                    exit: failure.exit(),
                    sentence: failure.to_string(),
                    stage: None,
                }),
                ..TemplateSummary::begin("preparation".to_owned(), progress)
            };
            batches.push(BatchSummary::begin(vec![template], progress));
        }
    }
    let rest = Rest {
        usage,
        certificate_expires,
        begun,
    };
    Summary::new(batches, not_begun, stop, rest)
}

/// What an import works with.
struct Prepared {
    source: Source,
    selection: Selection,
    sink: Sink,
    /// What there is to do: templates that may share hosts stand together.
    batches: Vec<Vec<Template>>,
}

/// Everything that can fail before the first request: certificates, proxies, names of files.
fn prepare(config: Config) -> Result<Prepared, Error> {
    let keep = Keep {
        description_length: config.commands.description_length,
        names: config.commands.hostname_attribute.is_some(),
        operating_systems: config.commands.set_os,
        unfinished: config.unfinished_scans == UnfinishedScans::Merge,
    };
    let source = Source::new(config.source, keep)?;
    let templates = source.templates();
    let sink = Sink::new(config.sink, config.commands, templates.len() > 1)?;
    Ok(Prepared {
        source,
        selection: config.selection,
        sink,
        batches: match config.templates {
            Templates::Overlapping => vec![templates],
            Templates::Disjoint => templates.into_iter().map(|template| vec![template]).collect(),
        },
    })
}

/// An import that runs.
struct Import<'a> {
    source: Source,
    selection: Selection,
    sink: Sink,
    stop: &'a Stop,
    progress: &'a Progress,
    /// Somebody asks for the page.
    page: bool,
}

/// The report of a template, or why there is none, in its summary.
struct Obtained {
    summary: TemplateSummary,
    span: Span,
    report: Option<Report>,
    launched: Option<Launched>,
}

impl Import<'_> {
    /// All of a batch, from its launches to what is left to tidy up. Gives what was delivered in one piece, and how many
    /// templates weren't begun.
    async fn batch(&mut self, templates: &[Template]) -> (Vec<BatchSummary>, usize) {
        if self.is_over() {
            return (Vec::new(), templates.len());
        }
        self.progress.batch();
        let ready = match self.ready(templates) {
            Ok(ready) => ready,
            Err((template, failure)) => {
                let mut summary = TemplateSummary::begin(template.name(), self.progress);
                let span = spans::template(&summary.name);
                span.in_scope(|| summary.fail(&failure, self.stop));
                spans::fail(&span, summary.exit().label());
                let batch = BatchSummary::begin(vec![summary], self.progress);
                return (vec![batch], templates.len() - 1);
            }
        };
        let mut obtained = self.obtain(templates).await;
        let not_begun = templates.len() - obtained.len();
        let traces = obtained.iter_mut();
        let traces: Vec<_> = traces
            .map(|obtained| (obtained.span.clone(), obtained.launched.take()))
            .collect();
        let mut batches = self.deliver(obtained, not_begun, ready).await;
        self.tidy_up(&mut batches, &traces).await;
        (batches, not_begun)
    }

    /// Leaves at Qualys what the next run shall go on with, and nothing else. The reports of one batch share their fate, but
    /// for those that are no use to anybody.
    async fn tidy_up(&self, batches: &mut [BatchSummary], traces: &[(Span, Option<Launched>)]) {
        let worst = batches.iter().map(|batch| Ending::of(batch.exit()));
        let together = worst.max_by_key(|ending| match ending {
            Ending::Done => 0,
            Ending::Later => 1,
            Ending::Terminated => 2,
            Ending::Interrupted => 3,
        });
        let templates = batches.iter_mut().flat_map(|batch| {
            let failure = batch.failure.as_ref().map(|failure| failure.exit);
            batch.templates.iter_mut().map(move |template| (template, failure))
        });
        for ((template, failure), (span, launched)) in templates.zip(traces) {
            if let Some(exit) = template.failure.as_ref().map(|failure| failure.exit).or(failure) {
                spans::fail(span, exit.label());
            }
            let ending = match &template.failure {
                Some(failure) => Ending::of(failure.exit),
                None => together.unwrap_or(Ending::Done),
            };
            if let Some(launched) = launched {
                let tidied = self.source.tidy_up(launched, ending, self.stop, template);
                tidied.instrument(span.clone()).await;
            }
        }
    }

    /// Whether nothing more is to be begun. Each further try with a login that is refused may be the one that locks the
    /// account.
    fn is_over(&self) -> bool {
        self.stop.exit().is_some() || self.source.is_closed()
    }

    /// What the sink needs for each delivery.
    fn ready<'t>(&self, templates: &'t [Template]) -> Result<Vec<Ready>, (&'t Template, Error)> {
        let deliveries = match self.sink.keeps_templates_apart() {
            true => templates.len(),
            false => 1,
        };
        let ready = templates.iter().take(deliveries).map(|template| {
            let ready = self.sink.prepare(template);
            ready.map_err(|failure| (template, failure))
        });
        ready.collect()
    }

    /// The reports of `templates`, as far as they could be begun; several are on their way at the same time.
    async fn obtain(&self, templates: &[Template]) -> Vec<Obtained> {
        let works = templates.iter().enumerate().map(|(place, template)| async move {
            // While others were under way, Qualys may have refused the login.
            if self.is_over() {
                return None;
            }
            let mut summary = TemplateSummary::begin(template.name(), self.progress);
            let span = spans::template(&summary.name);
            let mut launched = None;
            let work = async {
                let obtained = self
                    .source
                    .obtain(template, self.stop, &mut summary, &mut launched)
                    .await;
                let obtained = obtained.inspect(|report| summary.describe(report));
                obtained.map_err(|failure| summary.fail(&failure, self.stop)).ok()
            };
            let report = work.instrument(span.clone()).await;
            let obtained = Obtained {
                summary,
                span,
                report,
                launched,
            };
            Some((place, obtained))
        });
        let works = stream::iter(works).buffer_unordered(self.source.at_once());
        let mut all: Vec<_> = works.filter_map(future::ready).collect().await;
        all.sort_unstable_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, obtained)| obtained).collect()
    }

    /// Delivers what was obtained. Where something is missing, the Management Center keeps what it holds of the hosts: it
    /// may be true.
    async fn deliver(&mut self, obtained: Vec<Obtained>, not_begun: usize, ready: Vec<Ready>) -> Vec<BatchSummary> {
        let missing = obtained.iter().filter(|obtained| obtained.report.is_none());
        let missing: Vec<_> = missing.map(|obtained| obtained.summary.name.as_str()).collect();
        let mut remarks = Vec::new();
        if (!missing.is_empty() || not_begun > 0) && missing.len() < obtained.len() {
            if self.stop.exit().is_some() {
                return self.interrupted(obtained);
            }
            let remark = incomplete(&missing, not_begun);
            warn!("{remark}");
            remarks.push(remark);
            self.sink.incomplete();
        }
        match self.sink.keeps_templates_apart() {
            true => self.apart(obtained, ready, &remarks).await,
            false => vec![self.together(obtained, ready, remarks).await],
        }
    }

    /// Told to stop before a batch was whole: nothing of it is delivered.
    fn interrupted(&self, obtained: Vec<Obtained>) -> Vec<BatchSummary> {
        let summaries = obtained.into_iter().map(|obtained| obtained.summary);
        let batches = match self.sink.keeps_templates_apart() {
            true => summaries.map(|summary| vec![summary]).collect(),
            false => vec![summaries.collect()],
        };
        let batches = batches.into_iter().map(|summaries| {
            let mut batch = BatchSummary::begin(summaries, self.progress);
            if batch.templates.iter().any(|template| template.failure.is_none()) {
                batch.fail(&Error::Interrupted, self.stop);
            }
            batch
        });
        batches.collect()
    }

    /// Delivers all reports as one.
    async fn together(&mut self, obtained: Vec<Obtained>, ready: Vec<Ready>, remarks: Vec<String>) -> BatchSummary {
        let span = match obtained.as_slice() {
            [only] => only.span.clone(),
            _ => Span::current(),
        };
        let (summaries, reports): (Vec<_>, Vec<_>) = obtained
            .into_iter()
            .map(|obtained| (obtained.summary, obtained.report))
            .unzip();
        let mut batch = BatchSummary::begin(summaries, self.progress);
        batch.remarks = remarks;
        let reports: Vec<_> = reports.into_iter().flatten().collect();
        let work = async {
            if reports.is_empty() {
                return;
            }
            let delivered = match self.select(reports, &mut batch).await {
                Ok(selected) => self.send(ready, &selected, &mut batch).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = delivered {
                batch.fail(&failure, self.stop);
            }
        };
        work.instrument(span).await;
        batch
    }

    /// Delivers each report by itself, in knowledge of the others.
    async fn apart(&mut self, obtained: Vec<Obtained>, ready: Vec<Ready>, remarks: &[String]) -> Vec<BatchSummary> {
        let mut all = Vec::new();
        for (obtained, ready) in obtained.into_iter().zip(ready) {
            let mut batch = BatchSummary::begin(vec![obtained.summary], self.progress);
            let mut selected = None;
            if let Some(report) = obtained.report {
                batch.remarks = remarks.to_vec();
                let select = self.select(vec![report], &mut batch).instrument(obtained.span.clone());
                match select.await {
                    Ok(done) => selected = Some(done),
                    Err(failure) => batch.fail(&failure, self.stop),
                }
            }
            all.push((batch, selected, ready, obtained.span));
        }
        let mut batches = Vec::new();
        let reports: Vec<_> = all.iter().filter_map(|(_, selected, ..)| selected.as_ref()).collect();
        let kept = reports.iter().flat_map(|report| commands::not_clean(report));
        let doubtful = reports.iter().flat_map(|report| commands::doubtful(report, &reports));
        let (kept, doubtful): (Vec<_>, Vec<_>) = (kept.collect(), doubtful.collect());
        self.sink.keep(kept, doubtful);
        for (mut batch, selected, ready, span) in all {
            if let Some(selected) = selected {
                let send = self.send(vec![ready], &selected, &mut batch).instrument(span.clone());
                if let Err(failure) = send.await {
                    span.in_scope(|| batch.fail(&failure, self.stop));
                }
            }
            batches.push(batch);
        }
        batches
    }

    /// What goes on of some reports.
    async fn select(&self, mut reports: Vec<Report>, batch: &mut BatchSummary) -> Result<Selected, Error> {
        let report = match reports.len() {
            1 => reports.remove(0),
            _ => {
                let merge = async { report::merge(reports).map(Merged).map_err(Error::from) };
                batch.pass(Stage::Merge, merge).await?.0
            }
        };
        let selected = batch.pass(Stage::Select, async { self.selection.apply(report) }).await;
        batch.count(selected.counts(), self.progress);
        batch.remarks.extend(selected.undescribed());
        if selected.about().unfinished.is_some() {
            let remark =
                "what an unfinished scan says is added to what is held of its hosts; nothing is replaced or cleared";
            batch.remarks.push(remark.to_owned());
        }
        batch.breakdown = self.page.then(|| selected.breakdown());
        Ok(selected)
    }

    /// Sends, writes or plans what goes on.
    async fn send(&mut self, ready: Vec<Ready>, selected: &Selected, batch: &mut BatchSummary) -> Result<(), Error> {
        let Some(ready) = ready.into_iter().next() else {
            return Err(Error::Bug("nothing is ready to take what was selected".to_owned()));
        };
        let stage = self.sink.stage();
        let delivery = self.sink.deliver(ready, selected, self.stop, self.progress.delivery());
        let delivered = batch.pass(stage, delivery).await;
        batch.remarks.extend(delivered.remarks);
        batch.outcome = delivered.outcome;
        batch.to_clear = delivered.to_clear;
        batch.named = delivered.named;
        delivered.result
    }
}

/// What is done about templates that are missing.
fn incomplete(missing: &[&str], not_begun: usize) -> String {
    let what = match (missing, not_begun) {
        ([], left) => text::plural(left as u64, "template is", "templates are"),
        ([one], 0) => format!("template {one} is"),
        (several, 0) => format!("templates {} are", several.join(", ")),
        (several, left) => format!("templates {} and {left} more are", several.join(", ")),
    };
    format!(
        "{what} missing: what the others report is added to what is held of their hosts; nothing is replaced or cleared"
    )
}
