//! Settings by their names. Help, documentation, schema and `qualys-connector config` are made from [`all`], and every
//! layer finds its names here: `qualys.user_id` in YAML, `QC_QUALYS__USER_ID` in the environment, `user_id` in the
//! `QualysGuard.yaml` of the Perl connector. The rows themselves stand in [`sections`](super::sections).

use super::sections::SECTIONS;
use super::syntax::Syntax;

/// One setting: what is known of it whatever its value's type is.
#[derive(Debug)]
pub struct Setting {
    /// Its name, `section.key`.
    pub key: &'static str,
    /// One line about it.
    pub help: &'static str,
    /// How its values are written.
    pub syntax: Syntax,
    /// The value it has when nothing is said; empty: none.
    pub default: &'static str,
    /// A value to copy; empty: the default says it.
    pub example: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Its key in `QualysGuard.yaml`; empty: the old tool had none.
    pub old: &'static str,
    /// Reads a value and says why it is none.
    pub(super) check: fn(&str) -> Result<(), String>,
}

impl Setting {
    /// The section, the first part of the key.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    /// The environment variable: `QC_QUALYS__USER_ID` for `qualys.user_id`.
    pub fn variable(&self) -> String {
        format!("QC_{}", self.key.replace('.', "__").to_ascii_uppercase())
    }

    /// A right value to copy, or nothing.
    pub fn sample(&self) -> &'static str {
        match self.example {
            "" => self.default,
            example => example,
        }
    }

    /// Says why a text is no value of this setting.
    pub fn check(&self, text: &str) -> Result<(), String> {
        (self.check)(text)
    }

    /// Whether a value must be hidden: secrets are, and so is an address with a password inside, which is refused.
    pub(super) fn hides(&self, text: &str) -> bool {
        self.secret || (matches!(self.syntax, Syntax::Url(_) | Syntax::Platform) && text.contains('@'))
    }

    /// How to set it.
    pub(super) fn remedy(&self) -> String {
        let variable = self.variable();
        let remedy = match self.secret {
            true => format!("set it in the configuration file, by {variable}_FILE, or as a file in QC_SECRETS_DIR"),
            false => format!("set it in the configuration file or by {variable}"),
        };
        match self.sample() {
            "" => remedy,
            example => format!("{remedy}, for example {example}"),
        }
    }
}

/// Every setting, section by section.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().copied().flatten()
}

/// The setting of a key.
pub fn find(key: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.key == key)
}

/// The setting of a key in `QualysGuard.yaml`.
pub(super) fn find_old(key: &str) -> Option<&'static Setting> {
    all().find(|setting| !key.is_empty() && setting.old == key)
}

/// Whether a name is that of a section.
pub(super) fn is_section(name: &str) -> bool {
    all().any(|setting| setting.section() == name)
}

/// The setting that was probably meant by a name that none has, if any comes near.
pub(super) fn nearest(given: &str) -> Option<&'static Setting> {
    let given = given.to_ascii_lowercase();
    let (length, limit) = (given.chars().count(), given.len() / 3);
    let distance = |setting: &Setting| {
        let tail = setting.key.rsplit('.').next().unwrap_or(setting.key);
        let names = [setting.key, tail, setting.old].into_iter();
        // Names are as far apart as their lengths at least, and comparing takes the product of both.
        names
            .filter(|name| name.len().abs_diff(length) <= limit)
            .map(|name| strsim::damerau_levenshtein(&given, name))
            .min()
            .unwrap_or(usize::MAX)
    };
    let nearest = all().min_by_key(|setting| distance(setting))?;
    (distance(nearest) <= limit).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_long_one_costs_nothing() {
        let found = |given: &str| nearest(given).map(|setting| setting.key);
        assert_eq!(found("usr_id"), Some("qualys.user_id"));
        assert_eq!(found("Management_Center.prot"), Some("management_center.port"));
        assert_eq!(found("nothing_like_it"), None);
        let begun = Instant::now();
        assert_eq!(found(&"x".repeat(1 << 20)), None);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
