//! Entries of the KnowledgeBase, as bytes that whoever wrote them can read.

use std::collections::HashSet;

use redb::{ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition, WriteTransaction};

use super::{Error, StateStore};

const KNOWLEDGE: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("knowledge");

pub(super) fn create(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(KNOWLEDGE).map(drop).map_err(Into::into)
}

impl StateStore {
    /// What is known of some QIDs.
    ///
    /// # Errors
    /// It can't be read.
    pub fn recall(&self, qids: &[u32]) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let table = self.database.begin_read()?.open_table(KNOWLEDGE)?;
        let mut entries = Vec::new();
        for qid in qids {
            entries.extend(table.get(qid)?.map(|entry| (*qid, entry.value().to_vec())));
        }
        Ok(entries)
    }

    /// The QIDs of which something is known.
    ///
    /// # Errors
    /// It can't be read.
    pub fn known_qids(&self) -> Result<HashSet<u32>, Error> {
        let table = self.database.begin_read()?.open_table(KNOWLEDGE)?;
        let mut qids = HashSet::new();
        for entry in table.iter()? {
            qids.insert(entry?.0.value());
        }
        Ok(qids)
    }

    /// How many QIDs are known.
    ///
    /// # Errors
    /// It can't be read.
    pub fn known_vulnerabilities(&self) -> Result<u64, Error> {
        let table = self.database.begin_read()?.open_table(KNOWLEDGE)?;
        Ok(table.len()?)
    }

    /// Takes note of entries, in the place of earlier ones.
    ///
    /// # Errors
    /// It can't be written.
    pub fn learn(&self, entries: &[(u32, Vec<u8>)]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut table = transaction.open_table(KNOWLEDGE)?;
            for (qid, entry) in entries {
                table.insert(qid, entry.as_slice())?;
            }
            Ok(())
        })
    }

    /// Forgets every entry.
    ///
    /// # Errors
    /// It can't be written.
    pub fn unlearn(&self) -> Result<(), Error> {
        self.write(|transaction| {
            transaction.delete_table(KNOWLEDGE)?;
            create(transaction)
        })
    }
}
