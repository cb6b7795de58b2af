//! Select: which findings of a report go on, and why the others don't.
//!
//! Apart from its host's address and network, everything that decides about a finding is the same for all hosts.
//! So each different finding is judged once.

use std::net::IpAddr;

use super::counts::LeftOut;
use super::finding::{Key, Status};
use super::glossary::Glossary;
use super::numbers::NO_NETWORK;
use super::vulnerability::Vulnerability;

pub use super::choice::{Choice, ChoiceError, Kinds, Statuses, Word};
pub use super::numbers::{Networks, NumberError, Qids};
pub use super::ranges::{RangeError, Ranges};

/// The section `selection` of the configuration. The default lets everything through but information and what is
/// fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `selection.ip_ranges`: hosts, by address; empty: all.
    pub ranges: Ranges,
    /// `selection.networks`: hosts, by Qualys' network; by default only those of the default network.
    pub networks: Networks,
    /// `selection.kinds`.
    pub kinds: Kinds,
    /// `selection.statuses`. A finding without status is active.
    pub statuses: Statuses,
    /// `selection.min_severity`: 1 to 5. A finding whose severity the report doesn't tell passes.
    pub min_severity: u8,
    /// `selection.qids`: only these; empty: all.
    pub qids: Qids,
    /// `selection.exclude_qids`: all but these.
    pub exclude_qids: Qids,
    /// `selection.only_with_cve`.
    pub only_with_cve: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            ranges: Ranges::default(),
            networks: Networks::default(),
            kinds: Kinds::default(),
            statuses: Statuses::default(),
            min_severity: 1,
            qids: Qids::default(),
            exclude_qids: Qids::default(),
            only_with_cve: false,
        }
    }
}

impl Selection {
    /// Why a host isn't asked for, if that is known.
    pub fn out_of_scope(&self, address: IpAddr, network: u32) -> Option<LeftOut> {
        // Whose address it is in a network that can't be read, nobody knows.
        self.leaves_out(address, network).filter(|_| network != NO_NETWORK)
    }

    /// Why the findings of a host don't go on, whatever they are.
    pub(super) fn leaves_out(&self, address: IpAddr, network: u32) -> Option<LeftOut> {
        match self.ranges.contains(address) {
            false => Some(LeftOut::OutsideRanges),
            true if self.networks.contains(network) => None,
            true => Some(LeftOut::OtherNetwork),
        }
    }

    /// Why a finding doesn't go on; nothing of its host is looked at. Fixed comes last: it means that all else is right.
    pub(super) fn judge(&self, key: Key, glossary: &Glossary) -> Result<(), Rejected> {
        let known = glossary.get(key.qid());
        let severity = glossary.severity(key.qid());
        let fixed = key.status() == Status::Fixed;
        let because = |reason: LeftOut, unknown: bool| {
            Err(Rejected {
                reason,
                means: if unknown && !fixed {
                    Means::Unknown
                } else {
                    Means::Nothing
                },
            })
        };
        if !self.kinds.contains(key.kind()) {
            because(LeftOut::Kind, !key.kind_is_known())
        } else if !self.qids.is_empty() && !self.qids.contains(key.qid()) || self.exclude_qids.contains(key.qid()) {
            because(LeftOut::Qid, false)
        } else if severity.is_some_and(|severity| severity < self.min_severity) {
            because(LeftOut::Severity, false)
        } else if self.only_with_cve && !known.is_some_and(has_cve) {
            because(LeftOut::NoCve, known.is_none_or(|known| known.unreadable_cves))
        } else if self.statuses.contains(key.status()) {
            Ok(())
        } else if fixed {
            // What may be of another kind or severity than those asked for says nothing about those.
            let asked_for = key.kind_is_known() && (severity.is_some() || self.min_severity <= 1);
            Err(Rejected {
                reason: LeftOut::Fixed,
                means: if asked_for { Means::Fixed } else { Means::Nothing },
            })
        } else {
            because(LeftOut::Status, !key.status_is_known())
        }
    }
}

/// Why a finding doesn't go on, and what that means for its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) reason: LeftOut,
    pub(super) means: Means,
}

/// What a finding that doesn't go on tells of the question whether its host is clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// Nobody asks for it.
    Nothing,
    /// Something that is asked for is fixed.
    Fixed,
    /// It may be open and asked for: the host isn't clean, whatever else is fixed.
    Unknown,
}

/// Whether the Management Center can relate it to a vulnerability that it knows.
pub(super) fn has_cve(vulnerability: &Vulnerability) -> bool {
    !vulnerability.cves.is_empty()
}

#[cfg(test)]
mod tests;
