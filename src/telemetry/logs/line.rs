//! A line: time, level, message and fields; as text or as JSON.

use std::time::SystemTime;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::Value;
use tracing::Level;

use crate::printable::{escaped, escaped_json, is_hidden};

/// What is logged.
pub(super) struct LogLine<'a> {
    pub(super) at: SystemTime,
    pub(super) level: Level,
    /// The library that logs it, unless we do.
    pub(super) target: Option<&'a str>,
    pub(super) message: String,
    pub(super) fields: Vec<(&'a str, Value)>,
}

impl<'a> LogLine<'a> {
    /// Sets a field, if it has a value, in the place of the event's own.
    pub(super) fn set(&mut self, name: &'a str, value: Option<String>) {
        if let Some(value) = value {
            self.fields.retain(|(there, _)| *there != name);
            self.fields.push((name, value.into()));
        }
    }

    /// One JSON object, without a line end.
    pub(super) fn json(&self) -> String {
        // Maps of strings and numbers can always be written.
        escaped_json(&serde_json::to_string(self).unwrap_or_default())
    }

    /// Time, level, message and fields, without a line end.
    pub(super) fn text(&self, colour: bool) -> String {
        let (dim, paint, plain) = match (colour, self.level) {
            (false, _) => ("", "", ""),
            (true, Level::ERROR) => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
            (true, Level::WARN) => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
            (true, Level::INFO) => ("\x1b[2m", "\x1b[32m", "\x1b[0m"),
            (true, _) => ("\x1b[2m", "\x1b[34m", "\x1b[0m"),
        };
        let (time, level, words) = (self.time(), self.level, self.words());
        format!("{dim}{time}{plain} {paint}{level:>5}{plain} {words}")
    }

    /// Message and fields, for outputs that add time and level themselves.
    ///
    /// Some of it comes from endpoints, so nothing in it may end the line or hold control characters.
    pub(super) fn words(&self) -> String {
        let mut words = String::with_capacity(self.message.len());
        if let Some(target) = self.target {
            words.extend([target, ": "]);
        }
        words.push_str(&escaped(&self.message));
        for (name, value) in &self.fields {
            words.extend([" ", name, "="]);
            match value {
                Value::String(text) if !text.is_empty() && text.chars().all(is_plain) => words.push_str(text),
                // JSON's quotes.
                value => words.push_str(&escaped_json(&value.to_string())),
            }
        }
        words
    }

    fn time(&self) -> humantime::Rfc3339Timestamp {
        humantime::format_rfc3339_micros(self.at)
    }
}

impl Serialize for LogLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.time().to_string())?;
        map.serialize_entry("level", self.level.as_str())?;
        if let Some(target) = self.target {
            map.serialize_entry("target", target)?;
        }
        map.serialize_entry("message", &self.message)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn is_plain(char: char) -> bool {
    !char.is_whitespace() && !is_hidden(char) && !matches!(char, '"' | '=' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_what_would_end_a_line_or_reach_a_terminal() {
        let line = LogLine {
            at: SystemTime::UNIX_EPOCH,
            level: Level::WARN,
            target: None,
            message: "refused: \x1b[2J\nü".to_owned(),
            fields: vec![
                ("host", "192.0.2.1".into()),
                ("findings", 7.into()),
                ("state", "in \n work".into()),
                ("none", "".into()),
            ],
        };
        assert_eq!(
            line.text(false),
            r#"1970-01-01T00:00:00.000000Z  WARN refused: \u{1b}[2J\nü host=192.0.2.1 findings=7 state="in \n work" none="""#
        );
        let hidden = LogLine {
            message: "\u{202e}\u{9b}31m\u{1f600}".to_owned(),
            fields: vec![("file", "\u{feff}x".into())],
            ..line
        };
        let shown = r#"{"timestamp":"1970-01-01T00:00:00.000000Z","level":"WARN","message":"\u202e\u009b31m😀","file":"\ufeffx"}"#;
        assert_eq!(hidden.json(), shown);
        assert_eq!(hidden.words(), r#"\u{202e}\u{9b}31m😀 file="\ufeffx""#);
        let line = LogLine {
            message: "refused: ".to_owned(),
            ..hidden
        };
        assert!(
            line.text(true)
                .starts_with("\x1b[2m1970-01-01T00:00:00.000000Z\x1b[0m \x1b[33m WARN\x1b[0m refused")
        );
    }
}
