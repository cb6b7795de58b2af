//! The import: the stages, one after the other, for one template after the other.
//!
//! ```text
//! launch ─► wait ─► download ┐
//!                            ├─► parse ─► select ─► send ─► tidy up
//!        a report file ──────┘                └───► write a CSV file
//! ```
//!
//! Nothing is known here of XML, HTTP, TLS or CSV; `source` and `sink` know who knows.

use std::time::Instant;

use tokio::task::spawn_blocking;
use tracing::{Instrument, Span, error};

use crate::config::Config;
use crate::exit::Exit;
use crate::qualys::Usage;
use crate::report::Keep;
use crate::report::selection::Selection;
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
pub use progress::{Progress, Snapshot};
pub use send::send;
use sink::Sink;
use source::{Source, Template, unless_stopped};
pub use stop::Stop;
pub use summary::{Outcome, Summary, TemplateSummary};
use told::Told as _;

/// Runs one import to its end, which may be an early one when `stop` says so.
///
/// A template that fails doesn't keep the others from being imported, unless Qualys refuses the login; the worst exit code
/// is the import's. `progress` is
/// written for whoever watches.
pub async fn run(config: Config, stop: &Stop, progress: &Progress) -> Summary {
    let begun = Instant::now();
    progress.begin();
    let mut templates = Vec::new();
    let mut not_begun = 0;
    let mut usage = Usage::default();
    let mut certificate_expires = None;
    let page = config.page.is_some();
    let configure = spans::stage("configure");
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
    match prepared {
        Ok((mut source, selection, mut sink)) => {
            let todo = source.templates();
            certificate_expires = sink.certificate_expires();
            progress.plan(todo.len(), source.progress());
            for template in &todo {
                // Each further try with a login that is refused may be the one that locks the account.
                if stop.exit().is_some() || source.is_closed() {
                    not_begun += 1;
                    continue;
                }
                let span = spans::template(&template.name());
                let work = import(template, &mut source, &selection, &mut sink, stop, progress, page);
                templates.push(work.instrument(span).await);
            }
            usage = source.close().await;
        }
        Err(failure) => {
            let error = Some((failure.exit(), failure.to_string()));
            let mut summary = TemplateSummary::begin("preparation".to_owned(), progress);
            summary.error = error;
            templates.push(summary);
        }
    }
    let worst = templates
        .iter()
        .map(TemplateSummary::exit)
        .max()
        .unwrap_or(Exit::Success);
    let exit = stop
        .exit()
        .filter(|_| not_begun > 0 || worst != Exit::Success)
        .unwrap_or(worst);
    Summary {
        templates,
        not_begun,
        exit,
        usage,
        certificate_expires,
        duration: begun.elapsed(),
    }
}

/// Everything that can fail before the first request: certificates, proxies, names of files.
fn prepare(config: Config) -> Result<(Source, Selection, Sink), Error> {
    let keep = Keep {
        description_length: config.commands.description_length,
        names: config.commands.hostname_attribute.is_some(),
        operating_systems: config.commands.set_os,
        unfinished: false,
    };
    let source = Source::new(config.source, keep)?;
    let sink = Sink::new(config.sink, config.commands, source.templates().len() > 1)?;
    Ok((source, config.selection, sink))
}

/// One template, from its launch to what is left to tidy up.
async fn import(
    template: &Template,
    source: &mut Source,
    selection: &Selection,
    sink: &mut Sink,
    stop: &Stop,
    progress: &Progress,
    page: bool,
) -> TemplateSummary {
    let mut summary = TemplateSummary::begin(template.name(), progress);
    let result = stages(template, source, selection, sink, stop, &mut summary, page).await;
    if let Err(failure) = result {
        summary.fail(&failure, stop);
        spans::fail(&Span::current(), summary.exit().label());
    }
    source.tidy_up(stop, &mut summary).await;
    summary
}

async fn stages(
    template: &Template,
    source: &mut Source,
    selection: &Selection,
    sink: &mut Sink,
    stop: &Stop,
    summary: &mut TemplateSummary,
    page: bool,
) -> Result<(), Error> {
    let ready = sink.prepare(template)?;

    let report = source.obtain(template, stop, summary).await?;
    summary.describe(&report);

    let selected = summary.stage("select", async { selection.apply(report) }).await;
    summary.count(selected.counts());
    summary.remarks.extend(selected.undescribed());
    summary.breakdown = page.then(|| selected.breakdown());

    let stage = sink.stage();
    let progress = summary.progress().delivery();
    let delivered = summary
        .stage(stage, sink.deliver(ready, &selected, stop, progress))
        .await;
    summary.remarks.extend(delivered.remarks);
    summary.outcome = delivered.outcome;
    delivered.result
}
