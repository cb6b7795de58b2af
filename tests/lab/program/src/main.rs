//! The lab as a program.

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connector_lab::{management_center, qualys, report};

mod bench;
mod demo;
mod memory;
mod soak;

/// Both far ends of qualys-connector, simulated by sourced facts.
#[derive(Debug, Parser)]
#[command(version)]
struct Lab {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A Management Center that takes host input
    ManagementCenter(Box<management_center::program::Arguments>),
    /// A Qualys that makes reports
    Qualys(Box<qualys::program::Arguments>),
    /// A whole import between both far ends, through the real connector
    Demo(demo::Arguments),
    /// What an import costs, through the real connector as a process of its own
    Bench(bench::Arguments),
    /// Hundreds of imports with faults that a seed draws, each held against what it may leave behind
    Soak(soak::Arguments),
    /// What finding the tags of a file costs, to compare with
    #[command(hide = true)]
    Tokenise { file: PathBuf },
    /// The real connector, as the demo starts it
    #[command(hide = true, disable_help_flag = true)]
    Connector {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// A report, as Qualys would write it
    Report(report::program::Arguments),
}

fn main() -> ExitCode {
    match Lab::parse().command {
        // A process of its own, with a log and a runtime of its own.
        Command::Connector { arguments } => qualys_connector::process::run(arguments).into(),
        command => lab(command),
    }
}

#[tokio::main]
async fn lab(command: Command) -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error, nobody can be told.
            let _ = writeln!(std::io::stderr(), "connector-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error + Send + Sync>> {
    match command {
        Command::ManagementCenter(arguments) => management_center::program::run(*arguments).await?,
        Command::Qualys(arguments) => qualys::program::run(*arguments).await?,
        Command::Bench(arguments) => bench::run(arguments).await?,
        Command::Soak(arguments) => soak::run(arguments).await?,
        Command::Tokenise { file } => bench::tokenise(&file)?,
        Command::Demo(arguments) => demo::run(arguments).await?,
        Command::Connector { .. } => {}
        Command::Report(arguments) => report::program::run(arguments)?,
    }
    Ok(())
}
