//! `csv` and `page`: files that take what an import brought.

use std::path::PathBuf;

use crate::config::row::path;

section! {
    /// The section `csv`.
    CsvSection "csv" {
        /// File that takes the commands; when set, nothing is sent
        file: PathBuf = path().example("Output.csv");
    }
}

section! {
    /// The section `page`.
    PageSection "page" {
        /// File that takes one page (HTML) which shows the run
        file: PathBuf = path().example("run.html");
    }
}
