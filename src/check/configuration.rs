//! The configuration: every error of every layer, and what is odd though right.

use super::finding::{Finding, parted};
use super::walk::Walk;
use crate::config::{ConfigError, Parts};
use crate::problem::Problem as _;

const STEP: &str = "configuration";

pub(super) fn check(parts: &Parts, walk: &mut Walk) {
    match &parts.errors {
        Ok(()) => walk.add(Finding::passed(STEP, "every setting is right (config lists them)")),
        Err(errors) => {
            for error in errors.iter() {
                let (text, remedy) = told(error);
                walk.add(Finding::failed(STEP, error.kind().exit(), text, remedy));
            }
        }
    }
    for warning in &parts.warnings {
        let (text, remedy) = parted(warning);
        let remedy = remedy.unwrap_or("take out what isn't meant; config shows where each value stands");
        walk.add(Finding::warning(STEP, text, remedy));
    }
}

/// What is wrong, and what to do.
fn told(error: &ConfigError) -> (String, String) {
    let sentence = error.to_string();
    let (text, remedy) = match error {
        ConfigError::Missing(_) | ConfigError::NoCertificate | ConfigError::NoSink | ConfigError::NoServer => {
            match sentence.split_once(": ") {
                Some((text, remedy)) => (text, Some(remedy)),
                None => (sentence.as_str(), None),
            }
        }
        _ => parted(&sentence),
    };
    let remedy = remedy.unwrap_or("correct it there; config shows every setting and where it stands");
    (text.to_owned(), remedy.to_owned())
}
