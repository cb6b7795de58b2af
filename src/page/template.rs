//! What became of a batch: one template, several together, or one report file.

use std::net::IpAddr;

use maud::{Markup, html};

use super::bars::{self, Row, of, per_cent};
use crate::import::text::{CLEAN, amount, findings, grouped, hosts, plural};
use crate::import::{Arrived, BatchSummary, Failure, Outcome, Plan, TemplateSummary};
use crate::printable::Text;
use crate::report::{Breakdown, Counts, CveShare, HostShare, QidShare, SubnetShare, Top};

/// Colours of the severities, from "not told" to 5.
const SEVERITIES: [&str; 6] = [
    "muted",
    "severity-1",
    "severity-2",
    "severity-3",
    "severity-4",
    "severity-5",
];

pub(super) fn sections(index: usize, batch: &BatchSummary) -> Markup {
    let several = batch.templates.len() > 1;
    html! {
        @for template in &batch.templates {
            section class="wide" { (report(template, several)) @if !several { (rest(batch)) } }
        }
        @if several {
            section class="wide" { h2 { (batch.name()) " together" } (rest(batch)) }
        }
        (refused(batch))
        (not_sent(batch))
        @if let Outcome::Planned(plan) = &batch.outcome {
            (planned(plan, batch.counts.as_ref()))
        }
        @if let Some(counts) = &batch.counts {
            (funnel(batch, counts))
            (severities(counts))
            (impact(index, counts, batch.breakdown.as_ref()))
            @if let Some(breakdown) = &batch.breakdown {
                (most(&breakdown.hosts))
                (qids("Most frequent QIDs", &breakdown.qids, counts))
                (cves(&breakdown.cves, counts))
                (subnets(&breakdown.subnets))
            }
        }
        (cleared(batch))
    }
}

/// What would be sent, and how long that may take.
fn planned(plan: &Plan, counts: Option<&Counts>) -> Markup {
    let shares = [("replaces", plan.replaced), ("merges", plan.merged)];
    let shares = shares.into_iter().filter(|(_, share)| share.hosts > 0);
    let shares = shares.map(|(what, share)| {
        let sentence = format!("{} with {}", hosts(share.hosts), findings(share.findings));
        (what, sentence)
    });
    let clears = (plan.cleared > 0).then(|| ("clears", hosts(plan.cleared)));
    html! {
        section class="wide" {
            h2 { "The plan" }
            table class="settings" {
                caption { "What an import of this report would do" }
                tbody {
                    @for (what, sentence) in shares.chain(clears).chain(plan.lines(counts)) {
                        tr { th scope="row" { (what) } td { (sentence) } }
                    }
                }
            }
        }
    }
}

/// The hosts with most findings.
fn most(top: &Top<HostShare>) -> Markup {
    let most = top.first.first().map_or(0, |host| host.findings);
    let rows = top.first.iter().map(|host| Row {
        label: html! {
            (host.address.0)
            @if let Some(severity) = host.severity { small { " severity " (severity) } }
        },
        bar: (0.0, of(host.findings, most)),
        class: host
            .severity
            .and_then(|severity| SEVERITIES.get(usize::from(severity)))
            .unwrap_or(&"muted"),
        cells: vec![grouped(host.findings), grouped(host.with_cve)],
    });
    html! {
        section {
            h2 { "Hosts with most findings" }
            (bars::table("Colours show the highest severity", &["Host", "Findings", "With CVE"], rows.collect()))
            (more(top, "host", "hosts"))
        }
    }
}

/// Hosts that the Management Center wasn't told of.
fn not_sent(batch: &BatchSummary) -> Markup {
    match &batch.outcome {
        Outcome::Sent(delivery) if delivery.hosts_not_sent() > 0 => {
            let caption = format!(
                "{} of {} were neither acknowledged nor refused",
                findings(delivery.findings_not_sent()),
                hosts(delivery.hosts_not_sent())
            );
            named("Not sent", &caption, &batch.named.not_sent, delivery.hosts_not_sent())
        }
        _ => html! {},
    }
}

/// Clean hosts whose earlier results are removed.
fn cleared(batch: &BatchSummary) -> Markup {
    match batch.arrived().cleared {
        0 => html! {},
        all => named("Cleared", CLEAN, &batch.named.cleared, all),
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

/// Which report it is; how much was read of it stands here only `if_several` have all else together.
fn report(template: &TemplateSummary, if_several: bool) -> Markup {
    html! {
        h2 { (template.name) }
        p {
            @match (&template.title, template.generated) {
                (Some(title), Some(generated)) =>
                    { "“" (title) "”, made " (humantime::format_rfc3339_seconds(generated)) ", " (amount(template.bytes)) "." }
                (Some(title), None) => { "“" (title) "”, " (amount(template.bytes)) "." }
                (None, _) if template.read.is_some() => { "A report without a title, " (amount(template.bytes)) "." }
                (None, _) => { "There is no report." }
            }
            @if let (Some(read), true) = (template.read, if_several) {
                " It holds " (hosts(read.hosts)) " and " (findings(read.findings)) "."
            }
        }
        (failure(template.failure.as_ref()))
        @for remark in &template.remarks {
            p class="remark" { (remark) }
        }
    }
}

/// What went wrong, and the few numbers that are looked for first.
fn rest(batch: &BatchSummary) -> Markup {
    html! {
        (failure(batch.failure.as_ref()))
        @for remark in &batch.remarks {
            p class="remark" { (remark) }
        }
        @if let Some(counts) = &batch.counts {
            (figures(batch, counts))
        }
    }
}

fn failure(failure: Option<&Failure>) -> Markup {
    html! {
        @if let Some(failure) = failure {
            p class="failure" { strong { "Failed (exit code " (failure.exit.code()) "): " } (failure.sentence) }
        }
    }
}

/// The few numbers that are looked for first.
fn figures(batch: &BatchSummary, counts: &Counts) -> Markup {
    let arrived = batch.arrived();
    let figures = [
        (grouped(arrived.hosts), format!("hosts {}", arrived.how)),
        (grouped(arrived.findings), format!("findings {}", arrived.how)),
        (grouped(arrived.cleared), "clean hosts cleared".to_owned()),
        (
            per_cent(counts.with_cve, counts.findings_selected),
            "of the findings have a CVE".to_owned(),
        ),
    ];
    html! {
        dl class="figures" {
            @for (number, what) in figures {
                div { dt { (what) } dd { (number) } }
            }
        }
        @if counts.hosts_clean > 0 {
            p { (hosts(counts.hosts_clean)) " clean: " (CLEAN) "." }
        }
    }
}

/// From what was read to what arrived: each reason takes its part off the end.
fn funnel(batch: &BatchSummary, counts: &Counts) -> Markup {
    let all = counts.findings_read;
    let row = |label: String, count: u64, start: u64, class| Row {
        label: html! { (label) },
        bar: (of(start, all), of(count, all)),
        class,
        cells: vec![grouped(count), per_cent(count, all)],
    };
    let mut rows = vec![row("read".to_owned(), all, 0, "accent")];
    let mut left = all;
    for (reason, count) in counts.findings_left_out.iter() {
        left = left.saturating_sub(count);
        rows.push(row(format!("left out: {}", reason.reason()), count, left, "muted"));
    }
    rows.push(row("selected".to_owned(), counts.findings_selected, 0, "accent"));
    let Arrived {
        findings: arrived, how, ..
    } = batch.arrived();
    let refused = match &batch.outcome {
        Outcome::Sent(delivery) => delivery.findings_refused,
        Outcome::Planned(plan) => plan.too_long,
        Outcome::Nothing | Outcome::Written(..) => 0,
    };
    let not_sent = counts.findings_selected.saturating_sub(arrived + refused);
    if not_sent > 0 {
        rows.push(row("not sent".to_owned(), not_sent, arrived + refused, "odd"));
    }
    if refused > 0 {
        rows.push(row("refused".to_owned(), refused, arrived, "bad"));
    }
    rows.push(row(how.to_owned(), arrived, 0, "good"));
    let hosts = counts.hosts_left_out.iter().map(|(reason, count)| Row {
        label: html! { "left out: " (reason.reason()) },
        bar: (0.0, of(count, counts.hosts_read)),
        class: "muted",
        cells: vec![grouped(count), per_cent(count, counts.hosts_read)],
    });
    html! {
        section {
            h2 { "From read to " (how) }
            (bars::table("What became of the findings", &["Findings", "Number", "Of all"], rows))
            @if counts.hosts_left_out.total() > 0 {
                h3 { "Hosts left out" }
                (bars::table("Why entries of hosts were left out", &["Entries of hosts", "Number", "Of all"], hosts.collect()))
            }
        }
    }
}

fn severities(counts: &Counts) -> Markup {
    let all = counts.findings_selected;
    let row = |label: String, count: u64, class| Row {
        label: html! { (label) },
        bar: (0.0, of(count, all)),
        class,
        cells: vec![grouped(count), per_cent(count, all)],
    };
    let severities = counts.by_severity.into_iter().zip(SEVERITIES).enumerate().rev();
    let severities = severities.filter(|(_, (count, _))| *count > 0);
    let severities = severities.map(|(severity, (count, class))| match severity {
        0 => row("not told".to_owned(), count, class),
        _ => row(format!("severity {severity}"), count, class),
    });
    let kinds = counts
        .by_kind
        .into_iter()
        .zip(["confirmed", "potential", "information"]);
    let kinds = kinds.filter(|(count, _)| *count > 0);
    let kinds = kinds.map(|(count, kind)| row(kind.to_owned(), count, "accent"));
    html! {
        section {
            h2 { "Severity and kind" }
            (bars::table("Selected findings by severity", &["Severity", "Findings", "Of all"], severities.collect()))
            (bars::table("Selected findings by kind", &["Kind", "Findings", "Of all"], kinds.collect()))
        }
    }
}

/// How much of it can matter to an intrusion event.
fn impact(index: usize, counts: &Counts, breakdown: Option<&Breakdown>) -> Markup {
    let (with, all) = (counts.with_cve, counts.findings_selected);
    let sentence = format!(
        "{} of {} selected findings ({}) with a CVE, {} without.",
        grouped(with),
        grouped(all),
        per_cent(with, all),
        grouped(counts.without_cve())
    );
    html! {
        section {
            h2 { "What can raise an event's impact" }
            p {
                "The Management Center relates what Qualys found to the vulnerabilities that intrusion rules are about by "
                "CVE. A finding without a CVE is shown on its host, but never raises the impact of an event."
            }
            @if all > 0 {
                (bars::parts(&format!("impact-{index}"), "Findings with a CVE among all", &sentence, of(with, all)))
            }
            p { (sentence) }
            @if let Some(breakdown) = breakdown {
                @if all > 0 {
                    p { "Hosts with such a finding: " (grouped(breakdown.hosts_with_cve)) " of " (grouped(counts.hosts_selected)) "." }
                }
                h3 { "QIDs without a CVE" }
                (qid_table(&breakdown.qids_without_cve, counts))
                @if breakdown.qids_without_cve.more() > 0 {
                    details {
                        summary { "Their numbers" }
                        p { (numbers(breakdown)) }
                    }
                }
            }
        }
    }
}

/// The QIDs without a CVE, as `selection.exclude_qids` takes them.
fn numbers(breakdown: &Breakdown) -> String {
    let listed: Vec<_> = breakdown.numbers_without_cve.iter().map(u32::to_string).collect();
    let more = breakdown.qids_without_cve.all - listed.len();
    match more {
        0 => listed.join(", "),
        more => format!("{} and {} more", listed.join(", "), grouped(more as u64)),
    }
}

fn qids(title: &str, top: &Top<QidShare>, counts: &Counts) -> Markup {
    html! {
        section { h2 { (title) } (qid_table(top, counts)) }
    }
}

fn qid_table(top: &Top<QidShare>, counts: &Counts) -> Markup {
    let rows = top.first.iter().map(|share| Row {
        label: html! {
            b { (share.qid) } " " (Text::of(share.title.as_bytes()))
            @if let Some(severity) = share.severity { small { " severity " (severity) } }
        },
        bar: (0.0, of(share.hosts, counts.hosts_selected)),
        class: share
            .severity
            .and_then(|severity| SEVERITIES.get(usize::from(severity)))
            .unwrap_or(&"muted"),
        cells: vec![grouped(share.hosts), grouped(share.findings)],
    });
    html! {
        (bars::table("Bars show the share of hosts, colours the severity", &["QID", "Hosts", "Findings"], rows.collect()))
        (more(top, "QID", "QIDs"))
    }
}

fn cves(top: &Top<CveShare>, counts: &Counts) -> Markup {
    let rows = top.first.iter().map(|share| Row {
        label: html! { (share.id) },
        bar: (0.0, of(share.hosts, counts.hosts_selected)),
        class: "good",
        cells: vec![grouped(share.hosts), grouped(share.findings)],
    });
    html! {
        section {
            h2 { "Most frequent CVEs" }
            (bars::table("Bars show the share of hosts", &["CVE", "Hosts", "Findings"], rows.collect()))
            (more(top, "CVE", "CVEs"))
        }
    }
}

fn subnets(top: &Top<SubnetShare>) -> Markup {
    let most = top.first.iter().map(|share| share.hosts).max().unwrap_or_default();
    let rows = top.first.iter().map(|share| Row {
        label: html! { (share.network) },
        bar: (0.0, of(share.hosts, most)),
        class: "accent",
        cells: vec![
            grouped(share.hosts),
            grouped(share.findings),
            per_cent(share.with_cve, share.findings),
        ],
    });
    html! {
        section {
            h2 { "Hosts by subnet" }
            (bars::table("Hosts with findings, in networks of /24 and /64", &["Network", "Hosts", "Findings", "With CVE"], rows.collect()))
            (more(top, "network", "networks"))
        }
    }
}

fn more<T>(top: &Top<T>, one: &str, many: &str) -> Markup {
    html! {
        @if top.more() > 0 {
            p class="more" { "and " (plural(top.more() as u64, one, many)) " more" }
        }
    }
}

/// What the Management Center didn't take.
fn refused(batch: &BatchSummary) -> Markup {
    let Outcome::Sent(delivery) = &batch.outcome else {
        return html! {};
    };
    if delivery.hosts_refused == 0 {
        return html! {};
    }
    let more = delivery.hosts_refused.saturating_sub(delivery.refusals.len() as u64);
    html! {
        section class="wide" {
            h2 { "Refused by the Management Center" }
            table {
                caption { (findings(delivery.findings_refused)) " of " (hosts(delivery.hosts_refused)) }
                thead { tr { th scope="col" { "Host" } th scope="col" { "Why" } } }
                tbody {
                    @for (host, reason) in &delivery.refusals {
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
