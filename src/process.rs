//! The process: arguments → configuration → telemetry → import → summary and exit code.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cli::{self, Cli, Command, Output, Summary};
use crate::config::{Config, ConfigError, ConfigErrors, Given, Listing, Sink, Surroundings};
use crate::exit::Exit;
use crate::import::{self, Failure, Progress, Record, Stop};
use crate::page::{self, PageFile};
use crate::printable::{escaped_json, escaped_lines};
use crate::problem::Problem as _;
use crate::telemetry::metrics::Settings;
use crate::telemetry::terminal::tell;
use crate::telemetry::{self, Telemetry, logs, traces};
use crate::whole_file;
use tracing::{Instrument as _, error};

mod around;
mod bar;
mod bug;
mod dumps;
mod ending;
mod metrics;
mod migrate;
mod preflight;

use bar::Bar;
use bug::Bug;
use ending::Ending;

/// Runs one invocation with these arguments, the name of the program left out.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    // Before any secret is read.
    if let Err(error) = dumps::forbid() {
        tell(format_args!(
            "warning: core dumps can't be forbidden: {error}; they would hold the secrets of this process"
        ));
    }
    bug::watch();
    bug::caught(|| invocation(arguments)).unwrap_or_else(|bug| failed(&bug, Exit::Bug).exit)
}

fn invocation(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::parse_arguments(arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let given = Given::gather(&Surroundings::of_process(), cli.config_file(), cli.assignments());
    let given = match cli.command() {
        Command::Send { file } => given.sending(&file),
        _ => given,
    };
    let termination_file = given.termination_file();
    let ending = invoke(given, &cli);
    ending.leave(termination_file.as_deref());
    ending.exit
}

fn invoke(given: Given, cli: &Cli) -> Ending {
    let listing = given.listing();
    match cli.command() {
        Command::Import if given.is_nothing() => nothing_given(),
        Command::Import if cli.plan() => plan(given, cli, &listing),
        Command::Import => import(given, cli, &listing),
        Command::Config { output } => Ending::untold(list(given, output)),
        Command::Check { output } => preflight::check(given, output),
        Command::Migrate { line } => Ending::untold(migrate::migrate(line)),
        Command::Explain { code } => Ending::untold(around::explain(&code)),
        Command::Schema => Ending::untold(around::json_schema()),
        Command::Completions { shell } => Ending::untold(around::completions(shell)),
        Command::Man => Ending::untold(around::man()),
        Command::Send { file } => send(given, &file, cli, &listing),
    }
}

/// Help and version are asked for, everything else that isn't a command line is a mistake.
fn unparsed(error: &clap::Error) -> Exit {
    match (error.print(), error.use_stderr()) {
        // What was typed isn't repeated where others see it: it may hold a secret.
        (_, true) => {
            let given = Given::gather(&Surroundings::of_process(), None, Vec::new());
            let told = "what is wrong with it stands in the log";
            Ending::new(Exit::Usage, told).leave(given.termination_file().as_deref());
            Exit::Usage
        }
        (printed, false) => wrote(printed),
    }
}

/// As the old tool did: the version on top, then how to use it; and what is needed at least.
fn nothing_given() -> Ending {
    print(&cli::usage());
    failed(&ConfigError::NoSink, Exit::Usage)
}

fn list(given: Given, output: Output) -> Exit {
    let listing = given.listing();
    let shown = match output {
        Output::Text => print(&listing.to_string()),
        Output::Json => match serde_json::to_string_pretty(&listing) {
            Ok(json) => print(&format!("{}\n", escaped_json(&json))),
            Err(error) => failed(&error, Exit::Bug).exit,
        },
    };
    match given.import() {
        Ok(config) => {
            for warning in config.warnings {
                tell(format_args!("warning: {warning}"));
            }
            shown
        }
        Err(errors) => {
            misconfigured(&errors);
            Exit::Config
        }
    }
}

/// The log and the traces; an ending where there can be none.
fn begin(log: &logs::Settings, traces: &traces::Settings, warnings: &[String]) -> Result<Telemetry, Ending> {
    telemetry::begin(log, traces, warnings).map_err(|error| failed(&error, error.kind().exit()))
}

/// Whoever watches metrics learns too of an import that couldn't say so itself.
fn unsaid(metrics: Option<&Settings>, ending: Ending) -> Ending {
    let failures = metrics.map(|settings| metrics::failed(settings, ending.exit));
    for failure in failures.into_iter().flatten() {
        tell(format_args!("warning: {failure}"));
    }
    ending
}

fn misconfigured(errors: &ConfigErrors) -> Ending {
    for error in errors.iter() {
        tell(format_args!("error: {error}"));
    }
    errors.into()
}

fn failed<E: Error + ?Sized>(error: &E, exit: Exit) -> Ending {
    tell(format_args!("error: {error}"));
    Ending::failed(error, exit)
}

fn failed_with(sentence: &str, exit: Exit) -> Exit {
    tell(format_args!("error: {sentence}"));
    exit
}

fn print(text: &str) -> Exit {
    let mut stdout = io::stdout().lock();
    wrote(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// A reader that has seen enough, as `head`, is no failure.
fn wrote(result: io::Result<()>) -> Exit {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failed(&error, Exit::Io).exit,
        _ => Exit::Success,
    }
}

fn import(given: Given, cli: &Cli, listing: &Listing) -> Ending {
    let metrics = given.metrics();
    let configured = given.import().map_err(|errors| misconfigured(&errors));
    match configured.and_then(|config| Ok((begin(&config.log, &config.traces, &config.warnings)?, config))) {
        Ok((telemetry, config)) => {
            let outputs = Outputs::of(&config.page, csv_file(&config));
            let work =
                async |page, stop: &Stop, progress: &Progress| metrics::import(config, page, stop, progress).await;
            let ending = conclude(cli, outputs, listing, telemetry, work);
            ending.unwrap_or_else(|died| unsaid(metrics.as_ref(), died))
        }
        Err(ending) => unsaid(metrics.as_ref(), ending),
    }
}

/// An import that sends nothing, and whose metrics would only mislead.
fn plan(given: Given, cli: &Cli, listing: &Listing) -> Ending {
    let configured = given.plan().map_err(|errors| misconfigured(&errors));
    match configured.and_then(|config| Ok((begin(&config.log, &config.traces, &config.warnings)?, config))) {
        Ok((telemetry, config)) => {
            let outputs = Outputs::of(&config.page, None);
            let work = async |page: Result<(), Failure>, stop: &Stop, progress: &Progress| match page {
                Ok(()) => import::run(config, stop, progress).await,
                Err(failure) => unwritable(failure),
            };
            conclude(cli, outputs, listing, telemetry, work).unwrap_or_else(|died| died)
        }
        Err(ending) => ending,
    }
}

fn send(given: Given, file: &Path, cli: &Cli, listing: &Listing) -> Ending {
    let configured = given.send().map_err(|errors| misconfigured(&errors));
    match configured.and_then(|config| Ok((begin(&config.log, &config.traces, &config.warnings)?, config))) {
        Ok((telemetry, config)) => {
            let outputs = Outputs::of(&config.page, None);
            let work = async |page: Result<(), Failure>, stop: &Stop, progress: &Progress| match page {
                Ok(()) => import::send(config, file, stop, progress).await,
                Err(failure) => unwritable(failure),
            };
            conclude(cli, outputs, listing, telemetry, work).unwrap_or_else(|died| died)
        }
        Err(ending) => ending,
    }
}

/// Does the work, says what it did, and flushes what tells of it, however it ended. The error is the ending of a work that
/// could tell nothing of itself.
fn conclude(
    cli: &Cli,
    outputs: Outputs,
    listing: &Listing,
    telemetry: Telemetry,
    work: impl AsyncFnOnce(Result<(), Failure>, &Stop, &Progress) -> Record,
) -> Result<Ending, Ending> {
    let tell = || {
        // A page that can't be is found before anything is asked for.
        let (page, created) = match outputs.page.map(|path| PageFile::create(&path)).transpose() {
            Ok(page) => (page, Ok(())),
            Err(failure) => (None, Err(Failure::unwritable(&failure, failure.kind().exit()))),
        };
        let work = async |stop: &Stop, progress: &Progress| work(created, stop, progress).await;
        let mut record = perform(cli, &telemetry, work)?;
        let shown = page.map_or(Exit::Success, |page| show(page, &record, listing));
        record.exit = record.exit.max(shown);
        let exit = record.exit.max(say(cli, &record, outputs.on_stdout));
        Ok(Ending::of(&record, exit))
    };
    let told: Result<Ending, Died> = bug::caught(tell).unwrap_or_else(|bug| Err(bug.into()));
    let concluded = told.map_err(|died| {
        error!(exit = died.exit().code(), "{died}");
        Ending::failed(&died, died.exit())
    });
    let (Ok(ending) | Err(ending)) = &concluded;
    telemetry.finish(ending.exit);
    concluded
}

/// Why an invocation can't tell what became of it.
#[derive(Debug, thiserror::Error)]
enum Died {
    #[error("the program can't begin: {0}; look at the limits that the system sets (ulimit)")]
    System(#[from] io::Error),
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl Died {
    fn exit(&self) -> Exit {
        match self {
            Died::System(_) => Exit::Io,
            Died::Bug(_) => Exit::Bug,
        }
    }
}

/// Runs the work on a runtime of one thread, until it ends or a signal ends it.
fn perform(
    cli: &Cli,
    telemetry: &Telemetry,
    work: impl AsyncFnOnce(&Stop, &Progress) -> Record,
) -> Result<Record, Died> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = Progress::default();
    let bar = if cli.quiet() { None } else { Bar::show(&progress) };
    let working = async {
        let stop = Stop::on_signals()?;
        io::Result::Ok(work(&stop, &progress).await)
    };
    let record = bug::caught(|| runtime.block_on(working.instrument(telemetry.run().clone())));
    drop(bar);
    // A parser that waits for standard input would wait for ever.
    runtime.shutdown_background();
    Ok(record??)
}

/// Prints the summary; on standard error where standard output has something else to carry.
fn say(cli: &Cli, record: &Record, elsewhere: bool) -> Exit {
    let said = match cli.summary() {
        Summary::Text => escaped_lines(&record.to_string()),
        Summary::Json => escaped_json(&record.json()),
        Summary::None => return Exit::Success,
    };
    match elsewhere {
        true => {
            tell(said);
            Exit::Success
        }
        false => print(&format!("{said}\n")),
    }
}

/// What is written besides the log and the metrics.
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

/// The record of a run that isn't begun, since something can't be written.
fn unwritable(failure: Failure) -> Record {
    error!(exit = failure.exit.code(), "{}", failure.sentence);
    Record::unprepared(failure)
}

fn csv_file(config: &Config) -> Option<&Path> {
    match &config.sink {
        Sink::Csv { file, .. } => Some(file),
        Sink::ManagementCenter(_) | Sink::Plan(_) => None,
    }
}

/// Writes the page, whatever became of the import.
fn show(page: PageFile, record: &Record, listing: &Listing) -> Exit {
    match page.write(&escaped_lines(&page::render(record, listing, SystemTime::now()))) {
        Ok(()) => Exit::Success,
        Err(failure) => {
            error!(exit = failure.kind().exit().code(), "{failure}");
            failure.kind().exit()
        }
    }
}
