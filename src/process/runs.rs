//! Commands that import, plan or send: telemetry, progress bar, the work itself, then page and summary.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::{Instrument as _, error};

use super::died::Died;
use super::metrics;
use super::output::{failed, misconfigured, print};
use super::panics;
use super::progress_bar::ProgressBar;
use super::termination::Termination;
use crate::cli::{Cli, Summary};
use crate::config::{Config, ConfigErrors, Given, Listing, SinkSettings};
use crate::exit::Exit;
use crate::import::{self, Failure, Progress, Record, Stop};
use crate::page::{self, PageFile};
use crate::printable::{escaped_json, escaped_lines};
use crate::problem::Problem as _;
use crate::telemetry::terminal::write_line;
use crate::telemetry::{self, Telemetry, logs, traces};
use crate::whole_file;

/// Imports, or plans to. Metrics of an import are written and pushed however it ends; those of a plan would mislead.
pub(super) fn import(given: Given, cli: &Cli, listing: &Listing) -> Termination {
    let metrics = given.metrics().filter(|_| !cli.plan());
    let run = || {
        let configured = if cli.plan() { given.plan() } else { given.import() };
        let (config, telemetry) = begin(configured, |config| (&config.log, &config.traces, &config.warnings))?;
        let outputs = Outputs::of(&config.page, csv_file(&config));
        let work = async |created: Result<(), Failure>, stop: &Stop, progress: &Progress| match (created, cli.plan()) {
            (created, false) => metrics::import(config, created, stop, progress).await,
            (Ok(()), true) => import::run(config, stop, progress).await,
            (Err(failure), true) => Record::unwritable(failure),
        };
        conclude(cli, outputs, listing, telemetry, work)
    };
    run().unwrap_or_else(|ending| {
        // It ended before it could do so itself.
        let failures = metrics.map(|settings| metrics::failed(&settings, ending.exit));
        for failure in failures.into_iter().flatten() {
            write_line(format_args!("warning: {failure}"));
        }
        ending
    })
}

/// Sends a file of commands.
pub(super) fn send(given: Given, file: &Path, cli: &Cli, listing: &Listing) -> Termination {
    let run = || {
        let (config, telemetry) = begin(given.send(), |config| (&config.log, &config.traces, &config.warnings))?;
        let outputs = Outputs::of(&config.page, None);
        let work = async |created: Result<(), Failure>, stop: &Stop, progress: &Progress| match created {
            Ok(()) => import::send(config, file, stop, progress).await,
            Err(failure) => Record::unwritable(failure),
        };
        conclude(cli, outputs, listing, telemetry, work)
    };
    run().unwrap_or_else(|ending| ending)
}

/// The configuration, and the log and traces that it asks for.
fn begin<C>(
    configured: Result<C, ConfigErrors>,
    telemetry: impl FnOnce(&C) -> (&logs::Settings, &traces::Settings, &Vec<String>),
) -> Result<(C, Telemetry), Termination> {
    let config = configured.map_err(|errors| misconfigured(&errors))?;
    let (log, traces, warnings) = telemetry(&config);
    let telemetry = telemetry::begin(log, traces, warnings).map_err(|error| failed(&error))?;
    Ok((config, telemetry))
}

/// Does the work, writes page and summary, and flushes logs and traces, however it ended. The error is the ending of work that
/// left no record.
fn conclude(
    cli: &Cli,
    outputs: Outputs,
    listing: &Listing,
    telemetry: Telemetry,
    work: impl AsyncFnOnce(Result<(), Failure>, &Stop, &Progress) -> Record,
) -> Result<Termination, Termination> {
    let run = || {
        // A page that can't be written ends the run before any request.
        let (page, created) = match outputs.page.map(|path| PageFile::create(&path)).transpose() {
            Ok(page) => (page, Ok(())),
            Err(failure) => (None, Err(Failure::unwritable(&failure))),
        };
        let work = async |stop: &Stop, progress: &Progress| work(created, stop, progress).await;
        let mut record = perform(cli, &telemetry, work)?;
        let shown = page.map(|page| show(page, &record, listing)).unwrap_or_default();
        record.exit = record.exit.max(shown);
        let exit = record.exit.max(summarise(cli, &record, outputs.on_stdout));
        Ok(Termination::of(&record, exit))
    };
    let ended: Result<Termination, Died> = panics::catch(run).unwrap_or_else(|bug| Err(bug.into()));
    let concluded = ended.map_err(|died| {
        error!(exit = died.kind().exit().code(), "{}", died.sentence());
        Termination::failed(&died)
    });
    let (Ok(ending) | Err(ending)) = &concluded;
    telemetry.finish(ending.exit);
    concluded
}

/// Runs the work on a runtime of one thread, until it ends or a signal ends it.
fn perform(
    cli: &Cli,
    telemetry: &Telemetry,
    work: impl AsyncFnOnce(&Stop, &Progress) -> Record,
) -> Result<Record, Died> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = Progress::default();
    let bar = if cli.quiet() {
        None
    } else {
        ProgressBar::show(&progress)
    };
    let working = async {
        let stop = Stop::on_signals()?;
        io::Result::Ok(work(&stop, &progress).await)
    };
    let record = panics::catch(|| runtime.block_on(working.instrument(telemetry.run().clone())));
    drop(bar);
    // A parser may wait for standard input for ever.
    runtime.shutdown_background();
    Ok(record??)
}

/// Prints the summary; on standard error if standard output takes a file.
fn summarise(cli: &Cli, record: &Record, on_stderr: bool) -> Exit {
    let summary = match cli.summary() {
        Summary::Text => escaped_lines(&record.to_string()),
        Summary::Json => escaped_json(&record.json()),
        Summary::None => return Exit::Success,
    };
    match on_stderr {
        true => {
            write_line(summary);
            Exit::Success
        }
        false => print(&format!("{summary}\n")),
    }
}

/// Files besides the log and the metrics.
struct Outputs {
    page: Option<PathBuf>,
    /// One of the files is standard output.
    on_stdout: bool,
}

impl Outputs {
    fn of(page: &Option<PathBuf>, csv: Option<&Path>) -> Self {
        Outputs {
            page: page.clone(),
            on_stdout: page.as_deref().into_iter().chain(csv).any(whole_file::is_stdout),
        }
    }
}

fn csv_file(config: &Config) -> Option<&Path> {
    match &config.sink {
        SinkSettings::Csv { file, .. } => Some(file),
        SinkSettings::ManagementCenter(_) | SinkSettings::Plan(_) => None,
    }
}

/// Writes the page, however the import ended.
fn show(page: PageFile, record: &Record, listing: &Listing) -> Exit {
    match page.write(&escaped_lines(&page::render(record, listing, SystemTime::now()))) {
        Ok(()) => Exit::Success,
        Err(failure) => {
            error!(exit = failure.kind().exit().code(), "{}", failure.sentence());
            failure.kind().exit()
        }
    }
}
