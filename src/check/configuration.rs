//! The configuration: every mistake of every layer, and what is odd though right.

use super::finding::{Finding, parted};
use super::walk::Walk;
use crate::config::{Mistake, Parts};

const STEP: &str = "configuration";

pub(super) fn check(parts: &Parts, walk: &mut Walk) {
    match &parts.mistakes {
        Ok(()) => walk.add(Finding::passed(STEP, "every setting is right (config lists them)")),
        Err(mistakes) => {
            for mistake in mistakes.iter() {
                let (text, remedy) = told(mistake);
                walk.add(Finding::failed(STEP, mistake.exit(), text, remedy));
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
fn told(mistake: &Mistake) -> (String, String) {
    let sentence = mistake.to_string();
    let (text, remedy) = match mistake {
        Mistake::Missing { key, remedy } => return (format!("{key} is not set"), remedy.clone()),
        Mistake::NoSink | Mistake::NoServer => match sentence.split_once(": ") {
            Some((text, remedy)) => (text, Some(remedy)),
            None => (sentence.as_str(), None),
        },
        _ => parted(&sentence),
    };
    let remedy = remedy.unwrap_or("correct it there; config shows every setting and where it stands");
    (text.to_owned(), remedy.to_owned())
}
