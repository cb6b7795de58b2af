//! Names that are safe to send to the Management Center.

use std::fmt;
use std::str::FromStr;

/// Characters of a name, at most; nothing public tells how many the Management Center takes.
const LENGTH: usize = 128;

/// A name in the Management Center: up to 128 letters, digits, blanks, `.`, `_` and `-`, and not digits only.
///
/// Names reach the Management Center's database unescaped, and a name of digits is taken as a number
/// (both likely, from one public account of its importer); so nothing else is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name takes up to 128 letters, digits, blanks, '.', '_' and '-', and not digits alone")]
pub struct NameError;

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
        let trimmed = !text.starts_with(' ') && !text.ends_with(' ');
        // An empty text consists of digits only, too.
        let digits = text.chars().all(|c| c.is_ascii_digit());
        if trimmed && !digits && text.len() <= LENGTH && text.chars().all(allowed) {
            Ok(Name(text.to_owned()))
        } else {
            Err(NameError)
        }
    }
}

impl Name {
    /// The name as it is written into commands.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_do_no_harm() {
        for good in ["Qualys", "Qualys Guard_2.0-x", "1a"] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in [
            "", "42", " Qualys", "Qualys ", "a,b", "a\"b", "a'; DROP", "Ümlaut", "a\nb",
        ] {
            assert_eq!(bad.parse::<Name>(), Err(NameError), "{bad:?}");
        }
    }
}
