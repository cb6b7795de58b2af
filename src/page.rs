//! The page: one self-contained HTML file that shows a run to people who weren't there.
//!
//! | module | is the home of |
//! |---|---|
//! | `run` | what concerns the whole run: stages, waits and retries, configuration |
//! | `template` | what became of one template |
//! | `bars` | tables whose rows have a bar: pictures that are their own text |
//! | `file` | the file, which appears whole or not at all |
//!
//! It loads nothing, from nowhere, and runs no script. Everything in it that comes from a report or from a far end is
//! text, and is escaped by maud wherever it stands.

use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::config::Listing;
use crate::exit::Exit;
use crate::import::Summary;
use crate::import::text::{plural, took};

mod bars;
mod file;
mod run;
mod template;

pub use file::{Error, PageFile};

const STYLE: &str = include_str!("page/style.css");

/// The page of a run that ended at `now` and was configured as `listing` says.
pub fn render(summary: &Summary, listing: &Listing, now: SystemTime) -> String {
    let title = format!("qualys-connector: {}", summary.meaning());
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
                (header(summary, now))
                main {
                    @for (index, batch) in summary.batches.iter().enumerate() {
                        (template::sections(index, batch))
                    }
                    (run::stages(summary))
                    (run::waits(summary))
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

/// Nothing may be loaded or run; the one style is known by its hash.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn header(summary: &Summary, now: SystemTime) -> Markup {
    let begun = now.checked_sub(summary.duration).unwrap_or(now);
    let status = match summary.exit {
        Exit::Success => "good",
        Exit::TryAgain | Exit::Unavailable | Exit::Interrupted | Exit::Terminated => "odd",
        _ => "bad",
    };
    html! {
        header {
            h1 { "Qualys → Management Center" }
            p class={ "status " (status) } { strong { (summary.meaning()) } " (exit code " (summary.exit.code()) ")" }
            p {
                "Began " time { (humantime::format_rfc3339_seconds(begun)) } ", took " (took(summary.duration)) "."
                @if summary.not_begun > 0 {
                    " " (plural(summary.not_begun as u64, "template wasn't", "templates weren't")) " begun."
                }
            }
        }
    }
}
