//! Files that an import writes: whether there is a folder that takes them. None of them is touched.

use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::finding::Finding;
use super::walk::Walk;
use crate::config::Parts;
use crate::exit::Exit;

/// The files that tell of a run.
pub(super) fn walk(parts: &Parts) -> Walk {
    let mut walk = Walk::default();
    if let Some(path) = &parts.page {
        walk.add(check("page", "page.file", path, Exit::CannotCreate));
    }
    if let Some(path) = parts.log.as_ref().and_then(|log| log.file.as_ref()) {
        walk.add(check("log file", "log.file", path, Exit::CannotCreate));
    }
    if let Some(metrics) = &parts.metrics
        && let Some(path) = &metrics.file
    {
        let finding = check("metrics file", "telemetry.metrics_file", path, Exit::Unavailable);
        walk.add(match metrics.required {
            true => finding,
            false => finding.lighter(),
        });
    }
    walk
}

/// Whether the file of setting `key` can be written; `exit` is what an import ends with that can't.
pub(super) fn check(step: &'static str, key: &'static str, path: &Path, exit: Exit) -> Finding {
    let name = path.display();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |text: String, remedy: String| Finding::failed(step, exit, text, remedy);
    match std::fs::metadata(folder) {
        _ if path.is_dir() => failed(format!("{name} is a folder"), format!("name a file in it as {key}")),
        Ok(found) if found.is_dir() => {
            match accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS) {
                Ok(()) => Finding::passed(step, format!("{name} will be written")),
                Err(error) => failed(
                    format!("{}: {error}, so {name} can't be written", folder.display()),
                    format!("let the user that runs this write there, or correct {key}"),
                ),
            }
        }
        Ok(_) => failed(
            format!("{} is not a folder, so {name} can't be written", folder.display()),
            format!("correct {key}"),
        ),
        Err(error) => failed(
            format!("{}: {error}, so {name} can't be written", folder.display()),
            format!("make the folder, or correct {key}"),
        ),
    }
}
