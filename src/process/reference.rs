//! Reference material that is made from the code: man page, completions, schema, explanations of codes.

use clap_complete::Shell;

use super::output::{failed_with, print};
use crate::cli;
use crate::config::schema::schema;
use crate::exit::Exit;
use crate::explain;

/// The man page, as roff.
pub(super) fn man() -> Exit {
    match cli::man() {
        Ok(page) => print(&page),
        Err(error) => failed_with(&error.to_string(), Exit::Bug),
    }
}

/// Completions for a shell.
pub(super) fn completions(shell: Shell) -> Exit {
    print(&cli::completions(shell))
}

/// The configuration file's JSON schema.
pub(super) fn json_schema() -> Exit {
    print(&format!("{:#}\n", schema()))
}

/// What codes mean, or an answer of several words.
pub(super) fn explain(given: &[String]) -> Exit {
    let codes = given.iter().all(|word| word.parse::<u32>().is_ok());
    let explained = match codes {
        true => given.iter().map(|code| explain::explain(code)).collect(),
        false => explain::explain(&given.join(" ")),
    };
    match explained {
        Ok::<String, _>(text) => print(&text),
        Err(sentence) => failed_with(&sentence, Exit::Usage),
    }
}
