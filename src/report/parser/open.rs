//! What is known of a host and of a finding between their tags.

use std::net::IpAddr;
use std::num::NonZeroU16;

use crate::report::finding::{Key, Kind, Protocol, Status};
use crate::report::grammar::Element;
use crate::report::numbers::DEFAULT_NETWORK;
use crate::report::remarks::{Remark, Remarks};
use crate::report::values::{StatusText, address, kind, network, port, protocol, qid, severity, status};

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
    /// It holds something that may hold findings and can't be read.
    pub(super) strange: bool,
    pub(super) seen: Seen,
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
    pub(super) seen: Seen,
    /// Of another format, whose findings have no status.
    pub(super) scan: bool,
    /// Only a detection says its own.
    pub(super) severity: Option<u8>,
    /// A user ignores it on this host.
    pub(super) ignored: bool,
    /// Its QID is switched off.
    pub(super) disabled: bool,
}

/// Which of those elements were there that stand once in a host, or once in a finding.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen(u8);

impl Seen {
    const QID: u8 = 1;
    const TYPE: u8 = 2;
    const PORT: u8 = 4;
    const PROTOCOL: u8 = 8;
    const STATUS: u8 = 16;
    const IGNORED: u8 = 32;
    const DISABLED: u8 = 64;

    const ADDRESS: u8 = 1;
    const ID: u8 = 2;
    const IPV6: u8 = 4;
    const NETWORK: u8 = 8;

    const TWICE: u8 = 128;

    fn add(&mut self, one: u8) {
        if self.has(one) {
            self.0 |= Self::TWICE;
        }
        self.0 |= one;
    }

    fn has(self, one: u8) -> bool {
        self.0 & one != 0
    }

    /// Whether one of them stands there twice.
    pub(super) fn twice(self) -> bool {
        self.has(Self::TWICE)
    }
}

impl OpenFinding {
    /// Takes what an element says of it.
    #[inline]
    pub(super) fn read(&mut self, element: Element, text: &str, remarks: &mut Remarks) {
        let seen = match element {
            Element::FindingQid => {
                self.qid = qid(text);
                if self.qid.is_none() {
                    remarks.add_example(Remark::UnreadableQid, text);
                }
                Seen::QID
            }
            Element::FindingType => {
                self.kind = Some(kind(text, remarks));
                Seen::TYPE
            }
            Element::FindingPort => {
                self.port = port(text);
                Seen::PORT
            }
            Element::FindingProtocol => {
                self.protocol = protocol(text);
                Seen::PROTOCOL
            }
            Element::FindingStatus => {
                self.status = status(text, remarks);
                Seen::STATUS
            }
            Element::Ignored => {
                self.ignored = text == "1";
                Seen::IGNORED
            }
            Element::Disabled => {
                self.disabled = text == "1";
                Seen::DISABLED
            }
            _ => {
                self.severity = self.severity.max(severity(text));
                return;
            }
        };
        self.seen.add(seen);
    }
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
        (self.error, self.strange, self.seen) = (false, false, Seen::default());
        self.findings.clear();
        (self.unreadable, self.ignored, self.disabled) = (0, 0, 0);
    }

    /// Takes what an element says of it.
    pub(super) fn read(&mut self, element: Element, text: &str) {
        let seen = match element {
            Element::HostId => {
                self.id = text.parse().ok();
                Seen::ID
            }
            Element::HostIpv6 => {
                self.ipv6 = address(text);
                Seen::IPV6
            }
            Element::HostNetwork => {
                self.network = network(text);
                Seen::NETWORK
            }
            _ => {
                self.address = address(text);
                Seen::ADDRESS
            }
        };
        self.seen.add(seen);
    }

    /// Adds a finding that has ended.
    pub(super) fn add(&mut self, finding: OpenFinding, remarks: &mut Remarks) {
        if finding.qid.is_none() && !finding.scan && !finding.seen.has(Seen::QID) {
            remarks.add_example(Remark::UnreadableQid, "");
        }
        if finding.seen.twice() {
            remarks.add(Remark::SaidTwice, 1);
        }
        let Some(qid) = finding.qid.filter(|_| !finding.seen.twice()) else {
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
