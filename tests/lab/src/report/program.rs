//! `connector-lab report`: writes a generated report.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{Options, Report};

/// Options of the program.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where to; standard output when it's left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Why the program fails.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// The report makes no sense.
    #[error(transparent)]
    Report(#[from] super::Error),
    /// It can't be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the report as fast as it's taken.
///
/// # Errors
/// When the report makes no sense or can't be written. Whoever closes the pipe has seen enough: that's none.
pub fn run(arguments: Arguments) -> Result<(), ProgramError> {
    let report = Report::new(arguments.options)?;
    let written = match arguments.output {
        Some(path) => report.write_to(&mut File::create(path)?),
        None => report.write_to(&mut io::stdout()),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
