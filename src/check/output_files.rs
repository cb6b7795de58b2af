//! Files that an import writes: whether they can be written. None of them is touched.

use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::finding::Finding;
use super::walk::Walk;
use crate::config::Parts;
use crate::exit::Exit;
use crate::telemetry::metrics;
use crate::whole_file;

/// The files that tell of a run.
pub(super) fn walk(parts: &Parts) -> Walk {
    let mut walk = Walk::default();
    if let Some(path) = &parts.page {
        walk.add(check("page", "page.file", path, Exit::CannotCreate));
    }
    if let Some(path) = parts.log.as_ref().and_then(|log| log.file.as_ref()) {
        walk.add(log(path));
    }
    if let Some(metrics) = &parts.metrics
        && let Some(path) = &metrics.file
    {
        let (step, key) = ("metrics file", "telemetry.metrics_file");
        let finding = match metrics::check_file(path) {
            Err(error) if path.is_file() => {
                let text = format!("{}: {error}", path.display());
                Finding::failed(step, Exit::CannotCreate, text, format!("correct {key}"))
            }
            _ => check(step, key, path, Exit::CannotCreate),
        };
        walk.add(match metrics.required {
            true => finding,
            false => finding.lighter(),
        });
    }
    walk
}

/// Whether the file of setting `key` can be written; `exit` is what an import ends with that can't.
pub(super) fn check(step: &'static str, key: &'static str, path: &Path, exit: Exit) -> Finding {
    within(step, key, path, exit, &whole_file::place(path))
}

/// Whether lines can be added to the log.
fn log(path: &Path) -> Finding {
    let place = match path.is_file() {
        true => path.to_owned(),
        false => whole_file::place(path),
    };
    within("log file", "log.file", path, Exit::CannotCreate, &place)
}

/// Whether `place`, a folder or the file itself, takes what is written.
fn within(step: &'static str, key: &'static str, path: &Path, exit: Exit, place: &Path) -> Finding {
    let (name, shown) = (path.display(), place.display());
    let failed = |text: String, remedy: String| Finding::failed(step, exit, text, remedy);
    let access = match std::fs::metadata(place) {
        _ if path.is_dir() => return failed(format!("{name} is a folder"), format!("name a file in it as {key}")),
        Ok(found) if found.is_dir() => Access::WRITE_OK | Access::EXEC_OK,
        Ok(_) if place == path => Access::WRITE_OK,
        Ok(_) => {
            return failed(
                format!("{shown} is not a folder, so {name} can't be written"),
                format!("correct {key}"),
            );
        }
        Err(error) => {
            return failed(
                format!("{shown}: {error}, so {name} can't be written"),
                format!("make the folder, or correct {key}"),
            );
        }
    };
    match accessat(CWD, place, access, AtFlags::EACCESS) {
        Ok(()) => Finding::passed(step, format!("{name} will be written")),
        Err(error) => failed(
            format!("{shown}: {error}, so {name} can't be written"),
            format!("let the user that runs this write there, or correct {key}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_itself_needs_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.log");
        std::fs::write(&file, "before").unwrap();
        for path in [Path::new("/dev/null"), Path::new("/dev/stdout"), &file] {
            let place = whole_file::place(path);
            assert_eq!(place == path, path != file, "{}", path.display());
        }
        for finding in [
            log(&file),
            log(&folder.path().join("new.log")),
            check("page", "page.file", Path::new("/dev/null"), Exit::CannotCreate),
        ] {
            assert_eq!(finding.exit, Exit::Success, "{}", finding.text);
        }
        let below = check("page", "page.file", &file.join("run.html"), Exit::CannotCreate);
        assert!(below.text.contains("is not a folder"), "{}", below.text);
    }
}
