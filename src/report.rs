//! Parse and select: what a Qualys report says, whatever delivered it.
//!
//! ```text
//! file::open, file::decode ─► parse, describe ───────► Report ┐
//!                                                             ├─► merge ─► Selection::apply ─► Selected ─► hosts, findings, counts
//!                  detections ─► Knowledge::explain ─► Report ┘
//! ```
//!
//! Three of Qualys' formats are read: `ASSET_DATA_REPORT`, which its report share and its old interface deliver,
//! `SCAN`, which users export, and `HOST_LIST_VM_DETECTION_OUTPUT`, whose vulnerabilities the KnowledgeBase describes.
//! Neither Qualys' interfaces nor the Management Center are known here.

use std::net::IpAddr;
use std::time::SystemTime;

mod breakdown;
mod choice;
mod counts;
mod error;
pub mod file;
mod filters;
mod finding;
mod glossary;
mod grammar;
pub mod host_list;
mod hosts;
mod intervals;
mod knowledge;
pub mod limits;
mod merge;
mod numbers;
mod parser;
mod progress;
mod ranges;
mod remarks;
mod selected;
pub mod selection;
mod text;
mod unzip;
mod values;
mod vulnerability;
mod window;
mod without_findings;
mod xml;

pub use breakdown::{Breakdown, CveShare, HostShare, QidShare, SubnetShare, Top};
pub use counts::{Counts, LeftOut, Tally};
pub use error::{Error, QualysAnswer, ReadUpTo, XmlError};
pub use finding::{Finding, Kind, Protocol, Status};
pub use knowledge::{Knowledge, describe};
pub use merge::merge;
pub use parser::{Asked, DetectionPage, Entries, detections, knowledge_base, parse};
pub use progress::Progress;
pub use remarks::{Remark, Remarks};
pub use selected::{Host, Selected};
pub use vulnerability::Vulnerability;

/// What is kept of a report besides hosts, findings and titles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keep {
    /// Characters of a description that will be used, at most; 0 keeps none.
    pub description_length: usize,
    /// The DNS names of hosts.
    pub names: bool,
    /// The operating systems of hosts.
    pub operating_systems: bool,
    /// A scan that isn't finished is read all the same; see [`About::unfinished`]. Otherwise it is
    /// [refused](Error::Unfinished).
    pub unfinished: bool,
}

/// Which report it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What Qualys calls its kind.
    pub format: Format,
    /// The template's title; of a scan its own.
    pub title: Option<String>,
    /// When Qualys made it; of a scan when it was started.
    pub generated: Option<SystemTime>,
    /// Bytes of XML.
    pub bytes: u64,
    /// Entries of hosts, several of one address included.
    pub hosts: u64,
    /// Findings, unreadable and double ones included.
    pub findings: u64,
    /// The status of a scan that isn't finished. What is missing from it may be missing because nobody has looked yet: no
    /// host of it is [whole](Host::whole), and none is clean.
    pub unfinished: Option<String>,
}

/// A format of Qualys' reports, by its root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `ASSET_DATA_REPORT`: findings of hosts, by a report template.
    #[default]
    AssetData,
    /// `SCAN`: the results of one scan.
    Scan,
    /// `HOST_LIST_VM_DETECTION_OUTPUT`: hosts with their detections, from an interface for machines.
    Detections,
}

/// A report, parsed to its end, or several that were [merged](merge).
#[derive(Debug, Default)]
pub struct Report {
    about: About,
    hosts: hosts::Hosts,
    glossary: glossary::Glossary,
    hosts_left_out: Tally,
    findings_left_out: Tally,
    remarks: Remarks,
    unnamed: Unnamed,
    filters: filters::Filters,
    without_findings: without_findings::WithoutFindings,
    /// Whether others say which vulnerabilities aren't described.
    explained: bool,
}

/// Whether a report holds hosts whose address it doesn't say. Each of them may be any host, also one that it lists.
#[derive(Debug, Clone, Copy, Default)]
struct Unnamed {
    /// Of whatever family.
    any: bool,
    /// Behind a stand-in, so their address is one of IPv6.
    ipv6: bool,
}

impl Unnamed {
    fn may_be(self, address: IpAddr) -> bool {
        self.any || self.ipv6 && address.is_ipv6()
    }

    fn join(&mut self, other: Unnamed) {
        self.any |= other.any;
        self.ipv6 |= other.ipv6;
    }
}

impl Report {
    /// Which report it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What is odd in it.
    pub fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// What is odd in it, for those who say it themselves.
    pub fn take_remarks(&mut self) -> Remarks {
        std::mem::take(&mut self.remarks)
    }

    /// The QIDs of its findings.
    pub fn qids(&self) -> impl Iterator<Item = u32> {
        self.hosts.keys().iter().map(|key| key.qid())
    }

    /// Takes note of hosts that are in scope and not in it.
    pub fn leave_out(&mut self, reason: LeftOut, hosts: u64) {
        self.about.hosts += hosts;
        self.hosts_left_out.add(reason, hosts);
    }

    /// Bytes that are kept of it until the import ends; an estimate.
    pub fn memory(&self) -> usize {
        self.hosts.memory() + self.glossary.memory()
    }

    /// There are hosts in scope whose address nobody says, `ipv6` ones or whichever. Each may be any host, so none is cleared.
    pub fn hide_hosts(&mut self, ipv6: bool) {
        self.unnamed.join(Unnamed { any: !ipv6, ipv6 });
    }
}

#[cfg(test)]
mod tests;
