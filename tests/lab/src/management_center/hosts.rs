//! The hosts of the network map, and their limit.
//!
//! At the limit the host that was inactive longest makes room, or the new host isn't inserted (both certain, the
//! first is the default). What counts as activity of a host is a guess: here, every command that changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::address::AddressList;
use super::network_map::OperatingSystem;
use super::results::{NameNumber, StoredResult};

/// What happens to a new host at the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum AtHostLimit {
    /// The host that was inactive longest makes room.
    #[default]
    Drop,
    /// The new host isn't inserted.
    Refuse,
}

/// All hosts.
#[derive(Debug)]
pub(crate) struct Hosts {
    entries: BTreeMap<IpAddr, HostEntry>,
    /// The longest inactive first.
    by_activity: BTreeMap<u64, IpAddr>,
    mac_only: BTreeSet<String>,
    clock: u64,
    limit: usize,
    at_limit: AtHostLimit,
}

/// One host.
#[derive(Debug)]
pub(crate) struct HostEntry {
    pub(crate) origin: Origin,
    pub(crate) details: Option<Box<Details>>,
    /// By scanner, none of them empty.
    pub(crate) results: Vec<(NameNumber, Vec<StoredResult>)>,
    last_active: u64,
}

/// Where a host came from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) discovered: bool,
    pub(crate) added_by: Option<Arc<str>>,
    pub(crate) domain: Arc<str>,
}

/// What only few hosts have.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) mac: Option<String>,
    pub(crate) os: Option<OperatingSystem>,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// What became of a host that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was there before.
    Known,
    New,
    /// New, in the place of another.
    Replacing,
    Refused,
}

impl Hosts {
    pub(crate) fn new(limit: usize, at_limit: AtHostLimit) -> Self {
        Self {
            entries: BTreeMap::new(),
            by_activity: BTreeMap::new(),
            mac_only: BTreeSet::new(),
            clock: 0,
            limit,
            at_limit,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&IpAddr, &HostEntry)> {
        self.entries.iter()
    }

    pub(crate) fn mac_only(&self) -> &BTreeSet<String> {
        &self.mac_only
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() + self.mac_only.len() >= self.limit
    }

    pub(crate) fn add(&mut self, address: IpAddr, origin: &Origin) -> Added {
        if self.active(address).is_some() {
            return Added::Known;
        }
        let added = self.make_room();
        if added != Added::Refused {
            self.clock += 1;
            self.by_activity.insert(self.clock, address);
            let entry = HostEntry {
                origin: origin.clone(),
                details: None,
                results: Vec::new(),
                last_active: self.clock,
            };
            self.entries.insert(address, entry);
        }
        added
    }

    /// A host without address. It counts like the others (certain) but never makes room (a simplification).
    pub(crate) fn add_mac_only(&mut self, mac: &str) -> Added {
        if self.mac_only.contains(mac) {
            return Added::Known;
        }
        let added = self.make_room();
        if added != Added::Refused {
            self.mac_only.insert(mac.to_owned());
        }
        added
    }

    /// The host, which now counts as active.
    pub(crate) fn active(&mut self, address: IpAddr) -> Option<&mut HostEntry> {
        let entry = self.entries.get_mut(&address)?;
        self.clock += 1;
        self.by_activity.remove(&entry.last_active);
        self.by_activity.insert(self.clock, address);
        entry.last_active = self.clock;
        Some(entry)
    }

    /// Addresses of the hosts that a list covers.
    pub(crate) fn covered(&self, list: &AddressList) -> Vec<IpAddr> {
        let mut covered: Vec<IpAddr> = list
            .included()
            .iter()
            .flat_map(|range| self.entries.range(range.clone()))
            .map(|(address, _)| *address)
            .filter(|address| list.contains(*address))
            .collect();
        covered.sort_unstable();
        covered.dedup();
        covered
    }

    pub(crate) fn remove(&mut self, address: IpAddr) {
        if let Some(entry) = self.entries.remove(&address) {
            self.by_activity.remove(&entry.last_active);
        }
    }

    pub(crate) fn remove_mac_only(&mut self, mac: &str) -> bool {
        self.mac_only.remove(mac)
    }

    fn make_room(&mut self) -> Added {
        if !self.is_full() {
            return Added::New;
        }
        if self.at_limit == AtHostLimit::Refuse {
            return Added::Refused;
        }
        let Some((_, longest_inactive)) = self.by_activity.pop_first() else {
            return Added::Refused;
        };
        self.entries.remove(&longest_inactive);
        Added::Replacing
    }
}

impl HostEntry {
    pub(crate) fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// One scanner's results.
    pub(crate) fn results_of(&mut self, scanner: NameNumber) -> &mut Vec<StoredResult> {
        let place = match self.results.iter().position(|(of, _)| *of == scanner) {
            Some(place) => place,
            None => {
                // Most hosts have one scanner: no room for four.
                self.results.reserve_exact(1);
                self.results.push((scanner, Vec::new()));
                self.results.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.results[place].1
    }

    /// Forgets scanners without results.
    pub(crate) fn tidy(&mut self) {
        self.results.retain(|(_, results)| !results.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            discovered: false,
            added_by: None,
            domain: "Global".into(),
        }
    }

    fn hosts(at_limit: AtHostLimit) -> Hosts {
        let mut hosts = Hosts::new(2, at_limit);
        for last in 1..=2 {
            assert_eq!(hosts.add([192, 0, 2, last].into(), &origin()), Added::New);
        }
        hosts
    }

    fn addresses(hosts: &Hosts) -> Vec<String> {
        hosts.iter().map(|(address, _)| address.to_string()).collect()
    }

    #[test]
    fn at_the_limit_the_longest_inactive_host_makes_room() {
        let mut hosts = hosts(AtHostLimit::Drop);
        assert_eq!(hosts.add([192, 0, 2, 1].into(), &origin()), Added::Known);
        assert_eq!(hosts.add([192, 0, 2, 3].into(), &origin()), Added::Replacing);
        assert_eq!(addresses(&hosts), ["192.0.2.1", "192.0.2.3"]);
        hosts.remove([192, 0, 2, 1].into());
        assert_eq!(hosts.add([192, 0, 2, 4].into(), &origin()), Added::New);
    }

    #[test]
    fn at_the_limit_a_new_host_can_be_refused_instead() {
        let mut hosts = hosts(AtHostLimit::Refuse);
        assert_eq!(hosts.add([192, 0, 2, 3].into(), &origin()), Added::Refused);
        assert_eq!(hosts.add_mac_only("00:00:00:00:00:01"), Added::Refused);
        assert_eq!(addresses(&hosts), ["192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn a_list_covers_each_host_once() {
        let hosts = hosts(AtHostLimit::Drop);
        let list = AddressList::parse("192.0.2.0/24,192.0.2.1-192.0.2.9,!192.0.2.2").unwrap();
        assert_eq!(hosts.covered(&list), [IpAddr::from([192, 0, 2, 1])]);
    }
}
