//! The lab as a program.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use connector_lab::{management_center, report};

#[derive(Debug, Parser)]
#[command(name = "connector-lab", about, version)]
enum Command {
    /// A Management Center that takes host input
    ManagementCenter(Box<management_center::program::Arguments>),
    Report(report::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(io::stderr)
        .init();
    match run(Command::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error, nobody can be told.
            let _ = writeln!(io::stderr(), "connector-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::ManagementCenter(arguments) => management_center::program::run(*arguments).await?,
        Command::Report(arguments) => arguments.run()?,
    }
    Ok(())
}

/// Whoever read the output has seen enough.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
