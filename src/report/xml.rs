//! XML, event by event, in constant memory.
//!
//! quick-xml finds the tags, texts and references. What it leaves to its caller stands here: one root element
//! that is closed before the input ends, end tags that match, no entity but the predefined, no internal DTD
//! subset (nothing is ever fetched or defined), and limits for depth, markup and text.
//!
//! quick-xml is at its fastest over borrowed slices, and its buffered reader would gather a text of any length.
//! So it gets one [`Window`] of the input after another. Markup that a window cuts is read again with the next
//! one; text needn't be whole, its pieces are passed on as they come.

use std::io::{ErrorKind, Read};

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::error::{Error, ReadUpTo, XmlError};
use super::limits::DEPTH;
use super::progress::Progress;
use super::text;
use super::window::Window;
use leaf::Leaf;

mod leaf;

/// Bytes of one tag with its attributes, of a comment, of a DOCTYPE.
const MARKUP: usize = 64 * 1024;
/// Bytes of text between two tags; Qualys' longest known is 100 kB. It costs time, not memory.
const TEXT: u64 = 64 << 20;
/// Bytes of one reference, as `&amp;`.
const REFERENCE: usize = 64;
/// Bytes of a name that an error repeats.
const NAME: usize = 80;

const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";

/// Receives what is inside the root element, and the element itself. A text comes in pieces.
pub(super) trait Handler {
    /// `offset` is the place of `tag` in the input.
    fn start(&mut self, tag: &BytesStart<'_>, offset: u64) -> Result<(), Error>;
    fn text(&mut self, piece: &str);
    fn end(&mut self) -> Result<(), Error>;
    /// How far it came, of `bytes` that were read.
    fn reached(&self, bytes: u64) -> ReadUpTo;
}

/// In the reader's words, which may hold a piece of the report: they go to terminals, and may be long.
pub(super) fn malformed(error: impl ToString) -> XmlError {
    XmlError::Malformed(text::shown(&error.to_string(), 2 * NAME))
}

/// Reads a document to its end.
pub(super) fn read(mut source: impl Read, handler: &mut impl Handler, progress: &Progress) -> Result<u64, Error> {
    let mut window = Window::new();
    let mut document = XmlDocument::new(handler);
    loop {
        if let Err(source) = window.fill(&mut source) {
            let reached = document.handler.reached(window.offset + window.bytes().len() as u64);
            return Err(match source.kind() {
                ErrorKind::UnexpectedEof => Error::CutOff(reached),
                _ => Error::Read { source, reached },
            });
        }
        let total = window.offset + window.bytes().len() as u64;
        progress.set_bytes(total);
        if window.offset == 0 {
            sniff(window.bytes(), window.ended)?;
        }
        document.offset = window.offset;
        let done = document.read(window.characters())?;
        let left = window.bytes().len() - done;
        if window.ended {
            return match left {
                0 if document.closed => Ok(total),
                _ if document.closed => Err(document.fault(XmlError::AfterRoot)),
                _ => Err(Error::CutOff(document.handler.reached(total))),
            };
        }
        window.advance(done);
    }
}

/// What the first bytes tell of input that is no XML at all.
fn sniff(bytes: &[u8], whole: bool) -> Result<(), Error> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Err(Error::Packed("a zip archive")),
        [0x1f, 0x8b, ..] => Err(Error::Packed("gzip data")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(Error::NotUtf8 {
            offset: 0,
            reached: ReadUpTo::default(),
        }),
        _ if text.is_empty() && whole => Err(Error::Empty(bytes.len() as u64)),
        _ if text.is_empty() || text.starts_with(b"<") => Ok(()),
        _ => Err(Error::NotXml),
    }
}

struct XmlDocument<'h, H> {
    handler: &'h mut H,
    /// Names of the open elements, one after the other.
    names: String,
    /// Where each of them begins.
    open: Vec<usize>,
    /// Inside a CDATA section that began in an earlier window.
    cdata: bool,
    /// Whether a DOCTYPE was read.
    doctype: bool,
    /// Whether the root element was closed.
    closed: bool,
    /// Bytes of text since the last tag.
    text: u64,
    /// Place in the input of what is being read.
    offset: u64,
}

impl<'h, H: Handler> XmlDocument<'h, H> {
    fn new(handler: &'h mut H) -> Self {
        XmlDocument {
            handler,
            names: String::new(),
            open: Vec::new(),
            cdata: false,
            doctype: false,
            closed: false,
            text: 0,
            offset: 0,
        }
    }

    /// Reads what is whole in `bytes`, and tells how many of them that were.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let mut rest = bytes;
        if self.cdata {
            rest = self.cdata(rest)?;
            if self.cdata {
                return Ok(bytes.len() - rest.len());
            }
        }
        let base = self.offset;
        let mut reader = Reader::from_reader(rest);
        // Ends are matched here, across windows.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        // Checked once, rather than name by name and text by text.
        let valid = leaf::valid(rest);
        loop {
            let read = rest.len() - reader.get_ref().len();
            let mut next = valid.get(read..).unwrap_or_default();
            while let Some(leaf) = self.takes_leaves().then(|| Leaf::at(next)).flatten() {
                self.offset = base + (valid.len() - next.len()) as u64;
                self.leaf(&leaf)?;
                next = leaf.rest;
                // It stands before a tag as it did.
                *reader.get_mut() = rest.get(valid.len() - next.len()..).unwrap_or_default();
            }
            let here = *reader.get_ref();
            self.offset = base + (rest.len() - here.len()) as u64;
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(bytes.len()),
                Ok(event) => self.event(event)?,
                Err(error) => {
                    let rest = self.unfinished(error, here)?;
                    return Ok(bytes.len() - rest.len());
                }
            }
        }
    }

    /// Whether an element may begin that isn't the root.
    fn takes_leaves(&self) -> bool {
        (1..DEPTH).contains(&self.open.len())
    }

    /// What the events of a leaf would do.
    fn leaf(&mut self, leaf: &Leaf<'_>) -> Result<(), Error> {
        self.text = 0;
        self.handler.start(&BytesStart::new(leaf.name), self.offset)?;
        self.text(leaf.text)?;
        self.text = 0;
        self.handler.end()?;
        self.text(leaf.behind)
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Error> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end(tag.name().as_ref())
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(doctype) => self.doctype(&doctype),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Error> {
        if self.closed {
            return Err(self.fault(XmlError::AfterRoot));
        }
        if self.open.len() == DEPTH {
            return Err(self.fault(XmlError::TooDeep));
        }
        if tag.len() > MARKUP {
            return Err(self.too_long("tag", MARKUP as u64));
        }
        let name = tag.name();
        if name.as_ref().is_empty() {
            return Err(self.fault(XmlError::Malformed("a tag has no name".into())));
        }
        self.text = 0;
        self.open.push(self.names.len());
        self.names.push_str(name.as_ref());
        self.handler.start(tag, self.offset)
    }

    fn end(&mut self, found: &str) -> Result<(), Error> {
        let Some(begin) = self.open.pop() else {
            return Err(self.fault(XmlError::AfterRoot));
        };
        let open = self.names.get(begin..).unwrap_or_default();
        if open != found {
            let (open, found) = (text::shown(open, NAME), text::shown(found, NAME));
            return Err(self.fault(XmlError::EndTag { open, found }));
        }
        self.names.truncate(begin);
        self.text = 0;
        self.closed = self.open.is_empty();
        self.handler.end()
    }

    fn text(&mut self, piece: &str) -> Result<(), Error> {
        if self.open.is_empty() {
            let blank = piece.trim_start_matches('\u{feff}').trim_ascii().is_empty();
            return match (blank, self.closed) {
                (true, _) => Ok(()),
                (false, true) => Err(self.fault(XmlError::AfterRoot)),
                (false, false) => Err(Error::NotXml),
            };
        }
        self.text += piece.len() as u64;
        if self.text > TEXT {
            return Err(self.too_long("text", TEXT));
        }
        self.handler.text(piece);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Error> {
        match reference.resolve_char_ref() {
            Ok(Some(character)) => self.text(character.encode_utf8(&mut [0; 4])),
            Ok(None) => match resolve_xml_entity(reference) {
                Some(text) => self.text(text),
                None => Err(self.fault(XmlError::Entity(text::shown(reference, REFERENCE)))),
            },
            Err(error) => Err(self.fault(malformed(error))),
        }
    }

    fn doctype(&mut self, doctype: &str) -> Result<(), Error> {
        if doctype.contains('[') {
            return Err(self.fault(XmlError::InternalSubset));
        }
        if self.doctype || self.closed || !self.open.is_empty() {
            return Err(self.fault(XmlError::Malformed("a DOCTYPE stands in the middle of it".into())));
        }
        self.doctype = true;
        let name = doctype.split_ascii_whitespace().next().unwrap_or_default();
        if name.eq_ignore_ascii_case("html") {
            Err(Error::Html)
        } else {
            Ok(())
        }
    }

    /// Passes on a CDATA section that began earlier, and returns what isn't part of it, or not for sure.
    fn cdata<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Error> {
        let end = memmem::find(bytes, CDATA_END);
        let text = match end {
            Some(end) => end,
            // The first of its three bytes may stand at the end.
            None => bytes.len() - bytes.iter().rev().take(2).take_while(|byte| **byte == b']').count(),
        };
        let (text, rest) = bytes.split_at(text);
        match std::str::from_utf8(text) {
            Ok(text) => self.text(text)?,
            Err(error) => return Err(self.not_utf8(error.valid_up_to())),
        }
        self.offset += text.len() as u64;
        self.cdata = end.is_none();
        if end.is_none() {
            return Ok(rest);
        }
        let rest = rest.get(CDATA_END.len()..).unwrap_or_default();
        self.offset += CDATA_END.len() as u64;
        Ok(rest)
    }

    /// What quick-xml couldn't read because it goes on in the next window is returned; all else is an error.
    fn unfinished<'b>(&mut self, error: quick_xml::Error, bytes: &'b [u8]) -> Result<&'b [u8], Error> {
        if let (quick_xml::Error::Encoding(_), Err(error)) = (&error, std::str::from_utf8(bytes)) {
            return Err(self.not_utf8(error.valid_up_to()));
        }
        if let Some(text) = bytes.strip_prefix(CDATA) {
            self.offset += CDATA.len() as u64;
            return self.cdata(text);
        }
        let begins = |markup: &[u8]| bytes.starts_with(markup) || markup.starts_with(bytes);
        let whole = match bytes {
            [b'<', ..] if matches!(error, quick_xml::Error::IllFormed(_)) => true,
            [b'&', name @ ..] => name.iter().any(|byte| matches!(byte, b'&' | b'<' | b';')),
            [b'<', b'!', ..] => ![CDATA, b"<!--", b"<!DOCTYPE", b"<!doctype"].into_iter().any(begins),
            _ => false,
        };
        if whole {
            return Err(self.fault(match bytes.starts_with(b"&") {
                true => XmlError::Malformed("a lone &, which should be &amp;".into()),
                false => malformed(error),
            }));
        }
        if bytes.starts_with(b"<!DOCTYPE") && bytes.contains(&b'[') {
            return Err(self.fault(XmlError::InternalSubset));
        }
        let (what, limit) = match bytes {
            [b'&', ..] => ("reference", REFERENCE),
            [b'<', b'!' | b'?', ..] => ("comment or declaration", MARKUP),
            _ => ("tag", MARKUP),
        };
        if bytes.len() > limit {
            return Err(self.too_long(what, limit as u64));
        }
        Ok(bytes)
    }

    fn too_long(&self, what: &'static str, limit: u64) -> Error {
        self.fault(XmlError::TooLong { what, limit })
    }

    fn not_utf8(&self, valid: usize) -> Error {
        let offset = self.offset + valid as u64;
        let reached = self.handler.reached(offset);
        Error::NotUtf8 { offset, reached }
    }

    fn fault(&self, fault: XmlError) -> Error {
        let (offset, reached) = (self.offset, self.handler.reached(self.offset));
        Error::Xml { offset, fault, reached }
    }
}

#[cfg(test)]
mod tests;
