//! The report that takes the place of Qualys: whether it is there to be read.

use std::fs::{self, File};
use std::path::Path;

use super::finding::Finding;
use crate::exit::Exit;

const STEP: &str = "report file";

pub(super) fn check(path: &Path) -> Finding {
    if path == Path::new("-") {
        return Finding::passed(STEP, "will be read from standard input");
    }
    let failed = |exit, text: String, remedy| Finding::failed(STEP, exit, text, remedy);
    // A pipe is only looked at: to open one is to take it from the import.
    let found = fs::metadata(path).and_then(|found| match found.is_file() {
        true => File::open(path)?.metadata(),
        false => Ok(found),
    });
    match found {
        Ok(found) if found.is_dir() => failed(
            Exit::Io,
            format!("{} is a folder", path.display()),
            "name the report in it",
        ),
        Ok(found) if found.is_file() && found.len() == 0 => failed(
            Exit::Report,
            format!("{} is empty", path.display()),
            "download the report again",
        ),
        Ok(found) if found.is_file() => Finding::passed(STEP, format!("{} has {} bytes", path.display(), found.len())),
        Ok(_) => Finding::passed(
            STEP,
            format!("{} is a pipe or a device, and will be read", path.display()),
        ),
        Err(error) => failed(
            Exit::Io,
            format!("{}: {error}", path.display()),
            "correct report.file, or leave it out to ask Qualys",
        ),
    }
}
