//! Knowledge: what the KnowledgeBase says of vulnerabilities, over all batches of an import or in a saved answer.

use std::collections::HashSet;
use std::io::Read;

use super::error::{Error, ReadUpTo};
use super::glossary::Glossary;
use super::parser::{Entries, knowledge_base};
use super::remarks::Remarks;
use super::vulnerability::Vulnerability;
use super::{Keep, Report, limits};

/// What is known of vulnerabilities so far. Each QID is asked for once, also one that the KnowledgeBase doesn't know.
#[derive(Debug, Default)]
pub struct Knowledge {
    glossary: Glossary,
    asked: HashSet<u32>,
    remarks: Remarks,
}

impl Knowledge {
    /// Whether the KnowledgeBase has answered before.
    pub fn has_answered(&self) -> bool {
        !self.asked.is_empty()
    }

    /// QIDs of reports that weren't asked for yet, in order.
    pub fn unknown(&self, reports: &[Report]) -> Vec<u32> {
        let qids = reports.iter().flat_map(Report::qids);
        let mut qids: Vec<u32> = qids.filter(|qid| !self.asked.contains(qid)).collect();
        qids.sort_unstable();
        qids.dedup();
        qids
    }

    /// Takes over what the KnowledgeBase says of `asked`, once all pages of it are there.
    ///
    /// # Errors
    /// [`Error::TooBig`]: more than fits.
    pub fn learn(&mut self, asked: &HashSet<u32>, pages: Vec<Entries>) -> Result<(), Error> {
        self.asked.extend(asked);
        for entries in pages {
            self.remarks.join(entries.remarks);
            self.glossary.join(entries.glossary, &mut self.remarks);
        }
        self.fits()
    }

    /// Takes over what was [encoded](Entries::encoded) of a QID; what can't be read stays unknown.
    ///
    /// # Errors
    /// [`Error::TooBig`]: more than fits.
    pub fn recall(&mut self, qid: u32, entry: &[u8]) -> Result<(), Error> {
        let entry: Option<Vulnerability> = serde_json::from_slice(entry).ok();
        if let Some(entry) = entry.filter(|entry| entry.qid == qid) {
            self.asked.insert(qid);
            self.glossary.add(entry, &mut self.remarks);
        }
        self.fits()
    }

    fn fits(&self) -> Result<(), Error> {
        match self.glossary.memory() + self.asked.len() * limits::QID > limits::MEMORY {
            true => Err(Error::TooBig(ReadUpTo::default())),
            false => Ok(()),
        }
    }

    /// Adds to a report what is known of its vulnerabilities. How many aren't known, [`warnings`](Self::warnings) say.
    pub fn explain(&self, report: &mut Report) {
        let qids: HashSet<u32> = report.qids().collect();
        report.glossary.borrow(&self.glossary, qids.into_iter());
        report.explained = true;
    }

    /// What is odd in the entries, and how many QIDs have none, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let missing = self.asked.iter().filter(|qid| !self.glossary.contains(**qid)).count();
        let missing = (missing > 0).then(|| {
            let are = if missing == 1 { "QID is" } else { "QIDs are" };
            format!(
                "{missing} {are} missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids"
            )
        });
        self.remarks.sentences().chain(missing).collect()
    }
}

impl Entries {
    /// Each of its QIDs, with what it says of it as JSON.
    pub fn encoded(&self) -> impl Iterator<Item = (u32, Vec<u8>)> {
        let entries = self.glossary.iter();
        entries.filter_map(|entry| Some((entry.qid, serde_json::to_vec(entry).ok()?)))
    }
}

/// Adds to a report what a saved answer of the KnowledgeBase says of its vulnerabilities. Nothing else of it is kept.
///
/// # Errors
/// Everything that makes the answer useless, as [`Error::SavedKnowledge`].
pub fn describe(report: &mut Report, source: Result<impl Read, Error>, keep: &Keep) -> Result<(), Error> {
    let qids: HashSet<u32> = report.qids().collect();
    let entries = source.and_then(|source| knowledge_base(source, keep, &qids));
    let entries = entries.map_err(|error| Error::SavedKnowledge(Box::new(error)))?;
    report.remarks.join(entries.remarks);
    report.glossary.join(entries.glossary, &mut report.remarks);
    Ok(())
}
