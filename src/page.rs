//! The page: one self-contained HTML file that shows a run.
//!
//! | module | is the home of |
//! |---|---|
//! | `run` | what concerns the whole run: stages, waits and retries, configuration |
//! | `batch` | what became of one batch: a template, several together, or a report file |
//! | `breakdown` | what was selected, broken down |
//! | `bars` | tables whose rows have a bar |
//! | `file` | the file, which appears whole or not at all |
//!
//! It loads nothing and runs no script. Everything in it that comes from a report or an endpoint is text, and maud escapes it.

use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::config::Listing;
use crate::import::Record;
use crate::import::numbers::{plural, took};

mod bars;
mod batch;
mod breakdown;
mod file;
mod run;

pub use file::{Error, PageFile};

const STYLE: &str = include_str!("page/style.css");

/// The page of a run that ended at `now` and was configured as `listing` says.
pub fn render(record: &Record, listing: &Listing, now: SystemTime) -> String {
    let title = format!("qualys-connector: {}", record.meaning());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(record, now))
                main {
                    @for (index, batch) in record.batches.iter().enumerate() {
                        (batch::sections(index, batch))
                    }
                    (run::stages(record))
                    (run::waits(record))
                    (run::configuration(listing))
                }
                footer {
                    "Made by qualys-connector " (env!("CARGO_PKG_VERSION")) ". This page loads nothing from anywhere, "
                    "and holds no secret. It does name hosts and what is wrong with them: keep it as you keep such lists."
                }
            }
        }
    };
    page.into_string()
}

/// The content security policy: nothing may be loaded or run; the hash allows the one style.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn header(record: &Record, now: SystemTime) -> Markup {
    let begun = now.checked_sub(record.duration).unwrap_or(now);
    let status = match record.exit {
        exit if exit.is_success() => "good",
        exit if exit.may_pass() => "odd",
        _ => "bad",
    };
    html! {
        header {
            h1 { "Qualys → Management Center" }
            p class={ "status " (status) } { strong { (record.meaning()) } " (exit code " (record.exit.code()) ")" }
            p {
                "Began " time { (humantime::format_rfc3339_seconds(begun)) } ", took " (took(record.duration)) "."
                @if record.not_begun > 0 {
                    " " (plural(record.not_begun as u64, "template wasn't", "templates weren't")) " begun."
                }
            }
        }
    }
}
