//! `csv` and `page`: files that take what an import brought.

use std::path::PathBuf;

use crate::config::row::{path, section};

section! {
    /// The section `csv`.
    Csv "csv" {
        /// File that takes the commands; when set, nothing is sent
        file: PathBuf = path().example("Output.csv");
    }
}

section! {
    /// The section `page`.
    Page "page" {
        /// File that takes one page (HTML) which shows the run
        file: PathBuf = path().example("run.html");
    }
}
