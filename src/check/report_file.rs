//! The report that takes the place of Qualys: whether it is there to be read.

use std::fs::File;
use std::path::Path;

use super::finding::Finding;
use crate::exit::Exit;

const STEP: &str = "report file";

pub(super) fn check(path: &Path) -> Finding {
    if path == Path::new("-") {
        return Finding::passed(STEP, "will be read from standard input");
    }
    let failed = |exit, text: String, remedy| Finding::failed(STEP, exit, text, remedy);
    match File::open(path).and_then(|file| file.metadata()) {
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
        Ok(found) => Finding::passed(STEP, format!("{} has {} bytes", path.display(), found.len())),
        Err(error) => failed(
            Exit::Io,
            format!("{}: {error}", path.display()),
            "correct report.file, or leave it out to ask Qualys",
        ),
    }
}
