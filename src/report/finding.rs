//! Findings: one vulnerability on one port of one host, in eight bytes.

use std::num::NonZeroU16;

/// How sure Qualys is of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `TYPE` Vuln; in scan results the list `VULNS`.
    Confirmed,
    /// `TYPE` Practice; in scan results the list `PRACTICES`.
    Potential,
    /// `TYPE` Ig; in scan results the lists `INFOS` and `SERVICES`.
    Information,
}

/// What became of a finding since the scan before. Where a report doesn't say, the finding is
/// [active](Status::Active): Qualys gives no status to information, and scan results give none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Found for the first time.
    New,
    /// Found again.
    Active,
    /// Found again after it was fixed.
    Reopened,
    /// Not found any more.
    Fixed,
}

/// The transport that a port belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, number 6.
    Tcp,
    /// UDP, number 17.
    Udp,
}

/// A selected finding. The order of findings is that of their QIDs, ports and protocols; of the same place the surest
/// comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// Index into [`Selected::vulnerabilities`](super::Selected::vulnerabilities), which is in the order of QIDs.
    pub vulnerability: u32,
    /// None: the finding is the host's, not a port's.
    pub port: Option<NonZeroU16>,
    /// None: Qualys names none, as for ICMP.
    pub protocol: Option<Protocol>,
    /// How sure Qualys is.
    pub kind: Kind,
}

impl Finding {
    /// What makes it a finding of its own on its host, whatever its kind and status.
    pub fn place(&self) -> (u32, Option<NonZeroU16>, Option<Protocol>) {
        (self.vulnerability, self.port, self.protocol)
    }
}

/// What a report says of one finding, as a number: QID, port, protocol, kind and status from the high bits to
/// the low, so that the order of numbers is the order of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

/// The kind, the status aren't known; what stands in their places is assumed.
const KIND_ASSUMED: u64 = 1 << 6;
const STATUS_ASSUMED: u64 = 1 << 7;
/// In the place of a port: it follows the number wherever the number stands.
const PORT_FOLLOWS: u64 = 1 << 8;

impl Key {
    pub(super) fn new(
        qid: u32,
        port: Option<NonZeroU16>,
        protocol: Option<Protocol>,
        kind: Kind,
        status: Status,
    ) -> Self {
        let port = port.map_or(0, NonZeroU16::get);
        let protocol = match protocol {
            None => 0,
            Some(Protocol::Tcp) => 1,
            Some(Protocol::Udp) => 2,
        };
        Key(u64::from(qid) << 32 | u64::from(port) << 16 | protocol << 4 | (kind as u64) << 2 | status as u64)
    }

    pub(super) fn qid(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(super) fn port(self) -> Option<NonZeroU16> {
        NonZeroU16::new((self.0 >> 16) as u16)
    }

    pub(super) fn protocol(self) -> Option<Protocol> {
        match self.0 >> 4 & 3 {
            1 => Some(Protocol::Tcp),
            2 => Some(Protocol::Udp),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self.0 >> 2 & 3 {
            0 => Kind::Confirmed,
            1 => Kind::Potential,
            _ => Kind::Information,
        }
    }

    pub(super) fn status(self) -> Status {
        match self.0 & 3 {
            0 => Status::New,
            1 => Status::Active,
            2 => Status::Reopened,
            _ => Status::Fixed,
        }
    }

    /// The same finding, of which the kind or the status are only assumed.
    pub(super) fn assuming(self, kind: bool, status: bool) -> Self {
        let bit = |assumed: bool, bit: u64| if assumed { bit } else { 0 };
        Key(self.0 | bit(kind, KIND_ASSUMED) | bit(status, STATUS_ASSUMED))
    }

    pub(super) fn kind_is_known(self) -> bool {
        self.0 & KIND_ASSUMED == 0
    }

    pub(super) fn status_is_known(self) -> bool {
        self.0 & STATUS_ASSUMED == 0
    }

    /// The same finding without its port, which follows.
    pub(super) fn without_port(self) -> Self {
        Key(self.0 & !(0xffff << 16) | PORT_FOLLOWS)
    }

    pub(super) fn port_follows(self) -> bool {
        self.0 & PORT_FOLLOWS != 0
    }

    /// The same finding with the port that followed it.
    pub(super) fn with_port(self, port: Option<NonZeroU16>) -> Self {
        let port = port.map_or(0, NonZeroU16::get);
        Key(self.0 & !(0xffff << 16 | PORT_FOLLOWS) | u64::from(port) << 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_went_into_it() {
        for port in [0, 1, 443, 65_535] {
            for protocol in [None, Some(Protocol::Tcp), Some(Protocol::Udp)] {
                for kind in [Kind::Confirmed, Kind::Potential, Kind::Information] {
                    for status in [Status::New, Status::Active, Status::Reopened, Status::Fixed] {
                        let port = NonZeroU16::new(port);
                        let key = Key::new(u32::MAX, port, protocol, kind, status);
                        assert_eq!((key.qid(), key.port(), key.protocol()), (u32::MAX, port, protocol));
                        assert_eq!((key.kind(), key.status(), key.port_follows()), (kind, status, false));
                        let doubtful = key.assuming(true, false);
                        assert_eq!(
                            (doubtful.kind(), doubtful.status(), doubtful.port()),
                            (kind, status, port)
                        );
                        assert_eq!((doubtful.kind_is_known(), doubtful.status_is_known()), (false, true));
                        assert!(!key.assuming(false, true).status_is_known() && key.kind_is_known());
                        let bare = key.without_port();
                        assert_eq!((bare.qid(), bare.port(), bare.protocol()), (u32::MAX, None, protocol));
                        assert_eq!((bare.kind(), bare.status(), bare.port_follows()), (kind, status, true));
                        assert_eq!(bare.with_port(port), key);
                    }
                }
            }
        }
    }
}
