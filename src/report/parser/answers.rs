//! Answers: detections and the KnowledgeBase, as Qualys' interfaces for machines deliver them, page by page.
//!
//! Certain: the trees, that elements may be missing and come in another order, WARNING 1980 at the end of a page. Likely:
//! the places of elements that versions 4 and 5 added; they are passed over. The URL of a WARNING may name another host and
//! parameters that were never sent, so nothing is taken from it but `id_min`.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::IpAddr;

use super::{Glossary, Parser, Remark, Remarks};
use crate::report::error::Error;
use crate::report::progress::Progress;
use crate::report::{Keep, Report, xml};

pub(super) const DETECTIONS: &str = "HOST_LIST_VM_DETECTION_OUTPUT";
pub(super) const KNOWLEDGE_BASE: &str = "KNOWLEDGE_BASE_VULN_LIST_OUTPUT";

/// WARNING: more follows.
const TRUNCATED: u32 = 1980;

/// Hosts that an answer is asked for: Qualys' numbers of them, and where the list of hosts has them.
pub type Asked = HashMap<u64, IpAddr>;

/// One page of detections.
#[derive(Debug)]
pub struct DetectionPage {
    /// What it says.
    pub report: Report,
    /// The number of the host that the next page begins with; `None`: it is the last one.
    pub next: Option<u64>,
    /// The hosts in it.
    pub hosts: HashSet<u64>,
}

/// One page of the KnowledgeBase.
#[derive(Debug)]
pub struct Entries {
    pub(in crate::report) glossary: Glossary,
    pub(in crate::report) remarks: Remarks,
    /// The QID that the next page begins with; `None`: it is the last one.
    pub next: Option<u64>,
}

/// Reads a page of detections of the hosts in `asked`. A host that stands elsewhere by now, or that nobody asked for, is
/// left out: other hosts of its address may be missing.
///
/// # Errors
/// Everything that makes the page useless, as for [`parse`](super::parse).
pub fn detections(source: impl Read, keep: &Keep, asked: &Asked, progress: &Progress) -> Result<DetectionPage, Error> {
    let mut parser = Parser::new(Wanted::Detections(asked), keep, progress);
    let bytes = xml::read(source, &mut parser, progress)?;
    let OpenPage { next, hosts, .. } = std::mem::take(&mut parser.page);
    Ok(DetectionPage {
        report: parser.finish(bytes),
        next,
        hosts,
    })
}

/// Reads a page of the KnowledgeBase; keeps the entries for `qids`.
///
/// # Errors
/// Everything that makes the page useless, as for [`parse`](super::parse).
pub fn knowledge_base(source: impl Read, keep: &Keep, qids: &HashSet<u32>) -> Result<Entries, Error> {
    let progress = Progress::default();
    let mut parser = Parser::new(Wanted::Entries(qids), keep, &progress);
    xml::read(source, &mut parser, &progress)?;
    Ok(Entries {
        glossary: parser.glossary,
        remarks: parser.remarks,
        next: parser.page.next,
    })
}

/// Which document is read, and what of it.
pub(super) enum Wanted<'p> {
    /// A report, or a saved answer with detections.
    Report,
    /// Detections of these hosts.
    Detections(&'p Asked),
    /// What the KnowledgeBase says of these QIDs.
    Entries(&'p HashSet<u32>),
}

/// What is known of the page that is being read.
#[derive(Debug, Default)]
pub(super) struct OpenPage {
    pub(super) warning: PageWarning,
    pub(super) next: Option<u64>,
    hosts: HashSet<u64>,
}

/// A WARNING between its tags.
#[derive(Debug, Default)]
pub(super) struct PageWarning {
    pub(super) code: Option<u32>,
    pub(super) text: String,
    pub(super) next: Option<u64>,
}

impl OpenPage {
    pub(super) fn open_warning(&mut self) {
        self.warning = PageWarning::default();
    }
}

impl Parser<'_> {
    /// What a user ignores or has disabled at Qualys, a report doesn't show either.
    pub(super) fn close_detection(&mut self) -> Result<(), Error> {
        if self.finding.seen.twice() {
            return self.close_finding();
        }
        if self.finding.ignored {
            self.host.ignored += 1;
            return Ok(());
        }
        if self.finding.disabled {
            self.host.disabled += 1;
            return Ok(());
        }
        if let (Some(qid), Some(severity)) = (self.finding.qid, self.finding.severity) {
            self.glossary.add_severity(qid, severity);
        }
        self.close_finding()
    }

    /// Where the list of hosts has the host that was read.
    pub(super) fn listed_address(&self) -> Option<IpAddr> {
        match (&self.wanted, self.host.id) {
            (Wanted::Detections(asked), Some(id)) => asked.get(&id).copied(),
            _ => None,
        }
    }

    /// Notes that a host came which was asked for.
    pub(super) fn note_host(&mut self) {
        if let (Wanted::Detections(asked), Some(id)) = (&self.wanted, self.host.id)
            && asked.contains_key(&id)
        {
            self.page.hosts.insert(id);
        }
    }

    /// Whether the host that was read stands elsewhere than the list of hosts says.
    pub(super) fn has_moved(&self, address: IpAddr) -> bool {
        matches!(self.wanted, Wanted::Detections(_)) && self.listed_address() != Some(address)
    }

    pub(super) fn close_page_warning(&mut self) -> Result<(), Error> {
        let PageWarning { code, text, next } = std::mem::take(&mut self.page.warning);
        match (code, next) {
            (_, Some(next)) => self.page.next = Some(next),
            (Some(TRUNCATED), None) => return Err(Error::NoNextPage),
            (_, None) => {
                self.unnamed.any = true;
                self.remarks.add(Remark::Warning(text.into()), 1);
            }
        }
        Ok(())
    }
}

/// The number of the host, or the QID, that the next page begins with, from the URL of a WARNING.
pub(in crate::report) fn id_min(url: &str) -> Option<u64> {
    let mut parameters = url.split(['?', '&']);
    parameters.find_map(|parameter| parameter.trim().strip_prefix("id_min=")?.parse().ok())
}
