//! Groups: records that share an address belong together, and batches are made of whole groups.

use std::net::IpAddr;
use std::ops::Range;

use crate::report::Asked;

/// The hosts in scope, in the order of their addresses: some 32 bytes each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HostGroups {
    records: Vec<GroupedHost>,
    /// Where records stood first that were listed twice.
    moved_from: Vec<IpAddr>,
}

/// A record of the list that has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupedHost {
    pub(super) address: IpAddr,
    pub(super) id: u64,
    pub(super) network: u32,
}

const _: () = assert!(size_of::<GroupedHost>() <= 40);

/// Hosts that are fetched and delivered in one piece: whole groups, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostBatch(Range<usize>);

/// Addresses that stand in several networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SharedAddresses {
    pub(super) first: IpAddr,
    pub(super) networks: (u32, u32),
    pub(super) addresses: u64,
}

impl HostGroups {
    /// Each record once; one that was listed twice, as it moved meanwhile, where it was listed last.
    pub(super) fn new(mut hosts: Vec<GroupedHost>) -> Self {
        // Qualys lists them in the order of ids; the sort is stable.
        hosts.sort_by_key(|host| host.id);
        hosts.reverse();
        let mut moved_from = Vec::new();
        hosts.dedup_by(|earlier, later| {
            let is_again = earlier.id == later.id;
            moved_from.extend((is_again && earlier.address != later.address).then_some(earlier.address));
            is_again
        });
        hosts.sort_unstable_by_key(|host| (host.address, host.id));
        hosts.shrink_to_fit();
        HostGroups {
            records: hosts,
            moved_from,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Keeps groups of which `keep` says so for one record.
    pub(super) fn retain_groups(&mut self, keep: impl Fn(&GroupedHost) -> bool) {
        let groups = self.records.chunk_by(|one, other| one.address == other.address);
        let kept: Vec<bool> = groups.map(|group| group.iter().any(&keep)).collect();
        let (mut group, mut address) = (0, self.records.first().map(|host| host.address));
        self.records.retain(|host| {
            if address != Some(host.address) {
                (group, address) = (group + 1, Some(host.address));
            }
            kept.get(group).copied().unwrap_or_default()
        });
    }

    /// Batches of `size` records each, as nearly as groups allow.
    pub fn batches(&self, size: usize) -> Vec<HostBatch> {
        let (mut batches, mut start, mut end) = (Vec::new(), 0, 0);
        for group in self.records.chunk_by(|one, other| one.address == other.address) {
            if end > start && end - start + group.len() > size {
                batches.push(HostBatch(start..end));
                start = end;
            }
            end += group.len();
        }
        if end > start {
            batches.push(HostBatch(start..end));
        }
        batches
    }

    /// The two halves of a batch; `None` if it is a single group.
    pub(super) fn halves(&self, batch: &HostBatch) -> Option<[HostBatch; 2]> {
        let Range { start, end } = batch.0;
        let hosts = self.of(batch);
        let middle = hosts.get(hosts.len() / 2)?.address;
        let before = hosts.partition_point(|host| host.address < middle);
        let up_to = hosts.partition_point(|host| host.address <= middle);
        let cut = [before, up_to].into_iter().find(|cut| (1..hosts.len()).contains(cut))?;
        Some([HostBatch(start..start + cut), HostBatch(start + cut..end)])
    }

    /// The numbers of a batch's records, and where each stands.
    pub(super) fn asked(&self, batch: &HostBatch) -> Asked {
        self.of(batch).iter().map(|host| (host.id, host.address)).collect()
    }

    /// Addresses that stand in several networks, if there are any.
    pub(super) fn in_several_networks(&self) -> Option<SharedAddresses> {
        let mut shared: Option<SharedAddresses> = None;
        for group in self.records.chunk_by(|one, other| one.address == other.address) {
            let networks = || group.iter().map(|host| host.network);
            let (Some(least), Some(most)) = (networks().min(), networks().max()) else {
                continue;
            };
            if least != most {
                let shared = shared.get_or_insert(SharedAddresses {
                    first: group.first()?.address,
                    networks: (least, most),
                    addresses: 0,
                });
                shared.addresses += 1;
            }
        }
        shared
    }

    /// Whether a record has this address, or had it while the list was made.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let found = self.records.binary_search_by_key(&address, |host| host.address);
        found.is_ok() || self.moved_from.contains(&address)
    }

    /// The last address of a batch.
    pub fn last_address(&self, batch: &HostBatch) -> Option<IpAddr> {
        self.of(batch).last().map(|host| host.address)
    }

    fn of(&self, batch: &HostBatch) -> &[GroupedHost] {
        self.records.get(batch.0.clone()).unwrap_or_default()
    }
}

impl HostBatch {
    /// How many records it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn host(id: u64, address: u32) -> GroupedHost {
        GroupedHost {
            address: Ipv4Addr::from_bits(address).into(),
            id,
            network: 0,
        }
    }

    #[test]
    fn a_record_that_moved_while_it_was_listed_is_where_it_was_listed_last() {
        let hosts = HostGroups::new(vec![host(1, 10), host(2, 20), host(1, 30)]);
        assert_eq!(hosts.records, [host(2, 20), host(1, 30)]);
        let address = |number: u32| Ipv4Addr::from_bits(number).into();
        assert!(hosts.contains(address(10)) && hosts.contains(address(30)) && !hosts.contains(address(11)));
    }

    #[test]
    fn an_address_in_several_networks_is_noticed() {
        let elsewhere = GroupedHost {
            network: 7,
            ..host(2, 10)
        };
        let shared = HostGroups::new(vec![host(1, 10), elsewhere, host(3, 20)])
            .in_several_networks()
            .unwrap();
        assert_eq!((shared.networks, shared.addresses), ((0, 7), 1));
        assert_eq!(
            HostGroups::new(vec![host(1, 10), host(2, 10)]).in_several_networks(),
            None
        );
    }

    #[test]
    fn a_single_group_has_no_halves() {
        let hosts = HostGroups::new(vec![host(1, 10), host(2, 10), host(3, 10)]);
        let batches = hosts.batches(2);
        assert_eq!(
            batches,
            [HostBatch(0..3)],
            "a group that is too large is a batch of its own"
        );
        assert_eq!(hosts.halves(&batches[0]), None);
    }

    proptest! {
        #[test]
        fn batches_are_whole_groups_and_all_of_them(addresses in prop::collection::vec(0u32..40, 0..80), size in 1usize..20) {
            let records = addresses.iter().zip(0..).map(|(address, id)| host(id, *address));
            let hosts = HostGroups::new(records.collect());
            let mut todo = hosts.batches(size);
            let mut ids = Vec::new();
            let mut ends = HashSet::new();
            while let Some(batch) = todo.pop() {
                let asked = hosts.asked(&batch);
                let places: HashSet<IpAddr> = asked.values().copied().collect();
                prop_assert!(asked.len() <= size || places.len() == 1);
                match hosts.halves(&batch) {
                    Some(halves) => todo.extend(halves),
                    None => {
                        prop_assert_eq!(places.len(), 1);
                        prop_assert!(places.iter().all(|place| ends.insert(*place)), "a group was cut");
                        ids.extend(asked.into_keys());
                    }
                }
            }
            ids.sort_unstable();
            prop_assert!(ids.iter().copied().eq(0..addresses.len() as u64));
        }

        #[test]
        fn what_changed_brings_its_whole_group(addresses in prop::collection::vec(0u32..10, 0..30), changed in 0u64..30) {
            let records = addresses.iter().zip(0..).map(|(address, id)| host(id, *address));
            let mut hosts = HostGroups::new(records.collect());
            hosts.retain_groups(|host| host.id == changed);
            let place = addresses.get(changed as usize);
            let siblings = addresses.iter().filter(|address| Some(*address) == place).count();
            prop_assert_eq!(hosts.len(), siblings);
        }
    }
}
