//! Select: which findings of a report go on, and why the others don't.
//!
//! Apart from its host's address and network, everything that decides about a finding is the same for all hosts.
//! So each different finding is judged once.

use super::Report;
use super::counts::LeftOut;
use super::finding::{Key, Status};
use super::glossary::{Glossary, Vulnerability};
use super::selected::Selected;

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
    /// Decides about every host and finding of `report`.
    pub fn apply(&self, report: Report) -> Selected {
        Selected::new(self, report)
    }

    /// Why a finding doesn't go on; nothing of its host is looked at. Fixed comes last: it means that all else is right.
    pub(super) fn judge(&self, key: Key, glossary: &Glossary) -> Result<(), LeftOut> {
        let known = glossary.get(key.qid());
        let severity = known.and_then(|vulnerability| vulnerability.severity);
        if !self.kinds.contains(key.kind()) {
            Err(LeftOut::Kind)
        } else if !self.qids.is_empty() && !self.qids.contains(key.qid()) || self.exclude_qids.contains(key.qid()) {
            Err(LeftOut::Qid)
        } else if severity.is_some_and(|severity| severity < self.min_severity) {
            Err(LeftOut::Severity)
        } else if self.only_with_cve && !known.is_some_and(has_cve) {
            Err(LeftOut::NoCve)
        } else if self.statuses.contains(key.status()) {
            Ok(())
        } else if key.status() == Status::Fixed {
            Err(LeftOut::Fixed)
        } else {
            Err(LeftOut::Status)
        }
    }
}

/// Whether the Management Center can relate it to a vulnerability that it knows.
pub(super) fn has_cve(vulnerability: &Vulnerability) -> bool {
    !vulnerability.cves.is_empty()
}

#[cfg(test)]
mod tests;
