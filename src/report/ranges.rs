//! Address ranges as users write them: addresses, prefixes, and dashed ranges across octets.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};

use super::intervals::Intervals;

/// `selection.ip_ranges`: `192.168.1.0/24, 10.0.0.5-10.0.2.7 2001:db8::/32`, separated by commas or white space.
/// Empty: every address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Intervals<IpAddr>);

/// Why a text is no address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Neither an address, nor a prefix, nor a dashed range.
    #[error("'{0}' is no address range; write 192.168.1.7, 192.168.1.0/24, or 192.168.1.5-192.168.2.9")]
    Unreadable(String),
    /// The address of a prefix names a host in it.
    #[error("{given} has host bits set; did you mean {network}?")]
    HostBits {
        /// The prefix as written.
        given: String,
        /// The network that the host lies in.
        network: IpNet,
    },
    /// A dashed range from one address family to the other.
    #[error("{0} begins in one address family and ends in the other")]
    TwoFamilies(String),
    /// A dashed range that ends before it begins.
    #[error("{given} ends before it begins; did you mean {last}-{first}?")]
    Backwards {
        /// The range as written.
        given: String,
        /// What is written first.
        first: IpAddr,
        /// What is written last.
        last: IpAddr,
    },
}

impl Ranges {
    /// Whether `address` is inside one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.0.contains(address)
    }
}

impl Ranges {
    /// As dashed ranges of IPv4 addresses; `None` if there are none, or others too.
    pub fn ipv4(&self) -> Option<String> {
        let texts = self.0.iter().map(|(first, last)| match (first, first == last) {
            (IpAddr::V6(_), _) => None,
            (_, true) => Some(first.to_string()),
            (_, false) => Some(format!("{first}-{last}")),
        });
        let texts: Option<Vec<_>> = texts.collect();
        texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join(","))
    }
}

impl FromStr for Ranges {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        Intervals::read(text, range).map(Ranges)
    }
}

/// First and last address of what one item says.
fn range(item: &str) -> Result<(IpAddr, IpAddr), RangeError> {
    let unreadable = || RangeError::Unreadable(item.to_owned());
    if item.contains('/') {
        let prefix: IpNet = item.parse().map_err(|_| unreadable())?;
        if prefix != prefix.trunc() {
            return Err(RangeError::HostBits {
                given: item.to_owned(),
                network: prefix.trunc(),
            });
        }
        return Ok((prefix.network(), prefix.broadcast()));
    }
    let (first, last) = item.split_once('-').unwrap_or((item, item));
    let first: IpAddr = first.parse().map_err(|_| unreadable())?;
    let last: IpAddr = last.parse().map_err(|_| unreadable())?;
    if first.is_ipv4() != last.is_ipv4() {
        return Err(RangeError::TwoFamilies(item.to_owned()));
    }
    if first > last {
        return Err(RangeError::Backwards {
            given: item.to_owned(),
            first,
            last,
        });
    }
    Ok((first, last))
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            if first == last {
                write!(f, "{separator}{first}")?;
            } else if let Some(prefix) = prefix(first, last) {
                write!(f, "{separator}{prefix}")?;
            } else {
                write!(f, "{separator}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

/// The prefix that holds exactly the addresses from `first` to `last`.
fn prefix(first: IpAddr, last: IpAddr) -> Option<IpNet> {
    let mut prefixes: IpSubnets = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => Ipv4Subnets::new(first, last, 0).into(),
        (IpAddr::V6(first), IpAddr::V6(last)) => Ipv6Subnets::new(first, last, 0).into(),
        _ => return None,
    };
    let only = prefixes.next()?;
    prefixes.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(text: &str) -> Ranges {
        text.parse().unwrap()
    }

    fn refused(text: &str) -> String {
        text.parse::<Ranges>().unwrap_err().to_string()
    }

    #[test]
    fn every_spelling_of_the_old_guide_is_read() {
        let ranges = ranges("192.168.1.7,10.1.0.0/16\n192.168.1.234 - 192.168.2.2  2001:db8::/32");
        for inside in [
            "192.168.1.7",
            "10.1.255.255",
            "192.168.1.234",
            "192.168.2.0",
            "2001:db8::1",
        ] {
            assert!(ranges.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "192.168.1.8",
            "10.2.0.0",
            "192.168.1.233",
            "192.168.2.3",
            "2001:db9::",
            "::",
        ] {
            assert!(!ranges.contains(outside.parse().unwrap()), "{outside}");
        }
        assert_eq!(
            ranges.to_string(),
            "10.1.0.0/16, 192.168.1.7, 192.168.1.234-192.168.2.2, 2001:db8::/32"
        );
    }

    #[test]
    fn none_written_means_every_address() {
        assert!(ranges(" , ").contains("10.0.0.1".parse().unwrap()));
        assert_eq!(ranges(" , ").to_string(), "");
    }

    #[test]
    fn a_mistake_is_answered_with_what_was_probably_meant() {
        insta::assert_snapshot!(refused("192.168.1.5/24"), @"192.168.1.5/24 has host bits set; did you mean 192.168.1.0/24?");
        insta::assert_snapshot!(refused("10.0.0.9-10.0.0.1"), @"10.0.0.9-10.0.0.1 ends before it begins; did you mean 10.0.0.1-10.0.0.9?");
        insta::assert_snapshot!(refused("10.0.0.1-2001:db8::"), @"10.0.0.1-2001:db8:: begins in one address family and ends in the other");
        insta::assert_snapshot!(refused("10.0.0.1, 10.0.0.300"), @"'10.0.0.300' is no address range; write 192.168.1.7, 192.168.1.0/24, or 192.168.1.5-192.168.2.9");
        assert!(refused("10.0.0.0/33").starts_with("'10.0.0.0/33' is no address range"));
        assert!(refused("10.0.0.1-5").starts_with("'10.0.0.1-5' is no address range"));
    }

    /// One item as text, and what it means, by the plainest reading there is.
    fn item() -> impl Strategy<Value = (String, u128, u128)> {
        let address = |v6: bool, number: u32| -> IpAddr {
            match v6 {
                false => IpAddr::V4(number.into()),
                true => IpAddr::V6(u128::from(number).into()),
            }
        };
        (any::<bool>(), 0u32..2048, 0u32..2048, 0u8..12, 0u8..3).prop_map(move |(v6, one, two, bits, form)| {
            let (first, last) = (one.min(two), one.max(two));
            let mask = (1 << bits) - 1;
            let width = if v6 { 128 } else { 32 };
            let (text, first, last) = match form {
                0 => (address(v6, first).to_string(), first, first),
                1 => (format!("{}-{}", address(v6, first), address(v6, last)), first, last),
                _ => (
                    format!("{}/{}", address(v6, one & !mask), width - bits),
                    one & !mask,
                    one | mask,
                ),
            };
            let family = u128::from(v6) << 64;
            (text, family + u128::from(first), family + u128::from(last))
        })
    }

    proptest! {
        #[test]
        fn ranges_agree_with_a_naive_reading(items in prop::collection::vec(item(), 1..8), v6: bool, number in 0u32..3000) {
            let text = items.iter().map(|(text, ..)| text.as_str()).collect::<Vec<_>>().join(", ");
            let ranges = ranges(&text);
            let address = if v6 { IpAddr::V6(u128::from(number).into()) } else { IpAddr::V4(number.into()) };
            let flat = (u128::from(v6) << 64) + u128::from(number);
            prop_assert_eq!(ranges.contains(address), items.iter().any(|(_, first, last)| (*first..=*last).contains(&flat)));
            prop_assert_eq!(ranges.to_string().parse(), Ok(ranges));
        }
    }
}
