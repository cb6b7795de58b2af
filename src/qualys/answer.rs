//! Answers: the small XML documents of Qualys' API, read into types.
//!
//! An error can come with any status, 200 included, and in three shapes: SIMPLE_RETURN with a CODE (certain),
//! GENERIC_RETURN and an ERROR child (API v1, likely). So the body is looked at before the status is believed.
//! The report itself isn't read here.

use std::time::SystemTime;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::limits;
use super::refusal::Refusal;

/// Longest text of Qualys' that an error repeats, in characters.
const LONGEST_TEXT: usize = 300;

/// A document that says what was asked for.
#[derive(Debug)]
pub(super) enum Document {
    /// SIMPLE_RETURN without a CODE: done.
    Done(SimpleReturn),
    /// REPORT_LIST_OUTPUT.
    Reports(ReportList),
    /// REPORT_TEMPLATE_LIST.
    Templates(Vec<Template>),
    /// Something else: its root element.
    Other(String),
}

/// What a body begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Nothing but white space.
    Empty,
    /// A zip archive: big reports come so.
    Zip,
    /// A page for people.
    Html,
    /// An XML element.
    Element(String),
    /// Not XML, or not enough of it to tell.
    Unknown,
}

/// SIMPLE_RETURN's RESPONSE.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(super) struct SimpleReturn {
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

/// REPORT_LIST_OUTPUT's RESPONSE.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(super) struct ReportList {
    datetime: String,
    report_list: Reports,
    warning: Option<SimpleReturn>,
}

#[derive(Debug, Default, Deserialize)]
struct Reports {
    #[serde(rename = "REPORT", default)]
    reports: Vec<Report>,
}

/// One report of the list. Everything but ID may be missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) struct Report {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    launch_datetime: String,
    #[serde(default)]
    status: Status,
    /// For display only: `129.1 MB`.
    #[serde(default)]
    pub(super) size: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct Status {
    state: String,
    message: String,
    percent: String,
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Submitted, Running, and every word that we don't know.
    Running,
    Finished,
    Canceled,
    Errors,
}

/// One template of the template list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(super) struct Template {
    pub(super) id: u64,
    /// Auto (host based) or Manual (scan based).
    pub(super) r#type: String,
    /// Scan, Patch, Map …
    pub(super) template_type: String,
    pub(super) title: String,
}

/// Reads a whole small body, of an answer with `status`.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Document, Fault> {
    let document = match root(body) {
        Root::Element(name) => read_element(status, name, body)?,
        _ if !(200..300).contains(&status) => return Err(without_code(status, String::new())),
        Root::Empty => return Err(Fault::Empty),
        Root::Html => return Err(Fault::Html),
        Root::Zip => Document::Other("a zip archive".to_owned()),
        Root::Unknown => Document::Other("not XML".to_owned()),
    };
    match document {
        Document::Done(done) if !(200..300).contains(&status) => {
            Err(without_code(status, plain(&done.text.unwrap_or_default())))
        }
        _ if !(200..300).contains(&status) => Err(without_code(status, String::new())),
        document => Ok(document),
    }
}

fn read_element(status: u16, name: String, body: &[u8]) -> Result<Document, Fault> {
    match name.as_str() {
        "SIMPLE_RETURN" => {
            let done: SimpleReturn = parse::<Envelope<_>>(body)?.response;
            match done.refusal(status) {
                Some(refusal) => Err(refusal.into()),
                None => Ok(Document::Done(done)),
            }
        }
        "GENERIC_RETURN" => match parse::<GenericReturn>(body)?.r#return {
            failed if !failed.status.eq_ignore_ascii_case("SUCCESS") => Err(failed.refusal(status)),
            done => Ok(Document::Done(SimpleReturn {
                text: Some(done.text),
                ..SimpleReturn::default()
            })),
        },
        "REPORT_LIST_OUTPUT" => Ok(Document::Reports(parse::<Envelope<_>>(body)?.response)),
        "REPORT_TEMPLATE_LIST" => match parse::<TemplateList>(body)? {
            TemplateList { error: Some(error), .. } => Err(error.refusal(status)),
            list => Ok(Document::Templates(list.templates)),
        },
        _ => match parse::<MaybeError>(body) {
            Ok(MaybeError { error: Some(error) }) => Err(error.refusal(status)),
            _ => Ok(Document::Other(plain(&format!("<{name}>")))),
        },
    }
}

/// Looks for the root element. Comments may stand before it.
pub(super) fn root(body: &[u8]) -> Root {
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
            Ok(Event::Eof) | Err(_) => break Root::Unknown,
            Ok(_) => {}
        }
    }
}

impl SimpleReturn {
    /// The id that an action made or worked on.
    pub(super) fn id(&self) -> Option<u64> {
        self.item("ID")?.parse().ok()
    }

    fn item(&self, key: &str) -> Option<&str> {
        let mut items = self.item_list.items.iter();
        items.find(|item| item.key == key).map(|item| item.value.trim())
    }

    fn refusal(&self, status: u16) -> Option<Refusal> {
        let code = self.code.as_deref()?.trim();
        let wait = self.item("SECONDS_TO_WAIT").and_then(|seconds| seconds.parse().ok());
        let mut text = plain(self.text.as_deref().unwrap_or_default());
        for Item { key, value } in &self.item_list.items {
            text += &format!(" ({}: {})", plain(key), plain(value));
        }
        Some(Refusal {
            status,
            code: code.parse().ok(),
            text: shortened(text),
            wait: wait.map(limits::seconds),
            busy: false,
            hint: None,
        })
    }
}

impl ReportList {
    pub(super) fn into_reports(self) -> Vec<Report> {
        self.report_list.reports
    }

    /// Qualys' own clock.
    pub(super) fn now(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.datetime.trim()).ok()
    }

    /// The list doesn't hold everything.
    pub(super) fn is_truncated(&self) -> bool {
        self.warning.is_some()
    }
}

impl Report {
    pub(super) fn state(&self) -> State {
        match self.status.state.trim() {
            "Finished" => State::Finished,
            "Canceled" | "Cancelled" => State::Canceled,
            "Errors" | "Error" => State::Errors,
            _ => State::Running,
        }
    }

    /// The state in Qualys' words, with the progress where it is known.
    pub(super) fn progress(&self) -> String {
        let Status { state, percent, .. } = &self.status;
        match (plain(state), plain(percent)) {
            (state, _) if state.is_empty() => "no state".to_owned(),
            (state, percent) if percent.is_empty() => state,
            (state, percent) => format!("{state}, {percent} %"),
        }
    }

    pub(super) fn message(&self) -> String {
        plain(&self.status.message)
    }

    pub(super) fn launched_at(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.launch_datetime.trim()).ok()
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(rename = "RESPONSE")]
    response: T,
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

#[derive(Deserialize)]
struct TemplateList {
    #[serde(rename = "REPORT_TEMPLATE", default)]
    templates: Vec<Template>,
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
    fn refusal(self, status: u16) -> Fault {
        Fault::Refused(Refusal {
            status,
            code: self.number.trim().parse().ok(),
            text: plain(&self.text),
            wait: None,
            busy: false,
            hint: None,
        })
    }
}

fn without_code(status: u16, text: String) -> Fault {
    Fault::Refused(Refusal {
        status,
        code: None,
        text,
        wait: None,
        busy: false,
        hint: None,
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    quick_xml::de::from_str(&String::from_utf8_lossy(body)).map_err(|error| Fault::Unexpected {
        found: format!("XML that can't be read ({})", plain(&error.to_string())),
    })
}

/// Foreign text as one line that is safe to print.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    shortened(words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
