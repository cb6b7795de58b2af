//! What commands print: results on standard output, errors on standard error.

use std::io::{self, Write as _};

use super::termination::Termination;
use crate::config::{ConfigErrors, Given, Surroundings};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::telemetry::terminal::write_line;

/// Help and version go to standard output; everything else is a usage error.
pub(super) fn unparsed(error: &clap::Error) -> Exit {
    match (error.print(), error.use_stderr()) {
        // The termination message doesn't repeat the command line, which may hold a secret.
        (_, true) => {
            let given = Given::gather(&Surroundings::of_process(), None, Vec::new());
            let message = "what is wrong with it stands in the log";
            Termination::new(Exit::Usage, message).leave(given.termination_file().as_deref());
            Exit::Usage
        }
        (printed, false) => wrote(printed),
    }
}

/// Prints every configuration error.
pub(super) fn misconfigured(errors: &ConfigErrors) -> Termination {
    for error in errors.iter() {
        write_line(format_args!("error: {}", error.sentence()));
    }
    errors.into()
}

/// Prints a problem that ends the invocation.
pub(super) fn failed(problem: &impl Problem) -> Termination {
    write_line(format_args!("error: {}", problem.sentence()));
    Termination::failed(problem)
}

/// Prints a sentence that ends a command with `exit`.
pub(super) fn failed_with(sentence: &str, exit: Exit) -> Exit {
    write_line(format_args!("error: {sentence}"));
    exit
}

/// Prints to standard output.
pub(super) fn print(text: &str) -> Exit {
    let mut stdout = io::stdout().lock();
    wrote(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// A reader that closes early, as `head` does, is no failure.
pub(super) fn wrote(result: io::Result<()>) -> Exit {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failed_with(&error.to_string(), Exit::Io),
        _ => Exit::Success,
    }
}
