//! Glossary: what the report says of each vulnerability, once per QID.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::limits::{REFERENCES, SEVERITY};
use super::remarks::{Remark, Remarks};
use super::text;
use super::values::{is_cve, severity};
use super::vulnerability::Vulnerability;
use crate::printable::{Look, redacted};

/// Bytes of a title, at most; Qualys' are shorter than 300.
const TITLE: usize = 1024;
/// Bytes that are read of one: in entities it may be longer.
const RAW_TITLE: usize = 4 * TITLE;
/// Bytes of a CVE id, at most.
const CVE: usize = 64;

/// The vulnerabilities that were described so far.
#[derive(Debug, Default)]
pub(super) struct Glossary {
    known: HashMap<u32, Vulnerability>,
    /// Bytes of memory for all of them.
    memory: usize,
    /// Whether anything was described, kept or not.
    spoken: bool,
    /// The severities that findings name themselves: what is known of a QID that isn't described.
    severities: HashMap<u32, u8>,
}

impl Glossary {
    /// Whether the report described nothing at all.
    pub(super) fn says_nothing(&self) -> bool {
        !self.spoken
    }

    /// Bytes of memory that are needed for it until the import ends.
    pub(super) fn memory(&self) -> usize {
        self.memory + self.severities.len() * SEVERITY
    }

    pub(super) fn contains(&self, qid: u32) -> bool {
        self.known.contains_key(&qid)
    }

    /// Adds a description. A second one of a QID joins the first. Returns how many bytes of memory it needs.
    pub(super) fn add(&mut self, vulnerability: Vulnerability, remarks: &mut Remarks) -> usize {
        self.spoken = true;
        let before = self.memory;
        match self.known.entry(vulnerability.qid) {
            Entry::Vacant(none) => self.memory += none.insert(vulnerability).memory(),
            Entry::Occupied(known) if *known.get() == vulnerability => {}
            Entry::Occupied(mut known) => {
                remarks.add(Remark::TwoDescriptions, 1);
                let known = known.get_mut();
                let memory = known.memory();
                known.join(vulnerability, remarks);
                self.memory = (self.memory + known.memory()).saturating_sub(memory);
            }
        }
        self.memory.saturating_sub(before)
    }

    /// Takes note of the severity that a finding of the QID names; the highest counts.
    pub(super) fn add_severity(&mut self, qid: u32, severity: u8) {
        let known = self.severities.entry(qid).or_default();
        *known = severity.max(*known);
    }

    /// The severity of a QID, by its description or by its findings.
    pub(super) fn severity(&self, qid: u32) -> Option<u8> {
        match self.get(qid) {
            Some(described) => described.severity,
            None => self.severities.get(&qid).copied(),
        }
    }

    /// Adds from another glossary what it says of these QIDs.
    pub(super) fn borrow(&mut self, other: &Glossary, qids: impl Iterator<Item = u32>) {
        self.spoken |= other.spoken;
        for vulnerability in qids.filter_map(|qid| other.get(qid)) {
            if let Entry::Vacant(none) = self.known.entry(vulnerability.qid) {
                self.memory += none.insert(vulnerability.clone()).memory();
            }
        }
    }

    /// Takes note of a description without keeping it.
    pub(super) fn pass_over(&mut self) {
        self.spoken = true;
    }

    /// Adds what another report says. Of one QID both texts are looked at; which report is asked first makes no difference.
    pub(super) fn join(&mut self, other: Glossary, remarks: &mut Remarks) {
        self.spoken |= other.spoken;
        for (qid, severity) in other.severities {
            self.add_severity(qid, severity);
        }
        for (qid, vulnerability) in other.known {
            match self.known.entry(qid) {
                Entry::Vacant(none) => self.memory += none.insert(vulnerability).memory(),
                Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    let before = known.memory();
                    known.join(vulnerability, remarks);
                    self.memory = (self.memory + known.memory()).saturating_sub(before);
                }
            }
        }
    }

    /// Every description.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Vulnerability> {
        self.known.values()
    }

    pub(super) fn get(&self, qid: u32) -> Option<&Vulnerability> {
        self.known.get(&qid)
    }

    pub(super) fn take(&mut self, qid: u32) -> Vulnerability {
        let unknown = || Vulnerability {
            severity: self.severities.get(&qid).copied(),
            ..Vulnerability::unknown(qid)
        };
        self.known.remove(&qid).unwrap_or_else(unknown)
    }
}

/// A description that is being read.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) qid: Option<u32>,
    pub(super) severity: Option<u8>,
    title: String,
    description: String,
    cves: References<Box<str>>,
    bugtraqs: References<u32>,
    unreadable_cves: bool,
}

/// Each reference once, in the order given, and no more of them than are kept.
#[derive(Debug)]
struct References<T> {
    all: Vec<T>,
    /// The same ones, once they are many.
    seen: HashSet<T>,
    /// Those that found no room.
    left_out: u64,
}

/// So few are found without a table.
const FEW: usize = 16;

impl<T> Default for References<T> {
    fn default() -> Self {
        References {
            all: Vec::new(),
            seen: HashSet::new(),
            left_out: 0,
        }
    }
}

impl<T: Clone + Eq + Hash> References<T> {
    fn add(&mut self, value: T) {
        if self.all.len() > FEW && self.seen.is_empty() {
            self.seen.extend(self.all.iter().cloned());
        }
        let known = match self.seen.is_empty() {
            true => self.all.contains(&value),
            false => self.seen.contains(&value),
        };
        if known {
            return;
        }
        if self.all.len() == REFERENCES {
            self.left_out += 1;
            return;
        }
        if !self.seen.is_empty() {
            self.seen.insert(value.clone());
        }
        self.all.push(value);
    }
}

// What is read of texts goes to the Management Center and into files: a secret of ours is cut out of it.
impl Details {
    pub(super) fn title(&mut self, text: &str) {
        let begin = text.get(..text.floor_char_boundary(RAW_TITLE)).unwrap_or_default();
        let line = |title: &[u8]| text::line(&String::from_utf8_lossy(title), TITLE);
        self.title = redacted(begin.as_bytes(), Look::Layers, line);
    }

    /// The first of several is kept, unless it is empty.
    pub(super) fn description(&mut self, html: &str, limit: usize) {
        if self.description.is_empty() {
            let prose = text::prose(html, limit).into_bytes();
            self.description = redacted(&prose, Look::Clear, |prose| String::from_utf8_lossy(prose).into_owned());
        }
    }

    pub(super) fn severity(&mut self, text: &str) {
        self.severity = self.severity.max(severity(text));
    }

    pub(super) fn cve(&mut self, text: &str, remarks: &mut Remarks) {
        let cve = text::line(text, CVE);
        match cve.as_str() {
            "" => {}
            cve if is_cve(cve) => self.cves.add(cve.into()),
            _ => {
                self.unreadable_cves = true;
                remarks.add(Remark::BadCveId, 1);
            }
        }
    }

    pub(super) fn bugtraq(&mut self, text: &str, remarks: &mut Remarks) {
        match text.trim().parse() {
            Ok(id) => self.bugtraqs.add(id),
            Err(_) => remarks.add(Remark::BadBugtraqId, 1),
        }
    }

    /// What was read, if it is of a QID; the next one can be read then.
    pub(super) fn finish(&mut self, remarks: &mut Remarks) -> Option<Vulnerability> {
        let details = std::mem::take(self);
        remarks.add(
            Remark::ManyReferences,
            details.cves.left_out + details.bugtraqs.left_out,
        );
        let qid = details.qid?;
        let title = match details.title {
            title if title.is_empty() => Vulnerability::unknown(qid).title,
            title => title.into(),
        };
        Some(Vulnerability {
            qid,
            title,
            severity: details.severity,
            description: details.description.into(),
            cves: details.cves.all.into(),
            bugtraqs: details.bugtraqs.all.into(),
            unreadable_cves: details.unreadable_cves,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_each_thing_once() {
        let mut remarks = Remarks::default();
        let mut details = Details {
            qid: Some(7),
            ..Details::default()
        };
        details.title(" A  title ");
        details.severity("6");
        details.severity(" 5 ");
        details.description("<P> ", 100);
        details.description("A <B>threat</B>", 100);
        details.description("A diagnosis", 100);
        for cve in ["CVE-2014-0160", " CVE-2014-0224", "CVE-2014-0160", ""] {
            details.cve(cve, &mut remarks);
        }
        details.cve("CVE-banana", &mut remarks);
        for id in ["5", "x", "4", "5"] {
            details.bugtraq(id, &mut remarks);
        }
        assert_eq!(
            details.finish(&mut remarks),
            Some(Vulnerability {
                qid: 7,
                title: "A title".into(),
                severity: Some(5),
                description: "A threat".into(),
                cves: ["CVE-2014-0160".into(), "CVE-2014-0224".into()].into(),
                bugtraqs: [5, 4].into(),
                unreadable_cves: true,
            })
        );
        assert!(remarks.iter().eq([(&Remark::BadBugtraqId, 1), (&Remark::BadCveId, 1)]));
        assert_eq!(details.finish(&mut remarks), None);
    }

    #[test]
    fn references_are_kept_once_in_order_and_not_without_end() {
        let mut references = References::default();
        let numbers = || (0..REFERENCES as u32 + 10).rev();
        numbers().chain(numbers()).for_each(|number| references.add(number));
        assert!(references.all.iter().copied().eq(numbers().take(REFERENCES)));
        assert_eq!(references.left_out, 20);
    }

    #[test]
    fn tables_are_keyed_at_random() {
        use std::collections::hash_map::RandomState;
        let (known, seen) = (Glossary::default().known, References::<u32>::default().seen);
        let (_, _): (&RandomState, &RandomState) = (known.hasher(), seen.hasher());
    }
}
