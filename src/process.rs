//! The process: arguments → configuration → logs → import → summary and exit code.

#![expect(
    clippy::print_stderr,
    reason = "before there is a log, and after it, errors are told here"
)]

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::{self, Cli, Command, Output, Summary};
use crate::config::{Config, Given, Mistake, Mistakes, SendConfig, Surroundings};
use crate::exit::Exit;
use crate::import::{self, Stop};
use crate::telemetry::logs;
use tracing::warn;

mod ending;

use ending::Ending;

/// Runs one invocation with these arguments, the name of the program left out.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::parse_arguments(arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let given = Given::gather(&Surroundings::of_process(), cli.config_file(), cli.assignments());
    let termination_file = given.termination_file();
    let ending = invoke(given, &cli);
    ending.leave(&termination_file);
    ending.exit
}

fn invoke(given: Given, cli: &Cli) -> Ending {
    match cli.command() {
        Command::Import if given.is_nothing() => nothing_given(),
        Command::Import => match given.import() {
            Ok(config) => begin(&config.log, &config.warnings).unwrap_or_else(|| import(config, cli)),
            Err(mistakes) => mistaken(&mistakes),
        },
        Command::Config { output } => Ending::untold(list(given, output)),
        Command::Send { file } => match given.send() {
            Ok(config) => begin(&config.log, &config.warnings).unwrap_or_else(|| send(config, &file, cli)),
            Err(mistakes) => mistaken(&mistakes),
        },
    }
}

/// Help and version are asked for, everything else that isn't a command line is a mistake.
fn unparsed(error: &clap::Error) -> Exit {
    match (error.print(), error.use_stderr()) {
        // What was typed isn't repeated where others see it: it may hold a secret.
        (_, true) => {
            let given = Given::gather(&Surroundings::of_process(), None, Vec::new());
            let told = "what is wrong with it stands in the log";
            Ending::new(Exit::Usage, told).leave(&given.termination_file());
            Exit::Usage
        }
        (printed, false) => wrote(printed),
    }
}

/// As the old tool did: the version on top, then how to use it; and what is needed at least.
fn nothing_given() -> Ending {
    print(&cli::usage());
    failed(&Mistake::NoSink, Exit::Usage)
}

fn list(given: Given, output: Output) -> Exit {
    let listing = given.listing();
    let shown = match output {
        Output::Text => print(&listing.to_string()),
        Output::Json => match serde_json::to_string_pretty(&listing) {
            Ok(json) => print(&format!("{json}\n")),
            Err(error) => failed(&error, Exit::Bug).exit,
        },
    };
    match given.import() {
        Ok(config) => {
            for warning in config.warnings {
                eprintln!("warning: {warning}");
            }
            shown
        }
        Err(mistakes) => {
            mistaken(&mistakes);
            Exit::Config
        }
    }
}

/// The log and the warnings; an exit when there can be no log.
fn begin(log: &logs::Settings, warnings: &[String]) -> Option<Ending> {
    if let Err(error) = logs::init(log) {
        return Some(failed(&error, error.exit()));
    }
    for warning in warnings {
        warn!("{warning}");
    }
    None
}

fn mistaken(mistakes: &Mistakes) -> Ending {
    for mistake in mistakes.iter() {
        eprintln!("error: {mistake}");
    }
    mistakes.into()
}

fn failed<E: Error + ?Sized>(error: &E, exit: Exit) -> Ending {
    eprintln!("error: {error}");
    Ending::failed(error, exit)
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

fn import(config: Config, cli: &Cli) -> Ending {
    conclude(cli, async |stop| import::run(config, stop).await)
}

fn send(config: SendConfig, file: &Path, cli: &Cli) -> Ending {
    conclude(cli, async |stop| import::send(config, file, stop).await)
}

/// Runs the work on a runtime of one thread, until it ends or a signal ends it, and says what it did.
fn conclude(cli: &Cli, work: impl AsyncFnOnce(&Stop) -> import::Summary) -> Ending {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, Exit::Bug),
    };
    let summary = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        Ok(work(&stop).await)
    });
    // A parser that waits for standard input would wait for ever.
    runtime.shutdown_background();
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => return failed::<io::Error>(&error, Exit::Bug),
    };
    let printed = match cli.summary() {
        Summary::Text => print(&format!("{summary}\n")),
        Summary::Json => print(&format!("{}\n", summary.json())),
        Summary::None => Exit::Success,
    };
    Ending::new(summary.exit.max(printed), summary.line().to_string())
}
