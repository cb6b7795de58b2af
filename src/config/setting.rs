//! A setting: what is known of it independent of the type of its value.

use super::syntax::Syntax;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name, `section.key`.
    pub key: &'static str,
    /// One line about it.
    pub help: &'static str,
    /// How its values are written.
    pub syntax: Syntax,
    /// The value when no layer sets it; empty: none.
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
