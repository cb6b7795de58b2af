//! Answers: how they look in Qualys' XML, old and new, and what they become in HTTP.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::{Response, StatusCode, Version};

use super::body::{Line, Payload};
use super::call::{Call, Place};
use super::codes;
use super::encode;
use super::fault::Transfer;
use super::library::Content;
use super::limits::{Pass, Refusal};
use super::options::Reply;
use crate::report::xml::Xml;

const API: &str = "https://qualysapi.lab.example";

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
    pub(super) length: Option<u64>,
    /// Qualys' code, for the journal.
    pub(super) code: Option<u32>,
    pub(super) pass: Option<Pass>,
}

/// Why a call isn't done.
#[derive(Debug)]
pub(super) struct Refused {
    reply: Reply,
    text: Option<String>,
    items: Vec<(&'static str, String)>,
}

/// A call that wants to see itself in the answer.
pub(super) struct Echo<'a> {
    pub(super) call: &'a Call,
    pub(super) user: &'a str,
    pub(super) date: &'a str,
}

impl Answer {
    pub(super) fn new(status: u16, kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            status,
            headers: vec![("content-type", kind.to_owned())],
            length: Some(bytes.len() as u64),
            content: Box::new(std::iter::once(Ok(bytes))),
            code: None,
            pass: None,
        }
    }

    pub(super) fn xml(status: u16, xml: Xml) -> Self {
        Self::new(status, "text/xml", xml.into_bytes())
    }

    /// A page for people, as the edge and the login page answer.
    pub(super) fn page(status: u16, title: &str) -> Self {
        let page =
            format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        Self::new(status, "text/html", page)
    }

    /// A document that isn't the report.
    pub(super) fn other_root(root: &str) -> Self {
        let mut xml = Xml::document(root, &format!("{API}/{}.dtd", root.to_lowercase()));
        xml.within(root, |xml| {
            xml.within("HEADER", |xml| xml.text("NAME", "Not the report you look for"));
        });
        Self::new(200, "application/xml", xml.into_bytes())
    }

    /// A report that says nothing but that it failed.
    pub(super) fn error_report() -> Self {
        let mut answer = Self::xml(200, legacy_error("ASSET_DATA_REPORT", 999, codes::text(999)));
        answer.code = Some(999);
        answer
    }

    /// A success of the current API.
    pub(super) fn done(date: &str, echo: Option<&Echo<'_>>, text: &str, items: &[(&str, String)]) -> Self {
        Self::xml(200, simple_return(date, echo, None, text, items))
    }

    /// Packs the content as gzip, for a client that takes it.
    pub(super) fn compress(&mut self, takes_gzip: bool) {
        if takes_gzip && self.status == 200 {
            let plain = std::mem::replace(&mut self.content, Box::new(std::iter::empty()));
            self.content = encode::gzip(plain);
            self.length = None;
            self.headers.push(("content-encoding", "gzip".to_owned()));
        }
    }

    /// As HTTP, with what goes wrong in the transfer.
    pub(super) fn into_response(self, transfers: Vec<Transfer>, line: Arc<Line>) -> Response<Payload> {
        let close = transfers
            .iter()
            .any(|transfer| matches!(transfer, Transfer::CutClose(_)));
        let chunked = close
            || transfers
                .iter()
                .any(|transfer| matches!(transfer, Transfer::CutChunked(_)));
        let announced = transfers.iter().find_map(|transfer| match transfer {
            Transfer::Length(length) => Some(*length),
            _ => None,
        });
        let length = self.length.filter(|_| !chunked && announced.is_none());
        let payload = Payload::new(self.content, length, self.pass, line).with(transfers);
        let mut response = Response::new(payload);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(announced) = announced {
            response.headers_mut().insert(CONTENT_LENGTH, announced.into());
        }
        if close {
            *response.version_mut() = Version::HTTP_10;
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

impl Refused {
    /// The same, with another HTTP status than the code's usual one.
    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.reply.status = Some(status);
        self
    }

    pub(super) fn new(code: u32, text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::from(Reply { code, status: None })
        }
    }

    /// In the shape that the call's caller expects.
    pub(super) fn answer(&self, call: &Call, date: &str) -> Answer {
        let Reply { code, status } = self.reply;
        let text = self.text.as_deref().unwrap_or_else(|| codes::text(code));
        let usual = codes::status(code);
        let (status, xml) = match call.place {
            Place::AssetDataReport => legacy(status, usual, "ASSET_DATA_REPORT", code, text, date),
            Place::TemplateList => legacy(status, usual, "REPORT_TEMPLATE_LIST", code, text, date),
            _ => {
                let xml = simple_return(date, None, Some(code), text, &self.items);
                (status.unwrap_or(usual), xml)
            }
        };
        let mut answer = Answer::xml(status, xml);
        answer.code = Some(code);
        answer
    }
}

impl From<Reply> for Refused {
    fn from(reply: Reply) -> Self {
        let items = match reply.code {
            999 => vec![("Incident Signature", "Tried to launch invalid report.".to_owned())],
            _ => Vec::new(),
        };
        Self {
            reply,
            text: None,
            items,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (code, item) = match refusal {
            Refusal::Busy { calls } => (1960, ("CALLS_TO_FINISH", calls.to_string())),
            Refusal::Throttled { seconds } => (1965, ("SECONDS_TO_WAIT", seconds.to_string())),
        };
        Self {
            reply: Reply { code, status: None },
            text: None,
            items: vec![item],
        }
    }
}

/// An answer of the old calls: most errors come with status 200, in one of two shapes.
fn legacy(status: Option<u16>, usual: u16, root: &str, code: u32, text: &str, date: &str) -> (u16, Xml) {
    let general = matches!(usual, 401 | 403 | 409);
    let status = status.unwrap_or(if general { usual } else { 200 });
    if !general {
        return (status, legacy_error(root, code, text));
    }
    let mut xml = Xml::document("GENERIC_RETURN", &format!("{API}/generic_return.dtd"));
    xml.within("GENERIC_RETURN", |xml| {
        xml.raw(&format!(
            "  <API name=\"{}.php\" at=\"{date}\" />\n",
            root.to_lowercase()
        ));
        xml.raw(&format!(
            "  <RETURN status=\"FAILED\" number=\"{code}\">{text}</RETURN>\n"
        ));
    });
    (status, xml)
}

fn legacy_error(root: &str, code: u32, text: &str) -> Xml {
    let mut xml = Xml::document(root, &format!("{API}/{}.dtd", root.to_lowercase()));
    xml.within(root, |xml| {
        xml.raw(&format!("  <ERROR number=\"{code}\">{text}</ERROR>\n"));
    });
    xml
}

fn simple_return(date: &str, echo: Option<&Echo<'_>>, code: Option<u32>, text: &str, items: &[(&str, String)]) -> Xml {
    let mut xml = Xml::document("SIMPLE_RETURN", &format!("{API}/api/2.0/simple_return.dtd"));
    xml.within("SIMPLE_RETURN", |xml| {
        if let Some(echo) = echo {
            request(xml, echo);
        }
        xml.within("RESPONSE", |xml| {
            xml.plain("DATETIME", date);
            code.iter().for_each(|code| xml.number("CODE", code));
            xml.text("TEXT", text);
            if !items.is_empty() {
                xml.within("ITEM_LIST", |xml| {
                    items.iter().for_each(|(key, value)| item(xml, "ITEM", key, value));
                });
            }
        });
    });
    xml
}

/// The call itself, for whoever asked to see it.
pub(super) fn request(xml: &mut Xml, echo: &Echo<'_>) {
    xml.within("REQUEST", |xml| {
        xml.plain("DATETIME", echo.date);
        xml.text("USER_LOGIN", echo.user);
        xml.text("RESOURCE", &format!("{API}{}", echo.call.path));
        xml.within("PARAM_LIST", |xml| {
            for (key, value) in &echo.call.parameters {
                item(xml, "PARAM", key, value);
            }
        });
    });
}

fn item(xml: &mut Xml, name: &str, key: &str, value: &str) {
    xml.within(name, |xml| {
        xml.text("KEY", key);
        xml.text("VALUE", value);
    });
}
