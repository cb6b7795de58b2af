//! The CSV file: whether there is a folder to write it into. It isn't touched.

use std::path::Path;

use super::finding::Finding;
use crate::exit::Exit;

const STEP: &str = "CSV file";

pub(super) fn check(path: &Path) -> Finding {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |text: String, remedy| Finding::failed(STEP, Exit::CannotCreate, text, remedy);
    match std::fs::metadata(folder) {
        _ if path.is_dir() => failed(
            format!("{} is a folder", path.display()),
            "name a file in it as csv.file",
        ),
        Ok(found) if found.is_dir() => Finding::passed(STEP, format!("{} will be written", path.display())),
        Ok(_) => failed(
            format!(
                "{} is not a folder, so {} can't be written",
                folder.display(),
                path.display()
            ),
            "correct csv.file",
        ),
        Err(error) => failed(
            format!("{}: {error}, so {} can't be written", folder.display(), path.display()),
            "make the folder, or correct csv.file",
        ),
    }
}
