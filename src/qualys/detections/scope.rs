//! Scope: which hosts are asked for, and which part of them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::str::FromStr;

use crate::qualys::fnv_1a;

/// What chooses hosts at Qualys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// `detections.asset_groups`: titles.
    pub asset_groups: Vec<String>,
    /// `detections.tags`: names.
    pub tags: Vec<String>,
    /// `detections.exclude_tags`: names.
    pub exclude_tags: Vec<String>,
    /// `detections.match_tags`.
    pub match_tags: TagMatch,
    /// Ranges of IPv4 addresses, where nothing else is asked for.
    pub addresses: Option<String>,
    /// Numbers of networks, where the default one isn't asked for.
    pub networks: Option<String>,
}

/// Names of asset groups or tags, separated by commas; a name may hold blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// One by one.
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }
}

impl FromStr for Names {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty());
        Ok(Names(names.map(str::to_owned).collect()))
    }
}

/// `detections.match_tags`: how many of the tags a host must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum TagMatch {
    /// One of them.
    #[default]
    Any,
    /// Every one.
    All,
}

impl Scope {
    /// As parameters of the list of hosts.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let mut add = |name, value: &str| parameters.push((name, value.to_owned()));
        if !self.asset_groups.is_empty() {
            add("ag_titles", &self.asset_groups.join(","));
        }
        if !self.tags.is_empty() {
            add("use_tags", "1");
            add("tag_set_by", "name");
            add("tag_set_include", &self.tags.join(","));
            let selector = match self.match_tags {
                TagMatch::Any => "any",
                TagMatch::All => "all",
            };
            add("tag_include_selector", selector);
            if !self.exclude_tags.is_empty() {
                add("tag_set_exclude", &self.exclude_tags.join(","));
                add("tag_exclude_selector", "any");
            }
        }
        // Tags choose hosts instead of addresses.
        if let (Some(addresses), []) = (&self.addresses, &*self.tags) {
            add("ips", addresses);
        }
        if let Some(networks) = &self.networks {
            add("network_ids", networks);
        }
        parameters
    }
}

/// `detections.shard`: which of several disjoint parts of the hosts, `2/4`.
///
/// An address alone decides where its hosts belong. The parts of several pods, each of which asks for the list by itself,
/// therefore stay disjoint and complete while hosts come and go. `0/4` is `4/4`, since an Indexed Job counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// Why a text is no [`Shard`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no part; write 2/4 for the second of four")]
pub struct ShardError(String);

impl Shard {
    pub(super) fn contains(self, address: IpAddr) -> bool {
        let bits = match address {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => address.to_bits(),
        };
        // Neighbours are spread over all parts.
        (fnv_1a(bits.to_le_bytes()) >> 32) % u64::from(self.of) + 1 == u64::from(self.number)
    }

    /// Whether it is all there is.
    pub fn is_everything(self) -> bool {
        self.of == 1
    }
}

impl Default for Shard {
    fn default() -> Self {
        Shard { number: 1, of: 1 }
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parts = text.split_once('/').and_then(|(number, of)| {
            let (number, of) = (number.trim().parse().ok()?, of.trim().parse().ok()?);
            Some(Shard { number, of })
        });
        let part = parts
            .filter(|part| part.of > 0 && part.number <= part.of)
            .map(|part| match part.number {
                0 => Shard {
                    number: part.of,
                    ..part
                },
                _ => part,
            });
        part.ok_or_else(|| ShardError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_in_one_shard_and_they_are_of_one_size() {
        let shards: Vec<Shard> = (1..=4).map(|number| format!("{number}/4").parse().unwrap()).collect();
        let addresses = (0..4000).map(|number| IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0001 + number)));
        let mut counts = [0; 4];
        for address in addresses {
            let holders: Vec<usize> = (0..4).filter(|index| shards[*index].contains(address)).collect();
            assert_eq!(holders.len(), 1, "{address}");
            counts[holders[0]] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert!(Shard::default().contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn a_shard_is_a_part_of_a_whole() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        assert_eq!("0/4".parse::<Shard>(), "4/4".parse());
        for text in ["", "2", "5/4", "x/4", "0/0", "1/0", "-1/4"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        insta::assert_snapshot!("5/4".parse::<Shard>().unwrap_err(), @"'5/4' is no part; write 2/4 for the second of four");
    }

    #[test]
    fn only_what_chooses_hosts_is_sent() {
        let by_tags = Scope {
            tags: vec!["prod".into()],
            exclude_tags: vec!["lab".into()],
            match_tags: TagMatch::All,
            addresses: Some("10.0.0.0-10.0.0.9".into()),
            ..Scope::default()
        };
        let by_addresses = Scope {
            asset_groups: vec!["Berlin".into(), "Paris".into()],
            tags: Vec::new(),
            networks: Some("7".into()),
            ..by_tags.clone()
        };
        let sent = |scope: Scope| {
            let sent = scope
                .parameters()
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"));
            sent.collect::<Vec<_>>().join("&")
        };
        insta::assert_snapshot!(sent(by_tags), @"use_tags=1&tag_set_by=name&tag_set_include=prod&tag_include_selector=all&tag_set_exclude=lab&tag_exclude_selector=any");
        insta::assert_snapshot!(sent(by_addresses), @"ag_titles=Berlin,Paris&ips=10.0.0.0-10.0.0.9&network_ids=7");
        assert!(Scope::default().parameters().is_empty());
    }
}
