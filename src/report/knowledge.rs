//! Knowledge: what the KnowledgeBase says of vulnerabilities, over all batches of an import.

use std::collections::HashSet;

use super::error::{Error, ReadUpTo};
use super::glossary::Glossary;
use super::parser::Entries;
use super::remarks::Remarks;
use super::{Report, limits};

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

    /// QIDs of a report that weren't asked for yet, in order.
    pub fn unknown(&self, report: &Report) -> Vec<u32> {
        let mut qids: Vec<u32> = report.qids().filter(|qid| !self.asked.contains(qid)).collect();
        qids.sort_unstable();
        qids.dedup();
        qids
    }

    /// Takes over what the KnowledgeBase says of `asked`.
    ///
    /// # Errors
    /// [`Error::TooBig`]: more than fits.
    pub fn learn(&mut self, asked: &HashSet<u32>, entries: Entries) -> Result<(), Error> {
        self.asked.extend(asked);
        self.remarks.join(entries.remarks);
        self.glossary.join(entries.glossary, &mut self.remarks);
        match self.glossary.memory() + self.asked.len() * limits::QID > limits::MEMORY {
            true => Err(Error::TooBig(ReadUpTo::default())),
            false => Ok(()),
        }
    }

    /// Adds to a report what is known of its vulnerabilities. How many aren't known, [`remarks`](Self::remarks) say.
    pub fn explain(&self, report: &mut Report) {
        let qids: HashSet<u32> = report.qids().collect();
        report.glossary.borrow(&self.glossary, qids.into_iter());
        report.explained = true;
    }

    /// What is odd in the entries, and how many QIDs have none, one sentence each.
    pub fn remarks(&self) -> Vec<String> {
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
