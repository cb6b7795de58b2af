//! `report`: a report that is there already, and which reports are taken.

use std::path::PathBuf;

use crate::config::row::{path, words};
use crate::config::templates::UnfinishedScans;

section! {
    /// The section `report`.
    ReportSection "report" {
        /// Report to import instead of asking Qualys; - is standard input
        file: PathBuf = path().example("report.xml");
        /// What becomes of a scan that isn't finished: merge replaces and clears nothing
        unfinished_scans: UnfinishedScans = words().default("refuse");
    }
}
