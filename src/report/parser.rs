//! Parser: from the elements of a report, or of an answer of Qualys' interfaces, to its hosts, findings and glossary, in
//! one pass.
//!
//! It follows [`grammar`](super::grammar) down the document, gathers the text of one element at a time, and keeps of a
//! host what is left when its end tag comes.

use std::io::Read;
use std::net::IpAddr;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;

use super::counts::Tally;
use super::error::{Error, QualysAnswer, ReadUpTo};
use super::filters::Filters;
use super::finding::Key;
use super::glossary::{Details, Glossary};
use super::grammar::Element;
use super::hosts::HostsBuilder;
use super::numbers::DEFAULT_NETWORK;
use super::progress::Progress;
use super::remarks::{Remark, Remarks};
use super::values::{LINE, address, date, host_name, network, port, protocol, qid, some_line};
use super::without_findings::WithoutFindings;
use super::xml::{self, Handler};
use super::{About, Format, Keep, Report, Unnamed, limits, text};
use open::{OpenFinding, OpenHost};

mod answers;
mod host;
mod open;
mod scan;
mod strange;

pub(super) use answers::id_min;
pub use answers::{Asked, DetectionPage, Entries, detections, knowledge_base};
use answers::{OpenPage, Wanted};

/// Bytes that are read of one text that matters. Qualys' are shorter than 100 kB.
const TEXT: usize = 1 << 20;
/// A description's bytes for each character that is asked for: it may become shorter in another alphabet.
const SLACK: usize = 4;

/// Reads a report, or a saved answer with detections, from its first byte to its last.
///
/// # Errors
/// Everything that makes a report useless; see [`Error`]. What is merely odd is in [`Report::remarks`].
pub fn parse(source: impl Read, keep: &Keep, progress: &Progress) -> Result<Report, Error> {
    let mut parser = Parser::new(Wanted::Report, keep, progress);
    let bytes = xml::read(source, &mut parser, progress)?;
    if parser.page.next.is_some() {
        // A host of another page may share an address with one of this page.
        parser.about.unfinished = Some("one page of several".to_owned());
    }
    match &parser.about.unfinished {
        Some(_) if !keep.unfinished && parser.page.next.is_some() => Err(Error::OnePage),
        Some(status) if !keep.unfinished => Err(Error::Unfinished(status.clone())),
        _ => Ok(parser.finish(bytes)),
    }
}

struct Parser<'p> {
    wanted: Wanted<'p>,
    keep: &'p Keep,
    progress: &'p Progress,
    /// The open elements, outermost first.
    path: Vec<Element>,
    /// Whether text belongs into `text`.
    gathering: bool,
    /// Of the innermost open element that has text.
    text: String,
    host: OpenHost,
    finding: OpenFinding,
    details: Details,
    /// A description is being read that isn't known yet.
    describing: bool,
    /// The innermost key of a scan's header.
    key: String,
    answer: QualysAnswer,
    page: OpenPage,

    about: About,
    last: Option<IpAddr>,
    packer: HostsBuilder,
    glossary: Glossary,
    hosts_left_out: Tally,
    findings_left_out: Tally,
    remarks: Remarks,
    unnamed: Unnamed,
    filters: Filters,
    without_findings: WithoutFindings,
    range_start: Option<IpAddr>,
    /// Bytes of descriptions that no host had when they were read.
    in_vain: usize,
    /// Some of those weren't kept.
    forgotten: bool,
}

impl Handler for Parser<'_> {
    fn start(&mut self, tag: &BytesStart<'_>, offset: u64) -> Result<(), Error> {
        let tag = &Tag { tag, offset };
        let name = tag.tag.name();
        let element = match self.path.last() {
            Some(parent) => parent.child(name.as_ref()),
            None => self.root(name.as_ref())?,
        };
        self.path.push(element);
        self.gathering = element.has_text();
        if self.gathering {
            self.text.clear();
        }
        match element {
            Element::Strange => self.note_strange(name.as_ref()),
            Element::Finding | Element::Detection => self.finding = OpenFinding::default(),
            Element::Host | Element::DetectedHost => self.host.clear(),
            Element::HostAddress => {
                self.host.network = self.network(tag)?;
                self.host.ipv6 = self.attribute(tag, "v6")?.and_then(|text| address(&text));
            }
            Element::Details | Element::KnowledgeEntry => {
                self.details = Details::default();
                self.describing = true;
            }
            Element::PageWarning => self.page.open_warning(),
            Element::Title => self.gathering = self.describing,
            Element::Description => self.gathering = self.describing && self.keep.description_length > 0,
            Element::ScanHost => self.scan_host(tag)?,
            Element::ScanCategory(_) => {
                self.finding.port = self.attribute(tag, "port")?.and_then(|text| port(&text));
                self.finding.protocol = self.attribute(tag, "protocol")?.and_then(|text| protocol(&text));
            }
            Element::ScanItem(kind) => self.scan_item(tag, kind)?,
            Element::ScanKey => self.key = self.attribute(tag, "value")?.unwrap_or_default(),
            Element::ReportError | Element::AnswerReturn => {
                self.answer.code = self
                    .attribute(tag, "number")?
                    .and_then(|number| number.trim().parse().ok());
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, piece: &str) {
        if !self.gathering {
            return;
        }
        let forbidden = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        let forbidden = piece.as_bytes().iter().filter(|byte| forbidden(byte)).count();
        self.remarks.add(Remark::ControlCharacter, forbidden as u64);
        let room = TEXT.saturating_sub(self.text.len());
        let fits = piece.get(..piece.floor_char_boundary(room)).unwrap_or_default();
        self.text.push_str(fits);
        if fits.len() < piece.len() {
            self.remarks.add(Remark::LongText, 1);
            self.gathering = false;
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        let element = self.path.pop().unwrap_or(Element::Other);
        self.gathering = self.path.last().is_some_and(|parent| parent.has_text());
        if element == Element::Other {
            return Ok(());
        }
        let text = self.text.trim();
        match element {
            Element::FindingQid
            | Element::FindingType
            | Element::FindingPort
            | Element::FindingProtocol
            | Element::FindingStatus
            | Element::DetectionSeverity
            | Element::Ignored
            | Element::Disabled => self.finding.read(element, text, &mut self.remarks),
            Element::Finding => self.close_finding()?,
            Element::Detection => self.close_detection()?,
            Element::HostId
            | Element::HostIpv6
            | Element::HostNetwork
            | Element::HostAddress
            | Element::DetectedAddress => self.host.read(element, text),
            Element::HostName if self.keep.names => self.host.name = host_name(text),
            Element::OperatingSystem if self.keep.operating_systems => self.host.system = text::line(text, LINE),
            Element::HostError => {
                self.host.error = true;
                self.remarks.add(Remark::HostError(text::shown(text, LINE).into()), 1);
            }
            Element::Host | Element::ScanHost | Element::DetectedHost => self.close_host()?,
            Element::DetailsQid => self.details.qid = qid(text),
            Element::Title if self.describing => self.details.title(text),
            Element::Description if self.describing => {
                self.details
                    .description(text, SLACK.saturating_mul(self.keep.description_length));
            }
            Element::Severity => self.details.severity(text),
            Element::Cve if self.describing => self.details.cve(text, &mut self.remarks),
            Element::Bugtraq if self.describing => self.details.bugtraq(text, &mut self.remarks),
            Element::Details | Element::KnowledgeEntry => self.close_details()?,
            Element::ScanItem(_) if self.describing => self.close_details()?,
            Element::Template => self.about.title = some_line(text),
            Element::Generated => self.about.generated = date(text),
            Element::ScanKey => self.scan_key(),
            Element::Warning => {
                self.unnamed.any = true;
                self.remarks.add(Remark::Warning(text::shown(text, LINE).into()), 1);
            }
            Element::RangeStart => self.range_start = address(text),
            Element::RangeEnd => self.without_findings.add(self.range_start.take(), address(text)),
            Element::FilterSummary => self.filters.summary(text),
            Element::SearchLists => self.filters.search_lists(text),
            Element::OtherFilter => self.filters.other(text),
            Element::PageWarningCode => self.page.warning.code = text.parse().ok(),
            Element::PageWarningText => self.page.warning.text = text::shown(text, LINE),
            Element::PageWarningUrl => self.page.warning.next = id_min(text),
            Element::PageWarning => self.close_page_warning()?,
            Element::ReportError => {
                self.answer.text = text::shown(text, LINE);
                return Err(Error::InReport(std::mem::take(&mut self.answer)));
            }
            Element::AnswerCode => self.answer.code = text.parse().ok(),
            Element::AnswerText | Element::AnswerReturn => self.answer.text = text::shown(text, LINE),
            Element::Answer if self.path.is_empty() => return Err(Error::Answer(std::mem::take(&mut self.answer))),
            _ => {}
        }
        Ok(())
    }

    fn reached(&self, bytes: u64) -> ReadUpTo {
        ReadUpTo {
            bytes,
            hosts: self.about.hosts,
            last: self.last,
        }
    }
}

impl<'p> Parser<'p> {
    fn new(wanted: Wanted<'p>, keep: &'p Keep, progress: &'p Progress) -> Self {
        Parser {
            wanted,
            keep,
            progress,
            path: Vec::new(),
            gathering: false,
            text: String::new(),
            host: OpenHost::default(),
            finding: OpenFinding::default(),
            details: Details::default(),
            describing: false,
            key: String::new(),
            answer: QualysAnswer::default(),
            page: OpenPage::default(),
            about: About::default(),
            last: None,
            packer: HostsBuilder::default(),
            glossary: Glossary::default(),
            hosts_left_out: Tally::default(),
            findings_left_out: Tally::default(),
            remarks: Remarks::default(),
            unnamed: Unnamed::default(),
            filters: Filters::default(),
            without_findings: WithoutFindings::default(),
            range_start: None,
            in_vain: 0,
            forgotten: false,
        }
    }

    fn finish(self, bytes: u64) -> Report {
        Report {
            about: About { bytes, ..self.about },
            hosts: self.packer.finish(),
            glossary: self.glossary,
            hosts_left_out: self.hosts_left_out,
            findings_left_out: self.findings_left_out,
            remarks: self.remarks,
            unnamed: self.unnamed,
            filters: self.filters,
            without_findings: self.without_findings,
            explained: false,
        }
    }

    /// What the root element makes of the document.
    fn root(&mut self, name: &str) -> Result<Element, Error> {
        match (&self.wanted, name) {
            (_, "SIMPLE_RETURN" | "GENERIC_RETURN") => Ok(Element::Answer),
            (Wanted::Report, "ASSET_DATA_REPORT") => Ok(Element::AssetDataReport),
            (Wanted::Report, "SCAN") => {
                self.about.format = Format::Scan;
                Ok(Element::Scan)
            }
            (Wanted::Report | Wanted::Detections(_), answers::DETECTIONS) => {
                self.about.format = Format::Detections;
                if let Wanted::Report = self.wanted {
                    self.filters.unknown_request();
                }
                Ok(Element::DetectionOutput)
            }
            (Wanted::Entries(_), answers::KNOWLEDGE_BASE) => Ok(Element::KnowledgeBase),
            (Wanted::Report, "WAS_SCAN_REPORT") => Err(Error::WebApplications),
            (_, name) if name.eq_ignore_ascii_case("html") => Err(Error::Html),
            (Wanted::Report, name) => Err(Error::WrongRoot(text::shown(name, 80))),
            (Wanted::Detections(_), name) => Err(Error::other_answer(name, answers::DETECTIONS)),
            (Wanted::Entries(_), name) => Err(Error::other_answer(name, answers::KNOWLEDGE_BASE)),
        }
    }

    fn network(&self, tag: &Tag<'_>) -> Result<u32, Error> {
        Ok(self
            .attribute(tag, "network_id")?
            .map_or(DEFAULT_NETWORK, |text| network(&text)))
    }

    fn attribute(&self, tag: &Tag<'_>, name: &str) -> Result<Option<String>, Error> {
        let value = |attribute: Attribute<'_>| Ok(attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned());
        let attribute = tag.tag.try_get_attribute(name).map_err(quick_xml::Error::from);
        attribute
            .and_then(|attribute| attribute.map(value).transpose())
            .map_err(|error| Error::Xml {
                offset: tag.offset,
                fault: xml::malformed(error),
                reached: self.reached(tag.offset),
            })
    }

    fn close_details(&mut self) -> Result<(), Error> {
        self.describing = false;
        let Some(vulnerability) = self.details.finish(&mut self.remarks) else {
            self.remarks.add(Remark::UnreadableDetails, 1);
            return Ok(());
        };
        if let Wanted::Entries(qids) = &self.wanted {
            match qids.contains(&vulnerability.qid) {
                true => _ = self.glossary.add(vulnerability, &mut self.remarks),
                false => self.glossary.pass_over(),
            }
            return self.fits();
        }
        // In a scan the host is still open.
        let needed = self.about.format == Format::Scan || self.packer.has(vulnerability.qid);
        let hosts = self.about.hosts > 0;
        let limit = if hosts {
            limits::DESCRIBED_IN_VAIN
        } else {
            limits::DESCRIBED_FIRST
        };
        if needed || self.in_vain < limit {
            let memory = self.glossary.add(vulnerability, &mut self.remarks);
            self.in_vain += if needed { 0 } else { memory };
            return self.fits();
        }
        if !hosts {
            return Err(Error::GlossaryFirst(self.reached(self.progress.bytes())));
        }
        self.glossary.pass_over();
        self.forgotten = true;
        Ok(())
    }

    /// Whether what is kept is still less than may be.
    fn fits(&self) -> Result<(), Error> {
        let open = self.host.findings.len() * size_of::<Key>();
        if self.packer.memory() + self.glossary.memory() + open > limits::MEMORY {
            return Err(Error::TooBig(self.reached(self.progress.bytes())));
        }
        Ok(())
    }
}

/// A start tag and its place in the input.
struct Tag<'t> {
    tag: &'t BytesStart<'t>,
    offset: u64,
}
