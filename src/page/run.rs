//! What concerns the whole run: where its time went, what it waited for, how it was configured.

use std::time::Duration;

use maud::{Markup, html};

use super::bars::{self, BarRow};
use crate::config::Listing;
use crate::import::count::{Outcome, Unit};
use crate::import::numbers::{amount, brief, grouped, plural};
use crate::import::{BatchRecord, Record};

/// The stages on a time line.
pub(super) fn stages(record: &Record) -> Markup {
    let passed: Vec<_> = record.batches.iter().flat_map(BatchRecord::passed).collect();
    let ends = passed.iter().map(|(_, passed)| passed.begun + passed.took);
    let whole = ends.max().unwrap_or_default().as_secs_f64();
    let share = |duration: Duration| match whole > 0.0 {
        true => duration.as_secs_f64() / whole,
        false => 0.0,
    };
    let several = record.parts().count() > 1;
    let rows = passed.iter().map(|(part, passed)| BarRow {
        label: match part {
            Some(part) if several => html! { (part.name) ": " (passed.stage) },
            _ => html! { (passed.stage) },
        },
        bar: (share(passed.begun), share(passed.took)),
        class: "accent",
        cells: vec![brief(passed.took)],
    });
    html! {
        section class="wide" {
            h2 { "Where the time went" }
            (bars::table("Bars show when each stage ran", &["Stage", "Took"], rows.collect()))
        }
    }
}

/// Waits, retries and reconnections.
pub(super) fn waits(record: &Record) -> Markup {
    let usage = &record.usage;
    let connections = record.totals().get(Unit::Connections, Outcome::Sent);
    let longest = usage.waited.values().max().copied().unwrap_or_default().as_secs_f64();
    let waited = usage.waited.iter().map(|(reason, waited)| BarRow {
        label: html! { (reason.sentence()) },
        bar: (
            0.0,
            if longest > 0.0 {
                waited.as_secs_f64() / longest
            } else {
                0.0
            },
        ),
        class: "odd",
        cells: vec![brief(*waited)],
    });
    let calls = usage.calls();
    let requests = usage.requests.iter().map(|((stage, ended), count)| BarRow {
        label: html! { (stage) ": " (ended) },
        bar: (0.0, bars::of(*count, calls)),
        class: if *ended == "ok" { "good" } else { "bad" },
        cells: vec![grouped(*count)],
    });
    let retries: u64 = usage.retries.values().sum();
    html! {
        section class="wide" {
            h2 { "Waits and retries" }
            @if calls == 0 {
                p { "Qualys wasn't asked for anything." }
            } @else {
                p {
                    (plural(calls, "request", "requests")) " to Qualys, " (grouped(retries)) " of them made again after a fault; "
                    (plural(usage.launched, "report", "reports")) " launched, " (grouped(usage.adopted))
                    " taken over from an earlier attempt, " (grouped(usage.deleted)) " deleted; "
                    (amount(usage.bytes)) " of reports received."
                }
                h3 { "Waited for" }
                (bars::table("Time spent waiting for Qualys", &["What for", "Time"], waited.collect()))
                h3 { "Requests" }
                (bars::table("Requests to Qualys by stage and outcome", &["Stage and outcome", "Requests"], requests.collect()))
            }
            @match connections {
                0 => {}
                1 => p { "One connection to the Management Center, which held." }
                more => p { (grouped(more)) " connections to the Management Center: " (plural(more - 1, "time", "times"))
                    " it had to be connected to again." }
            }
        }
    }
}

/// The effective configuration and its sources: settings first, then defaults.
pub(super) fn configuration(listing: &Listing) -> Markup {
    let set = || {
        listing
            .iter()
            .filter_map(|(key, value, source)| Some((key, value?, source.unwrap_or_default())))
    };
    let (given, defaults): (Vec<_>, Vec<_>) = set().partition(|(.., source)| *source != "default");
    html! {
        section class="wide" {
            h2 { "Configuration" }
            table class="settings" {
                caption { "What is set; secrets are hidden" }
                thead { tr { th scope="col" { "Setting" } th scope="col" { "Value" } th scope="col" { "Stands in" } } }
                tbody {
                    @for (key, value, source) in given {
                        tr { th scope="row" { (key) } td { (value) } td { (source) } }
                    }
                }
            }
            details {
                summary { "Defaults" }
                table class="settings" {
                    thead { tr { th scope="col" { "Setting" } th scope="col" { "Value" } } }
                    tbody {
                        @for (key, value, _) in defaults {
                            tr { th scope="row" { (key) } td { (value) } }
                        }
                    }
                }
            }
        }
    }
}
