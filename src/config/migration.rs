//! Migration: a configuration file that says what layers say, to take the place of an old YAML file and an old command
//! line. Secrets aren't in it; it says where they belong.

use std::fmt::Write as _;

use secrecy::ExposeSecret as _;

use super::origin::{Effective, Origin};
use super::setting::Setting;
use super::settings;
use crate::printable::is_hidden;

/// What layers say, as a file of our own.
#[derive(Debug)]
pub struct Migration {
    /// The sections, with a comment for each setting.
    pub yaml: String,
    /// The settings whose values must be given in another way, since they are secrets.
    pub secrets: Vec<&'static Setting>,
}

impl Migration {
    /// Every setting that has another value than its default, or was named.
    pub(super) fn new(effective: &Effective) -> Self {
        let mut migration = Migration {
            yaml: String::new(),
            secrets: Vec::new(),
        };
        let mut open: Vec<&str> = Vec::new();
        for setting in settings::all() {
            let Some(assigned) = effective.get(setting.key) else {
                continue;
            };
            let (Some(text), false) = (&assigned.text, assigned.origin == Origin::Default) else {
                continue;
            };
            let names: Vec<&str> = setting.key.split('.').collect();
            let Some((name, path)) = names.split_last() else {
                continue;
            };
            migration.open(&mut open, path);
            let indent = "  ".repeat(path.len());
            // Writing to a String can't fail.
            let _ = writeln!(migration.yaml, "{indent}# {} ({})", setting.help, assigned.origin);
            if setting.secret {
                let _ = writeln!(migration.yaml, "{indent}# {name}: a secret, see above");
                migration.secrets.push(setting);
            } else {
                migration.value(setting, &indent, name, text.expose_secret());
            }
        }
        migration
    }

    /// Writes the names of sections that aren't open yet.
    fn open<'a>(&mut self, open: &mut Vec<&'a str>, path: &[&'a str]) {
        let common = open
            .iter()
            .zip(path)
            .take_while(|(open, wanted)| open == wanted)
            .count();
        open.truncate(common);
        for name in path.iter().skip(common) {
            let _ = writeln!(self.yaml, "{}{name}:", "  ".repeat(open.len()));
            open.push(name);
        }
    }

    fn value(&mut self, setting: &Setting, indent: &str, name: &str, text: &str) {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [_, _, ..] if setting.syntax.is_list() => {
                let _ = writeln!(self.yaml, "{indent}{name}:");
                for part in parts {
                    let _ = writeln!(self.yaml, "{indent}  - {}", scalar(part));
                }
            }
            _ => {
                let _ = writeln!(self.yaml, "{indent}{name}: {}", scalar(text));
            }
        }
    }
}

/// A text as a YAML scalar: as it is where nothing in it could mean something else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    let first = text.chars().next();
    if first.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/') && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains(is_hidden) {
        // A JSON string is a YAML scalar in double quotes.
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::layers::yaml;
    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_from_the_file(text in "[\\PC\\n\\t\\r]{0,30}") {
            let (entries, faults) = yaml::read(&format!("key: {}\n", scalar(&text)));
            prop_assert_eq!(faults, vec![]);
            prop_assert_eq!(&entries[0].value, &yaml::YamlValue::Text(text));
        }
    }
}
