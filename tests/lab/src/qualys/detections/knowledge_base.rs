//! KnowledgeBase: what a QID means.

use super::parameters::{Ranges, check, moment, number};
use super::warning::Warning;
use super::written;
use crate::qualys::answer::{Answer, Echo, Refused, request};
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::qualys::share::invalid;
use crate::report::catalogue::Details;
use crate::report::expected::Kind;
use crate::report::random::Random;
use crate::report::text::prose;
use crate::report::xml::Xml;

const SIMULATED: &[&str] = &[
    "ids",
    "id_min",
    "id_max",
    "details",
    "last_modified_after",
    "last_modified_before",
];
#[rustfmt::skip]
const ELSEWHERE: &[&str] = &[
    "is_patchable", "last_modified_by_user_after", "last_modified_by_user_before", "last_modified_by_service_after",
    "last_modified_by_service_before", "published_after", "published_before", "code_modified_after",
    "code_modified_before", "discovery_method", "discovery_auth_types", "show_pci_reasons",
    "show_supported_modules_info", "show_disabled_flag", "show_qid_change_log", "cve",
];
/// Entries between two comments that keep the connection busy (met).
const KEEP_ALIVE: u64 = 50;
/// Entries change so many days before the lab's start, at most.
const OLDEST: u32 = 400;

/// Whether the subscription may read the KnowledgeBase. How Qualys says that it may not isn't known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Right {
    /// It may.
    #[default]
    Granted,
    /// Code 2012 with 401.
    Unauthorized,
    /// Code 2012 with 403.
    Forbidden,
    /// Code 1920 with 409.
    Blocked,
    /// An error document with 200.
    ErrorDocument,
    /// A page with 200.
    Page,
}

pub(super) fn list(service: &Service, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
    const REFUSED: &str = "Your subscription is not authorized to download the KnowledgeBase";
    match service.options.knowledge_base {
        Right::Granted => {}
        Right::Unauthorized => return Err(Refused::new(2012, REFUSED).with_status(401)),
        Right::Forbidden => return Err(Refused::new(2012, REFUSED)),
        Right::Blocked => return Err(Refused::new(1920, REFUSED)),
        Right::ErrorDocument => return Err(Refused::new(2012, REFUSED).with_status(200)),
        Right::Page => return Ok(Answer::page(200, "Not authorized")),
    }
    check(call, SIMULATED, ELSEWHERE)?;
    let ids = Ranges::of(call, "ids")?;
    let (low, high) = (number(call, "id_min")?, number(call, "id_max")?);
    let after = moment(call, "last_modified_after", &service.clock)?;
    let before = moment(call, "last_modified_before", &service.clock)?;
    let (ids_alone, texts) = match call.parameter("details") {
        None | Some("Basic") => (false, false),
        Some("All") => (false, true),
        Some("None") => (true, false),
        Some(_) => return Err(invalid("details")),
    };
    let report = service.estate();
    let started = service.clock.time(service.clock.started());
    let modified =
        move |details: &Details| started.saturating_sub(std::time::Duration::from_secs(86_400 * age(details)));
    let takes = move |details: &Details| {
        let qid = u64::from(details.qid);
        details.explained
            && ids.as_ref().is_none_or(|ids| ids.contains(qid))
            && low.is_none_or(|low| qid >= low)
            && high.is_none_or(|high| qid <= high)
            && after.is_none_or(|after| modified(details) > after)
            && before.is_none_or(|before| modified(details) < before)
    };
    let dates = service.clock.dates();
    let mut head = Some(head(service, echo));
    let (limit, warning) = (service.options.entries_per_page, Warning::of(service, call)?);
    let (mut next, mut shown) = (0, 0);
    let list = if ids_alone { "ID_SET" } else { "VULN_LIST" };
    let write = move |xml: &mut Xml| {
        if let Some(head) = head.take() {
            xml.raw(&String::from_utf8_lossy(&head));
            return true;
        }
        let glossary = report.glossary();
        let found = glossary
            .iter()
            .enumerate()
            .skip(next)
            .find(|(_, details)| takes(details));
        let full = limit.filter(|limit| shown >= *limit);
        let Some((index, details)) = found.filter(|_| full.is_none()) else {
            end(xml, (shown > 0).then_some(list), |xml| {
                if let Some((limit, (_, details))) = full.zip(found) {
                    warning.write(limit, details.qid.into(), xml);
                }
            });
            return false;
        };
        next = index + 1;
        xml.descend(if shown == 0 { 2 } else { 3 });
        if shown == 0 {
            xml.open(list);
        }
        shown += 1;
        if shown % KEEP_ALIVE == 0 {
            xml.raw("<!-- keep-alive -->\n");
        }
        match ids_alone {
            true => xml.number("ID", details.qid),
            false => entry(report.options().seed, details, texts, &dates(modified(details)), xml),
        }
        xml.ascend(3);
        true
    };
    let mut answer = Answer::new(200, "text/xml", "");
    answer.length = None;
    answer.content = written::content(write);
    Ok(answer)
}

fn head(service: &Service, echo: Option<&Echo<'_>>) -> Vec<u8> {
    let root = "KNOWLEDGE_BASE_VULN_LIST_OUTPUT";
    let dtd = "https://qualysapi.lab.example/api/2.0/fo/knowledge_base/vuln/knowledge_base_vuln_list_output.dtd";
    let mut xml = Xml::document(root, dtd);
    xml.open(root);
    if let Some(echo) = echo {
        request(&mut xml, echo);
    }
    xml.open("RESPONSE");
    xml.plain("DATETIME", &service.clock.today());
    xml.into_bytes()
}

fn end(xml: &mut Xml, list: Option<&str>, warn: impl FnOnce(&mut Xml)) {
    match list {
        Some(list) => {
            xml.descend(3);
            xml.close(list);
        }
        None => xml.descend(2),
    }
    warn(xml);
    xml.close("RESPONSE");
    xml.close("KNOWLEDGE_BASE_VULN_LIST_OUTPUT");
}

/// How many days ago an entry was modified.
fn age(details: &Details) -> u64 {
    Random::new(u64::from(details.qid), 1).below(OLDEST).into()
}

fn entry(seed: u64, details: &Details, texts: bool, modified: &str, xml: &mut Xml) {
    let random = &mut Random::new(!seed, u64::from(details.qid));
    xml.within("VULN", |xml| {
        xml.number("QID", details.qid);
        xml.plain(
            "VULN_TYPE",
            match details.kind {
                Kind::Confirmed => "Vulnerability",
                Kind::Potential => "Potential Vulnerability",
                Kind::Information => "Information Gathered",
            },
        );
        xml.number("SEVERITY_LEVEL", details.severity);
        xml.cdata("TITLE", &details.title_markup);
        xml.plain("CATEGORY", "Local");
        xml.plain("LAST_SERVICE_MODIFICATION_DATETIME", modified);
        xml.plain("PUBLISHED_DATETIME", "2020-01-01T00:00:00Z");
        let bugs = if details.kind == Kind::Information {
            0
        } else {
            random.below(4)
        };
        if bugs > 0 {
            xml.within("BUGTRAQ_LIST", |xml| {
                for _ in 0..bugs {
                    let id = random.below(110_000).to_string();
                    reference(xml, "BUGTRAQ", &id, "https://bugs.example/bid/");
                }
            });
        }
        xml.number("PATCHABLE", random.below(2));
        if !details.cves.is_empty() {
            xml.within("CVE_LIST", |xml| {
                for cve in details.cves.iter() {
                    reference(xml, "CVE", cve, "https://cve.example/cvename.cgi?name=");
                }
            });
        }
        for name in ["DIAGNOSIS", "CONSEQUENCE", "SOLUTION"] {
            let mut text = String::new();
            prose(random, &mut text, if texts { 2_000 } else { 300 });
            xml.cdata(name, &text);
        }
        xml.within("DISCOVERY", |xml| {
            xml.number("REMOTE", u8::from(details.service.is_some()));
        });
    });
}

fn reference(xml: &mut Xml, name: &str, id: &str, link: &str) {
    xml.within(name, |xml| {
        xml.cdata("ID", id);
        xml.cdata("URL", &format!("{link}{id}"));
    });
}
