//! What is said of a record and of a finding, by what a call wants to see and by the version that it asks.

use std::sync::Arc;
use std::time::Duration;

use super::oddity::Oddity;
use super::parameters::switch;
use super::records::{Asked, ipv6, tags};
use crate::qualys::answer::Refused;
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::report::Report;
use crate::report::estate::{Finding, Host};
use crate::report::expected::{Kind, Protocol, Status};
use crate::report::random::Random;
use crate::report::xml::Xml;

/// Parameters that add elements to records of both lists.
pub(super) const OF_RECORDS: &[&str] = &["show_asset_id", "show_tags"];
/// Those that add elements to findings, and the version of the interface in which each came.
const OF_FINDINGS: &[(&str, u32)] = &[
    ("show_results", 2),
    ("show_reopened_info", 2),
    ("show_qds", 2),
    ("show_qds_factors", 2),
    ("show_arf_data", 3),
    ("arf_filter_keys", 3),
    ("mitre_attack_details", 4),
    ("vuln_detection_source", 5),
];
/// Which of so many hosts has no address, where some haven't.
const WITHOUT_ADDRESS: (u32, u32) = (4, 10);
/// An asset has another number than its records.
const FIRST_ASSET: u64 = 7_000_000;

/// Parameters of this call's version that add elements to findings.
pub(super) fn of_findings(call: &Call) -> impl Iterator<Item = &'static str> {
    let version = call.version();
    let known = OF_FINDINGS.iter().filter(move |(_, since)| *since <= version);
    known.map(|(name, _)| *name)
}

/// What a call wants to see, and where it comes from.
pub(super) struct Elements {
    report: Arc<Report>,
    asked: Arc<Asked>,
    oddities: Vec<Oddity>,
    date: Box<dyn Fn(Duration) -> String + Send>,
    asset_id: bool,
    tags: bool,
    results: bool,
    reopened: bool,
    score: bool,
    factors: bool,
    kernel: bool,
    tactics: bool,
    source: bool,
}

impl Elements {
    pub(super) fn of(
        service: &Service,
        call: &Call,
        report: &Arc<Report>,
        asked: &Arc<Asked>,
    ) -> Result<Self, Refused> {
        let shown = |name| switch(call, name, false);
        Ok(Self {
            report: Arc::clone(report),
            asked: Arc::clone(asked),
            oddities: service.options.oddities.clone(),
            date: Box::new(service.clock.dates()),
            asset_id: shown("show_asset_id")?,
            tags: shown("show_tags")?,
            results: switch(call, "show_results", true)?,
            reopened: shown("show_reopened_info")?,
            score: shown("show_qds")?,
            factors: shown("show_qds_factors")?,
            kernel: shown("show_arf_data")?,
            tactics: shown("mitre_attack_details")?,
            source: shown("vuln_detection_source")?,
        })
    }

    pub(super) fn has(&self, oddity: Oddity) -> bool {
        self.oddities.contains(&oddity)
    }

    fn has_address(&self, host: &Host<'_>) -> bool {
        let (place, of) = WITHOUT_ADDRESS;
        let is_one_of_some = self.has(Oddity::SomeWithoutAddress) && host.number % of == place;
        !self.has(Oddity::WithoutAddress) && !is_one_of_some
    }

    /// What both lists say of a host.
    pub(super) fn record(&self, host: &Host<'_>, xml: &mut Xml) {
        let processed = (self.date)(self.asked.processed(&self.report, host));
        xml.number("ID", host.id());
        if self.asset_id {
            xml.number("ASSET_ID", FIRST_ASSET + u64::from(host.number));
        }
        let has_address = self.has_address(host);
        if has_address {
            xml.number("IP", host.address);
            ipv6(host).iter().for_each(|address| xml.number("IPV6", address));
        }
        xml.plain(
            "TRACKING_METHOD",
            match (host.by_agent, has_address) {
                (true, _) => "AGENT",
                (false, true) => "IP",
                (false, false) => "EC2",
            },
        );
        if self.report.options().networks > 1 {
            xml.number("NETWORK_ID", host.network);
        }
        host.system.iter().for_each(|system| self.text(xml, "OS", system.name));
        host.dns.iter().for_each(|name| self.text(xml, "DNS", name));
        host.netbios.iter().for_each(|name| self.text(xml, "NETBIOS", name));
        xml.plain("LAST_SCAN_DATETIME", &processed);
        xml.plain("LAST_VM_SCANNED_DATE", &processed);
        if self.tags {
            xml.within("TAGS", |xml| {
                for (id, name) in tags(host) {
                    xml.within("TAG", |xml| {
                        xml.number("TAG_ID", id);
                        self.text(xml, "NAME", &name);
                    });
                }
            });
        }
    }

    pub(super) fn detection(&self, host: &Host<'_>, finding: &Finding<'_>, xml: &mut Xml) {
        let details = finding.details;
        let random = &mut Random::new(
            host.id(),
            u64::from(details.qid) << 16 | u64::from(finding.port.unwrap_or(0)),
        );
        // Passes 2^32, as those that were met.
        xml.number("UNIQUE_VULN_ID", 9_000_000_000 + (random.bits() >> 40));
        xml.number("QID", details.qid);
        xml.plain("TYPE", kind(details.kind));
        if details.kind != Kind::Information {
            xml.number("SEVERITY", details.severity);
        }
        if let (Some(port), Some(protocol)) = (finding.port, finding.protocol()) {
            xml.number("PORT", port);
            xml.plain("PROTOCOL", protocol_name(protocol));
        }
        xml.plain("SSL", flag(finding.service.is_some_and(|service| service.ssl)));
        if self.results {
            self.text(xml, "RESULTS", "Evidence that a scanner has seen");
        }
        if let Some(status) = finding.status {
            xml.plain("STATUS", self.status(status));
        }
        let (first, last) = self.report.dates().pair(random);
        xml.plain("FIRST_FOUND_DATETIME", first);
        xml.plain("LAST_FOUND_DATETIME", last);
        if self.score {
            xml.number_with("QDS", "severity", "MEDIUM", 10 * u32::from(details.severity));
        }
        if self.factors {
            xml.within("QDS_FACTORS", |xml| {
                xml.number_with("QDS_FACTOR", "name", "CVSS", f32::from(details.severity) * 1.5);
            });
        }
        xml.number("TIMES_FOUND", random.between(1, 90));
        if self.reopened && finding.status == Some(Status::ReOpened) {
            xml.plain("FIRST_REOPENED_DATETIME", last);
            xml.plain("LAST_REOPENED_DATETIME", last);
            xml.number("TIMES_REOPENED", 1);
        }
        xml.plain("IS_IGNORED", flag(finding.ignored));
        xml.plain("IS_DISABLED", flag(finding.disabled));
        if self.kernel {
            // Everything in the lab's estate runs, so that no filter takes anything away.
            xml.plain("AFFECT_RUNNING_KERNEL", "1");
        }
        xml.plain("LAST_PROCESSED_DATETIME", last);
        if self.tactics {
            xml.plain("MITRE_TACTIC_NAME", "initial-access");
            xml.plain("MITRE_TACTIC_ID", "TA0001");
            xml.plain("MITRE_TECHNIQUE_NAME", "Exploit Public-Facing Application");
            xml.plain("MITRE_TECHNIQUE_ID", "T1190");
        }
        if self.source {
            let source = if host.by_agent {
                "Cloud Agent"
            } else {
                "Internal Scanner"
            };
            xml.plain("VULNERABILITY_DETECTION_SOURCES", source);
            xml.plain("LATEST_VULNERABILITY_DETECTION_SOURCE", source);
            // Where it stands, and what is in it, is a guess. It isn't always there: qualysdk would fail.
            xml.plain("TRURISK_ELIMINATION_STATUS", "None");
        }
    }

    fn status(&self, status: Status) -> &'static str {
        match (status, self.has(Oddity::UpperCase)) {
            (Status::New, false) => "New",
            (Status::Active, false) => "Active",
            (Status::ReOpened, false) => "Re-Opened",
            (Status::Fixed, false) => "Fixed",
            (Status::New, true) => "NEW",
            (Status::Active, true) => "ACTIVE",
            (Status::ReOpened, true) => "REOPENED",
            (Status::Fixed, true) => "FIXED",
        }
    }

    fn text(&self, xml: &mut Xml, name: &str, text: &str) {
        match self.has(Oddity::Padding) {
            true => xml.cdata(name, &format!("\n            {text}\n          ")),
            false => xml.cdata(name, text),
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Confirmed => "Confirmed",
        Kind::Potential => "Potential",
        Kind::Information => "Info",
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

fn flag(is_so: bool) -> &'static str {
    if is_so { "1" } else { "0" }
}
