//! Values: how a report writes addresses, ports, kinds and the like, and what is made of odd ones.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::SystemTime;

use super::finding::{Kind, Protocol, Status};
use super::numbers::NO_NETWORK;
use super::remarks::{Remark, Remarks};
use super::text;

/// Bytes of a name, a short text, a word in a remark.
pub(super) const LINE: usize = 1024;

pub(super) fn qid(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|qid| *qid > 0)
}

/// Qualys' network of an address; [`NO_NETWORK`] where it isn't a number.
pub(super) fn network(text: &str) -> u32 {
    text.trim().parse().unwrap_or(NO_NETWORK)
}

/// An IPv4 address in the clothes of IPv6 is taken for what it is.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// A scan says in words that there is no name.
pub(super) fn host_name(text: &str) -> String {
    match text::line(text, LINE) {
        name if name.eq_ignore_ascii_case("No registered hostname") => String::new(),
        name => name,
    }
}

/// None for 0 and for what is no port.
pub(super) fn port(text: &str) -> Option<NonZeroU16> {
    text.trim().parse().ok()
}

pub(super) fn protocol(text: &str) -> Option<Protocol> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("tcp") => Some(Protocol::Tcp),
        text if text.eq_ignore_ascii_case("udp") => Some(Protocol::Udp),
        _ => None,
    }
}

/// None where nothing says it.
pub(super) fn kind(text: &str, remarks: &mut Remarks) -> Option<Kind> {
    match text {
        "Vuln" | "Confirmed" => Some(Kind::Confirmed),
        "Practice" | "Potential" => Some(Kind::Potential),
        "Ig" | "Info" => Some(Kind::Information),
        unknown => {
            remarks.add(Remark::UnknownType(text::shown(unknown, LINE).into()), 1);
            None
        }
    }
}

/// What a `VULN_STATUS`, or a detection's `STATUS`, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum StatusText {
    /// There is none, or it is empty.
    #[default]
    Nothing,
    /// One of the four.
    Status(Status),
    /// A word that nobody knows.
    Unknown,
}

pub(super) fn status(text: &str, remarks: &mut Remarks) -> StatusText {
    match text {
        "" => StatusText::Nothing,
        "New" => StatusText::Status(Status::New),
        "Active" => StatusText::Status(Status::Active),
        "Re-Opened" | "Reopened" => StatusText::Status(Status::Reopened),
        "Fixed" => StatusText::Status(Status::Fixed),
        // Qualys' own texts write them in capitals too, without the hyphen.
        "NEW" => StatusText::Status(Status::New),
        "ACTIVE" => StatusText::Status(Status::Active),
        "FIXED" => StatusText::Status(Status::Fixed),
        other
            if ["reopened", "re-opened"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(other)) =>
        {
            StatusText::Status(Status::Reopened)
        }
        unknown => {
            remarks.add(Remark::UnknownStatus(text::shown(unknown, LINE).into()), 1);
            StatusText::Unknown
        }
    }
}

/// Whether Qualys puts an address in the place of an IPv6 address.
pub(super) fn is_stand_in(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets()[0] == 0)
}

/// The number, if it is one of Qualys' five.
pub(super) fn severity(text: &str) -> Option<u8> {
    text.trim().parse().ok().filter(|severity| (1..=5).contains(severity))
}

/// Whether a text is the id of a CVE: `CVE-YYYY-NNNN` with four digits or more, or `CAN-`, as candidates were once called.
pub(super) fn is_cve(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .get(..4)
        .filter(|start| ["CVE-", "CAN-"].iter().any(|known| known.eq_ignore_ascii_case(start)));
    let number = number.and_then(|_| text.get(4..)?.split_once('-'));
    number.is_some_and(|(year, serial)| {
        year.len() == 4 && digits(year) && (4..=19).contains(&serial.len()) && digits(serial)
    })
}

pub(super) fn date(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

pub(super) fn some_line(text: &str) -> Option<String> {
    Some(text::shown(text, LINE)).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_cve_has_a_year_and_four_digits_at_least() {
        assert!(
            ["CVE-2014-0160", "cve-2026-1234567", "CAN-1999-0524"]
                .into_iter()
                .all(is_cve)
        );
        for bad in [
            "CVE-banana",
            "CVE-14-0160",
            "CVE-2014-016",
            "CVE-2014-01x0",
            "CVE-2014",
            "",
            "CVÉ-2014-0160",
        ] {
            assert!(!is_cve(bad), "{bad}");
        }
    }

    #[test]
    fn odd_values_are_taken_sensibly() {
        assert_eq!(port(" 443 ").map(NonZeroU16::get), Some(443));
        assert!(
            ["0", "65536", "-1", "http", ""]
                .into_iter()
                .all(|text| port(text).is_none())
        );
        assert_eq!(
            (protocol("TCP"), protocol(" udp"), protocol("icmp")),
            (Some(Protocol::Tcp), Some(Protocol::Udp), None)
        );
        assert_eq!((qid("38173"), qid("0"), qid("qid_7")), (Some(38_173), None, None));
        assert_eq!(address(" ::ffff:10.0.0.1 "), "10.0.0.1".parse().ok());
        assert!(
            ["10.0.0.01", "10.0.0.0/8", "host.example", ""]
                .into_iter()
                .all(|text| address(text).is_none())
        );
        assert_eq!((network("12"), network("-100"), network("x")), (12, u32::MAX, u32::MAX));
        assert_eq!(
            (host_name(" a.example "), host_name("No registered hostname")),
            ("a.example".into(), String::new())
        );
        assert_eq!(
            date("2014-09-29T12:00:00Z"),
            Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_411_992_000))
        );
        assert_eq!(date("09/29/2014"), None);
    }
}
