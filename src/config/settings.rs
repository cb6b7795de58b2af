//! Settings by their names. Help, documentation, schema and `qualys-connector config` are made from [`all`], and every
//! layer finds its names here: `qualys.user_id` in YAML, `QC_QUALYS__USER_ID` in the environment, `user_id` in the
//! `QualysGuard.yaml` of the Perl connector. The rows themselves stand in `sections`.

use super::sections::SECTIONS;
pub use super::setting::Setting;

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
