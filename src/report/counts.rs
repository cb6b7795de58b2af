//! Counts: what was read, what goes on, and under which reason the rest stays behind.
//!
//! The sums add up: `read = selected + clean + left out`, for hosts and for findings.

/// Makes the enum of reasons, and what is known of each, from one table.
macro_rules! reasons {
    ($($(#[$about:meta])* $reason:ident $label:literal: $words:literal;)*) => {
        /// Why a host or a finding doesn't go on. The first reasons concern whole hosts, with all their findings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum LeftOut {
            $($(#[$about])* $reason,)*
        }

        impl LeftOut {
            /// Every reason, in the order they are looked at.
            pub const ALL: [LeftOut; 20] = [$(LeftOut::$reason),*];

            /// The reason for machines: a value of a metric's label.
            pub fn label(self) -> &'static str {
                match self {
                    $(LeftOut::$reason => $label,)*
                }
            }

            /// The reason for people, to follow a number: `3 hosts left out: ...`.
            pub fn reason(self) -> &'static str {
                match self {
                    $(LeftOut::$reason => $words,)*
                }
            }
        }
    };
}

reasons! {
    /// The report holds an `ERROR` in the place of the host.
    HostError "host_error": "the report has an error in the place of the host";
    /// The host's address can't be read.
    BadAddress "bad_address": "the address can't be read";
    /// An address of 0.0.0.0/8, which Qualys puts in the place of an IPv6 address.
    StandIn "stand_in_address": "0.0.0.0/8, Qualys' stand-in for an IPv6 address";
    /// The host isn't where the list of hosts has it: its address changed meanwhile, or it wasn't asked for.
    Moved "moved": "not at the address that the list of hosts says; the next import takes it";
    /// The host's last scan is longer ago than asked for.
    NotScanned "not_scanned": "last scanned longer ago than detections.max_scan_age";
    /// The list of hosts has it, and no detection was delivered.
    NoDetections "no_detections": "listed by Qualys, but without a detection; left as it is";
    /// The host belongs to one of Qualys' networks that isn't asked for.
    OtherNetwork "other_network": "in a network that selection.networks doesn't name";
    /// The address is outside the ranges asked for.
    OutsideRanges "outside_ranges": "outside selection.ip_ranges";
    /// A host with nothing to send, of which something isn't known: an entry of it is an error, or a finding can't be
    /// read. So nobody can say that it is clean.
    Unknown "unknown": "nothing to send, but the report doesn't say all of it, so it isn't cleared";
    /// A host with nothing to send, and nothing that was fixed.
    NoFindings "no_findings": "nothing to send";
    /// A finding without a numeric QID, or of which one thing is said twice.
    Unreadable "unreadable": "no numeric QID, or one thing said twice";
    /// A finding that a user ignores at Qualys.
    Ignored "ignored": "ignored by a user at Qualys";
    /// A finding whose QID a user has disabled at Qualys.
    Disabled "disabled": "of a QID that is disabled at Qualys";
    /// A kind that isn't asked for.
    Kind "kind": "of a kind that selection.kinds doesn't name";
    /// A QID that isn't asked for, or is excluded.
    Qid "qid": "not in selection.qids, or in selection.exclude_qids";
    /// Below the lowest severity asked for.
    Severity "severity": "below selection.min_severity";
    /// Without a CVE, where only those with one are asked for.
    NoCve "no_cve": "without a CVE (selection.only_with_cve)";
    /// A status, other than fixed, that isn't asked for.
    Status "status": "of a status that selection.statuses doesn't name";
    /// Fixed, and otherwise it would have gone on.
    Fixed "fixed": "fixed";
    /// Said twice: a finding with the same QID, port and protocol, or one more entry of the same address.
    Duplicate "duplicate": "said twice";
}

/// How many were left out, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([u64; LeftOut::ALL.len()]);

impl Tally {
    /// How many were left out for `reason`.
    pub fn get(&self, reason: LeftOut) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or_default()
    }

    /// The reasons that occurred, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (LeftOut, u64)> {
        LeftOut::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// All that were left out.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds so many.
    pub fn add(&mut self, reason: LeftOut, count: u64) {
        if let Some(sum) = self.0.get_mut(reason as usize) {
            *sum += count;
        }
    }

    /// Adds all that another one counts.
    pub(super) fn join(&mut self, other: &Tally) {
        other.iter().for_each(|(reason, count)| self.add(reason, count));
    }
}

/// What became of everything that a report says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Entries of hosts in the report; several may be of one address.
    pub hosts_read: u64,
    /// Hosts with findings that go on.
    pub hosts_selected: u64,
    /// [Clean](super::Host::clean) hosts.
    pub hosts_clean: u64,
    /// Entries of hosts that don't go on.
    pub hosts_left_out: Tally,
    /// Findings in the report.
    pub findings_read: u64,
    /// Findings that go on.
    pub findings_selected: u64,
    /// Findings that don't.
    pub findings_left_out: Tally,
    /// Findings that go on and have a CVE.
    pub with_cve: u64,
    /// Findings that go on, by severity 1 to 5; at 0 those whose severity the report doesn't tell.
    pub by_severity: [u64; 6],
    /// Findings that go on, in the order of [`Kind`](super::Kind): confirmed, potential, information.
    pub by_kind: [u64; 3],
}

impl Counts {
    /// Findings that go on without a CVE: the Management Center can't relate them to its own vulnerabilities.
    pub fn without_cve(&self) -> u64 {
        self.findings_selected - self.with_cve
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_place_and_a_label_of_its_own() {
        let mut tally = Tally::default();
        for (index, reason) in LeftOut::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            tally.add(reason, index as u64 + 1);
        }
        assert!(
            LeftOut::ALL
                .into_iter()
                .all(|reason| tally.get(reason) == reason as u64 + 1)
        );
        assert_eq!(tally.total(), (1..=20).sum::<u64>());
        let labels: BTreeSet<_> = LeftOut::ALL.map(LeftOut::label).into();
        assert_eq!(labels.len(), LeftOut::ALL.len());
        let snake_case = |label: &&str| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(labels.iter().all(snake_case));
    }
}
