//! The process: arguments → configuration → telemetry → import → exit code.

#![expect(
    clippy::print_stderr,
    reason = "before there is a log, and after it, errors are told here"
)]

use std::io::{self, Write as _};
use std::process::ExitCode;

use qualys_connector::cli::{self, Cli, Command, Output};
use qualys_connector::config::{Config, Given, Mistake, Mistakes, SendConfig, Surroundings};
use qualys_connector::exit::Exit;
use qualys_connector::telemetry::logs;
use tracing::warn;

fn main() -> ExitCode {
    let cli = match Cli::parse_arguments(std::env::args_os().skip(1)) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error).into(),
    };
    let given = Given::gather(&Surroundings::of_process(), cli.config_file(), cli.assignments());
    let exit = match cli.command() {
        Command::Import if given.is_nothing() => nothing_given(),
        Command::Import => match given.import() {
            Ok(config) => begin(&config.log, &config.warnings).unwrap_or_else(|| import(config, &cli)),
            Err(mistakes) => mistaken(&mistakes),
        },
        Command::Config { output } => list(given, output),
        Command::Send { file } => match given.send() {
            Ok(config) => begin(&config.log, &config.warnings).unwrap_or_else(|| send(config, &file)),
            Err(mistakes) => mistaken(&mistakes),
        },
    };
    exit.into()
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

fn mistaken(mistakes: &Mistakes) -> Exit {
    for mistake in mistakes.iter() {
        eprintln!("error: {mistake}");
    }
    mistakes.exit()
}

fn failed(error: &dyn std::error::Error, exit: Exit) -> Exit {
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

// MERGE: the import is called here, `qualys_connector::import::run(config, cli.summary())`.
fn import(_config: Config, _cli: &Cli) -> Exit {
    eprintln!("error: this build has no import yet");
    Exit::Bug
}

// MERGE: the sending of a file is called here.
fn send(_config: SendConfig, _file: &std::path::Path) -> Exit {
    eprintln!("error: this build can't send files yet");
    Exit::Bug
}
