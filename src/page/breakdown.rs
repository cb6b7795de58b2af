//! What was selected, broken down: hosts, QIDs, CVEs, subnets, and what can raise an event's impact.

use maud::{Markup, html};

use super::bars::{self, BarRow, colour, of, per_cent};
use crate::import::count::{Outcome, Totals, Unit};
use crate::import::numbers::{grouped, plural};
use crate::printable::Text;
use crate::report::{Breakdown, CveShare, HostShare, QidShare, SubnetShare, Top};

/// How much of it can raise the impact of an intrusion event.
pub(super) fn impact(index: usize, totals: &Totals, breakdown: Option<&Breakdown>) -> Markup {
    let [with, without, all] =
        [Outcome::WithCve, Outcome::WithoutCve, Outcome::Selected].map(|outcome| totals.get(Unit::Findings, outcome));
    let hosts = totals.get(Unit::Hosts, Outcome::Selected);
    let sentence = format!(
        "{} of {} selected findings ({}) with a CVE, {} without.",
        grouped(with),
        grouped(all),
        per_cent(with, all),
        grouped(without)
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
                    p { "Hosts with such a finding: " (grouped(breakdown.hosts_with_cve)) " of " (grouped(hosts)) "." }
                }
                h3 { "QIDs without a CVE" }
                (qid_table(&breakdown.qids_without_cve, hosts))
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

pub(super) fn tables(breakdown: &Breakdown, totals: &Totals) -> Markup {
    let hosts = totals.get(Unit::Hosts, Outcome::Selected);
    html! {
        (most(&breakdown.hosts))
        (qids("Most frequent QIDs", &breakdown.qids, hosts))
        (cves(&breakdown.cves, hosts))
        (subnets(&breakdown.subnets))
    }
}

/// The hosts with most findings.
fn most(top: &Top<HostShare>) -> Markup {
    let most = top.first.first().map_or(0, |host| host.findings);
    let rows = top.first.iter().map(|host| BarRow {
        label: html! {
            (host.address.0)
            @if let Some(severity) = host.severity { small { " severity " (severity) } }
        },
        bar: (0.0, of(host.findings, most)),
        class: colour(host.severity),
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

/// The QIDs without a CVE, as `selection.exclude_qids` takes them.
fn numbers(breakdown: &Breakdown) -> String {
    let listed: Vec<_> = breakdown.numbers_without_cve.iter().map(u32::to_string).collect();
    let more = breakdown.qids_without_cve.all - listed.len();
    match more {
        0 => listed.join(", "),
        more => format!("{} and {} more", listed.join(", "), grouped(more as u64)),
    }
}

fn qids(title: &str, top: &Top<QidShare>, all: u64) -> Markup {
    html! {
        section { h2 { (title) } (qid_table(top, all)) }
    }
}

fn qid_table(top: &Top<QidShare>, all: u64) -> Markup {
    let rows = top.first.iter().map(|share| BarRow {
        label: html! {
            b { (share.qid) } " " (Text::of(share.title.as_bytes()))
            @if let Some(severity) = share.severity { small { " severity " (severity) } }
        },
        bar: (0.0, of(share.hosts, all)),
        class: colour(share.severity),
        cells: vec![grouped(share.hosts), grouped(share.findings)],
    });
    html! {
        (bars::table("Bars show the share of hosts, colours the severity", &["QID", "Hosts", "Findings"], rows.collect()))
        (more(top, "QID", "QIDs"))
    }
}

fn cves(top: &Top<CveShare>, all: u64) -> Markup {
    let rows = top.first.iter().map(|share| BarRow {
        label: html! { (share.id) },
        bar: (0.0, of(share.hosts, all)),
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
    let rows = top.first.iter().map(|share| BarRow {
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
