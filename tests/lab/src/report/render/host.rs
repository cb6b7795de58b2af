//! HOST: one entry of the host list with its findings.

use crate::report::Report;
use crate::report::estate::{Finding, Host};
use crate::report::expected::{Kind, Protocol, Status};
use crate::report::random::Random;
use crate::report::text::word;
use crate::report::xml::Xml;

pub(super) fn render(report: &Report, host: &Host<'_>, xml: &mut Xml) {
    // What the expected report doesn't tell: dates, evidence, scores.
    let random = &mut Random::new(
        !report.options.seed,
        u64::from(host.number) * 2 + u64::from(host.by_agent),
    );
    xml.within("HOST", |xml| {
        match report.options.networks {
            1 => xml.number("IP", host.address),
            _ => xml.number_with("IP", "network_id", host.network, host.address),
        }
        xml.plain("TRACKING_METHOD", if host.by_agent { "QAGENT" } else { "IP" });
        xml.number("HOST_ID", host.id());
        host.dns.iter().for_each(|name| xml.cdata("DNS", name));
        host.netbios.iter().for_each(|name| xml.cdata("NETBIOS", name));
        if host.by_agent {
            let (high, low) = (random.bits() >> 32, random.bits() >> 16);
            xml.cdata("QG_HOSTID", &format!("{high:08x}-0001-4000-8000-{low:012x}"));
        }
        if let Some(system) = host.system {
            xml.cdata("OPERATING_SYSTEM", system.name);
            system.cpe.iter().for_each(|cpe| xml.cdata("OS_CPE", cpe));
        }
        xml.within("ASSET_GROUPS", |xml| {
            for _ in 0..random.between(1, 3) {
                xml.cdata("ASSET_GROUP_TITLE", word(random));
            }
        });
        let mut shown = host.findings.iter().filter(|finding| finding.is_reported()).peekable();
        if shown.peek().is_some() {
            xml.within("VULN_INFO_LIST", |xml| {
                for finding in shown {
                    xml.within("VULN_INFO", |xml| render_finding(report, finding, random, xml));
                }
            });
        }
    });
}

fn render_finding(report: &Report, finding: &Finding<'_>, random: &mut Random, xml: &mut Xml) {
    let details = finding.details;
    xml.number_with("QID", "id", format_args!("qid_{}", details.qid), details.qid);
    xml.plain(
        "TYPE",
        match details.kind {
            Kind::Confirmed => "Vuln",
            Kind::Potential => "Practice",
            Kind::Information => "Ig",
        },
    );
    if let (Some(port), Some(service)) = (finding.port, finding.service) {
        xml.number("PORT", port);
        xml.plain("SERVICE", service.name);
        if random.chance(4) {
            xml.cdata("FQDN", "www.lab.example");
        }
        xml.plain(
            "PROTOCOL",
            match service.protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
            },
        );
    }
    let ssl = finding.service.is_some_and(|service| service.ssl);
    xml.plain("SSL", if ssl { "true" } else { "false" });
    if !random.chance(1) {
        let text = report.evidence.any(random);
        match text.table {
            true => xml.cdata_with("RESULT", "format", "table", &text.cdata),
            false => xml.cdata("RESULT", &text.cdata),
        }
    }
    let (first, last) = report.dates.pair(random);
    xml.plain("FIRST_FOUND", first);
    xml.plain("LAST_FOUND", last);
    xml.number("TIMES_FOUND", random.between(1, 90));
    let Some(status) = finding.status else { return };
    xml.plain(
        "VULN_STATUS",
        match status {
            Status::New => "New",
            Status::Active => "Active",
            Status::ReOpened => "Re-Opened",
            Status::Fixed => "Fixed",
        },
    );
    if status == Status::Fixed {
        xml.plain("LAST_FIXED", last);
    }
    match random.below(12) {
        0 => xml.plain("CVSS_FINAL", "-"),
        score => xml.number("CVSS_FINAL", format_args!("{}.{}", score.min(9), random.below(10))),
    }
}
