//! The layer of the configuration file: nested YAML of our own, or the flat `QualysGuard.yaml` of the Perl connector.

use std::path::{Path, PathBuf};

use super::yaml::{self, Entry, YamlValue};
use crate::config::assignment::Assignment;
use crate::config::error::ConfigError;
use crate::config::origin::Origin;
use crate::config::setting::Setting;
use crate::config::settings;
use crate::config::small_file;
use crate::input_file::FileKind;

/// The file that is read when none is named, as the Perl connector does it.
pub(in crate::config) const OLD_DEFAULT: &str = "InputPlugins/QualysGuard.yaml";

/// What a file says, setting by setting. `path` is as it was given, `origin` who gave it.
pub(in crate::config) fn layer(
    directory: &Path,
    path: &Path,
    origin: Option<Origin>,
) -> Vec<Result<Assignment, ConfigError>> {
    let text = match small_file::read(&directory.join(path), FileKind::Stream) {
        Ok(text) => text,
        Err(reason) => {
            let path = path.to_owned();
            return vec![Err(ConfigError::Unreadable { origin, path, reason })];
        }
    };
    let (entries, faults) = yaml::read(&text);
    let old = is_old(&entries);
    let faults = faults.into_iter().map(|fault| {
        Err(ConfigError::Yaml {
            path: path.to_owned(),
            line: fault.line,
            reason: fault.reason,
        })
    });
    let assignments = entries.into_iter().filter_map(|entry| assignment(path, entry, old));
    assignments.chain(faults).collect()
}

/// A file is the old tool's when it has any of its keys and none of our sections.
fn is_old(entries: &[Entry]) -> bool {
    let section = |entry: &Entry| entry.key.split('.').next().is_some_and(settings::is_section);
    entries.iter().any(|entry| settings::find_old(&entry.key).is_some()) && !entries.iter().any(section)
}

fn assignment(path: &Path, entry: Entry, old: bool) -> Option<Result<Assignment, ConfigError>> {
    let Entry { key, line, value } = entry;
    let path = path.to_owned();
    if settings::is_section(&key) {
        return match value {
            // A section of which every line is commented out.
            YamlValue::Text(text) if text.is_empty() => None,
            _ => {
                let reason = format!("{key} is a section: its settings stand below it, indented");
                Some(Err(ConfigError::Yaml { path, line, reason }))
            }
        };
    }
    let setting = if old {
        settings::find_old(&key)
    } else {
        settings::find(&key)
    };
    let Some(setting) = setting else {
        return Some(Err(match in_the_key(&key) {
            Some(reason) => ConfigError::Yaml { path, line, reason },
            None => unknown(path, line, key, old),
        }));
    };
    let text = match value {
        YamlValue::Text(text) => text,
        YamlValue::List(texts) if setting.syntax.is_list() => texts.join(","),
        YamlValue::List(_) => {
            let reason = format!("{key} takes one value, not a list");
            return Some(Err(ConfigError::Yaml { path, line, reason }));
        }
    };
    Some(Ok(Assignment::to(setting, text, Origin::File { path, line })))
}

/// What is wrong with a key that has a value in it. That may be a secret, so it isn't repeated.
fn in_the_key(key: &str) -> Option<String> {
    let is_setting = |name: &&str| settings::find(name).or(settings::find_old(name)).is_some();
    if let Some(setting) = before(key, '.').find(is_setting) {
        return Some(format!(
            "{setting} takes one value, not a mapping: put the value in single quotes"
        ));
    }
    let setting = before(key, ':').find(is_setting)?;
    Some(format!("a space is missing behind the colon of {setting}"))
}

/// A key up to the first name in it that is wrong; what follows may be a value without its quotes.
fn wrong_name(key: &str) -> &str {
    let is_group = |name: &str| {
        let mut keys = settings::all().map(|setting| setting.key);
        keys.any(|key| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    };
    let name = before(key, '.').find(|name| !is_group(name)).unwrap_or(key);
    name.split(':').next().unwrap_or(name)
}

/// What stands before each of these separators.
fn before(key: &str, separator: char) -> impl Iterator<Item = &str> {
    key.match_indices(separator).filter_map(move |(at, _)| key.get(..at))
}

/// A key that is no setting; in the old file the old keys are the ones to suggest.
fn unknown(path: PathBuf, line: usize, given: String, old: bool) -> ConfigError {
    let name = |setting: &Setting| match (old, setting.old) {
        (true, "") => format!("{}, which a file with sections can hold", setting.key),
        (true, old) => old.to_owned(),
        (false, _) => setting.key.to_owned(),
    };
    let wrong = wrong_name(&given);
    let nearest = settings::nearest(&given).or_else(|| settings::nearest(wrong));
    ConfigError::Unknown {
        nearest: nearest.map(name),
        origin: Origin::File { path, line },
        given: wrong.to_owned(),
    }
}
