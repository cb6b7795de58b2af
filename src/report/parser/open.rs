//! What is known of a host and of a finding between their tags.

use std::net::IpAddr;
use std::num::NonZeroU16;

use crate::report::finding::{Key, Kind, Protocol, Status};
use crate::report::numbers::DEFAULT_NETWORK;
use crate::report::remarks::Remarks;
use crate::report::values::{StatusText, kind};

/// The host between its tags.
#[derive(Default)]
pub(super) struct OpenHost {
    /// Qualys' number of it, where there is one.
    pub(super) id: Option<u64>,
    pub(super) address: Option<IpAddr>,
    /// The address that may stand beside one of 0.0.0.0/8, or in its place.
    pub(super) ipv6: Option<IpAddr>,
    pub(super) network: u32,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) error: bool,
    pub(super) findings: Vec<Key>,
    pub(super) unreadable: u64,
    /// Findings that a user ignores.
    pub(super) ignored: u64,
    /// Findings of QIDs that are switched off.
    pub(super) disabled: u64,
}

/// The finding between its tags; in a scan also what its category says.
#[derive(Clone, Copy, Default)]
pub(super) struct OpenFinding {
    pub(super) qid: Option<u32>,
    pub(super) port: Option<NonZeroU16>,
    pub(super) protocol: Option<Protocol>,
    /// What its `TYPE` says, if that is known.
    pub(super) kind: Option<Option<Kind>>,
    pub(super) status: StatusText,
    /// Of another format, whose findings have no status.
    pub(super) scan: bool,
    /// Only a detection says its own.
    pub(super) severity: Option<u8>,
    /// A user ignores it on this host.
    pub(super) ignored: bool,
    /// Its QID is switched off.
    pub(super) disabled: bool,
}

impl OpenHost {
    /// Nothing is known of the next one.
    pub(super) fn clear(&mut self) {
        self.id = None;
        self.address = None;
        self.ipv6 = None;
        self.network = DEFAULT_NETWORK;
        self.name.clear();
        self.system.clear();
        self.error = false;
        self.findings.clear();
        (self.unreadable, self.ignored, self.disabled) = (0, 0, 0);
    }

    /// Adds a finding that has ended.
    pub(super) fn add(&mut self, finding: OpenFinding, remarks: &mut Remarks) {
        let Some(qid) = finding.qid else {
            self.unreadable += 1;
            return;
        };
        let kind = finding.kind.unwrap_or_else(|| kind("", remarks));
        // Qualys gives information no status, and scans give nothing one.
        let has_none = finding.scan || kind == Some(Kind::Information);
        let (status, assumed) = match finding.status {
            StatusText::Status(status) => (status, false),
            StatusText::Nothing => (Status::Active, !has_none),
            StatusText::Unknown => (Status::Active, true),
        };
        let likely = kind.unwrap_or(Kind::Potential);
        let key = Key::new(qid, finding.port, finding.protocol, likely, status);
        self.findings.push(key.assuming(kind.is_none(), assumed));
    }
}
