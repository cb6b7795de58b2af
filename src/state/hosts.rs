//! Addresses that may hold results of this import, and whether it created them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use redb::{
    ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, Table, TableDefinition, WriteTransaction,
};

use super::{Error, StateStore};

const IPV4: TableDefinition<'_, u32, bool> = TableDefinition::new("ipv4");
const IPV6: TableDefinition<'_, u128, bool> = TableDefinition::new("ipv6");

/// Both tables, open.
struct HostTables<'t> {
    ipv4: Table<'t, u32, bool>,
    ipv6: Table<'t, u128, bool>,
}

impl<'t> HostTables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(HostTables {
            ipv4: transaction.open_table(IPV4)?,
            ipv6: transaction.open_table(IPV6)?,
        })
    }

    fn get(&self, address: IpAddr) -> Result<Option<bool>, redb::Error> {
        let added = match address {
            IpAddr::V4(address) => self.ipv4.get(address.to_bits())?,
            IpAddr::V6(address) => self.ipv6.get(address.to_bits())?,
        };
        Ok(added.map(|added| added.value()))
    }

    fn insert(&mut self, address: IpAddr, added: bool) -> Result<(), redb::Error> {
        match address {
            IpAddr::V4(address) => self.ipv4.insert(address.to_bits(), added)?,
            IpAddr::V6(address) => self.ipv6.insert(address.to_bits(), added)?,
        };
        Ok(())
    }

    fn remove(&mut self, address: IpAddr) -> Result<(), redb::Error> {
        match address {
            IpAddr::V4(address) => self.ipv4.remove(address.to_bits())?,
            IpAddr::V6(address) => self.ipv6.remove(address.to_bits())?,
        };
        Ok(())
    }
}

pub(super) fn create(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    HostTables::open(transaction).map(drop)
}

impl StateStore {
    /// Takes note of addresses, before results are sent there; of those that `AddHost` was sent for, it stays known.
    ///
    /// # Errors
    /// It can't be written: then nothing of it is known.
    pub fn remember(&self, addresses: impl IntoIterator<Item = IpAddr>, added: bool) -> Result<(), Error> {
        let mut addresses = addresses.into_iter().peekable();
        if addresses.peek().is_none() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut tables = HostTables::open(transaction)?;
            for address in addresses {
                match tables.get(address)? {
                    Some(known) if known || !added => {}
                    _ => tables.insert(address, added)?,
                }
            }
            Ok(())
        })
    }

    /// Takes note of addresses that hold nothing any more.
    ///
    /// # Errors
    /// It can't be written: then all of them stay known.
    pub fn drop_hosts(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), Error> {
        self.write(|transaction| {
            let mut tables = HostTables::open(transaction)?;
            addresses.into_iter().try_for_each(|address| tables.remove(address))
        })
    }

    /// Forgets every address.
    ///
    /// # Errors
    /// It can't be written.
    pub fn drop_all_hosts(&self) -> Result<(), Error> {
        self.write(|transaction| {
            transaction.delete_table(IPV4)?;
            transaction.delete_table(IPV6)?;
            create(transaction)
        })
    }

    /// Which of some addresses aren't known yet, or aren't known to be created by this import though `added` says so.
    ///
    /// # Errors
    /// It can't be read.
    pub fn unknown(&self, addresses: impl IntoIterator<Item = IpAddr>, added: bool) -> Result<Vec<IpAddr>, Error> {
        let (ipv4, ipv6) = self.read()?;
        let mut unknown = Vec::new();
        for address in addresses {
            let known = match address {
                IpAddr::V4(address) => ipv4.get(address.to_bits())?,
                IpAddr::V6(address) => ipv6.get(address.to_bits())?,
            };
            match known.map(|known| known.value()) {
                Some(known) if known || !added => {}
                _ => unknown.push(address),
            }
        }
        Ok(unknown)
    }

    /// The known addresses of which `is_wanted` says so, in order, with whether this import created them.
    ///
    /// # Errors
    /// It can't be read.
    pub fn hosts(&self, is_wanted: impl Fn(IpAddr) -> bool) -> Result<Vec<(IpAddr, bool)>, Error> {
        let (ipv4, ipv6) = self.read()?;
        let mut hosts = Vec::new();
        let mut take = |address: IpAddr, added: bool| {
            if is_wanted(address) {
                hosts.push((address, added));
            }
        };
        for entry in ipv4.iter()? {
            let (address, added) = entry?;
            take(Ipv4Addr::from_bits(address.value()).into(), added.value());
        }
        for entry in ipv6.iter()? {
            let (address, added) = entry?;
            take(Ipv6Addr::from_bits(address.value()).into(), added.value());
        }
        Ok(hosts)
    }

    /// How many addresses are known.
    ///
    /// # Errors
    /// It can't be read.
    pub fn known_hosts(&self) -> Result<u64, Error> {
        let (ipv4, ipv6) = self.read()?;
        Ok(ipv4.len()? + ipv6.len()?)
    }

    #[expect(clippy::type_complexity, reason = "two tables of a library")]
    fn read(&self) -> Result<(redb::ReadOnlyTable<u32, bool>, redb::ReadOnlyTable<u128, bool>), Error> {
        let transaction = self.database.begin_read()?;
        Ok((transaction.open_table(IPV4)?, transaction.open_table(IPV6)?))
    }
}
