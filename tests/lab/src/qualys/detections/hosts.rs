//! Host List and Host List Detection: records of hosts, without and with what was found on them.

use std::sync::Arc;
use std::time::Duration;

use super::parameters::{Ranges, check, number, switch, words};
use super::records::{self, Asked, ipv6};
use super::written;
use crate::qualys::answer::{Answer, Echo, Refused, request};
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::qualys::share::invalid;
use crate::report::Report;
use crate::report::estate::{Finding, Host};
use crate::report::expected::{Kind, Protocol, Status};
use crate::report::random::Random;
use crate::report::xml::Xml;

/// Hosts that are processed in a call that doesn't say how many.
const TRUNCATION: u64 = 1_000;
/// The most that a call may ask for.
const MOST: u64 = 1_000_000;

/// Parameters of Host List besides those that choose hosts.
const OF_LIST: &[&str] = &["details"];
/// Those that Qualys knows and the lab doesn't simulate.
#[rustfmt::skip]
const OF_LIST_ELSEWHERE: &[&str] = &[
    "os_pattern", "vm_scan_since", "no_vm_scan_since", "compliance_enabled", "show_tags", "show_asset_id",
    "host_metadata", "show_cloud_tags", "show_trurisk", "vm_scan_date_after", "vm_scan_date_before",
];
/// Parameters of Host List Detection besides those that choose hosts.
#[rustfmt::skip]
const OF_DETECTIONS: &[&str] = &[
    "status", "severities", "qids", "include_vuln_type", "show_igs", "show_results", "show_reopened_info",
    "include_ignored", "include_disabled", "vuln_detection_source",
];
#[rustfmt::skip]
const OF_DETECTIONS_ELSEWHERE: &[&str] = &[
    "include_search_list_titles", "exclude_search_list_titles", "include_search_list_ids", "exclude_search_list_ids",
    "show_qds", "qds_min", "qds_max", "show_qds_factors", "show_tags", "show_asset_id", "host_metadata",
    "show_cloud_tags", "filter_superseded_qids", "detection_updated_since", "detection_updated_before",
    "max_days_since_detection_updated", "detection_processed_after", "detection_processed_before",
    "detection_last_tested_since", "detection_last_tested_before", "vm_scan_date_after", "vm_scan_date_before",
    "vm_auth_scan_date_after", "vm_auth_scan_date_before", "vm_scan_since", "no_vm_scan_since",
    "max_days_since_last_vm_scan", "arf_kernel_filter", "arf_service_filter", "arf_config_filter",
    "active_kernels_only", "os_pattern", "compliance_enabled", "show_arf_data", "arf_filter_keys",
    "mitre_attack_details",
];

/// What clients have met in answers, and must be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Oddity {
    /// The WARNING's URL names another host, with blank lines around it (met in the guide).
    ForeignUrl,
    /// The WARNING's id_min is that of the page before (a guess).
    StandingIdMin,
    /// A page whose hosts have all no finding has a WARNING and no HOST_LIST (a guess).
    EmptyPages,
    /// `ACTIVE` and `REOPENED` in the place of `Active` and `Re-Opened` (both met).
    UpperCase,
    /// Comments of an evaluation account between any two elements (met).
    Comments,
    /// White space around the text in CDATA (met).
    Padding,
    /// Each record stands twice in its answer (a guess).
    Twice,
    /// Records have no address (by the DTD).
    WithoutAddress,
}

/// Which elements of an answer's list.
#[derive(Clone)]
enum Records {
    /// Ids alone.
    Ids,
    /// Hosts.
    Hosts,
    /// Hosts with what was found on them.
    Detections(Filter),
}

/// Which findings, and what of them.
#[derive(Clone)]
struct Filter {
    statuses: Vec<String>,
    severities: Option<Ranges>,
    qids: Option<Ranges>,
    kind: Option<Kind>,
    information: bool,
    results: bool,
    ignored: bool,
    source: bool,
}

pub(super) fn list(service: &Service, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
    check(call, &[records::SIMULATED, OF_LIST].concat(), OF_LIST_ELSEWHERE)?;
    let records = match call.parameter("details") {
        Some("None") => Records::Ids,
        None | Some("Basic" | "Basic/AGs" | "All" | "All/AGs") => Records::Hosts,
        Some(_) => return Err(invalid("details")),
    };
    answer(service, call, echo, "HOST_LIST_OUTPUT", records)
}

pub(super) fn detections(service: &Service, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
    let known = [records::SIMULATED, OF_DETECTIONS].concat();
    check(call, &known, OF_DETECTIONS_ELSEWHERE)?;
    let statuses = words(call, "status").unwrap_or_else(|| vec!["New", "Active", "Re-Opened"]);
    let statuses: Vec<String> = statuses.into_iter().map(plain).collect();
    if statuses
        .iter()
        .any(|status| !["new", "active", "reopened", "fixed"].contains(&status.as_str()))
    {
        return Err(invalid("status"));
    }
    let filter = Filter {
        statuses,
        severities: Ranges::of(call, "severities")?,
        qids: Ranges::of(call, "qids")?,
        kind: match call.parameter("include_vuln_type") {
            None => None,
            Some("confirmed") => Some(Kind::Confirmed),
            Some("potential") => Some(Kind::Potential),
            Some(_) => return Err(invalid("include_vuln_type")),
        },
        information: switch(call, "show_igs", false)?,
        results: switch(call, "show_results", true)?,
        ignored: switch(call, "include_ignored", false)?,
        source: switch(call, "vuln_detection_source", false)?,
    };
    // The lab's estate disables no QID and re-opens at random times: these two change nothing.
    switch(call, "include_disabled", false)?;
    switch(call, "show_reopened_info", false)?;
    answer(
        service,
        call,
        echo,
        "HOST_LIST_VM_DETECTION_OUTPUT",
        Records::Detections(filter),
    )
}

fn answer(
    service: &Service,
    call: &Call,
    echo: Option<&Echo<'_>>,
    root: &'static str,
    records: Records,
) -> Result<Answer, Refused> {
    let asked = Asked::new(service, call)?;
    let limit = match number(call, "truncation_limit")? {
        None => Some(TRUNCATION),
        Some(0) => None,
        Some(limit) if limit <= MOST => Some(limit),
        Some(_) => return Err(invalid("truncation_limit")),
    };
    let report = service.estate();
    let mut page = Page {
        oddities: service.options.oddities.clone(),
        started: false,
        shown: 0,
        processed: 0,
        next: 0,
        limit,
        ids: call.parameter("ids").is_some(),
        head: head(service, root, echo),
        root,
        url: url(call),
        first: number(call, "id_min")?.unwrap_or(0),
        date: Box::new(service.clock.dates()),
        records,
        asked,
        report,
    };
    let mut answer = Answer::new(200, "text/xml", "");
    answer.length = None;
    answer.content = written::content(move |xml| page.write(xml));
    Ok(answer)
}

/// Everything up to the list.
fn head(service: &Service, root: &str, echo: Option<&Echo<'_>>) -> Vec<u8> {
    let dtd = format!(
        "https://qualysapi.lab.example/api/2.0/fo/asset/host/dtd/{}.dtd",
        root.to_lowercase()
    );
    let mut xml = Xml::document(root, &dtd);
    xml.open(root);
    if let Some(echo) = echo {
        request(&mut xml, echo);
    }
    xml.open("RESPONSE");
    xml.plain("DATETIME", &service.clock.today());
    xml.into_bytes()
}

/// The call's own address, complete but for id_min: clients that replace their parameters by it rely on that.
fn url(call: &Call) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.parameters.iter().filter(|(name, _)| *name != "id_min") {
        query.append_pair(name, value);
    }
    format!("https://{}{}?{}", call.host, call.path, query.finish())
}

/// One page, on its way.
struct Page {
    report: Arc<Report>,
    asked: Asked,
    records: Records,
    oddities: Vec<Oddity>,
    head: Vec<u8>,
    root: &'static str,
    url: String,
    date: Box<dyn Fn(Duration) -> String + Send>,
    limit: Option<u64>,
    /// The call names its hosts: they are never paged.
    ids: bool,
    /// The id_min of the call.
    first: u64,
    started: bool,
    /// Hosts in the list so far.
    shown: u64,
    processed: u64,
    /// The record to go on with.
    next: u64,
}

impl Page {
    /// Writes the next record, or the end; says whether there is more.
    fn write(&mut self, xml: &mut Xml) -> bool {
        if !self.started {
            self.started = true;
            xml.raw(&String::from_utf8_lossy(&self.head));
            return true;
        }
        let report = Arc::clone(&self.report);
        let asked = self.asked.clone();
        let Some(host) = asked.records(&report, self.next).next() else {
            self.end(xml, None);
            return false;
        };
        if self.limit.is_some_and(|limit| self.processed >= limit) && !self.ids {
            self.end(xml, Some(host.id()));
            return false;
        }
        self.processed += 1;
        self.next = host.id() + 1;
        for _ in 0..if self.has(Oddity::Twice) { 2 } else { 1 } {
            self.host(&report, &host, xml);
        }
        true
    }

    fn has(&self, oddity: Oddity) -> bool {
        self.oddities.contains(&oddity)
    }

    fn host(&mut self, report: &Report, host: &Host<'_>, xml: &mut Xml) {
        let records = self.records.clone();
        let mut shown = Vec::new();
        if let Records::Detections(filter) = &records {
            shown = host.findings.iter().filter(|finding| filter.takes(finding)).collect();
            if shown.is_empty() {
                return;
            }
        }
        if self.shown == 0 {
            xml.descend(2);
            xml.open(self.list());
        } else {
            xml.descend(3);
        }
        self.shown += 1;
        if self.has(Oddity::Comments) {
            xml.raw("<!-- This is an evaluation account: <HOST> and </HOST> are no tags here. -->\n");
        }
        match &records {
            Records::Ids => xml.number("ID", host.id()),
            Records::Hosts => xml.within("HOST", |xml| self.record(report, host, xml)),
            Records::Detections(filter) => xml.within("HOST", |xml| {
                self.record(report, host, xml);
                xml.within("DETECTION_LIST", |xml| {
                    for finding in &shown {
                        xml.within("DETECTION", |xml| self.detection(host, finding, filter, xml));
                    }
                });
            }),
        }
        xml.ascend(3);
    }

    fn list(&self) -> &'static str {
        match self.records {
            Records::Ids => "ID_SET",
            Records::Hosts | Records::Detections(_) => "HOST_LIST",
        }
    }

    /// What both lists say of a host.
    fn record(&self, report: &Report, host: &Host<'_>, xml: &mut Xml) {
        let processed = (self.date)(self.asked.processed(report, host));
        xml.number("ID", host.id());
        if !self.has(Oddity::WithoutAddress) {
            xml.number("IP", host.address);
            ipv6(host).iter().for_each(|address| xml.number("IPV6", address));
        }
        xml.plain("TRACKING_METHOD", if host.by_agent { "AGENT" } else { "IP" });
        if report.options().networks > 1 {
            xml.number("NETWORK_ID", host.network);
        }
        host.system.iter().for_each(|system| self.text(xml, "OS", system.name));
        host.dns.iter().for_each(|name| self.text(xml, "DNS", name));
        host.netbios.iter().for_each(|name| self.text(xml, "NETBIOS", name));
        xml.plain("LAST_SCAN_DATETIME", &processed);
        xml.plain("LAST_VM_SCANNED_DATE", &processed);
    }

    fn detection(&self, host: &Host<'_>, finding: &Finding<'_>, filter: &Filter, xml: &mut Xml) {
        let details = finding.details;
        let random = &mut Random::new(
            host.id(),
            u64::from(details.qid) << 16 | u64::from(finding.port.unwrap_or(0)),
        );
        // Passes 2^32, as those that were met.
        xml.number("UNIQUE_VULN_ID", 9_000_000_000 + (random.bits() >> 40));
        xml.number("QID", details.qid);
        xml.plain(
            "TYPE",
            match details.kind {
                Kind::Confirmed => "Confirmed",
                Kind::Potential => "Potential",
                Kind::Information => "Info",
            },
        );
        if details.kind != Kind::Information {
            xml.number("SEVERITY", details.severity);
        }
        if let (Some(port), Some(protocol)) = (finding.port, finding.protocol()) {
            xml.number("PORT", port);
            xml.plain(
                "PROTOCOL",
                match protocol {
                    Protocol::Tcp => "tcp",
                    Protocol::Udp => "udp",
                },
            );
        }
        xml.plain(
            "SSL",
            if finding.service.is_some_and(|service| service.ssl) {
                "1"
            } else {
                "0"
            },
        );
        if filter.results {
            self.text(xml, "RESULTS", "Evidence that a scanner has seen");
        }
        if let Some(status) = finding.status {
            xml.plain("STATUS", self.status(status));
        }
        xml.number("TIMES_FOUND", random.between(1, 90));
        xml.plain("IS_IGNORED", if finding.ignored { "1" } else { "0" });
        xml.plain("IS_DISABLED", "0");
        if filter.source {
            let source = if host.by_agent {
                "Cloud Agent"
            } else {
                "Internal Scanner"
            };
            xml.plain("LATEST_VULNERABILITY_DETECTION_SOURCE", source);
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

    /// Closes the list; names the record that the next page begins with, if there is one.
    fn end(&mut self, xml: &mut Xml, next: Option<u64>) {
        xml.descend(3);
        if self.shown > 0 {
            xml.close(self.list());
        } else {
            xml.ascend(1);
        }
        let hidden = self.shown == 0 && !self.has(Oddity::EmptyPages) && !matches!(self.records, Records::Ids);
        if let Some(next) = next.filter(|_| !hidden || self.processed > 0) {
            let next = if self.has(Oddity::StandingIdMin) {
                self.first
            } else {
                next
            };
            let limit = self.limit.unwrap_or_default();
            let url = format!("{}&id_min={next}", self.url);
            xml.within("WARNING", |xml| {
                xml.plain("CODE", "1980");
                xml.plain(
                    "TEXT",
                    &format!("{limit} record limit exceeded. Use URL to get next batch of results."),
                );
                match self.has(Oddity::ForeignUrl) {
                    true => {
                        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                        xml.cdata("URL", &format!("\n\nhttps://engine.lab.example/{path}&added=1\n"));
                    }
                    false => xml.cdata("URL", &url),
                }
            });
        }
        xml.close("RESPONSE");
        xml.close(self.root);
    }
}

impl Filter {
    fn takes(&self, finding: &Finding<'_>) -> bool {
        let details = finding.details;
        let status = finding.status.map(|status| match status {
            Status::New => "new",
            Status::Active => "active",
            Status::ReOpened => "reopened",
            Status::Fixed => "fixed",
        });
        let kind = match details.kind {
            Kind::Information => self.information,
            kind => self.kind.is_none_or(|asked| asked == kind),
        };
        kind && status.is_none_or(|status| self.statuses.iter().any(|asked| asked == status))
            && self
                .severities
                .as_ref()
                .is_none_or(|asked| details.kind != Kind::Information && asked.contains(details.severity.into()))
            && self
                .qids
                .as_ref()
                .is_none_or(|asked| asked.contains(details.qid.into()))
            && (self.ignored || !finding.ignored)
    }
}

/// Without case and hyphen.
fn plain(status: &str) -> String {
    status.replace('-', "").to_lowercase()
}
