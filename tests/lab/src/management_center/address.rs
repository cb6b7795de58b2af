//! Addresses in commands: one, or a list of addresses, CIDR blocks and dashed ranges, `!` before what is left out.
//!
//! The forms are certain, the exclamation mark is likely.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// What a list covers: everything included, except what is excluded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AddressList {
    included: Vec<RangeInclusive<IpAddr>>,
    excluded: Vec<RangeInclusive<IpAddr>>,
}

impl AddressList {
    /// Reads a list. The error is the part that isn't an address.
    pub(crate) fn parse(list: &str) -> Result<Self, &str> {
        let mut parsed = Self::default();
        for part in list.split(',') {
            let part = part.trim();
            let (ranges, text) = match part.strip_prefix('!') {
                Some(text) => (&mut parsed.excluded, text.trim()),
                None => (&mut parsed.included, part),
            };
            ranges.push(range(text).ok_or(part)?);
        }
        Ok(parsed)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let within = |ranges: &[RangeInclusive<IpAddr>]| ranges.iter().any(|range| range.contains(&address));
        within(&self.included) && !within(&self.excluded)
    }

    /// What to search; the excluded is still to be left out with [`AddressList::contains`].
    pub(crate) fn included(&self) -> &[RangeInclusive<IpAddr>] {
        &self.included
    }

    /// Every address. Grows with the list: for small ones.
    pub(crate) fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.included
            .iter()
            .flat_map(|range| {
                let address = |number| match range.start() {
                    IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(number as u32)),
                    IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(number)),
                };
                (number(*range.start())..=number(*range.end())).map(address)
            })
            .filter(|address| self.contains(*address))
    }
}

/// Whether the text is a MAC address: six pairs of hexadecimal digits.
pub(crate) fn is_mac(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { ':' };
    let pairs: Vec<&str> = text.split(separator).collect();
    pairs.len() == 6
        && pairs
            .iter()
            .all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn range(text: &str) -> Option<RangeInclusive<IpAddr>> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last): (IpAddr, IpAddr) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        return (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(first..=last);
    }
    let Some((network, prefix)) = text.split_once('/') else {
        let address: IpAddr = text.parse().ok()?;
        return Some(address..=address);
    };
    let prefix: u32 = prefix.parse().ok()?;
    match network.parse().ok()? {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
            let first = address.to_bits() & !host;
            (prefix <= 32)
                .then(|| IpAddr::V4(Ipv4Addr::from_bits(first))..=IpAddr::V4(Ipv4Addr::from_bits(first | host)))
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
            let first = address.to_bits() & !host;
            (prefix <= 128)
                .then(|| IpAddr::V6(Ipv6Addr::from_bits(first))..=IpAddr::V6(Ipv6Addr::from_bits(first | host)))
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(list: &str) -> Result<String, String> {
        let addresses = AddressList::parse(list)?;
        let texts: Vec<String> = addresses.iter().map(|address| address.to_string()).collect();
        Ok(texts.join(" "))
    }

    #[test]
    fn every_documented_form_is_read() {
        assert_eq!(
            all("192.0.2.8/31, 192.0.2.1-192.0.2.3,2001:db8::/127,!192.0.2.2"),
            Ok("192.0.2.8 192.0.2.9 192.0.2.1 192.0.2.3 2001:db8:: 2001:db8::1".to_owned())
        );
        let everything = AddressList::parse("0.0.0.0/0").unwrap();
        assert!(everything.contains([255, 255, 255, 255].into()));
    }

    #[test]
    fn what_is_not_an_address_is_named() {
        for wrong in [
            "",
            "host.example",
            "192.0.2.256",
            "192.0.2.0/33",
            "192.0.2.9-192.0.2.1",
            "192.0.2.1-2001:db8::1",
            "!",
        ] {
            assert_eq!(all(&format!("192.0.2.1,{wrong}")), Err(wrong.to_owned()), "{wrong:?}");
        }
    }

    #[test]
    fn a_mac_address_is_six_pairs() {
        assert!(is_mac("00:1a:2B:3c:4d:5e") && is_mac("00-1a-2b-3c-4d-5e"));
        assert!(!is_mac("") && !is_mac("00:1a:2b:3c:4d") && !is_mac("00:1a:2b:3c:4d:5g"));
    }
}
