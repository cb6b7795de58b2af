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
            (ListElement::Id, Some(host)) => host.id = text.parse().ok(),
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(response: &str) -> (Vec<Listed>, PageEnd) {
        let mut hosts = Vec::new();
        let xml = format!("<HOST_LIST_OUTPUT><RESPONSE>{response}</RESPONSE></HOST_LIST_OUTPUT>");
        let end = read(xml.as_bytes(), |host| hosts.push(host)).unwrap();
        (hosts, end)
    }

    fn shown(hosts: &[Listed]) -> String {
        let lines = hosts.iter().map(|host| {
            let unknown = if host.stand_in { "IPv6" } else { "-" };
            let address = host.address.map_or(unknown.to_owned(), |address| address.to_string());
            format!("{} {address} {} {:?}", host.id, host.network, host.scanned)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn hosts_come_with_their_true_address_in_any_order_of_elements() {
        let (hosts, end) = listed(
            "<DATETIME>2026-01-02T00:00:00Z</DATETIME><HOST_LIST>\
             <HOST><ID>9137434378</ID><IP>10.0.0.1</IP><LAST_VM_SCANNED_DATE>2026-01-01T00:00:00Z</LAST_VM_SCANNED_DATE></HOST>\
             <HOST><NETWORK_ID>7</NETWORK_ID><IPV6>2001:db8::1</IPV6><IP>0.0.0.5</IP><NEW><IP>1.1.1.1</IP></NEW><ID> 12 </ID></HOST>\
             <!-- <HOST> --><HOST><IP>0.0.0.6</IP><ID>13</ID></HOST><HOST><IP>10.0.0.2</IP></HOST></HOST_LIST>",
        );
        insta::assert_snapshot!(shown(&hosts), @r"
        9137434378 10.0.0.1 0 Some(1767225600)
        12 2001:db8::1 7 None
        13 IPv6 0 None
        0 - 0 None
        ");
        assert_eq!(end.next, None);
    }

    #[test]
    fn the_next_page_is_taken_from_a_warnings_url_whatever_else_it_says() {
        let warning = "<WARNING><CODE>1980</CODE><TEXT>more</TEXT><URL><![CDATA[\n  https://elsewhere.example/?ids=1&xid_min=3&id_min=145359\n ]]></URL></WARNING>";
        let (hosts, end) = listed(&format!("<ID_SET><ID>5</ID><ID_RANGE>7-8</ID_RANGE></ID_SET>{warning}"));
        insta::assert_snapshot!(shown(&hosts), @r"
        5 - 0 None
        7 - 0 None
        8 - 0 None
        ");
        assert_eq!(end.next, Some(145_359));
        let (_, end) = listed("<WARNING><CODE>1234</CODE><TEXT>not <![CDATA[all]]> of it</TEXT></WARNING>");
        assert_eq!((end.next, end.warning.as_deref()), (None, Some("not all of it")));
        let (_, end) = listed(&format!(
            "{warning}<WARNING><CODE>1</CODE><TEXT>other</TEXT><URL>https://docs.example/</URL></WARNING>"
        ));
        assert_eq!((end.next, end.warning.as_deref()), (Some(145_359), Some("other")));
        let nowhere = "<HOST_LIST_OUTPUT><RESPONSE><WARNING><CODE>1980</CODE></WARNING></RESPONSE></HOST_LIST_OUTPUT>";
        assert!(matches!(read(nowhere.as_bytes(), |_| {}), Err(Error::NoNextPage)));
    }

    #[test]
    fn what_may_hold_hosts_and_is_not_understood_is_said() {
        let found = |response: &str| listed(response).1.strange.unwrap_or_default();
        for (response, strange) in [
            (
                "<HOST_LIST><Host><ID>1</ID></Host></HOST_LIST>",
                "<Host> where it means nothing",
            ),
            ("<HOST_LIST><x:HOST/></HOST_LIST>", "<x:HOST> where it means nothing"),
            (
                "<HOST_LIST><ERROR>no</ERROR></HOST_LIST>",
                "<ERROR> where it means nothing",
            ),
            ("<host_list/>", "<host_list> where it means nothing"),
            ("<ERROR>no</ERROR>", "<ERROR> where it means nothing"),
            (
                "<HOST_LIST><HOST><ID>1</ID><ip>10.0.0.1</ip></HOST></HOST_LIST>",
                "<ip> where it means nothing",
            ),
            ("<ID_SET><ID>x</ID></ID_SET>", "an ID that can't be read"),
            ("<ID_SET><ID_RANGE>5</ID_RANGE></ID_SET>", "an ID that can't be read"),
            (
                "<HOST_LIST><HOST><ID>1</ID><NEW/><OS>x</OS></HOST></HOST_LIST><NEWS/>",
                "",
            ),
        ] {
            assert_eq!(found(response), strange, "{response}");
        }
        let warned =
            "<HOST_LIST><HOST><ID>1</ID></HOST><WARNING><CODE>1980</CODE><URL>?id_min=2</URL></WARNING></HOST_LIST>";
        assert_eq!(listed(warned).1.next, Some(2));
    }

    #[test]
    fn an_address_that_can_not_be_read_is_none() {
        let host = |address: &str| {
            let (hosts, _) = listed(&format!("<HOST_LIST><HOST><ID>1</ID>{address}</HOST></HOST_LIST>"));
            (hosts[0].address.map(|address| address.to_string()), hosts[0].stand_in)
        };
        let none = (None, false);
        assert_eq!(host("<IP>10.0.0.01</IP><IPV6>2001:db8::1</IPV6>"), none);
        assert_eq!(host("<IP>10.0.0.1</IP><IP>10.0.0.2</IP>"), none);
        assert_eq!(
            host("<IP>10.0.0.1</IP><IP>10.0.0.1</IP>"),
            (Some("10.0.0.1".to_owned()), false)
        );
        assert_eq!(
            host("<IP/><IPV6>2001:db8::1</IPV6>"),
            (Some("2001:db8::1".to_owned()), false)
        );
    }

    #[test]
    fn a_range_without_an_end_is_too_much() {
        let range = "<HOST_LIST_OUTPUT><RESPONSE><ID_SET><ID_RANGE>1-18446744073709551615</ID_RANGE></ID_SET></RESPONSE></HOST_LIST_OUTPUT>";
        assert!(matches!(read(range.as_bytes(), |_| {}), Err(Error::TooBig(_))));
    }

    #[test]
    fn no_host_and_another_answer_are_told_apart() {
        assert_eq!(listed("<DATETIME>2026-01-02T00:00:00Z</DATETIME>").0, []);
        let other = read(&b"<SIMPLE_RETURN/>"[..], |_| {}).unwrap_err();
        insta::assert_snapshot!(other, @"the answer's root element is SIMPLE_RETURN, not HOST_LIST_OUTPUT");
    }

    const PAGE: &str = "<HOST_LIST_OUTPUT><RESPONSE><HOST_LIST><HOST><ID>1</ID><IP>10.0.0.1</IP></HOST></HOST_LIST>\
        <WARNING><CODE>1980</CODE><URL>?id_min=2</URL></WARNING></RESPONSE></HOST_LIST_OUTPUT>";

    #[test]
    fn a_page_cut_off_anywhere_is_never_used() {
        for cut in 1..PAGE.len() {
            let error = read(&PAGE.as_bytes()[..cut], |_| {}).unwrap_err();
            assert!(error.is_cut_off(), "cut at {cut}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_is_a_panic(place in 0..PAGE.len(), byte: u8) {
            let mut damaged = PAGE.as_bytes().to_vec();
            damaged[place] = byte;
            let _ = read(&damaged[..], |_| {});
        }
    }
}
