//! The lab as a program.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connector_lab::{management_center, qualys, report};

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
    /// A report, as Qualys would write it
    Report(report::program::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    match run(Lab::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error, nobody can be told.
            let _ = writeln!(std::io::stderr(), "connector-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::ManagementCenter(arguments) => management_center::program::run(*arguments).await?,
        Command::Qualys(arguments) => qualys::program::run(*arguments).await?,
        Command::Report(arguments) => report::program::run(arguments)?,
    }
    Ok(())
}
