//! VULN_DETAILS: one entry of the glossary.

use crate::report::Report;
use crate::report::catalogue::Details;
use crate::report::expected::Kind;
use crate::report::random::Random;
use crate::report::text::{prose, sentence};
use crate::report::xml::Xml;

const CATEGORIES: &[&str] = &[
    "Windows",
    "Local",
    "General remote services",
    "Web server",
    "Information gathering",
    "TCP/IP",
    "RedHat",
    "CGI",
];

pub(super) fn render(report: &Report, item: u32, xml: &mut Xml) {
    let Some(details) = report.catalogue.all().get(item as usize) else {
        return;
    };
    if !details.explained {
        return;
    }
    let random = &mut Random::new(!report.options.seed, u64::MAX - u64::from(item));
    xml.open_with("VULN_DETAILS", "id", format_args!("qid_{}", details.qid));
    xml.number_with("QID", "id", format_args!("qid_{}", details.qid), details.qid);
    xml.cdata("TITLE", &details.title_markup);
    xml.number("SEVERITY", details.severity);
    xml.plain("CATEGORY", random.phrase(CATEGORIES));
    for (name, longest) in [("THREAT", 2_600.0), ("IMPACT", 600.0), ("SOLUTION", 2_200.0)] {
        let draw = random.unit();
        let mut text = String::new();
        prose(random, &mut text, 20 + (draw * draw * longest) as usize);
        xml.cdata(name, &text);
    }
    if random.chance(10) {
        exploits(details, random, xml);
    }
    xml.number("PCI_FLAG", random.below(2));
    xml.plain("LAST_UPDATE", report.dates.any(random));
    if details.kind != Kind::Information {
        scores(random, xml);
        let patch = random.between(3_000_000, 5_100_000);
        references(
            xml,
            "VENDOR_REFERENCE",
            [(format!("KB{patch}"), "https://vendor.example/kb?a=1&id=")],
        );
        let cves = details
            .cves
            .iter()
            .map(|cve| (cve.clone(), "https://cve.example/cvename.cgi?name="));
        references(xml, "CVE_ID", cves);
        let bugs = random.below(4);
        let bugs = (0..bugs).map(|_| (random.below(110_000).to_string(), "https://bugs.example/bid/"));
        references(xml, "BUGTRAQ_ID", bugs);
    }
    xml.close("VULN_DETAILS");
}

fn scores(random: &mut Random, xml: &mut Xml) {
    let (whole, tenth) = (random.between(1, 9), random.below(10));
    xml.within("CVSS_SCORE", |xml| {
        xml.number_with(
            "CVSS_BASE",
            "source",
            "service",
            format_args!("{whole}.{tenth} (AV:N/AC:M/Au:N/C:P/I:P/A:P)"),
        );
        xml.plain("CVSS_TEMPORAL", "-");
    });
    xml.within("CVSS3_SCORE", |xml| {
        xml.number("CVSS3_BASE", format_args!("{whole}.{tenth}"));
        xml.plain("CVSS3_TEMPORAL", "-");
    });
}

/// A list that holds an id and a link to it each; left out when it's empty.
fn references(xml: &mut Xml, name: &str, items: impl IntoIterator<Item = (String, &'static str)>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_none() {
        return;
    }
    xml.within(&format!("{name}_LIST"), |xml| {
        for (id, link) in items {
            xml.within(name, |xml| {
                xml.cdata("ID", &id);
                xml.cdata("URL", &format!("{link}{id}"));
            });
        }
    });
}

/// References to other CVEs than the finding's own, which a reader must not take for those.
fn exploits(details: &Details, random: &mut Random, xml: &mut Xml) {
    xml.within("CORRELATION", |xml| {
        xml.within("EXPLOITABILITY", |xml| {
            xml.within("EXPLT_SRC", |xml| {
                xml.cdata("SRC_NAME", "A collection of exploits");
                xml.within("EXPLT_LIST", |xml| {
                    for _ in 0..random.between(1, 6) {
                        xml.within("EXPLT", |xml| {
                            let mut text = String::new();
                            sentence(random, &mut text);
                            xml.cdata("REF", &format!("CVE-1999-{:04}", details.qid % 10_000));
                            xml.cdata("DESC", &text);
                            xml.cdata("LINK", &format!("https://exploits.example/{}", random.below(60_000)));
                        });
                    }
                });
            });
        });
    });
}
