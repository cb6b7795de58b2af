//! Files: whether those that an import writes can be written, and the report that takes the place of Qualys be read. None of
//! them is touched.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::result::CheckResult;
use super::results::Preflight;
use crate::config::Parts;
use crate::problem::{Kind, Step};
use crate::telemetry::metrics;
use crate::whole_file;

/// The files that tell of a run.
pub(super) fn results(parts: &Parts) -> Preflight {
    let mut results = Preflight::default();
    if let Some(path) = &parts.page {
        results.add(check(Step::Page, "page.file", path));
    }
    if let Some(path) = parts.log.as_ref().and_then(|log| log.file.as_ref()) {
        results.add(log(path));
    }
    if let Some(metrics) = &parts.metrics
        && let Some(path) = &metrics.file
    {
        let (step, key) = (Step::MetricsFile, "telemetry.metrics_file");
        let result = match metrics::check_file(path) {
            Err(error) if path.is_file() => {
                let text = format!("{}: {error}", path.display());
                CheckResult::failed(step, Kind::CannotCreate, text, format!("correct {key}"))
            }
            _ => check(step, key, path),
        };
        results.add(match metrics.required {
            true => result,
            false => result.downgrade(),
        });
    }
    results
}

/// Whether the file of setting `key` can be written.
pub(super) fn check(step: Step, key: &'static str, path: &Path) -> CheckResult {
    within(step, key, path, &whole_file::place(path))
}

/// Whether lines can be added to the log.
fn log(path: &Path) -> CheckResult {
    let place = match path.is_file() {
        true => path.to_owned(),
        false => whole_file::place(path),
    };
    within(Step::LogFile, "log.file", path, &place)
}

/// Whether `place`, a folder or the file itself, takes what is written.
fn within(step: Step, key: &'static str, path: &Path, place: &Path) -> CheckResult {
    let (name, shown) = (path.display(), place.display());
    let failed = |text: String, remedy: String| CheckResult::failed(step, Kind::CannotCreate, text, remedy);
    let access = match fs::metadata(place) {
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
        Ok(()) => CheckResult::passed(step, format!("{name} will be written")),
        Err(error) => failed(
            format!("{shown}: {error}, so {name} can't be written"),
            format!("let the user that runs this write there, or correct {key}"),
        ),
    }
}

/// A file that takes the place of Qualys: whether it is there to be read. Setting `key` names it.
pub(super) fn readable(step: Step, key: &'static str, path: &Path) -> CheckResult {
    if path == Path::new("-") {
        return CheckResult::passed(step, "will be read from standard input");
    }
    let failed = |kind, text: String, remedy: String| CheckResult::failed(step, kind, text, remedy);
    // A pipe is only looked at: to open one is to take it from the import.
    let found = fs::metadata(path).and_then(|found| match found.is_file() {
        true => File::open(path)?.metadata(),
        false => Ok(found),
    });
    match found {
        Ok(found) if found.is_dir() => failed(
            Kind::Unreadable,
            format!("{} is a folder", path.display()),
            format!("name a file in it as {key}"),
        ),
        Ok(found) if found.is_file() && found.len() == 0 => failed(
            Kind::ReportUnusable,
            format!("{} is empty", path.display()),
            "download it again".to_owned(),
        ),
        Ok(found) if found.is_file() => {
            CheckResult::passed(step, format!("{} has {} bytes", path.display(), found.len()))
        }
        Ok(_) => CheckResult::passed(
            step,
            format!("{} is a pipe or a device, and will be read", path.display()),
        ),
        Err(error) => failed(
            Kind::Unreadable,
            format!("{}: {error}", path.display()),
            format!("correct {key}, or leave it out to ask Qualys"),
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
        fs::write(&file, "before").unwrap();
        for path in [Path::new("/dev/null"), Path::new("/dev/stdout"), &file] {
            let place = whole_file::place(path);
            assert_eq!(place == path, path != file, "{}", path.display());
        }
        for result in [
            log(&file),
            log(&folder.path().join("new.log")),
            check(Step::Page, "page.file", Path::new("/dev/null")),
        ] {
            assert_eq!(result.kind, None, "{}", result.text);
        }
        let below = check(Step::Page, "page.file", &file.join("run.html"));
        assert!(below.text.contains("is not a folder"), "{}", below.text);
    }
}
