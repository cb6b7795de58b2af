//! What is kept of a host, and of a finding of it, when its end tag comes.

use std::net::IpAddr;

use super::Parser;
use super::open::OpenHost;
use crate::report::Format;
use crate::report::counts::LeftOut;
use crate::report::error::Error;
use crate::report::hosts::{NewHost, TooBig, Wholeness};
use crate::report::remarks::Remark;
use crate::report::values::is_stand_in;
use crate::report::xml::Handler as _;

/// After so many findings of one host it is looked at whether they still fit.
const OFTEN: usize = 1 << 16;

impl Parser<'_> {
    pub(super) fn close_finding(&mut self) -> Result<(), Error> {
        self.host.add(self.finding, &mut self.remarks);
        match self.host.findings.len().is_multiple_of(OFTEN) {
            true => self.fits(),
            false => Ok(()),
        }
    }

    /// The address of the host that was read, or why it has none.
    fn host_address(&mut self) -> Result<IpAddr, LeftOut> {
        let (said, ipv6) = match self.host.seen.twice() {
            // Nobody knows which of its addresses is meant.
            true => (None, None),
            false => (self.host.address, self.host.ipv6.filter(IpAddr::is_ipv6)),
        };
        if let Some(address) = said.filter(|address| !is_stand_in(address)) {
            return Ok(address);
        }
        // In an answer a host may have no other address; in a report one that cannot be read makes the host unreadable.
        let counts = said.is_some() || self.about.format == Format::Detections;
        if let Some(address) = ipv6.filter(|_| counts) {
            self.remarks.add(Remark::TrueAddress, 1);
            return Ok(address);
        }
        if let Some(address) = self.listed_address().filter(|_| !self.host.seen.twice()) {
            return Ok(address);
        }
        if said.is_some() {
            // Beside a stand-in stands an address of IPv6, or nobody knows what.
            match self.host.ipv6 {
                Some(IpAddr::V4(_)) => self.unnamed.any = true,
                _ => self.unnamed.ipv6 = true,
            }
            return Err(LeftOut::StandIn);
        }
        self.unnamed.any = true;
        self.remarks.add(Remark::NoAddress, 1);
        Err(LeftOut::BadAddress)
    }

    pub(super) fn close_host(&mut self) -> Result<(), Error> {
        let findings = self.host.findings.len() as u64;
        let OpenHost {
            unreadable,
            ignored,
            disabled,
            ..
        } = self.host;
        self.note_host();
        self.about.hosts += 1;
        self.about.findings += findings + unreadable + ignored + disabled;
        self.progress.set_hosts(self.about.hosts);
        self.findings_left_out.add(LeftOut::Unreadable, unreadable);
        self.findings_left_out.add(LeftOut::Ignored, ignored);
        self.findings_left_out.add(LeftOut::Disabled, disabled);
        let (address, reason) = match self.host_address() {
            // Its place is kept, so that nobody takes the address for clean.
            Ok(address) if self.host.error => (address, Some(LeftOut::HostError)),
            Ok(address) if self.has_moved(address) => (address, Some(LeftOut::Moved)),
            Ok(address) => (address, None),
            Err(reason) => {
                let reason = if self.host.error { LeftOut::HostError } else { reason };
                self.hosts_left_out.add(reason, 1);
                self.findings_left_out.add(reason, findings);
                return Ok(());
            }
        };
        let host = &mut self.host;
        if let Some(reason) = reason {
            self.hosts_left_out.add(reason, 1);
            self.findings_left_out.add(reason, findings);
            host.findings.clear();
        } else {
            host.findings.sort_unstable();
            host.findings.dedup();
            let doubles = findings - host.findings.len() as u64;
            self.findings_left_out.add(LeftOut::Duplicate, doubles);
            self.last = Some(address);
        }
        let opened = NewHost {
            address,
            network: host.network,
            system: &host.system,
            name: &host.name,
            wholeness: match (reason, host.unreadable > 0 || host.strange) {
                (Some(_), _) => Wholeness::Error,
                (None, true) => Wholeness::InPart,
                (None, false) => Wholeness::Whole,
            },
        };
        let pushed = self.packer.push(&opened, &host.findings);
        pushed.map_err(|TooBig| Error::TooBig(self.reached(self.progress.bytes())))?;
        if self.forgotten {
            return Err(Error::GlossaryFirst(self.reached(self.progress.bytes())));
        }
        self.fits()
    }
}
