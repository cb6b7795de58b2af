//! The listing of all settings, for `qualys-connector config`: value and origin of each, secrets hidden.

use std::fmt;

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::origin::Effective;
use super::setting::Setting;
use super::settings;
use crate::printable::escaped;

/// A value that is longer doesn't spread the column, it sticks out.
const WIDEST: usize = 32;

/// Every setting, in the order of the table.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Listing(Vec<Line>);

#[derive(Debug, Serialize)]
struct Line {
    key: &'static str,
    /// Nothing when the setting has no value.
    value: Option<String>,
    source: Option<String>,
}

impl Listing {
    pub(super) fn new(effective: &Effective) -> Self {
        let line = |setting: &'static Setting| {
            let assigned = effective.get(setting.key);
            let text = assigned.and_then(|assigned| assigned.text.as_ref());
            Line {
                key: setting.key,
                value: text.map(|text| match text.expose_secret() {
                    text if setting.hides(text) => "[redacted]".to_owned(),
                    text => text.to_owned(),
                }),
                source: assigned.map(|assigned| assigned.origin.to_string()),
            }
        };
        Listing(settings::all().map(line).collect())
    }
}

impl Listing {
    /// Key, value and where that stands, of every setting.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>)> {
        let lines = self.0.iter();
        lines.map(|line| (line.key, line.value.as_deref(), line.source.as_deref()))
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|line| {
            let [value, source] = [
                line.value.as_deref().unwrap_or("not set"),
                line.source.as_deref().unwrap_or_default(),
            ];
            (line.key, escaped(value), escaped(source))
        });
        let lines: Vec<_> = lines.collect();
        let keys = lines.iter().map(|(key, ..)| key.len()).max().unwrap_or_default();
        let lengths = lines.iter().map(|(_, value, _)| value.chars().count());
        let values = lengths.filter(|length| *length <= WIDEST).max().unwrap_or_default();
        for (key, value, source) in lines {
            let line = format!("{key:keys$}  {value:values$}  {source}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
