//! Why a report can't be used.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::path::PathBuf;

use super::limits::{self, DEPTH};
use super::text;
use crate::problem::{Kind, Problem};

/// Why a report can't be used. Nothing of such a report goes on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The report file can't be opened.
    #[error("the report {} can't be opened: {source}", path.display())]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder is named in the place of a file.
    #[error("{} is a directory; name the report file in it", .0.display())]
    Directory(PathBuf),
    /// The source of the report broke off with an error of its own.
    #[error("the report can't be read any further after {reached}: {source}")]
    Read {
        /// What the source says.
        source: io::Error,
        /// How far the report was read.
        reached: ReadUpTo,
    },
    /// The report ends before its closing tag does: an interrupted download, a full disk.
    #[error("the report is cut off after {0}; get it again")]
    CutOff(ReadUpTo),
    /// No byte, or nothing but white space.
    #[error("the report is empty ({0} bytes)")]
    Empty(u64),
    /// Bytes that are packed once more than expected.
    #[error("the report is {0} instead of XML; unpack it first")]
    Packed(&'static str),
    /// Bytes that no UTF-8 text has.
    #[error("the report isn't UTF-8: byte {offset} (after {reached}) belongs to another encoding; convert it first")]
    NotUtf8 {
        /// Place of the first such byte.
        offset: u64,
        /// How far the report was read.
        reached: ReadUpTo,
    },
    /// Not well-formed, or beyond a limit that no report needs.
    #[error("the report can't be read at byte {offset} (after {reached}): {fault}")]
    Xml {
        /// Place of what is wrong.
        offset: u64,
        /// What is wrong.
        fault: XmlError,
        /// How far the report was read.
        reached: ReadUpTo,
    },
    /// Text that doesn't begin as XML does.
    #[error("the report is no XML; export it from Qualys as XML")]
    NotXml,
    /// A page for a browser: a login form, a proxy's message.
    #[error("this is an HTML page instead of a report; open it in a browser to see what it says")]
    Html,
    /// Qualys' report of web applications, which has no hosts.
    #[error("this is a web application report (WAS_SCAN_REPORT), which has no hosts; use a report of host findings")]
    WebApplications,
    /// Qualys' answer to a request in the place of a report.
    #[error("this is no report but an answer of Qualys: {0}")]
    Answer(QualysAnswer),
    /// A report that consists of an `ERROR`.
    #[error("Qualys reports an error in the place of the report: {0}")]
    InReport(QualysAnswer),
    /// A scan that hasn't come to its end, by its own word.
    #[error(
        "the scan's status is '{0}' instead of FINISHED: hosts and findings may be missing from it; \
         wait for the scan's end and get its results again, or let it be added to what is held (report.unfinished_scans=merge)"
    )]
    Unfinished(String),
    /// XML of some other kind.
    #[error(
        "this is no host report: its root element is {0}, not ASSET_DATA_REPORT, SCAN or HOST_LIST_VM_DETECTION_OUTPUT"
    )]
    WrongRoot(String),
    /// What was saved of the KnowledgeBase can't be used.
    #[error("report.knowledge_base: {0}")]
    SavedKnowledge(Box<Error>),
    /// Another answer than the one that was asked for.
    #[error("the answer's root element is {found}, not {expected}")]
    OtherAnswer {
        /// Its root element.
        found: String,
        /// The root element of the answer that was asked for.
        expected: &'static str,
    },
    /// One page of a saved answer that has several.
    #[error(
        "this is one page of several (WARNING 1980): hosts of the others may share addresses with its own; get all of it \
         in one answer (truncation_limit=0), or let it be added to what is held (report.unfinished_scans=merge)"
    )]
    OnePage,
    /// Qualys says that there is another page, but not where it begins.
    #[error("another page follows (WARNING 1980), but its URL names no id_min to ask for; hosts would be missing")]
    NoNextPage,
    /// More hosts, findings and vulnerabilities than [are kept](limits::MEMORY).
    #[error(
        "the report holds more hosts, findings and vulnerabilities than are kept of one (after {0}; {mib} MiB); \
         split it by asset groups or templates",
        mib = limits::MEMORY >> 20
    )]
    TooBig(ReadUpTo),
    /// More vulnerabilities before the hosts that have them [than are kept](limits::DESCRIBED_FIRST).
    #[error(
        "the report describes more vulnerabilities before the hosts that have them than are kept (after {0}), \
         as no report of Qualys does; it is refused"
    )]
    GlossaryFirst(ReadUpTo),
}

impl Error {
    /// Whether the report ended too early: got again, it may be whole.
    pub fn is_cut_off(&self) -> bool {
        matches!(self, Error::CutOff(_))
    }

    pub(super) fn other_answer(found: &str, expected: &'static str) -> Self {
        let found = text::shown(found, 80);
        Error::OtherAnswer { found, expected }
    }
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::SavedKnowledge(error) => error.kind(),
            Error::Open { .. } | Error::Directory(_) => Kind::Unreadable,
            // So zip and gzip call what doesn't agree with its checksum.
            Error::Read { source, .. }
                if !matches!(source.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput) =>
            {
                Kind::Unreadable
            }
            _ => Kind::ReportUnusable,
        }
    }
}

/// What is wrong with the XML of a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum XmlError {
    #[error("it isn't well-formed XML: {0}")]
    Malformed(String),
    #[error("it isn't well-formed XML: </{found}> closes <{open}>")]
    EndTag { open: String, found: String },
    #[error("the entity &{0}; isn't defined")]
    Entity(String),
    #[error("its DOCTYPE defines entities or elements, as no report of Qualys does; it is refused")]
    InternalSubset,
    #[error("elements are nested deeper than {DEPTH}, as in no report of Qualys; it is refused")]
    TooDeep,
    #[error("a {what} is longer than {limit} bytes, as in no report of Qualys; it is refused")]
    TooLong { what: &'static str, limit: u64 },
    #[error("something follows the end of the report, or stands where its root element should")]
    AfterRoot,
}

/// How far a report was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadUpTo {
    /// Bytes of XML.
    pub bytes: u64,
    /// Whole hosts.
    pub hosts: u64,
    /// Address of the last of them that has one.
    pub last: Option<IpAddr>,
}

impl fmt::Display for ReadUpTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = if self.hosts == 1 { "host" } else { "hosts" };
        write!(f, "{} bytes and {} {hosts}", self.bytes, self.hosts)?;
        match self.last {
            Some(last) => write!(f, ", the last {last}"),
            None => Ok(()),
        }
    }
}

/// What Qualys says of a request, or in the place of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QualysAnswer {
    /// Its number for the error.
    pub code: Option<u32>,
    /// Its words, on one line.
    pub text: String,
}

impl fmt::Display for QualysAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.text.is_empty() { "(no text)" } else { &self.text };
        match self.code {
            Some(code) => write!(f, "{text} (code {code})"),
            None => f.write_str(text),
        }
    }
}
