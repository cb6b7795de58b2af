//! The lab as a program.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connector_lab::management_center;

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
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    let outcome = match Lab::parse().command {
        Command::ManagementCenter(arguments) => management_center::program::run(*arguments).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error, nobody can be told.
            let _ = writeln!(std::io::stderr(), "connector-lab: {error}");
            ExitCode::FAILURE
        }
    }
}
