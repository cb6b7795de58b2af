//! For fuzzers only: what is read of a YAML file, before anybody asks what its keys mean.

use super::layers::yaml::{self, YamlValue};

/// The keys with their lines and values, and the faults with their lines.
pub fn yaml(text: &str) -> (Vec<(String, usize, Vec<String>)>, Vec<(usize, String)>) {
    let (entries, faults) = yaml::read(text);
    let entries = entries.into_iter().map(|entry| match entry.value {
        YamlValue::Text(text) => (entry.key, entry.line, vec![text]),
        YamlValue::List(texts) => (entry.key, entry.line, texts),
    });
    let faults = faults.into_iter().map(|fault| (fault.line, fault.reason));
    (entries.collect(), faults.collect())
}
