//! Writes XML as Qualys does: one element a line, two blanks a level, text that isn't ours in CDATA.

use std::fmt::Display;
use std::io::Write as _;

const BLANKS: &[u8] = b"                        ";

/// XML under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    bytes: Vec<u8>,
    depth: usize,
    flat: bool,
}

impl Xml {
    /// Starts with the declaration, an empty line and the DOCTYPE, whose address nobody should follow.
    pub(crate) fn document(root: &str, dtd: &str) -> Self {
        let mut xml = Self::default();
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n\n<!DOCTYPE ");
        xml.raw(root);
        xml.raw(" SYSTEM \"");
        xml.raw(dtd);
        xml.raw("\">\n");
        xml
    }

    /// A part of a document whose elements stand at this depth.
    pub(crate) fn part(depth: usize, flat: bool, capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            depth,
            flat,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn open(&mut self, name: &str) {
        self.start(name);
        self.raw(">\n");
        self.depth += 1;
    }

    pub(crate) fn open_with(&mut self, name: &str, attribute: &str, value: impl Display) {
        self.start(name);
        self.attribute(attribute, value);
        self.raw(">\n");
        self.depth += 1;
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.indent();
        self.end(name);
    }

    /// What follows stands this many levels deeper.
    pub(crate) fn descend(&mut self, levels: usize) {
        self.depth += levels;
    }

    pub(crate) fn ascend(&mut self, levels: usize) {
        self.depth -= levels;
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// Elements around others.
    pub(crate) fn within(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.open(name);
        content(self);
        self.close(name);
    }

    /// An element whose text needs no escape.
    pub(crate) fn plain(&mut self, name: &str, text: &str) {
        self.start(name);
        self.raw(">");
        self.raw(text);
        self.end(name);
    }

    pub(crate) fn number(&mut self, name: &str, number: impl Display) {
        self.start(name);
        self.raw(">");
        self.display(number);
        self.end(name);
    }

    pub(crate) fn number_with(&mut self, name: &str, attribute: &str, value: impl Display, number: impl Display) {
        self.start(name);
        self.attribute(attribute, value);
        self.raw(">");
        self.display(number);
        self.end(name);
    }

    /// An element with any text, escaped.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.start(name);
        self.raw(">");
        for letter in text.chars() {
            match letter {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                letter => self.raw(letter.encode_utf8(&mut [0; 4])),
            }
        }
        self.end(name);
    }

    /// An element with text in a CDATA section that doesn't hold the section's end.
    pub(crate) fn cdata(&mut self, name: &str, text: &str) {
        self.start(name);
        self.section(name, text);
    }

    pub(crate) fn cdata_with(&mut self, name: &str, attribute: &str, value: &str, text: &str) {
        self.start(name);
        self.attribute(attribute, value);
        self.section(name, text);
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn section(&mut self, name: &str, text: &str) {
        self.raw("><![CDATA[");
        self.raw(text);
        self.raw("]]>");
        self.end(name);
    }

    fn attribute(&mut self, name: &str, value: impl Display) {
        self.raw(" ");
        self.raw(name);
        self.raw("=\"");
        self.display(value);
        self.raw("\"");
    }

    fn start(&mut self, name: &str) {
        self.indent();
        self.raw("<");
        self.raw(name);
    }

    fn end(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.raw(">\n");
    }

    fn indent(&mut self) {
        if !self.flat {
            let blanks = BLANKS.get(..2 * self.depth).unwrap_or(BLANKS);
            self.bytes.extend_from_slice(blanks);
        }
    }

    fn display(&mut self, value: impl Display) {
        #[expect(clippy::expect_used, reason = "a Vec takes every write")]
        write!(self.bytes, "{value}").expect("a Vec takes every write");
    }
}
