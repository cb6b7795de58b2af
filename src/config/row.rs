//! Rows: what a setting is besides its name, its help and the field that takes its value: syntax, parser, default, example,
//! old name, secrecy. [`section!`](super::sections) puts them together.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::SecretString;
use url::Url;

use super::parse;
use super::setting::Setting;
use super::syntax::Syntax;
use crate::qualys::ChangeWindow;

/// What a setting is besides its name, its help and its field.
pub(super) struct SettingRow<T> {
    syntax: Syntax,
    default: &'static str,
    example: &'static str,
    secret: bool,
    old: &'static str,
    pub(super) parse: fn(&str) -> Result<T, String>,
}

impl<T> SettingRow<T> {
    const fn new(syntax: Syntax, parse: fn(&str) -> Result<T, String>) -> Self {
        SettingRow {
            syntax,
            default: "",
            example: "",
            secret: false,
            old: "",
            parse,
        }
    }

    /// The value of a setting that no layer sets.
    pub(super) const fn default(self, default: &'static str) -> Self {
        SettingRow { default, ..self }
    }

    /// A value to copy.
    pub(super) const fn example(self, example: &'static str) -> Self {
        SettingRow { example, ..self }
    }

    /// The key in `QualysGuard.yaml`.
    pub(super) const fn old(self, old: &'static str) -> Self {
        SettingRow { old, ..self }
    }

    /// An item of a list as a regular expression, for editors.
    pub(super) const fn item(self, item: &'static str) -> Self {
        let syntax = match self.syntax {
            Syntax::Form { expected, list, .. } => Syntax::Form { expected, list, item },
            other => other,
        };
        SettingRow { syntax, ..self }
    }

    /// The entry of the table.
    pub(super) const fn setting(
        self,
        key: &'static str,
        help: &'static str,
        check: fn(&str) -> Result<(), String>,
    ) -> Setting {
        Setting {
            key,
            help,
            syntax: self.syntax,
            default: self.default,
            example: self.example,
            secret: self.secret,
            old: self.old,
            check,
        }
    }
}

/// Any text.
pub(super) const fn text() -> SettingRow<String> {
    SettingRow::new(Syntax::Text, |text| Ok(text.to_owned()))
}

/// A text that must never be shown; an empty one is a value, too.
pub(super) const fn secret() -> SettingRow<SecretString> {
    SettingRow {
        secret: true,
        ..SettingRow::new(Syntax::Text, |text| Ok(text.into()))
    }
}

/// A secret that can't be empty.
pub(super) const fn password() -> SettingRow<SecretString> {
    SettingRow {
        parse: parse::password,
        ..secret()
    }
}

/// The path of a file.
pub(super) const fn path() -> SettingRow<PathBuf> {
    SettingRow::new(Syntax::Path, |text| Ok(text.into()))
}

/// Name or address of a computer.
pub(super) const fn host() -> SettingRow<String> {
    SettingRow::new(Syntax::Host, parse::host)
}

/// Yes or no.
pub(super) const fn boolean() -> SettingRow<bool> {
    SettingRow::new(Syntax::Boolean, parse::boolean)
}

/// A whole number within bounds.
pub(super) const fn number<const LEAST: u64, const MOST: u64, T: TryFrom<u64>>() -> SettingRow<T> {
    SettingRow::new(Syntax::Number(LEAST, MOST), parse::number::<LEAST, MOST, T>)
}

/// A length of time, longer than zero.
pub(super) const fn duration() -> SettingRow<Duration> {
    SettingRow::new(Syntax::Duration { zero: false }, parse::duration)
}

/// A length of time, of which zero has a meaning.
pub(super) const fn duration_or_zero() -> SettingRow<Duration> {
    SettingRow::new(Syntax::Duration { zero: true }, parse::duration_or_zero)
}

/// An address over HTTP, encrypted or not.
pub(super) const fn http_url() -> SettingRow<Url> {
    const SCHEMES: &[&str] = &["http", "https"];
    SettingRow::new(Syntax::Url(SCHEMES), |text| parse::url(text, SCHEMES))
}

/// One of Qualys' platforms, or the base address of its API; a path to one of its calls is cut off.
pub(super) const fn platform() -> SettingRow<Url> {
    SettingRow::new(Syntax::Platform, |text| parse::platform(text).map(parse::api_base))
}

/// One of the words of an enum.
pub(super) const fn words<T: ValueEnum>() -> SettingRow<T> {
    let syntax = Syntax::Words {
        words: parse::words::<T>,
        spellings: parse::spellings::<T>,
    };
    SettingRow::new(syntax, parse::word)
}

/// A form that the type of the value defines; `expected` names it.
pub(super) const fn form<T: FromStr<Err: ToString>>(expected: &'static str) -> SettingRow<T> {
    of_form(expected, false, parse::form)
}

/// A list whose form the type of the value defines.
pub(super) const fn list<T: FromStr<Err: ToString>>(expected: &'static str) -> SettingRow<T> {
    of_form(expected, true, parse::form)
}

/// Since when hosts must have changed.
pub(super) const fn change_window() -> SettingRow<ChangeWindow> {
    of_form("a length of time or last", false, parse::change_window)
}

/// A version number, as it stands in paths.
pub(super) const fn version() -> SettingRow<String> {
    of_form("a version", false, parse::version)
}

const fn of_form<T>(expected: &'static str, list: bool, parse: fn(&str) -> Result<T, String>) -> SettingRow<T> {
    let item = "";
    SettingRow::new(Syntax::Form { expected, list, item }, parse)
}
