//! The lab as a program.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use connector_lab::report;

#[derive(Debug, Parser)]
#[command(name = "connector-lab", about, version)]
enum Command {
    Report(report::Arguments),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the lab's only way to say why it ends")]
            {
                eprintln!("connector-lab: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    match command {
        Command::Report(arguments) => arguments.run(),
    }
}
