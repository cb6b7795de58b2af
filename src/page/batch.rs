//! What became of a batch: one template, several together, or one report file.

use std::net::IpAddr;

use maud::{Markup, html};

use super::bars::{self, BarRow, colour, of, per_cent};
use super::breakdown;
use crate::import::count::{Outcome, SEVERITIES, Totals, Unit};
use crate::import::numbers::{CLEAN, amount, findings, grouped, hosts, plural};
use crate::import::{BatchRecord, Destination, Failure, PartRecord, Plan};
use crate::report::Kind;
use crate::report::selection::Word as _;

pub(super) fn sections(index: usize, batch: &BatchRecord) -> Markup {
    let several = batch.parts.len() > 1;
    html! {
        @for part in &batch.parts {
            section class="wide" { (report(part, several)) @if !several { (rest(batch)) } }
        }
        @if several {
            section class="wide" { h2 { (batch.name()) " together" } (rest(batch)) }
        }
        (refused(batch))
        (not_sent(batch))
        @if let Destination::Plan(plan) = &batch.destination {
            (planned(plan, &batch.totals))
        }
        @if batch.totals.is_selected() {
            (funnel(batch))
            (severities(&batch.totals))
            (breakdown::impact(index, &batch.totals, batch.breakdown.as_ref()))
            @if let Some(breakdown) = &batch.breakdown {
                (breakdown::tables(breakdown, &batch.totals))
            }
        }
        (cleared(batch))
        (left(batch))
    }
}

/// What would be sent, and how long that may take.
fn planned(plan: &Plan, totals: &Totals) -> Markup {
    let shares = [("replaces", Outcome::Replaced), ("merges", Outcome::Merged)];
    let shares = shares.map(|(what, outcome)| {
        let [of_hosts, of_findings] = [Unit::Hosts, Unit::Findings].map(|unit| totals.get(unit, outcome));
        let sentence = format!("{} with {}", hosts(of_hosts), findings(of_findings));
        (of_hosts > 0).then_some((what, sentence))
    });
    let clears = totals.get(Unit::Hosts, Outcome::PlannedClear);
    let clears = (clears > 0).then(|| ("clears", hosts(clears)));
    let shares = shares.into_iter().chain([clears]).flatten();
    html! {
        section class="wide" {
            h2 { "The plan" }
            table class="settings" {
                caption { "What an import of this report would do" }
                tbody {
                    @for (what, sentence) in shares.chain(plan.lines(totals)) {
                        tr { th scope="row" { (what) } td { (sentence) } }
                    }
                }
            }
        }
    }
}

/// Hosts that weren't sent to the Management Center.
fn not_sent(batch: &BatchRecord) -> Markup {
    let [of_hosts, of_findings] = [Unit::Hosts, Unit::Findings].map(|unit| batch.totals.get(unit, Outcome::NotSent));
    let caption = || {
        let (of_findings, of_hosts) = (findings(of_findings), hosts(of_hosts));
        format!("{of_findings} of {of_hosts} were neither acknowledged nor refused")
    };
    match of_hosts {
        0 => html! {},
        all => named("Not sent", &caption(), &batch.not_sent, all),
    }
}

/// Clean hosts whose earlier results are removed.
fn cleared(batch: &BatchRecord) -> Markup {
    match batch.totals.cleared() - batch.totals.get(Unit::Hosts, Outcome::LeftCleared) {
        0 => html! {},
        all => named("Cleared", CLEAN, &batch.cleared, all),
    }
}

/// Hosts that are known from earlier runs, and in scope no more.
fn left(batch: &BatchRecord) -> Markup {
    let [left, cleared] = [Outcome::Left, Outcome::LeftCleared].map(|outcome| batch.totals.get(Unit::Hosts, outcome));
    let caption = format!(
        "known from earlier runs, and in scope no more; {} cleared",
        grouped(cleared)
    );
    match left {
        0 => html! {},
        all => named("Left", &caption, &batch.left, all),
    }
}

fn named(title: &str, caption: &str, names: &[IpAddr], all: u64) -> Markup {
    let rest = all.saturating_sub(names.len() as u64);
    html! {
        section {
            h2 { (title) }
            p { (caption) "." }
            p { @for (index, name) in names.iter().enumerate() { @if index > 0 { ", " } (name) } }
            @if rest > 0 {
                p class="more" { "and " (plural(rest, "host", "hosts")) " more" }
            }
        }
    }
}

/// The report of a part. Its numbers stand here only `if_several` parts share all other numbers.
fn report(part: &PartRecord, if_several: bool) -> Markup {
    let [of_hosts, of_findings, bytes] =
        [Unit::Hosts, Unit::Findings, Unit::Bytes].map(|unit| part.totals.get(unit, Outcome::Read));
    html! {
        h2 { (part.name) }
        p {
            @match (&part.title, part.generated) {
                (Some(title), Some(generated)) =>
                    { "“" (title) "”, made " (humantime::format_rfc3339_seconds(generated)) ", " (amount(bytes)) "." }
                (Some(title), None) => { "“" (title) "”, " (amount(bytes)) "." }
                (None, _) if part.is_read() => { "A report without a title, " (amount(bytes)) "." }
                (None, _) => { "There is no report." }
            }
            @if part.is_read() && if_several {
                " It holds " (hosts(of_hosts)) " and " (findings(of_findings)) "."
            }
        }
        (failure(part.failure.as_ref()))
        (warnings(&part.warnings))
    }
}

/// What went wrong, and the key figures.
fn rest(batch: &BatchRecord) -> Markup {
    html! {
        (failure(batch.failure.as_ref()))
        (warnings(&batch.warnings))
        @if batch.totals.is_selected() {
            (figures(batch))
        }
    }
}

fn warnings(warnings: &[String]) -> Markup {
    html! {
        @for warning in warnings {
            p class="remark" { (warning) }
        }
    }
}

fn failure(failure: Option<&Failure>) -> Markup {
    html! {
        @if let Some(failure) = failure {
            p class="failure" { strong { "Failed (exit code " (failure.exit().code()) "): " } (failure.sentence) }
        }
    }
}

/// The key figures.
fn figures(batch: &BatchRecord) -> Markup {
    let totals = &batch.totals;
    let [with_cve, selected] = [Outcome::WithCve, Outcome::Selected].map(|outcome| totals.get(Unit::Findings, outcome));
    let clean = totals.get(Unit::Hosts, Outcome::Clean);
    let how = batch.destination.participle();
    let figures = [
        (grouped(totals.arrived(Unit::Hosts)), format!("hosts {how}")),
        (grouped(totals.arrived(Unit::Findings)), format!("findings {how}")),
        (grouped(totals.cleared()), "hosts cleared".to_owned()),
        (per_cent(with_cve, selected), "of the findings have a CVE".to_owned()),
    ];
    html! {
        dl class="figures" {
            @for (number, what) in figures {
                div { dt { (what) } dd { (number) } }
            }
        }
        @if clean > 0 {
            p { (hosts(clean)) " clean: " (CLEAN) "." }
        }
    }
}

/// From what was read to what arrived: each reason takes its part off the bar.
fn funnel(batch: &BatchRecord) -> Markup {
    let totals = &batch.totals;
    let get = |outcome| totals.get(Unit::Findings, outcome);
    let (all, selected) = (get(Outcome::Read), get(Outcome::Selected));
    let row = |label: String, count: u64, start: u64, class| BarRow {
        label: html! { (label) },
        bar: (of(start, all), of(count, all)),
        class,
        cells: vec![grouped(count), per_cent(count, all)],
    };
    let mut rows = vec![row("read".to_owned(), all, 0, "accent")];
    let mut left = all;
    for (reason, count) in totals.left_out(Unit::Findings) {
        left = left.saturating_sub(count);
        rows.push(row(format!("left out: {}", reason.reason()), count, left, "muted"));
    }
    rows.push(row("selected".to_owned(), selected, 0, "accent"));
    let (arrived, how) = (totals.arrived(Unit::Findings), batch.destination.participle());
    let refused = get(Outcome::Refused) + get(Outcome::TooLong);
    let not_sent = selected.saturating_sub(arrived + refused);
    if not_sent > 0 {
        rows.push(row("not sent".to_owned(), not_sent, arrived + refused, "odd"));
    }
    if refused > 0 {
        rows.push(row("refused".to_owned(), refused, arrived, "bad"));
    }
    rows.push(row(how.to_owned(), arrived, 0, "good"));
    let read = totals.get(Unit::Hosts, Outcome::Read);
    let hosts = totals.left_out(Unit::Hosts).map(|(reason, count)| BarRow {
        label: html! { "left out: " (reason.reason()) },
        bar: (0.0, of(count, read)),
        class: "muted",
        cells: vec![grouped(count), per_cent(count, read)],
    });
    let hosts: Vec<_> = hosts.collect();
    html! {
        section {
            h2 { "From read to " (how) }
            (bars::table("What became of the findings", &["Findings", "Number", "Of all"], rows))
            @if !hosts.is_empty() {
                h3 { "Hosts left out" }
                (bars::table("Why entries of hosts were left out", &["Entries of hosts", "Number", "Of all"], hosts))
            }
        }
    }
}

fn severities(totals: &Totals) -> Markup {
    let all = totals.get(Unit::Findings, Outcome::Selected);
    let row = |label: String, outcome, class| {
        let count = totals.get(Unit::Findings, outcome);
        let row = || BarRow {
            label: html! { (label) },
            bar: (0.0, of(count, all)),
            class,
            cells: vec![grouped(count), per_cent(count, all)],
        };
        (count > 0).then(row)
    };
    let severities = SEVERITIES.into_iter().filter_map(|severity| {
        let label = match severity {
            0 => "not told".to_owned(),
            severity => format!("severity {severity}"),
        };
        row(label, Outcome::Severity(severity), colour(Some(severity)))
    });
    let kinds = Kind::ALL.iter();
    let kinds = kinds.filter_map(|(kind, name)| row((*name).to_owned(), Outcome::Kind(*kind), "accent"));
    html! {
        section {
            h2 { "Severity and kind" }
            (bars::table("Selected findings by severity", &["Severity", "Findings", "Of all"], severities.collect()))
            (bars::table("Selected findings by kind", &["Kind", "Findings", "Of all"], kinds.collect()))
        }
    }
}

/// What the Management Center refused.
fn refused(batch: &BatchRecord) -> Markup {
    let [of_hosts, of_findings] = [Unit::Hosts, Unit::Findings].map(|unit| batch.totals.get(unit, Outcome::Refused));
    if of_hosts == 0 {
        return html! {};
    }
    let more = of_hosts.saturating_sub(batch.refusals.len() as u64);
    html! {
        section class="wide" {
            h2 { "Refused by the Management Center" }
            table {
                caption { (findings(of_findings)) " of " (hosts(of_hosts)) }
                thead { tr { th scope="col" { "Host" } th scope="col" { "Why" } } }
                tbody {
                    @for (host, reason) in &batch.refusals {
                        tr { th scope="row" { (host) } td { (reason) } }
                    }
                }
            }
            @if more > 0 {
                p class="more" { "and " (hosts(more)) " more" }
            }
        }
    }
}
