//! Host list: which hosts Qualys has in scope, without what was found on them.
//!
//! Certain: `HOST_LIST` with details, `ID_SET` without, neither where there is no host; hosts in the order of their ids;
//! WARNING 1980 at the end of a page.

use std::io::Read;
use std::net::IpAddr;
use std::time::SystemTime;

use quick_xml::events::BytesStart;

use super::error::{Error, ReadUpTo};
use super::grammar::resembles;
use super::numbers::DEFAULT_NETWORK;
use super::parser::id_min;
use super::progress::Progress;
use super::text;
use super::values::{LINE, address, date, is_stand_in, network};
use super::xml::{self, Handler};

const ROOT: &str = "HOST_LIST_OUTPUT";
/// Bytes of a text that matters; the longest is the URL of a WARNING, which repeats the call.
const TEXT: usize = 64 << 10;
/// Hosts of a page, at most: 256 MB.
const HOSTS: u64 = 4 << 20;

/// A host of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Qualys' number of it; 0 where the list doesn't say it, and then it has no address either, as nobody can ask for it.
    pub id: u64,
    /// Its address, never a stand-in; `None` where the list doesn't say it.
    pub address: Option<IpAddr>,
    /// A stand-in of 0.0.0.0/8 is all that it says: the address is one of IPv6.
    pub stand_in: bool,
    /// Qualys' network of the address.
    pub network: u32,
    /// When its last scan ended, in seconds of Unix time.
    pub scanned: Option<u32>,
}

/// What a page says besides its hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageEnd {
    /// The number of the host that the next page begins with; `None`: it is the last one.
    pub next: Option<u64>,
    /// What Qualys warns of, other than that there is another page.
    pub warning: Option<String>,
    /// The first of what isn't understood and may hold hosts.
    pub strange: Option<String>,
}

/// Reads a page of the list to its end; calls `take` with each host.
///
/// # Errors
/// Everything that makes the page useless.
pub fn read(source: impl Read, take: impl FnMut(Listed)) -> Result<PageEnd, Error> {
    let mut reader = ListReader {
        take,
        path: Vec::new(),
        text: String::new(),
        host: None,
        hosts: 0,
        code: None,
        words: String::new(),
        next: None,
        end: PageEnd::default(),
    };
    xml::read(source, &mut reader, &Progress::default())?;
    Ok(reader.end)
}

/// What holds hosts, or tells that some are missing, wherever it may stand.
const HOLDERS: [&str; 6] = ["RESPONSE", "HOST_LIST", "HOST", "ID_SET", "WARNING", "ERROR"];
/// What says which host it is.
const NAMES: [&str; 4] = ["ID", "IP", "IPV6", "HOST"];

/// An element that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListElement {
    Other,
    Root,
    Response,
    Hosts,
    Host,
    Id,
    Address,
    Ipv6,
    Network,
    Scanned,
    Ids,
    LoneId,
    Range,
    /// What means nothing where it stands, and may hold hosts.
    Strange,
    Warning,
    Code,
    Words,
    Url,
}

impl ListElement {
    fn child(self, name: &str) -> ListElement {
        use ListElement as E;
        match (self, name) {
            (E::Root, "RESPONSE") => E::Response,
            (E::Response, "HOST_LIST") => E::Hosts,
            (E::Response, "ID_SET") => E::Ids,
            (E::Response | E::Hosts, "WARNING") => E::Warning,
            (E::Hosts, "HOST") => E::Host,
            (E::Host, "ID") => E::Id,
            (E::Host, "IP") => E::Address,
            (E::Host, "IPV6") => E::Ipv6,
            (E::Host, "NETWORK_ID") => E::Network,
            (E::Host, "LAST_VM_SCANNED_DATE") => E::Scanned,
            (E::Ids, "ID") => E::LoneId,
            (E::Ids, "ID_RANGE") => E::Range,
            (E::Warning, "CODE") => E::Code,
            (E::Warning, "TEXT") => E::Words,
            (E::Warning, "URL") => E::Url,
            (E::Hosts | E::Ids, _) => E::Strange,
            (E::Root | E::Response, _) if resembles(name, &HOLDERS) => E::Strange,
            (E::Host, _) if resembles(name, &NAMES) => E::Strange,
            // Hosts in a list that nobody knows of.
            (E::Other, _) if resembles(name, &["HOST", "ID_SET"]) => E::Strange,
            _ => E::Other,
        }
    }
}

/// The host between its tags.
#[derive(Default)]
struct OpenListed {
    id: Option<u64>,
    address: Option<IpAddr>,
    ipv6: Option<IpAddr>,
    /// It has an address that can't be read, or several.
    unreadable: bool,
    network: u32,
    scanned: Option<u32>,
}

struct ListReader<F> {
    take: F,
    path: Vec<ListElement>,
    text: String,
    host: Option<OpenListed>,
    hosts: u64,
    /// Of a WARNING.
    code: Option<u32>,
    words: String,
    next: Option<u64>,
    end: PageEnd,
}

impl<F: FnMut(Listed)> Handler for ListReader<F> {
    fn start(&mut self, tag: &BytesStart<'_>, _: u64) -> Result<(), Error> {
        let name = tag.name();
        let element = match self.path.last() {
            Some(parent) => parent.child(name.as_ref()),
            None if name.as_ref() == ROOT => ListElement::Root,
            None if name.as_ref().eq_ignore_ascii_case("html") => return Err(Error::Html),
            None => return Err(Error::other_answer(name.as_ref(), ROOT)),
        };
        self.path.push(element);
        self.text.clear();
        match element {
            ListElement::Host => {
                self.host = Some(OpenListed {
                    network: DEFAULT_NETWORK,
                    ..OpenListed::default()
                });
            }
            ListElement::Strange => {
                let found = format!("<{}> where it means nothing", text::shown(name.as_ref(), LINE));
                self.note_strange(found);
            }
            ListElement::Warning => (self.code, self.words, self.next) = (None, String::new(), None),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, piece: &str) {
        let room = TEXT.saturating_sub(self.text.len());
        let fits = piece.get(..piece.floor_char_boundary(room)).unwrap_or_default();
        self.text.push_str(fits);
    }

    fn end(&mut self) -> Result<(), Error> {
        let element = self.path.pop().unwrap_or(ListElement::Other);
        let text = self.text.trim();
        match (element, &mut self.host) {
            (ListElement::Id, Some(host)) => {
                let another = text.parse().ok();
                host.unreadable |= host.id.is_some() && host.id != another;
                host.id = another;
            }
            (ListElement::Address, Some(host)) if !text.is_empty() => {
                let another = address(text);
                host.unreadable |= another.is_none() || host.address.is_some_and(|one| Some(one) != another);
                host.address = another;
            }
            (ListElement::Ipv6, Some(host)) => host.ipv6 = address(text),
            (ListElement::Network, Some(host)) => host.network = network(text),
            (ListElement::Scanned, Some(host)) => host.scanned = date(text).and_then(unix_seconds),
            (ListElement::Host, _) => self.close_host()?,
            (ListElement::LoneId, _) => self.bare(text.parse().ok(), text.parse().ok())?,
            (ListElement::Range, _) => {
                let (first, last) = text.split_once('-').unwrap_or_default();
                self.bare(first.trim().parse().ok(), last.trim().parse().ok())?;
            }
            (ListElement::Code, _) => self.code = text.parse().ok(),
            (ListElement::Words, _) => self.words = text::shown(text, LINE),
            (ListElement::Url, _) => self.next = id_min(text),
            (ListElement::Warning, _) if self.next.is_some() => self.end.next = self.next,
            (ListElement::Warning, _) if self.code == Some(1980) => return Err(Error::NoNextPage),
            (ListElement::Warning, _) => self.end.warning = Some(std::mem::take(&mut self.words)),
            _ => {}
        }
        self.text.clear();
        Ok(())
    }

    fn reached(&self, bytes: u64) -> ReadUpTo {
        ReadUpTo {
            bytes,
            hosts: self.hosts,
            last: None,
        }
    }
}

impl<F: FnMut(Listed)> ListReader<F> {
    fn close_host(&mut self) -> Result<(), Error> {
        let Some(host) = self.host.take() else { return Ok(()) };
        let address = host.address.filter(|address| !is_stand_in(address)).or(host.ipv6);
        self.take(Listed {
            id: host.id.unwrap_or_default(),
            address: address.filter(|_| host.id.is_some() && !host.unreadable),
            stand_in: host.id.is_some()
                && !host.unreadable
                && host.ipv6.is_none()
                && host.address.as_ref().is_some_and(is_stand_in),
            network: host.network,
            scanned: host.scanned,
        })
    }

    /// Hosts of which nothing is said but their numbers.
    fn bare(&mut self, first: Option<u64>, last: Option<u64>) -> Result<(), Error> {
        let (Some(first), Some(last)) = (first, last) else {
            self.note_strange("an ID that can't be read".to_owned());
            return Ok(());
        };
        for id in first..=last {
            self.take(Listed {
                id,
                address: None,
                stand_in: false,
                network: DEFAULT_NETWORK,
                scanned: None,
            })?;
        }
        Ok(())
    }

    fn note_strange(&mut self, found: String) {
        self.end.strange.get_or_insert(found);
    }

    fn take(&mut self, host: Listed) -> Result<(), Error> {
        self.hosts += 1;
        if self.hosts > HOSTS {
            return Err(Error::TooBig(self.reached(0)));
        }
        (self.take)(host);
        Ok(())
    }
}

/// A time as [`Listed::scanned`] holds it.
pub fn unix_seconds(time: SystemTime) -> Option<u32> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    since.as_secs().try_into().ok()
}

#[cfg(test)]
mod tests;
