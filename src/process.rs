//! The process: arguments → configuration → telemetry → import → summary and exit code.

use std::ffi::OsString;

use crate::cli::{self, Cli, Command};
use crate::config::{ConfigError, Given, Surroundings};
use crate::exit::Exit;
use crate::problem::Problem as _;
use crate::telemetry::terminal::write_line;

mod as_init;
mod died;
mod dumps;
mod listing;
mod metrics;
mod migrate;
mod output;
mod panics;
mod preflight;
mod progress_bar;
mod reference;
mod remembered;
mod runs;
mod termination;

use died::Died;
use output::{failed, print, unparsed};
use termination::Termination;

/// Runs one invocation with these arguments, the name of the program left out.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    // Before any secret is read.
    if let Err(error) = dumps::forbid() {
        write_line(format_args!(
            "warning: core dumps can't be forbidden: {error}; they would hold the secrets of this process"
        ));
    }
    panics::install_hook();
    panics::catch(|| invocation(arguments)).unwrap_or_else(|bug| failed(&bug).exit)
}

fn invocation(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::parse_arguments(arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let (config_file, assignments) = (cli.config_file(), cli.assignments());
    let gather = move || Given::gather(&Surroundings::of_process(), config_file, assignments);
    let given = match as_init::unless_stopped(gather) {
        Ok(Ok(given)) => given,
        Ok(Err(kind)) => {
            let sentence = format!("{}, while the configuration was read", kind.row().meaning);
            return output::failed_with(&sentence, kind.exit());
        }
        Err(error) => return failed(&Died::System(error)).exit,
    };
    let given = match cli.command() {
        Command::Send { file } => given.sending(&file),
        _ => given,
    };
    let termination_file = given.termination_file();
    let ending = invoke(given, &cli);
    ending.leave(termination_file.as_deref());
    ending.exit
}

fn invoke(given: Given, cli: &Cli) -> Termination {
    let listing = given.listing();
    match cli.command() {
        Command::Import if given.is_nothing() => nothing_given(),
        Command::Import => runs::import(given, cli, &listing),
        Command::Config(form) => Termination::silent(listing::list(given, form.output)),
        Command::State { form, forget } => Termination::silent(remembered::state(given, form.output, forget)),
        Command::Check(form) => preflight::check(given, form.output),
        Command::Migrate { line } => Termination::silent(migrate::migrate(line)),
        Command::Explain { code } => Termination::silent(reference::explain(&code)),
        Command::Schema => Termination::silent(reference::json_schema()),
        Command::Completions { shell } => Termination::silent(reference::completions(shell)),
        Command::Man => Termination::silent(reference::man()),
        Command::Send { file } => runs::send(given, &file, cli, &listing),
    }
}

/// Version and usage, as the old tool printed them, and the settings that are needed at least.
fn nothing_given() -> Termination {
    print(&cli::usage());
    let missing = ConfigError::NoSink;
    let exit = output::failed_with(&missing.sentence(), missing.kind().exit());
    Termination::new(exit, missing.sentence())
}
