//! A report as XML: its sections and what frames them.

mod details;
mod host;

use super::Report;
use super::dates::GENERATED;
use super::random::Random;
use super::xml::Xml;

const COMPANY: &str = "Example & Sons";

/// The parts of a report, each a number of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Head,
    Risks,
    Hosts,
    Glossary,
    Tail,
}

impl Section {
    /// A report without hosts has neither a host list nor a glossary.
    pub(super) fn items(self, report: &Report) -> u32 {
        match self {
            Section::Head | Section::Tail => 1,
            Section::Risks | Section::Hosts => report.estate().entries(),
            Section::Glossary if report.options.hosts == 0 => 0,
            Section::Glossary => report.options.qids,
        }
    }

    /// Writes one item; the first and the last one also open and close what is around them.
    pub(super) fn render(self, report: &Report, item: u32, xml: &mut Xml) {
        let frames: &[&str] = match self {
            Section::Head | Section::Tail => &[],
            Section::Risks => &["RISK_SCORE_PER_HOST"],
            Section::Hosts => &["HOST_LIST"],
            Section::Glossary => &["GLOSSARY", "VULN_DETAILS_LIST"],
        };
        let last = item + 1 == self.items(report);
        // A piece may start here, at the depth of the document's children.
        match item {
            0 => frames.iter().for_each(|frame| xml.open(frame)),
            _ => xml.descend(frames.len()),
        }
        match self {
            Section::Head => head(report, xml),
            Section::Risks => risk(report, item, xml),
            Section::Hosts => {
                if let Some(entry) = report.estate().entry(item) {
                    host::render(report, &entry, xml);
                }
            }
            Section::Glossary => details::render(report, item, xml),
            Section::Tail => tail(report, xml),
        }
        match last {
            true => frames.iter().rev().for_each(|frame| xml.close(frame)),
            false => xml.ascend(frames.len()),
        }
    }
}

fn head(report: &Report, xml: &mut Xml) {
    let options = report.options();
    let hosts = u64::from(options.hosts);
    let document = Xml::document(
        "ASSET_DATA_REPORT",
        "https://qualysguard.lab.example/asset_data_report.dtd",
    );
    xml.append(document);
    xml.raw("<ASSET_DATA_REPORT>\n");
    xml.within("HEADER", |xml| {
        xml.cdata("COMPANY", COMPANY);
        xml.plain("USERNAME", "lab");
        xml.plain("GENERATION_DATETIME", GENERATED);
        xml.cdata("TEMPLATE", "Technical Report");
        xml.within("TARGET", |xml| {
            xml.within("USER_ASSET_GROUPS", |xml| xml.cdata("ASSET_GROUP_TITLE", "All"));
            xml.within("COMBINED_IP_LIST", |xml| {
                range(xml, options.network.network(), options.network.broadcast());
            });
        });
        xml.within("RISK_SCORE_SUMMARY", |xml| {
            // As in real reports, near the number of findings but not equal to it.
            xml.number("TOTAL_VULNERABILITIES", hosts * u64::from(options.findings));
            xml.plain("AVG_SECURITY_RISK", "3.1");
            xml.plain("BUSINESS_RISK", "36/100");
        });
    });
}

fn risk(report: &Report, item: u32, xml: &mut Xml) {
    let random = &mut Random::new(report.options.seed, u64::from(u32::MAX) + u64::from(item));
    let Some(address) = report.estate().entry_address(item) else {
        return;
    };
    xml.within("HOSTS", |xml| {
        xml.number("IP_ADDRESS", address);
        xml.number("TOTAL_VULNERABILITIES", random.below(2 * report.options.findings));
        xml.number(
            "SECURITY_RISK",
            format_args!("{}.{}", random.below(5), random.below(10)),
        );
    });
}

fn tail(report: &Report, xml: &mut Xml) {
    let last = report.options.network.broadcast();
    xml.within("APPENDICES", |xml| {
        // Targets that were never scanned: nothing is known of them.
        xml.within("NO_RESULTS", |xml| {
            xml.within("IP_LIST", |xml| range(xml, last, last));
        });
        xml.within("TEMPLATE_DETAILS", |xml| {
            xml.plain("VULN_LISTS", "Complete");
            xml.cdata(
                "FILTER_SUMMARY",
                "\nStatus:New, Active, Re-Opened, Fixed\nDisplay non-running kernels:\nOff\n",
            );
        });
    });
    xml.raw("</ASSET_DATA_REPORT>\n");
    xml.raw("<!-- CONFIDENTIAL: invented by a generator; any likeness with a real network is chance //--> \n");
}

fn range(xml: &mut Xml, start: std::net::Ipv4Addr, end: std::net::Ipv4Addr) {
    xml.within("RANGE", |xml| {
        xml.number("START", start);
        xml.number("END", end);
    });
}
