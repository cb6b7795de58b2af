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
    pub(super) address: Option<IpAddr>,
    /// The address that may stand beside one of 0.0.0.0/8.
    pub(super) ipv6: Option<IpAddr>,
    pub(super) network: u32,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) error: bool,
    pub(super) findings: Vec<Key>,
    pub(super) unreadable: u64,
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
}

impl OpenHost {
    /// Nothing is known of the next one.
    pub(super) fn clear(&mut self) {
        self.address = None;
        self.ipv6 = None;
        self.network = DEFAULT_NETWORK;
        self.name.clear();
        self.system.clear();
        self.error = false;
        self.findings.clear();
        self.unreadable = 0;
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
