//! What is remembered between runs: whether it can be used, and how old it is.

use std::fs;
use std::time::SystemTime;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::result::CheckResult;
use crate::printable::Text;
use crate::problem::{Kind, Step};
use crate::state::{Error, Settings, StateStore, time};

/// Tries it, as an import would; changes nothing.
pub(super) fn check(settings: &Settings) -> CheckResult {
    let (step, dir) = (Step::State, settings.dir.display());
    // An import makes the folder itself.
    let place = match settings.dir.parent().filter(|_| !settings.dir.exists()) {
        Some(parent) if parent.as_os_str().is_empty() => std::path::Path::new("."),
        Some(parent) => parent,
        None => &settings.dir,
    };
    let writable = match fs::metadata(place) {
        Ok(found) if !found.is_dir() => Err(rustix::io::Errno::NOTDIR),
        _ => accessat(CWD, place, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS),
    };
    if let Err(error) = writable {
        let remedy = Kind::StateUnusable.row().remedy.to_owned();
        return CheckResult::failed(
            step,
            Kind::StateUnusable,
            format!("{}: {error}", place.display()),
            remedy,
        )
        .downgrade();
    }
    let store = match StateStore::look(&settings.dir) {
        Ok(Some(store)) => store,
        Ok(None) => return CheckResult::passed(step, format!("{dir}: nothing is remembered yet")),
        Err(error @ (Error::Locked(_) | Error::Newer { .. } | Error::Damaged(_) | Error::File { .. })) => {
            return CheckResult::problem(step, &error).downgrade();
        }
    };
    let (header, hosts) = (store.header(), store.known_hosts().unwrap_or_default());
    let other = "the next import imports every host, and clears none that left Qualys";
    if header.destination != settings.destination {
        let text = format!("{dir} is of an import into {}", Text::of(&header.destination));
        return CheckResult::warning(step, text, format!("give each import a state.dir of its own; {other}"));
    }
    if header.settings != settings.decisive {
        let text = format!("{dir}: the settings that decide what is imported have changed since the last run");
        return CheckResult::warning(step, text, format!("nothing, if that is meant: {other}"));
    }
    let age = |seconds| {
        let age = SystemTime::now().duration_since(time(seconds)).unwrap_or_default();
        humantime::format_duration(std::time::Duration::from_secs(age.as_secs())).to_string()
    };
    let text = match header.last {
        Some(last) => format!(
            "{dir}: {hosts} hosts; the last good import ended {} ago",
            age(last.ended)
        ),
        None => format!("{dir}: {hosts} hosts; no good import yet"),
    };
    CheckResult::passed(step, text).with("hosts", hosts)
}
