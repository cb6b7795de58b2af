//! How the values of a setting are written: what docs, schema and errors say of it. Parsers stand in
//! [`parse`](super::parse).

use crate::qualys::platforms::PLATFORMS;

/// How the values of a setting are written.
#[derive(Debug, Clone, Copy)]
pub enum Syntax {
    /// Any text.
    Text,
    /// The path of a file.
    Path,
    /// Name or address of a computer, without a port.
    Host,
    /// Yes or no, in any of the usual words.
    Boolean,
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// A length of time with its unit, as in `5m`.
    Duration {
        /// Whether zero has a meaning.
        zero: bool,
    },
    /// An address with one of these schemes.
    Url(&'static [&'static str]),
    /// The name of one of Qualys' platforms, or an address of an API.
    Platform,
    /// One of a few words.
    Words {
        /// The words.
        words: fn() -> Vec<String>,
        /// The words and their other spellings.
        spellings: fn() -> Vec<String>,
    },
    /// A form that the type of the setting defines.
    Form {
        /// The form in words.
        expected: &'static str,
        /// Whether the form is a list, so that a YAML list is as good as commas.
        list: bool,
        /// An item of the list as a regular expression, for editors; empty: only the parser knows. Letters stand for
        /// themselves in any case.
        item: &'static str,
    },
}

impl Syntax {
    /// Whether the reason why a value is refused is enough to know what would be right.
    pub(super) fn explains_itself(&self) -> bool {
        matches!(self, Syntax::Form { .. } | Syntax::Text)
    }

    /// What a value looks like, as in "expected …".
    pub fn expected(&self) -> String {
        match self {
            Syntax::Text => "a text".into(),
            Syntax::Path => "a path".into(),
            Syntax::Host => "a name or an address".into(),
            Syntax::Boolean => "y or n (also yes, true, 1, on, no, false, 0, off)".into(),
            Syntax::Number(least, most) => format!("a number from {least} to {most}"),
            Syntax::Duration { .. } => "a time with its unit (s, m, h, d)".into(),
            Syntax::Url(schemes) => {
                let schemes: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
                format!("an address that begins with {}", one_of(&schemes))
            }
            Syntax::Platform => {
                let names = PLATFORMS.map(|platform| platform.name.to_owned());
                format!(
                    "a platform ({}) or an address that begins with https://",
                    one_of(&names)
                )
            }
            Syntax::Words { words, .. } => one_of(&words()),
            Syntax::Form { expected, .. } => (*expected).into(),
        }
    }

    /// The words that a value may be; empty where there are others.
    pub fn words(&self) -> Vec<String> {
        match self {
            Syntax::Words { words, .. } => words(),
            _ => Vec::new(),
        }
    }

    /// Whether several values, separated by commas, are one value.
    pub fn is_list(&self) -> bool {
        matches!(self, Syntax::Form { list: true, .. })
    }
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
