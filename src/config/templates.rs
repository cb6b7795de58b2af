//! Report templates: the numbers that Qualys' pages show.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

/// `qualys.template_ids`: one or several, each once, in the order of the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateIds(Vec<u64>);

/// `commands.templates`: whether several templates may report the same host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Templates {
    /// They may: all reports are obtained, merged by host, and each host is sent once.
    Overlapping,
    /// They report no host in common: each is delivered by itself as soon as it is there.
    Disjoint,
}

/// `report.unfinished_scans`: what becomes of a scan that isn't finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum UnfinishedScans {
    /// It is no complete report, and changes nothing.
    Refuse,
    /// What it says is added to what is held; nothing is replaced or cleared.
    Merge,
}

/// Why a text is no [`TemplateIds`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateIdsError {
    /// Only separators.
    #[error("no template id is named; write them as in 424242,535353")]
    Empty,
    /// Titles and addresses don't do.
    #[error("'{0}' is not a template id: it is the number after id= in the address that the template's Info shows")]
    NotANumber(String),
    /// The second import would only repeat the first.
    #[error("template {0} is named twice")]
    Twice(u64),
}

impl TemplateIds {
    /// The numbers, in order.
    pub fn into_vec(self) -> Vec<u64> {
        self.0
    }
}

impl FromStr for TemplateIds {
    type Err = TemplateIdsError;

    fn from_str(text: &str) -> Result<Self, TemplateIdsError> {
        let (mut ids, mut known) = (Vec::new(), HashSet::new());
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            let id = match word.parse() {
                Ok(id) if digits => id,
                _ => return Err(TemplateIdsError::NotANumber(word.to_owned())),
            };
            if !known.insert(id) {
                return Err(TemplateIdsError::Twice(id));
            }
            ids.push(id);
        }
        match ids.is_empty() {
            true => Err(TemplateIdsError::Empty),
            false => Ok(TemplateIds(ids)),
        }
    }
}

impl fmt::Display for TemplateIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&ids.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let ids = text.parse::<TemplateIds>();
        ids.map(|ids| ids.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_in_their_order() {
        assert_eq!(read("424242"), Ok("424242".into()));
        assert_eq!(read("535353,424242"), Ok("535353,424242".into()));
        assert_eq!(read("535353, 424242 7"), Ok("535353,424242,7".into()));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(
            read(",").unwrap_err(),
            "no template id is named; write them as in 424242,535353"
        );
        assert_eq!(read("7,8,07").unwrap_err(), "template 7 is named twice");
        for wrong in ["-1", "+1", "1e3", "1;2", "99999999999999999999999", "id=7"] {
            let named = read(wrong).unwrap_err();
            assert!(named.starts_with(&format!("'{wrong}' is not")), "{named}");
        }
    }
}
