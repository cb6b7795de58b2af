//! The part of YAML that settings need: mappings of texts and of lists of texts, with the line of each.
//!
//! A plain scalar keeps its source text: `0123`, `true` and `1e5` are what the file says, not what a YAML reader
//! would make of them. Anchors, aliases and tags are refused; in a file of settings they are accidents (a password
//! that begins with `&`, `*` or `!` and lacks its quotes).

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScanError, Span, StrInput};

/// Levels of mappings: a section, and a group of keys in it. Deeper ones are refused before they are read.
const DEPTH: usize = 3;

/// A key and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Entry {
    /// The names on the way to it, joined by dots.
    pub(in crate::config) key: String,
    /// The line of the key, counted from 1.
    pub(in crate::config) line: usize,
    pub(in crate::config) value: YamlValue,
}

/// What a key says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) enum YamlValue {
    Text(String),
    List(Vec<String>),
}

/// Something that doesn't belong into a file of settings.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct YamlError {
    pub(in crate::config) line: usize,
    pub(in crate::config) reason: String,
}

/// Reads a whole file. The entries before a fault that hides the rest are still good.
pub(in crate::config) fn read(text: &str) -> (Vec<Entry>, Vec<YamlError>) {
    let mut reader = Reader {
        events: Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)),
        entries: Vec::new(),
        faults: Vec::new(),
    };
    if let Err(fault) = reader.stream() {
        reader.faults.push(fault);
    }
    (reader.entries, reader.faults)
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    entries: Vec<Entry>,
    faults: Vec<YamlError>,
}

/// A value, or the start of one.
enum Node {
    Text(String),
    Sequence,
    Mapping,
    /// The end of the enclosing mapping or sequence.
    End,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<(), YamlError> {
        loop {
            let (event, line) = self.event()?;
            match event {
                Event::StreamStart | Event::Nothing => {}
                Event::DocumentStart(_) => break,
                Event::StreamEnd => return Ok(()),
                _ => return Err(fault(line, "here is no YAML")),
            }
        }
        match self.node()? {
            (Node::Mapping, _) => self.mapping("", 1)?,
            // Nothing but comments.
            (Node::Text(text), _) if text.is_empty() => {}
            (_, line) => return Err(fault(line, "expected settings, each as 'key: value'")),
        }
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), line) => return Err(fault(line, "a second document begins; expected one")),
                _ => {}
            }
        }
    }

    /// Reads the rest of a mapping whose start has been read.
    fn mapping(&mut self, path: &str, depth: usize) -> Result<(), YamlError> {
        let mut lines = HashMap::new();
        loop {
            let (name, line) = match self.node()? {
                (Node::Text(name), line) => (name, line),
                (Node::End, _) => return Ok(()),
                (_, line) => return Err(fault(line, "a list or a mapping can't be a key")),
            };
            let key = match path {
                "" => name,
                path => format!("{path}.{name}"),
            };
            if let Some(first) = lines.insert(key.clone(), line) {
                // Not which: an unquoted password in braces is one, too.
                let reason = format!("a key stands here a second time (first in line {first})");
                self.faults.push(YamlError { line, reason });
            }
            let value = match self.node()? {
                (Node::Mapping, line) if depth == DEPTH => return Err(fault(line, "too many levels")),
                (Node::Mapping, _) => {
                    self.mapping(&key, depth + 1)?;
                    continue;
                }
                (Node::Sequence, _) => YamlValue::List(self.sequence()?),
                (Node::Text(text), _) => YamlValue::Text(text),
                (Node::End, line) => return Err(fault(line, "a value is missing")),
            };
            self.entries.push(Entry { key, line, value });
        }
    }

    /// Reads the rest of a sequence whose start has been read.
    fn sequence(&mut self) -> Result<Vec<String>, YamlError> {
        let mut texts = Vec::new();
        loop {
            match self.node()? {
                (Node::Text(text), _) => texts.push(text),
                (Node::End, _) => return Ok(texts),
                (_, line) => return Err(fault(line, "a list here holds plain values only")),
            }
        }
    }

    fn node(&mut self) -> Result<(Node, usize), YamlError> {
        const QUOTES: &str = "put the value in single quotes";
        let (event, line) = self.event()?;
        let (node, anchor, tag) = match event {
            Event::Scalar(text, _, anchor, tag) => (Node::Text(text.into_owned()), anchor, tag),
            Event::SequenceStart(anchor, tag) => (Node::Sequence, anchor, tag),
            Event::MappingStart(anchor, tag) => (Node::Mapping, anchor, tag),
            Event::Alias(_) => {
                return Err(fault(
                    line,
                    format!("'*' begins an alias, which isn't used here: {QUOTES}"),
                ));
            }
            _ => (Node::End, 0, None),
        };
        if anchor != 0 {
            let reason = format!("'&' begins an anchor, which isn't used here: {QUOTES}");
            self.faults.push(YamlError { line, reason });
        }
        if tag.is_some() {
            let reason = format!("'!' begins a tag, which isn't used here: {QUOTES}");
            self.faults.push(YamlError { line, reason });
        }
        Ok((node, line))
    }

    fn event(&mut self) -> Result<(Event<'a>, usize), YamlError> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, line(&span))),
            Some(Err(error)) => Err(YamlError::from(error)),
            None => Ok((Event::StreamEnd, 0)),
        }
    }
}

fn line(span: &Span) -> usize {
    span.start.line()
}

fn fault(line: usize, reason: impl Into<String>) -> YamlError {
    let reason = reason.into();
    YamlError { line, reason }
}

impl From<ScanError> for YamlError {
    fn from(error: ScanError) -> Self {
        fault(
            error.marker().line(),
            format!(
                "this is no YAML: {} (values with punctuation need single quotes)",
                error.info()
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(key: &str, line: usize, value: &str) -> Entry {
        Entry {
            key: key.into(),
            line,
            value: YamlValue::Text(value.into()),
        }
    }

    fn faults(yaml: &str) -> String {
        let faults = read(yaml).1.into_iter();
        faults
            .map(|fault| format!("{}: {}\n", fault.line, fault.reason))
            .collect()
    }

    #[test]
    fn plain_scalars_keep_their_text_and_quoted_ones_are_as_yaml_says() {
        for (written, expected) in [
            ("0123", "0123"),
            ("true", "true"),
            ("~", "~"),
            ("1e5", "1e5"),
            ("0x1F", "0x1F"),
            ("", ""),
            ("''", ""),
            ("' x '", " x "),
            ("'a''b\"c'", "a'b\"c"),
            ("\"a'b\\\"c\"", "a'b\"c"),
            ("a'b\"c", "a'b\"c"),
            ("p@ss#word # comment", "p@ss#word"),
            ("\"\\x41\\t\"", "A\t"),
        ] {
            let (entries, faults) = read(&format!("\n# password\npassword: {written}\r\nurl: u\n"));
            assert_eq!(
                entries,
                [text("password", 3, expected), text("url", 4, "u")],
                "{written}"
            );
            assert_eq!(faults, []);
        }
    }

    #[test]
    fn sections_groups_and_lists_are_keys_with_dots() {
        let yaml =
            "---\nqualys:\n  template_ids: [1, 02]\n  proxy:\n    url: u\nselection:\n  qids:\n    - 7\ncsv: {}\n";
        let (entries, faults) = read(yaml);
        let list = |key: &str, line, values: &[&str]| Entry {
            key: key.into(),
            line,
            value: YamlValue::List(values.iter().copied().map(String::from).collect()),
        };
        assert_eq!(faults, []);
        assert_eq!(
            entries,
            [
                list("qualys.template_ids", 3, &["1", "02"]),
                text("qualys.proxy.url", 5, "u"),
                list("selection.qids", 7, &["7"]),
            ]
        );
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for nothing in ["", "\n", "# only a comment\n", "---\n", "\u{feff}", "---\n...\n"] {
            assert_eq!(read(nothing), (vec![], vec![]), "{nothing:?}");
        }
    }

    #[test]
    fn what_is_no_setting_is_named_with_its_line() {
        insta::assert_snapshot!(faults("a: 1\nb: 2\na: 3\n"), @"3: a key stands here a second time (first in line 1)");
        insta::assert_snapshot!(faults("password: &secret\nb: *c\n"), @r"
        1: '&' begins an anchor, which isn't used here: put the value in single quotes
        2: this is no YAML: while parsing node, found unknown anchor (values with punctuation need single quotes)
        ");
        insta::assert_snapshot!(faults("b: &x 1\nc: !!str 1\nd: *x\ne: 1"), @r"
        1: '&' begins an anchor, which isn't used here: put the value in single quotes
        2: '!' begins a tag, which isn't used here: put the value in single quotes
        3: '*' begins an alias, which isn't used here: put the value in single quotes
        ");
        insta::assert_snapshot!(faults("- 1\n- 2\n"), @"1: expected settings, each as 'key: value'");
        insta::assert_snapshot!(faults("just words"), @"1: expected settings, each as 'key: value'");
        insta::assert_snapshot!(faults("a:\n  - [1]\n"), @"2: a list here holds plain values only");
        insta::assert_snapshot!(faults("a: {b: {c: {d: 1}}}"), @"1: too many levels");
        insta::assert_snapshot!(faults("[a]: 1"), @"1: a list or a mapping can't be a key");
        insta::assert_snapshot!(faults("a: 1\n---\nb: 1\n"), @"2: a second document begins; expected one");
        insta::assert_snapshot!(faults("a: 'open\nb: 1\n"), @"1: this is no YAML: invalid indentation in quoted scalar (values with punctuation need single quotes)");
        insta::assert_snapshot!(faults("a: 1\n\tb: 1\n"), @"1: this is no YAML: while scanning a plain scalar, found a tab (values with punctuation need single quotes)");
        insta::assert_snapshot!(faults("password: @home\n"), @"1: this is no YAML: unexpected character: `@' (values with punctuation need single quotes)");
        insta::assert_snapshot!(faults("password: %1\nb: 1: 2\n"), @"1: this is no YAML: unexpected character: `%' (values with punctuation need single quotes)");
        insta::assert_snapshot!(faults("user_id:dirk\npassword:x\n"), @"1: expected settings, each as 'key: value'");
    }

    #[test]
    fn nesting_without_end_ends_early() {
        for deep in ["[", "{", "{a: ", "- ", "? "].map(|open| open.repeat(100_000)) {
            assert_eq!(read(&deep).1.len(), 1);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[ \\PC\\n\\t:{}\\[\\]'\"&*!|>%@`#?,-]{0,60}") {
            read(&text);
        }

        #[test]
        fn any_password_arrives_from_single_quotes(password in "[^\\p{C}\u{2028}\u{2029}\u{85}]{0,20}") {
            let yaml = format!("password: '{}'\n", password.replace('\'', "''"));
            prop_assert_eq!(read(&yaml).0, [text("password", 1, &password)]);
        }
    }
}
