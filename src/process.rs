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
use crate::import::{self, Progress, Stop};
use crate::telemetry::logs;
use crate::telemetry::metrics::Settings;
use tracing::warn;

mod metrics;

/// Runs one invocation with these arguments, the name of the program left out.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::parse_arguments(arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let given = Given::gather(&Surroundings::of_process(), cli.config_file(), cli.assignments());
    match cli.command() {
        Command::Import if given.is_nothing() => nothing_given(),
        Command::Import => {
            let metrics = given.metrics();
            match given.import() {
                Ok(config) => match begin(&config.log, &config.warnings) {
                    None => import(config, &cli),
                    Some(exit) => unconfigured(metrics.as_ref(), exit),
                },
                Err(mistakes) => unconfigured(metrics.as_ref(), mistaken(&mistakes)),
            }
        }
        Command::Config { output } => list(given, output),
        Command::Send { file } => match given.send() {
            Ok(config) => begin(&config.log, &config.warnings).unwrap_or_else(|| send(config, &file, &cli)),
            Err(mistakes) => mistaken(&mistakes),
        },
    }
}

/// Help and version are asked for, everything else that isn't a command line is a mistake.
fn unparsed(error: &clap::Error) -> Exit {
    match (error.print(), error.use_stderr()) {
        (_, true) => Exit::Usage,
        (printed, false) => wrote(printed),
    }
}

/// As the old tool did: the version on top, then how to use it; and what is needed at least.
fn nothing_given() -> Exit {
    print(&cli::usage());
    failed(&Mistake::NoSink, Exit::Usage)
}

fn list(given: Given, output: Output) -> Exit {
    let listing = given.listing();
    let shown = match output {
        Output::Text => print(&listing.to_string()),
        Output::Json => match serde_json::to_string_pretty(&listing) {
            Ok(json) => print(&format!("{json}\n")),
            Err(error) => failed(&error, Exit::Bug),
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
fn begin(log: &logs::Settings, warnings: &[String]) -> Option<Exit> {
    if let Err(error) = logs::init(log) {
        return Some(failed(&error, error.exit()));
    }
    for warning in warnings {
        warn!("{warning}");
    }
    None
}

/// Whoever watches metrics learns too that there was no import.
fn unconfigured(metrics: Option<&Settings>, exit: Exit) -> Exit {
    for failure in metrics
        .iter()
        .flat_map(|settings| metrics::unconfigured(settings, exit))
    {
        eprintln!("warning: {failure}");
    }
    exit
}

fn mistaken(mistakes: &Mistakes) -> Exit {
    for mistake in mistakes.iter() {
        eprintln!("error: {mistake}");
    }
    mistakes.exit()
}

fn failed<E: Error + ?Sized>(error: &E, exit: Exit) -> Exit {
    eprintln!("error: {error}");
    exit
}

fn print(text: &str) -> Exit {
    let mut stdout = io::stdout().lock();
    wrote(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// A reader that has seen enough, as `head`, is no failure.
fn wrote(result: io::Result<()>) -> Exit {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failed(&error, Exit::Io),
        _ => Exit::Success,
    }
}

fn import(config: Config, cli: &Cli) -> Exit {
    conclude(cli, async |stop| {
        metrics::import(config, stop, &Progress::default()).await
    })
}

fn send(config: SendConfig, file: &Path, cli: &Cli) -> Exit {
    conclude(cli, async |stop| {
        import::send(config, file, stop, &Progress::default()).await
    })
}

/// Runs the work on a runtime of one thread, until it ends or a signal ends it, and says what it did.
fn conclude(cli: &Cli, work: impl AsyncFnOnce(&Stop) -> import::Summary) -> Exit {
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
    summary.exit.max(printed)
}
