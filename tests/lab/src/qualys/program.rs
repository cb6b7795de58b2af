//! `connector-lab qualys`: the lab's Qualys as a program of its own.

use std::io::{self, Write as _};

use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use super::{Options, Qualys};

/// Options of the program.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Why the program fails.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It doesn't start.
    #[error(transparent)]
    Start(#[from] super::Error),
    /// Signals or standard output can't be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When it doesn't start.
pub async fn run(arguments: Arguments) -> Result<(), ProgramError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let qualys = Qualys::start(arguments.options).await?;
    let ca = qualys.ca_pem_path();
    writeln!(
        io::stdout(),
        "Qualys listens on {}\ncertificate of its CA: {}",
        qualys.url(),
        ca.display()
    )?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    qualys.stop().await;
    Ok(())
}
