//! The oracle: what a report says, as the generator meant it, without a byte of XML.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::Report;
use super::estate;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The entries of the host list, in the report's order.
    pub hosts: Vec<Host>,
}

/// One entry of the host list. A host may have two: a scanner's and an agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Qualys' number of the network that the address belongs to; 0 is the default one.
    pub network: u32,
    /// The address that the report gives.
    pub address: Ipv4Addr,
    /// The host has IPv6 only, its address is a stand-in of 0.0.0.0/8.
    pub ipv6_stand_in: bool,
    /// The entry comes from an agent.
    pub by_agent: bool,
    /// Its name in the DNS.
    pub dns: Option<String>,
    /// Its NetBIOS name.
    pub netbios: Option<String>,
    /// Its operating system, in Qualys' words.
    pub os: Option<&'static str>,
    /// What was found on it; no two share QID, port and protocol.
    pub findings: Vec<Finding>,
}

/// One finding, joined with its entry in the glossary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Qualys' number of what was found.
    pub qid: u32,
    /// Where; `None`: on the host as a whole.
    pub port: Option<u16>,
    /// Given with the port.
    pub protocol: Option<Protocol>,
    /// How sure Qualys is.
    pub kind: Kind,
    /// `None` on information gathered.
    pub status: Option<Status>,
    /// From the glossary, as a person reads it; `None`: the glossary has no entry.
    pub title: Option<Arc<str>>,
    /// From the glossary, 1 to 5.
    pub severity: Option<u8>,
    /// From the glossary.
    pub cves: Arc<[String]>,
}

/// TYPE: how sure Qualys is of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A vulnerability.
    Confirmed,
    /// A potential vulnerability.
    Potential,
    /// Information gathered.
    Information,
}

/// PROTOCOL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// VULN_STATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Found for the first time.
    New,
    /// Found before.
    Active,
    /// Was fixed, is there again.
    ReOpened,
    /// Is gone.
    Fixed,
}

impl Host {
    /// The address by which lists of hosts know it: that of a host with IPv6 isn't its stand-in.
    pub fn true_address(&self) -> IpAddr {
        match self.ipv6_stand_in {
            true => estate::behind(self.address).into(),
            false => self.address.into(),
        }
    }
}

impl Expected {
    pub(super) fn new(report: &Report) -> Self {
        Self {
            hosts: report.hosts().collect(),
        }
    }

    /// What was found on each host, by network and address, all its entries together.
    pub fn merged(&self) -> BTreeMap<(u32, Ipv4Addr), BTreeSet<Finding>> {
        let mut merged: BTreeMap<_, BTreeSet<Finding>> = BTreeMap::new();
        for host in &self.hosts {
            let findings = merged.entry((host.network, host.address)).or_default();
            findings.extend(host.findings.iter().cloned());
        }
        merged
    }
}

impl Report {
    /// The entries of the host list one by one, for reports too big to be [`Expected`] at once.
    pub fn hosts(&self) -> impl Iterator<Item = Host> {
        let estate = self.estate();
        (0..estate.entries()).filter_map(move |place| estate.entry(place).map(Host::from))
    }
}

impl From<estate::Host<'_>> for Host {
    fn from(host: estate::Host<'_>) -> Self {
        Self {
            network: host.network,
            address: host.address,
            ipv6_stand_in: host.ipv6_stand_in,
            by_agent: host.by_agent,
            dns: host.dns,
            netbios: host.netbios,
            os: host.system.map(|system| system.name),
            findings: host
                .findings
                .into_iter()
                .filter(|finding| finding.is_reported())
                .map(Finding::from)
                .collect(),
        }
    }
}

impl From<estate::Finding<'_>> for Finding {
    fn from(finding: estate::Finding<'_>) -> Self {
        let details = finding.details;
        Self {
            qid: details.qid,
            port: finding.port,
            protocol: finding.protocol(),
            kind: details.kind,
            status: finding.status,
            title: details.explained.then(|| Arc::clone(&details.title)),
            severity: details.explained.then_some(details.severity),
            cves: if details.explained {
                Arc::clone(&details.cves)
            } else {
                Arc::new([])
            },
        }
    }
}
