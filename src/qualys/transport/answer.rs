//! Answers: the small XML documents of Qualys' API, read into types.
//!
//! An error can come with any status, 200 included, and in three shapes: SIMPLE_RETURN with a CODE (certain),
//! GENERIC_RETURN and an ERROR child (API v1, likely). So the body is looked at before the status is believed.
//! What a document says is read by who asked for it.

use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::events::Event;
use quick_xml::{DeError, Reader};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::limits;
use crate::printable::Text;
use crate::problem::Kind;
use crate::qualys::fault::Fault;
use crate::qualys::refusal::Refusal;

/// A document that says what was asked for.
#[derive(Debug)]
pub(in crate::qualys) enum Document {
    /// SIMPLE_RETURN without a CODE: done.
    Done(SimpleReturn),
    /// Another document, by its root element; who asked for it reads it.
    Element(String, Vec<u8>),
    /// Something else, in words.
    Other(Text),
}

/// What a body begins with.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::qualys) enum Root {
    /// Nothing but white space.
    Empty,
    /// A zip archive: big reports come so.
    Zip,
    /// A page for people.
    Html,
    /// An XML element.
    Element(String),
    /// XML that ends before its root element begins.
    Unfinished,
    /// Not XML.
    Unknown,
}

/// SIMPLE_RETURN's RESPONSE.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(in crate::qualys) struct SimpleReturn {
    code: Option<String>,
    text: Option<String>,
    item_list: Items,
}

#[derive(Debug, Default, Deserialize)]
struct Items {
    #[serde(rename = "ITEM", default)]
    items: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct Item {
    key: String,
    value: String,
}

/// Reads a whole small body, of an answer with `status`.
pub(in crate::qualys) fn read(status: u16, body: Vec<u8>) -> Result<Document, Fault> {
    let document = match root(&body) {
        Root::Element(name) => read_element(status, name, body)?,
        _ if !(200..300).contains(&status) => return Err(without_code(status, Text::default())),
        Root::Empty => return Err(Fault::plain(Kind::Empty)),
        Root::Html => return Err(Fault::plain(Kind::Html)),
        Root::Unfinished => return Err(unfinished(&body)),
        Root::Zip => Document::Other("a zip archive".into()),
        Root::Unknown => Document::Other("not XML".into()),
    };
    match document {
        Document::Done(done) if !(200..300).contains(&status) => {
            Err(without_code(status, Text::of(done.text.unwrap_or_default())))
        }
        _ if !(200..300).contains(&status) => Err(without_code(status, Text::default())),
        document => Ok(document),
    }
}

/// The error that API v1 puts into a document of any kind.
pub(super) fn error(status: u16, body: &[u8]) -> Option<Refusal> {
    let document: MaybeError = parse(body).ok()?;
    Some(document.error?.refusal(status))
}

fn read_element(status: u16, name: String, body: Vec<u8>) -> Result<Document, Fault> {
    match name.as_str() {
        "SIMPLE_RETURN" => {
            let done: SimpleReturn = parse::<Envelope<_>>(&body)?.response;
            match done.refusal(status) {
                Some(refusal) => Err(refusal.into()),
                None => Ok(Document::Done(done)),
            }
        }
        "GENERIC_RETURN" => match parse::<GenericReturn>(&body)?.r#return {
            failed if !failed.status.eq_ignore_ascii_case("SUCCESS") => Err(failed.refusal(status).into()),
            done => Ok(Document::Done(SimpleReturn {
                text: Some(done.text),
                ..SimpleReturn::default()
            })),
        },
        // API v2 says its errors in a SIMPLE_RETURN.
        output if output.ends_with("_OUTPUT") => Ok(Document::Element(name, body)),
        _ => match error(status, &body) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Document::Element(name, body)),
        },
    }
}

/// Looks for the root element. Comments may stand before it.
pub(in crate::qualys) fn root(body: &[u8]) -> Root {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    if body.is_empty() {
        return Root::Empty;
    }
    if body.starts_with(b"PK\x03\x04") {
        return Root::Zip;
    }
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                let name = element.name().as_ref().to_owned();
                break match name.eq_ignore_ascii_case("html") {
                    true => Root::Html,
                    false => Root::Element(name),
                };
            }
            Ok(Event::Text(text)) if !text.trim().is_empty() => break Root::Unknown,
            Ok(Event::DocType(doctype)) if doctype.to_ascii_lowercase().starts_with("html") => break Root::Html,
            Ok(Event::Eof) | Err(XmlError::Syntax(_)) if body.starts_with(b"<") => break Root::Unfinished,
            Ok(Event::Eof) | Err(_) => break Root::Unknown,
            Ok(_) => {}
        }
    }
}

impl Document {
    /// What it is, where another one is expected.
    pub(in crate::qualys) fn found(&self) -> Text {
        match self {
            Document::Done(_) => "a SIMPLE_RETURN".into(),
            Document::Element(root, _) => Text::of(format!("<{root}>")),
            Document::Other(found) => found.clone(),
        }
    }
}

impl SimpleReturn {
    /// The id that an action made or worked on.
    pub(in crate::qualys) fn id(&self) -> Option<u64> {
        self.item("ID")?.parse().ok()
    }

    fn item(&self, key: &str) -> Option<&str> {
        let mut items = self.item_list.items.iter();
        items.find(|item| item.key == key).map(|item| item.value.trim())
    }

    fn refusal(&self, status: u16) -> Option<Refusal> {
        let code = self.code.as_deref()?.trim();
        let wait = self.item("SECONDS_TO_WAIT").and_then(|seconds| seconds.parse().ok());
        let mut text = self.text.clone().unwrap_or_default();
        for Item { key, value } in &self.item_list.items {
            text += &format!(" ({}: {})", key.trim(), value.trim());
        }
        Some(Refusal {
            status,
            code: code.parse().ok(),
            text: Text::of(text),
            wait: wait.map(limits::seconds),
            ..Refusal::default()
        })
    }
}

/// What stands around every answer of API v2.
#[derive(Deserialize)]
pub(in crate::qualys) struct Envelope<T> {
    #[serde(rename = "RESPONSE")]
    pub(in crate::qualys) response: T,
}

#[derive(Deserialize)]
struct GenericReturn {
    #[serde(rename = "RETURN")]
    r#return: OldError,
}

#[derive(Deserialize)]
struct MaybeError {
    #[serde(rename = "ERROR")]
    error: Option<OldError>,
}

/// An error in the manner of API v1.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OldError {
    #[serde(rename = "@status")]
    status: String,
    #[serde(rename = "@number")]
    number: String,
    #[serde(rename = "$text")]
    text: String,
}

impl OldError {
    fn refusal(self, status: u16) -> Refusal {
        Refusal {
            status,
            code: self.number.trim().parse().ok(),
            text: Text::of(&self.text),
            ..Refusal::default()
        }
    }
}

fn without_code(status: u16, text: Text) -> Fault {
    Fault::Refused(Refusal {
        status,
        text,
        ..Refusal::default()
    })
}

/// Reads a document whose root is known.
pub(in crate::qualys) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    quick_xml::de::from_str(&String::from_utf8_lossy(body)).map_err(|error| match error {
        DeError::UnexpectedEof
        | DeError::InvalidXml(
            XmlError::Syntax(_)
            | XmlError::IllFormed(IllFormedError::MissingEndTag(_) | IllFormedError::UnclosedReference),
        ) => unfinished(body),
        error => Fault::Unexpected {
            found: Text::of(format!("XML that can't be read ({error})")),
        },
    })
}

/// Where nothing tells the length of an answer, only the document tells that it isn't whole.
fn unfinished(body: &[u8]) -> Fault {
    Fault::CutOff {
        received: body.len() as u64,
        cause: "the document isn't at its end".into(),
    }
}

#[cfg(test)]
mod tests;
