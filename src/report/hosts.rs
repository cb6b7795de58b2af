//! Hosts and their findings, in a few bytes each.
//!
//! A report of 24 million findings has some ten thousand different ones, host and unusual ports aside. Each of
//! those gets a number at its first sight, the frequent ones therefore small numbers; a host's findings are such
//! numbers in one byte for every seven bits, one host after the other in one vector. Nothing is allocated for
//! a finding or a host.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::num::NonZeroU16;

use super::finding::Key;
use super::limits;
use super::numbers::DEFAULT_NETWORK;

/// Numbers given to findings with their ports. When they are used up, the ports that weren't seen before follow their
/// findings, so that random ports don't fill the memory.
const WITH_PORT: usize = 1 << 16;

/// What a host has besides findings, as bits of its first byte.
const NETWORK: u8 = 1;
const SYSTEM: u8 = 2;
const NAME: u8 = 4;
/// Something of it can't be read.
const UNREADABLE: u8 = 8;
/// It is no entry of a host, but takes the place of one that is an error, and that is counted already.
const ERROR: u8 = 16;

/// The hosts of a report. Entries of one address stand side by side.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    entries: Vec<HostEntry>,
    packed: Vec<u8>,
    keys: Vec<Key>,
    systems: Vec<Box<str>>,
}

/// One host as the report lists it.
#[derive(Debug)]
struct HostEntry {
    address: IpAddr,
    /// Where it begins in `packed`.
    start: u32,
}

/// A host read from its bytes. Its findings are what is left of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacked<'h> {
    pub(super) network: u32,
    pub(super) wholeness: Wholeness,
    pub(super) system: Option<&'h str>,
    pub(super) name: Option<&'h str>,
    /// How many findings.
    pub(super) findings: u32,
    packed: PackedHost<'h>,
    keys: &'h [Key],
}

/// How much of a host is known by an entry of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wholeness {
    /// All that Qualys knows.
    Whole,
    /// Something of the entry can't be read.
    InPart,
    /// Nothing: the entry is an error. It is counted already.
    Error,
}

impl Hosts {
    /// Bytes that are kept of them until the import ends.
    pub(super) fn memory(&self) -> usize {
        self.entries.len() * limits::HOST + self.packed.len() + self.keys.len() * (limits::FINDING + limits::QID)
    }

    /// Every different finding, by its number. Ports that follow aren't part of them.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The address of an entry, and the entry after the last one of that address.
    pub(super) fn group(&self, first: usize) -> Option<(IpAddr, usize)> {
        let entries = self.entries.get(first..)?;
        let address = entries.first()?.address;
        let count = entries.iter().take_while(|entry| entry.address == address).count();
        Some((address, first + count))
    }

    /// The first entry of an address.
    pub(super) fn find(&self, address: IpAddr) -> Option<usize> {
        let first = self.entries.partition_point(|entry| entry.address < address);
        (self.entries.get(first)?.address == address).then_some(first)
    }

    pub(super) fn get(&self, index: usize) -> Option<Unpacked<'_>> {
        let start = self.entries.get(index)?.start as usize;
        let mut packed = PackedHost(self.packed.get(start..)?);
        let has = packed.byte();
        let network = if has & NETWORK == 0 {
            DEFAULT_NETWORK
        } else {
            packed.number()
        };
        let system = (has & SYSTEM != 0).then(|| packed.number());
        let name = (has & NAME != 0).then(|| packed.text());
        Some(Unpacked {
            network,
            wholeness: match has & (UNREADABLE | ERROR) {
                0 => Wholeness::Whole,
                UNREADABLE => Wholeness::InPart,
                _ => Wholeness::Error,
            },
            system: system.and_then(|number| Some(&**self.systems.get(number as usize)?)),
            name,
            findings: packed.number(),
            packed,
            keys: &self.keys,
        })
    }
}

impl Unpacked<'_> {
    /// The number of each finding, what it says, and its port.
    pub(super) fn findings(self) -> impl Iterator<Item = (u32, Key, Option<NonZeroU16>)> {
        let Unpacked { mut packed, keys, .. } = self;
        (0..self.findings).filter_map(move |_| {
            let number = packed.number();
            let key = *keys.get(number as usize)?;
            let port = if key.port_follows() { packed.port() } else { key.port() };
            Some((number, key, port))
        })
    }
}

/// What an entry says of a host besides findings; texts are empty where it says nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewHost<'t> {
    pub(super) address: IpAddr,
    pub(super) network: u32,
    pub(super) system: &'t str,
    pub(super) name: &'t str,
    pub(super) wholeness: Wholeness,
}

/// Collects hosts as a report lists them.
#[derive(Debug, Default)]
pub(super) struct HostsBuilder {
    hosts: Hosts,
    numbers: HashMap<Key, u32>,
    system_numbers: HashMap<Box<str>, u32>,
    /// Of all findings.
    qids: HashSet<u32>,
    /// Bytes of all systems, with what they cost besides.
    system_bytes: usize,
}

/// More than fits.
#[derive(Debug)]
pub(super) struct TooBig;

impl HostsBuilder {
    /// Adds a host.
    pub(super) fn push(&mut self, host: &NewHost<'_>, keys: &[Key]) -> Result<(), TooBig> {
        let findings = u32::try_from(keys.len()).map_err(|_| TooBig)?;
        self.open(host, findings)?;
        for key in keys {
            self.finding(*key);
        }
        Ok(())
    }

    /// Bytes of memory that are needed for it until the import ends.
    pub(super) fn memory(&self) -> usize {
        self.hosts.entries.len() * limits::HOST
            + self.hosts.packed.len()
            + self.hosts.keys.len() * limits::FINDING
            + self.qids.len() * limits::QID
            + self.system_bytes
    }

    /// Whether a host has it.
    pub(super) fn has(&self, qid: u32) -> bool {
        self.qids.contains(&qid)
    }

    /// Adds a host whose findings follow.
    fn open(&mut self, host: &NewHost<'_>, findings: u32) -> Result<(), TooBig> {
        let NewHost {
            address,
            network,
            system,
            name,
            wholeness,
        } = *host;
        let start = u32::try_from(self.hosts.packed.len()).map_err(|_| TooBig)?;
        self.hosts.entries.push(HostEntry { address, start });
        let bit = |has: bool, bit: u8| if has { bit } else { 0 };
        let has =
            bit(network != DEFAULT_NETWORK, NETWORK) | bit(!system.is_empty(), SYSTEM) | bit(!name.is_empty(), NAME);
        let less = match wholeness {
            Wholeness::Whole => 0,
            Wholeness::InPart => UNREADABLE,
            Wholeness::Error => ERROR,
        };
        self.hosts.packed.push(has | less);
        if network != DEFAULT_NETWORK {
            pack(&mut self.hosts.packed, network);
        }
        if !system.is_empty() {
            let number = self.system(system);
            pack(&mut self.hosts.packed, number);
        }
        if !name.is_empty() {
            pack(&mut self.hosts.packed, name.len() as u32);
            self.hosts.packed.extend_from_slice(name.as_bytes());
        }
        pack(&mut self.hosts.packed, findings);
        Ok(())
    }

    /// Adds a finding to the last host. Returns its number, if that says all of it.
    fn finding(&mut self, key: Key) -> Option<u32> {
        let known = self.numbers.get(&key).copied();
        match (known, key.port()) {
            (None, Some(port)) if self.hosts.keys.len() >= WITH_PORT => {
                let number = self.number(key.without_port());
                pack(&mut self.hosts.packed, number);
                self.hosts.packed.extend_from_slice(&port.get().to_le_bytes());
                None
            }
            (known, _) => {
                let number = known.unwrap_or_else(|| self.number(key));
                pack(&mut self.hosts.packed, number);
                Some(number)
            }
        }
    }

    /// Goes on where another one finished.
    pub(super) fn resume(hosts: Hosts) -> Self {
        let numbers = hosts.keys.iter().zip(0..).map(|(key, number)| (*key, number));
        let systems = hosts.systems.iter().zip(0..);
        HostsBuilder {
            numbers: numbers.collect(),
            qids: hosts.keys.iter().map(|key| key.qid()).collect(),
            system_bytes: hosts.systems.iter().map(|system| cost(system)).sum(),
            system_numbers: systems.map(|(system, number)| (system.clone(), number)).collect(),
            hosts,
        }
    }

    /// Adds every entry of another report.
    pub(super) fn extend(&mut self, hosts: &Hosts) -> Result<(), TooBig> {
        // What each number of the other report's is here, as far as that is known.
        let mut numbers = vec![None; hosts.keys.len()];
        for (index, entry) in hosts.entries.iter().enumerate() {
            let Some(host) = hosts.get(index) else { continue };
            let opened = NewHost {
                address: entry.address,
                network: host.network,
                system: host.system.unwrap_or_default(),
                name: host.name.unwrap_or_default(),
                wholeness: host.wholeness,
            };
            self.open(&opened, host.findings)?;
            if self.memory() > limits::MEMORY {
                return Err(TooBig);
            }
            for (number, key, port) in host.findings() {
                match numbers.get_mut(number as usize) {
                    Some(Some(number)) => pack(&mut self.hosts.packed, *number),
                    Some(unknown) if !key.port_follows() => *unknown = self.finding(key),
                    _ => {
                        self.finding(key.with_port(port));
                    }
                }
            }
        }
        Ok(())
    }

    fn number(&mut self, key: Key) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            self.hosts.keys.push(key);
            self.qids.insert(key.qid());
            self.hosts.keys.len() as u32 - 1
        })
    }

    fn system(&mut self, system: &str) -> u32 {
        if let Some(number) = self.system_numbers.get(system) {
            return *number;
        }
        let number = self.hosts.systems.len() as u32;
        self.hosts.systems.push(system.into());
        self.system_bytes += cost(system);
        self.system_numbers.insert(system.into(), number);
        number
    }

    /// The hosts in the order of their addresses.
    pub(super) fn finish(mut self) -> Hosts {
        self.hosts
            .entries
            .sort_unstable_by_key(|entry| (entry.address, entry.start));
        self.hosts
    }
}

/// A system's text stands in two tables.
fn cost(system: &str) -> usize {
    2 * (system.len() + limits::TEXT)
}

/// A number in one byte for every seven of its bits, the low ones first.
fn pack(packed: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        packed.push(number as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}

/// Bytes as [`HostsBuilder`] writes them.
#[derive(Debug, Clone, Copy)]
struct PackedHost<'h>(&'h [u8]);

impl<'h> PackedHost<'h> {
    #[inline]
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *byte
    }

    #[inline]
    fn number(&mut self) -> u32 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    fn port(&mut self) -> Option<NonZeroU16> {
        NonZeroU16::new(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn text(&mut self) -> &'h str {
        let length = self.number() as usize;
        let (text, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
