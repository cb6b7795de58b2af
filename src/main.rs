//! The program; [`qualys_connector::process`] is what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    qualys_connector::process::run(std::env::args_os().skip(1)).into()
}
