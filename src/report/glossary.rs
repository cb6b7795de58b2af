//! Glossary: what the report says of each vulnerability, once per QID.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::remarks::{Remark, Remarks};
use super::text;
use super::values::is_cve;

/// Bytes of a title, at most; Qualys' are shorter than 300.
const TITLE: usize = 1024;
/// Bytes of a CVE id, at most.
const CVE: usize = 64;

/// What a report says of one QID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vulnerability {
    /// Qualys' number for it.
    pub qid: u32,
    /// One line of Unicode; `QID n` where the report has none.
    pub title: Box<str>,
    /// 1 to 5; none where the report doesn't tell.
    pub severity: Option<u8>,
    /// `THREAT`, in scan results `DIAGNOSIS`, as one line of Unicode; empty where the report has none.
    ///
    /// Up to four times as long as [`Keep::description_length`](super::Keep::description_length), since it may become
    /// shorter in another alphabet.
    pub description: Box<str>,
    /// CVE ids as they are written, in the report's order, each once; none of another form than `CVE-2026-0001`.
    pub cves: Box<[Box<str>]>,
    /// Bugtraq ids, in the report's order, each once.
    pub bugtraqs: Box<[u32]>,
    /// The report names CVEs that can't be read.
    pub(super) unreadable_cves: bool,
}

impl Vulnerability {
    /// What is known of a QID that the report doesn't describe.
    pub(super) fn unknown(qid: u32) -> Self {
        Vulnerability {
            qid,
            title: format!("QID {qid}").into(),
            ..Vulnerability::default()
        }
    }

    /// Becomes what two reports say of one QID: every reference, the higher severity, the longer description. Reports of
    /// one account seldom differ here, but one template may print what another leaves out.
    fn join(&mut self, other: Vulnerability) {
        let Vulnerability {
            qid,
            title,
            severity,
            description,
            cves,
            bugtraqs,
            unreadable_cves,
        } = other;
        let unknown = Vulnerability::unknown(qid).title;
        if self.title == unknown || title != unknown && title < self.title {
            self.title = title;
        }
        self.severity = self.severity.max(severity);
        let longer = (description.len(), Reverse(&description)) > (self.description.len(), Reverse(&self.description));
        if longer {
            self.description = description;
        }
        unite(&mut self.cves, cves);
        unite(&mut self.bugtraqs, bugtraqs);
        self.unreadable_cves |= unreadable_cves;
    }
}

/// Equal lists stay as they are, so does one beside an empty one; of others every value becomes part of one sorted list.
fn unite<T: Ord>(values: &mut Box<[T]>, others: Box<[T]>) {
    if others.is_empty() || *values == others {
        return;
    }
    let mut all = std::mem::take(values).into_vec();
    if !all.is_empty() {
        all.extend(others);
        all.sort_unstable();
        all.dedup();
        *values = all.into();
    } else {
        *values = others;
    }
}

/// The vulnerabilities that were described so far.
#[derive(Debug, Default)]
pub(super) struct Glossary(FxHashMap<u32, Vulnerability>);

impl Glossary {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, qid: u32) -> bool {
        self.0.contains_key(&qid)
    }

    /// The first description of a QID stays.
    pub(super) fn add(&mut self, vulnerability: Vulnerability) {
        self.0.entry(vulnerability.qid).or_insert(vulnerability);
    }

    /// Adds what another report says. Of one QID both texts are looked at; which report is asked first makes no difference.
    pub(super) fn join(&mut self, other: Glossary) {
        for (qid, vulnerability) in other.0 {
            match self.0.entry(qid) {
                Entry::Vacant(none) => {
                    none.insert(vulnerability);
                }
                Entry::Occupied(mut known) => known.get_mut().join(vulnerability),
            }
        }
    }

    pub(super) fn get(&self, qid: u32) -> Option<&Vulnerability> {
        self.0.get(&qid)
    }

    pub(super) fn take(&mut self, qid: u32) -> Vulnerability {
        self.0.remove(&qid).unwrap_or_else(|| Vulnerability::unknown(qid))
    }
}

/// A description that is being read.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) qid: Option<u32>,
    pub(super) severity: Option<u8>,
    title: String,
    description: String,
    cves: Vec<Box<str>>,
    bugtraqs: Vec<u32>,
    unreadable_cves: bool,
}

impl Details {
    pub(super) fn title(&mut self, text: &str) {
        self.title = text::line(text, TITLE);
    }

    /// The first of several is kept, unless it is empty.
    pub(super) fn description(&mut self, html: &str, limit: usize) {
        if self.description.is_empty() {
            self.description = text::prose(html, limit);
        }
    }

    /// The number, if it is one of Qualys' five.
    pub(super) fn severity(&mut self, text: &str) {
        self.severity = text.trim().parse().ok().filter(|severity| (1..=5).contains(severity));
    }

    pub(super) fn cve(&mut self, text: &str, remarks: &mut Remarks) {
        let cve = text::line(text, CVE);
        match cve.as_str() {
            "" => {}
            cve if is_cve(cve) => self.cves.push(cve.into()),
            _ => {
                self.unreadable_cves = true;
                remarks.add(Remark::BadCveId, 1);
            }
        }
    }

    pub(super) fn bugtraq(&mut self, text: &str, remarks: &mut Remarks) {
        match text.trim().parse() {
            Ok(id) => self.bugtraqs.push(id),
            Err(_) => remarks.add(Remark::BadBugtraqId, 1),
        }
    }

    /// What was read, if it is of a QID; the next one can be read then.
    pub(super) fn finish(&mut self) -> Option<Vulnerability> {
        let details = std::mem::take(self);
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
            cves: each_once(details.cves),
            bugtraqs: each_once(details.bugtraqs),
            unreadable_cves: details.unreadable_cves,
        })
    }
}

/// Without later doubles, in the order given.
fn each_once<T: Clone + Eq + std::hash::Hash>(mut values: Vec<T>) -> Box<[T]> {
    let mut seen = rustc_hash::FxHashSet::default();
    values.retain(|value| seen.insert(value.clone()));
    values.into()
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
            details.finish(),
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
        assert_eq!(details.finish(), None);
    }
}
