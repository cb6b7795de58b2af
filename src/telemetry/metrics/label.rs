//! LabelValue: distinguishes the metrics of one import from those of another, over all its runs.

use std::fmt;
use std::str::FromStr;

use crate::printable::is_hidden;

/// The value of the label `import` or `job`: something stable, never the name of a pod or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelValue(String);

/// Why a text is no [`LabelValue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name of 1 to 100 characters on one line, such as berlin")]
pub struct LabelValueError;

impl LabelValue {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelValue {
    type Err = LabelValueError;

    fn from_str(text: &str) -> Result<Self, LabelValueError> {
        let fits = (1..=100).contains(&text.chars().count()) && !text.contains(is_hidden);
        fits.then(|| LabelValue(text.to_owned())).ok_or(LabelValueError)
    }
}

impl fmt::Display for LabelValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
