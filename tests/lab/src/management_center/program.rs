//! `connector-lab management-center`: the Management Center as a program of its own.

use std::io::{self, Write};

use clap::Args;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use super::{FaultError, Faults, ManagementCenter, NetworkMap, Options, StartError};

/// Options of the program.
#[derive(Debug, Args)]
#[command(after_help = faults_help())]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Something that goes wrong, see below; may be given several times
    #[arg(long = "fault", value_name = "NAME[=ARGUMENT]")]
    faults: Vec<String>,
    /// Only the first connections see the faults
    #[arg(long, value_name = "CONNECTIONS")]
    fault_connections: Option<u64>,
}

/// Why the program fails.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// A `--fault` can't be understood.
    #[error("--fault: {0}")]
    Fault(#[from] FaultError),
    /// It doesn't start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signals or standard output can't be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When it doesn't start.
pub async fn run(arguments: Arguments) -> Result<(), ProgramError> {
    let mut faults = Faults::parse(arguments.faults.iter().map(String::as_str))?;
    faults.connections = arguments.fault_connections;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let center = ManagementCenter::start(Options {
        faults,
        ..arguments.options
    })
    .await?;
    writeln!(io::stdout(), "{}", introduction(&center))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let held = held(&center.network_map());
    center.stop().await;
    // Whoever started it may have stopped reading.
    let _ = writeln!(io::stdout(), "{held}");
    Ok(())
}

/// What is left where nobody can look into the directory.
fn held(map: &NetworkMap) -> String {
    let results = map.hosts.values().flat_map(|host| host.scanners.values());
    let results: usize = results.map(|scanner| scanner.count).sum();
    format!(
        "The network map holds {} hosts with {results} scan results.",
        map.hosts.len()
    )
}

fn introduction(center: &ManagementCenter) -> String {
    let mut text = format!(
        "A Management Center listens on {}\nclient certificate: {}",
        center.address(),
        center.pkcs12().display()
    );
    if let Some(address) = center.http_address() {
        text += &format!("\nnetwork map: http://{address}/network-map");
    }
    text
}

fn faults_help() -> String {
    format!(
        "Faults (N is the number of an answer: 0 answers VERSION, 1 the first frame of commands):\n  {}",
        Faults::known().join("\n  ")
    )
}
