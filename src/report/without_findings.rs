//! Hosts of which nothing passes a template's filters. A report names them apart, as ranges that are never expanded, in
//! APPENDICES/NO_VULNS (certain; that they were scanned is likely).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges of one report, at most; more of them are taken for every address.
const RANGES: usize = 100_000;

/// Ranges of addresses, with their first and last.
#[derive(Debug, Default)]
pub(super) struct WithoutFindings(Vec<(IpAddr, IpAddr)>);

impl WithoutFindings {
    /// Adds a range. One that can't be read may be of any address.
    pub(super) fn add(&mut self, first: Option<IpAddr>, last: Option<IpAddr>) {
        match first.zip(last).filter(|_| self.0.len() < RANGES) {
            Some(range) => self.0.push(range),
            None => self.0 = everything().into(),
        }
    }

    pub(super) fn join(&mut self, other: WithoutFindings) {
        other
            .0
            .into_iter()
            .for_each(|(first, last)| self.add(Some(first), Some(last)));
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&address))
    }
}

fn everything() -> [(IpAddr, IpAddr); 2] {
    [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::from_bits(u128::MAX).into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_hold_what_lies_between_their_ends() {
        let mut ranges = WithoutFindings::default();
        ranges.add(Some(address("10.1.0.0")), Some(address("10.1.255.255")));
        for (text, holds) in [
            ("10.1.7.7", true),
            ("10.2.0.0", false),
            ("10.0.255.255", false),
            ("::1", false),
        ] {
            assert_eq!(ranges.contains(address(text)), holds, "{text}");
        }
        let mut other = WithoutFindings::default();
        other.add(None, Some(address("10.3.0.0")));
        ranges.join(other);
        assert!(ranges.contains(address("192.0.2.1")) && ranges.contains(address("2001:db8::1")));
    }
}
