//! Host List and Host List Detection: records of hosts, without and with what was found on them.

use std::sync::Arc;

use super::elements::{self, Elements};
use super::filter::{self, Filter};
use super::page::{Page, Records};
use super::parameters::{check, number};
use super::records::{self, Asked};
use super::warning::Warning;
use super::written;
use crate::qualys::answer::{Answer, Echo, Refused, request};
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::qualys::share::invalid;
use crate::report::xml::Xml;

/// Hosts that are processed in a call that doesn't say how many.
const TRUNCATION: u64 = 1_000;
/// The most that a call may ask for.
const MOST: u64 = 1_000_000;

/// Parameters that Qualys knows of Host List, and the lab doesn't simulate.
#[rustfmt::skip]
const OF_LIST_ELSEWHERE: &[&str] = &[
    "os_pattern", "vm_scan_since", "no_vm_scan_since", "compliance_enabled", "host_metadata", "show_cloud_tags",
    "show_trurisk", "vm_scan_date_after", "vm_scan_date_before",
];
/// The same of Host List Detection.
#[rustfmt::skip]
const OF_DETECTIONS_ELSEWHERE: &[&str] = &[
    "include_search_list_titles", "exclude_search_list_titles", "include_search_list_ids", "exclude_search_list_ids",
    "qds_min", "qds_max", "host_metadata", "show_cloud_tags", "filter_superseded_qids", "detection_updated_since",
    "detection_updated_before", "max_days_since_detection_updated", "detection_processed_after",
    "detection_processed_before", "detection_last_tested_since", "detection_last_tested_before", "vm_scan_date_after",
    "vm_scan_date_before", "vm_auth_scan_date_after", "vm_auth_scan_date_before", "vm_scan_since", "no_vm_scan_since",
    "max_days_since_last_vm_scan", "arf_kernel_filter", "arf_service_filter", "arf_config_filter",
    "active_kernels_only", "os_pattern", "compliance_enabled",
];

pub(super) fn list(service: &Service, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
    let known = [records::SIMULATED, elements::OF_RECORDS, &["details"]].concat();
    check(call, &known, OF_LIST_ELSEWHERE)?;
    let records = match call.parameter("details") {
        Some("None") => Records::Ids,
        None | Some("Basic" | "Basic/AGs" | "All" | "All/AGs") => Records::Hosts,
        Some(_) => return Err(invalid("details")),
    };
    answer(service, call, echo, "HOST_LIST_OUTPUT", records)
}

pub(super) fn detections(service: &Service, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
    let mut known = [records::SIMULATED, elements::OF_RECORDS, filter::SIMULATED].concat();
    known.extend(elements::of_findings(call));
    check(call, &known, OF_DETECTIONS_ELSEWHERE)?;
    let records = Records::Detections(Filter::of(call)?);
    answer(service, call, echo, "HOST_LIST_VM_DETECTION_OUTPUT", records)
}

fn answer(
    service: &Service,
    call: &Call,
    echo: Option<&Echo<'_>>,
    root: &'static str,
    records: Records,
) -> Result<Answer, Refused> {
    let asked = Arc::new(Asked::new(service, call)?);
    let limit = match number(call, "truncation_limit")? {
        None => Some(TRUNCATION),
        Some(0) => None,
        Some(limit) if limit <= MOST => Some(limit),
        Some(_) => return Err(invalid("truncation_limit")),
    };
    let limit = match &records {
        Records::Detections(_) => [limit, service.options.hosts_per_page].into_iter().flatten().min(),
        Records::Ids | Records::Hosts => limit,
    };
    let report = service.estate();
    let mut page = Page {
        elements: Elements::of(service, call, &report, &asked)?,
        head: Some(head(service, root, echo)),
        warning: Warning::of(service, call)?,
        shown: 0,
        processed: 0,
        next: 0,
        limit,
        root,
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
