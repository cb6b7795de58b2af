//! The command `config`: the effective configuration, with the source of each value.

use super::output::{failed_with, misconfigured, print};
use crate::cli::Output;
use crate::config::Given;
use crate::exit::Exit;
use crate::printable::escaped_json;
use crate::telemetry::terminal::write_line;

/// Prints the configuration, and what is wrong with it.
pub(super) fn list(given: Given, output: Output) -> Exit {
    let listing = given.listing();
    let shown = match output {
        Output::Text => print(&listing.to_string()),
        Output::Json => match serde_json::to_string_pretty(&listing) {
            Ok(json) => print(&format!("{}\n", escaped_json(&json))),
            Err(error) => failed_with(&error.to_string(), Exit::Bug),
        },
    };
    match given.import() {
        Ok(config) => {
            for warning in config.warnings {
                write_line(format_args!("warning: {warning}"));
            }
            shown
        }
        Err(errors) => {
            misconfigured(&errors);
            Exit::Config
        }
    }
}
