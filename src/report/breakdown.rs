//! Breakdown: where the findings that go on are, and what they are, for people who look at one run.
//!
//! One pass over the hosts. What is kept follows the glossary and a fixed number of hosts and subnets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::IpAddr;

use super::finding::Finding;
use super::selected::Selected;
use super::selection::has_cve;
use super::vulnerability::Vulnerability;
use ipnet::IpNet;

/// Entries of each list, at most.
const LONGEST: usize = 10;
/// Hosts that are named, at most.
const HOSTS: usize = 50;
/// Numbers of QIDs, at most.
const NUMBERS: usize = 2000;
/// Bits of the address that make a subnet, of IPv4 and of IPv6.
const PREFIX: (u8, u8) = (24, 64);

/// What the selected findings are, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// Hosts of which one finding at least has a CVE.
    pub hosts_with_cve: u64,
    /// Vulnerabilities, those on most hosts first.
    pub qids: Top<QidShare>,
    /// Vulnerabilities without a CVE, those on most hosts first.
    pub qids_without_cve: Top<QidShare>,
    /// The numbers of those, in order; 2000 at most.
    pub numbers_without_cve: Vec<u32>,
    /// CVEs, those on most hosts first.
    pub cves: Top<CveShare>,
    /// Hosts, those with most findings first; 50 at most.
    pub hosts: Top<HostShare>,
    /// Networks of 256 IPv4 addresses or of one IPv6 subnet, those with most hosts first.
    pub subnets: Top<SubnetShare>,
}

/// The first entries of a list that may be long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top<T> {
    /// The greatest ones, in order; 10 at most, where nothing else is said.
    pub first: Vec<T>,
    /// How many there are in all.
    pub all: usize,
}

/// A host and what was found on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostShare {
    /// Findings.
    pub findings: u64,
    /// Findings with a CVE.
    pub with_cve: u64,
    /// The highest severity, where the report tells any.
    pub severity: Option<u8>,
    /// Where it is; of equal ones the lower address is the greater.
    pub address: Reverse<IpAddr>,
}

/// How common a vulnerability is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QidShare {
    /// Qualys' number.
    pub qid: u32,
    /// What it is called.
    pub title: Box<str>,
    /// 1 to 5, where the report tells it.
    pub severity: Option<u8>,
    /// Hosts that have it.
    pub hosts: u64,
    /// Findings of it.
    pub findings: u64,
}

/// How common a CVE is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CveShare {
    /// Its id as the report writes it.
    pub id: Box<str>,
    /// Hosts that have it.
    pub hosts: u64,
    /// Findings of vulnerabilities that name it.
    pub findings: u64,
}

/// What is found in a subnet. Ordered by hosts, then findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubnetShare {
    /// Hosts with findings.
    pub hosts: u64,
    /// Their findings.
    pub findings: u64,
    /// Those of them that have a CVE.
    pub with_cve: u64,
    /// The addresses.
    pub network: IpNet,
}

impl<T> Default for Top<T> {
    fn default() -> Self {
        Top {
            first: Vec::new(),
            all: 0,
        }
    }
}

impl<T> Top<T> {
    /// How many aren't listed.
    pub fn more(&self) -> usize {
        self.all - self.first.len()
    }
}

impl Selected {
    /// What goes on, broken down.
    pub fn breakdown(&self) -> Breakdown {
        let vulnerabilities = self.vulnerabilities();
        let mut tally = Accumulator::new(vulnerabilities);
        let mut findings = Vec::new();
        for index in 0..self.len() {
            match self.host(index, &mut findings) {
                Some(host) if !host.clean => tally.add(host.address, &findings),
                _ => {}
            }
        }
        tally.finish(vulnerabilities)
    }
}

/// How often something was met, and the host that it was met on last.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    hosts: u64,
    findings: u64,
    last: u64,
}

impl Met {
    /// Meets it on the `host`th host, counted from 1.
    fn on(&mut self, host: u64) {
        self.findings += 1;
        self.hosts += u64::from(self.last != host);
        self.last = host;
    }
}

struct Accumulator<'s> {
    hosts: u64,
    hosts_with_cve: u64,
    /// By index of the vulnerability.
    qids: Vec<Met>,
    /// The CVEs of each vulnerability, as indices of `cves`.
    named: Vec<Vec<u32>>,
    cves: Vec<(&'s str, Met)>,
    vulnerabilities: &'s [Vulnerability],
    /// The hosts with most findings.
    most: BinaryHeap<Reverse<HostShare>>,
    /// The subnet of the last host: addresses come in order, so that each subnet comes once.
    subnet: Option<SubnetShare>,
    /// The greatest subnets.
    subnets: BinaryHeap<Reverse<SubnetShare>>,
    subnets_all: usize,
}

impl<'s> Accumulator<'s> {
    fn new(vulnerabilities: &'s [Vulnerability]) -> Self {
        let mut numbers = HashMap::new();
        let mut cves = Vec::new();
        let mut number = |id: &'s str| {
            *numbers.entry(id).or_insert_with(|| {
                cves.push((id, Met::default()));
                // There are fewer CVEs than a u32 counts: each is kept in memory.
                (cves.len() - 1) as u32
            })
        };
        let named = vulnerabilities
            .iter()
            .map(|known| known.cves.iter().map(|id| number(id)).collect());
        Accumulator {
            hosts: 0,
            hosts_with_cve: 0,
            qids: vec![Met::default(); vulnerabilities.len()],
            named: named.collect(),
            cves,
            vulnerabilities,
            most: BinaryHeap::new(),
            subnet: None,
            subnets: BinaryHeap::new(),
            subnets_all: 0,
        }
    }

    fn add(&mut self, address: IpAddr, findings: &[Finding]) {
        self.hosts += 1;
        let (mut with_cve, mut severity) = (0, None);
        for finding in findings {
            let index = finding.vulnerability as usize;
            severity = severity.max(self.vulnerabilities.get(index).and_then(|known| known.severity));
            if let Some(met) = self.qids.get_mut(index) {
                met.on(self.hosts);
            }
            let cves = self.named.get(index).map(Vec::as_slice).unwrap_or_default();
            with_cve += u64::from(!cves.is_empty());
            for cve in cves {
                if let Some((_, met)) = self.cves.get_mut(*cve as usize) {
                    met.on(self.hosts);
                }
            }
        }
        self.hosts_with_cve += u64::from(with_cve > 0);
        self.most.push(Reverse(HostShare {
            findings: findings.len() as u64,
            with_cve,
            severity,
            address: Reverse(address),
        }));
        if self.most.len() > HOSTS {
            self.most.pop();
        }
        let network = subnet(address);
        let share = match self.subnet.take() {
            Some(share) if share.network == network => share,
            earlier => {
                self.close(earlier);
                SubnetShare {
                    hosts: 0,
                    findings: 0,
                    with_cve: 0,
                    network,
                }
            }
        };
        self.subnet = Some(SubnetShare {
            hosts: share.hosts + 1,
            findings: share.findings + findings.len() as u64,
            with_cve: share.with_cve + with_cve,
            network,
        });
    }

    fn close(&mut self, subnet: Option<SubnetShare>) {
        let Some(subnet) = subnet else { return };
        self.subnets_all += 1;
        self.subnets.push(Reverse(subnet));
        if self.subnets.len() > LONGEST {
            self.subnets.pop();
        }
    }

    fn finish(mut self, vulnerabilities: &[Vulnerability]) -> Breakdown {
        let last = self.subnet.take();
        self.close(last);
        let met = |met: &&(&Vulnerability, Met)| met.1.findings > 0;
        let qids: Vec<_> = vulnerabilities.iter().zip(self.qids).collect();
        let cves = self.cves.into_iter().filter(|(_, met)| met.findings > 0);
        let without_cve = || qids.iter().filter(met).filter(|(known, _)| !has_cve(known));
        Breakdown {
            hosts_with_cve: self.hosts_with_cve,
            numbers_without_cve: without_cve().map(|(known, _)| known.qid).take(NUMBERS).collect(),
            qids: top(qids.iter().filter(met).copied(), qid_share),
            qids_without_cve: top(without_cve().copied(), qid_share),
            cves: top(cves, |id, met| CveShare {
                id: id.into(),
                hosts: met.hosts,
                findings: met.findings,
            }),
            hosts: Top {
                all: self.hosts as usize,
                first: self
                    .most
                    .into_sorted_vec()
                    .into_iter()
                    .map(|Reverse(host)| host)
                    .collect(),
            },
            subnets: Top {
                first: self
                    .subnets
                    .into_sorted_vec()
                    .into_iter()
                    .map(|Reverse(share)| share)
                    .collect(),
                all: self.subnets_all,
            },
        }
    }
}

fn qid_share(known: &Vulnerability, met: Met) -> QidShare {
    QidShare {
        qid: known.qid,
        title: known.title.clone(),
        severity: known.severity,
        hosts: met.hosts,
        findings: met.findings,
    }
}

/// The first of `all` by hosts, then findings; of equal ones in the order of `all`.
fn top<K, T>(all: impl Iterator<Item = (K, Met)>, share: impl Fn(K, Met) -> T) -> Top<T> {
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, met)| Reverse((met.hosts, met.findings)));
    Top {
        all: all.len(),
        first: all
            .into_iter()
            .take(LONGEST)
            .map(|(key, met)| share(key, met))
            .collect(),
    }
}

fn subnet(address: IpAddr) -> IpNet {
    let prefix = match address {
        IpAddr::V4(_) => PREFIX.0,
        IpAddr::V6(_) => PREFIX.1,
    };
    // Both prefixes are shorter than the address.
    IpNet::new(address, prefix).map_or_else(|_| address.into(), |network| network.trunc())
}

#[cfg(test)]
mod tests;
