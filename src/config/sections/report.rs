//! `report`: a report that is there already, and which reports are taken.

use std::path::PathBuf;

use super::Sections;
use crate::config::contradiction::Contradiction;
use crate::config::error::{Errors, Reported};
use crate::config::row::{path, words};
use crate::config::templates::UnfinishedScans;

section! {
    /// The section `report`.
    ReportSection "report" {
        /// Report to import instead of asking Qualys; - is standard input
        file: PathBuf = path().example("report.xml");
        /// Saved answer of the KnowledgeBase, with titles and CVEs for report.file
        knowledge_base: PathBuf = path().example("knowledge_base.xml");
        /// What becomes of a scan that isn't finished: merge replaces and clears nothing
        unfinished_scans: UnfinishedScans = words().default("refuse");
    }
}

impl Sections {
    /// `report.knowledge_base`, beside the report that it describes.
    pub(in crate::config) fn knowledge_base(&self, errors: &mut Errors) -> Result<Option<PathBuf>, Reported> {
        let section = &self.report;
        match (section.knowledge_base.optional()?, section.file.get()) {
            (Some(_), None) => Err(errors.report(Contradiction::KnowledgeBaseAlone)),
            (Some(one), Some(other)) if one == other => Err(errors.report(Contradiction::KnowledgeBaseIsReport)),
            (knowledge_base, _) => Ok(knowledge_base),
        }
    }
}
