//! The estate: which hosts there are, and what is found on them.
//!
//! Every host is made on its own from the seed and its number, so that any of them can be had at any time and none
//! has to be kept.

use std::net::Ipv4Addr;

use super::Options;
use super::catalogue::{Catalogue, Details, Service};
use super::expected::{Kind, Protocol, Status};
use super::random::Random;
use super::text::word;

/// Qualys' number of the default network is 0; others are numbered from here.
const FIRST_NETWORK: u32 = 1001;
/// Streams of random numbers that a host has to itself.
const STREAMS: u64 = 4;

pub(super) struct Estate<'a> {
    options: &'a Options,
    catalogue: &'a Catalogue,
}

/// One entry of the host list.
pub(super) struct Host<'a> {
    pub(super) number: u32,
    pub(super) network: u32,
    pub(super) address: Ipv4Addr,
    pub(super) ipv6_stand_in: bool,
    pub(super) by_agent: bool,
    pub(super) dns: Option<String>,
    pub(super) netbios: Option<String>,
    pub(super) system: Option<&'static System>,
    pub(super) findings: Vec<Finding<'a>>,
}

/// One entry of a host's list of findings.
pub(super) struct Finding<'a> {
    pub(super) details: &'a Details,
    pub(super) service: Option<&'static Service>,
    pub(super) port: Option<u16>,
    /// None on information gathered.
    pub(super) status: Option<Status>,
}

/// An operating system as Qualys names it, and as a CPE when it's sure.
pub(super) struct System {
    pub(super) name: &'static str,
    pub(super) cpe: Option<&'static str>,
}

static SYSTEMS: &[System] = &[
    System {
        name: "Windows Server 2019 Datacenter 64 bit Edition Version 1809",
        cpe: Some("cpe:/o:microsoft:windows_server_2019:1809::x64:"),
    },
    System {
        name: "Red Hat Enterprise Linux 8.8",
        cpe: Some("cpe:/o:redhat:enterprise_linux:8.8:::"),
    },
    System {
        name: "Ubuntu / Tiny Core Linux / Linux 2.6.x",
        cpe: None,
    },
    System {
        name: "Cisco IOS Version 15.2(4)E7",
        cpe: Some("cpe:/o:cisco:ios:15.2(4)e7:::"),
    },
    System {
        name: "HP JetDirect & LaserJet",
        cpe: None,
    },
];

impl<'a> Estate<'a> {
    pub(super) fn new(options: &'a Options, catalogue: &'a Catalogue) -> Self {
        Self { options, catalogue }
    }

    /// How many entries the host list has: every host, then once more those that an agent reports too.
    pub(super) fn entries(&self) -> u32 {
        let Options { hosts, duplicates, .. } = *self.options;
        let duplicates = u32::from(duplicates);
        hosts + hosts / 100 * duplicates + (hosts % 100).min(duplicates)
    }

    /// The entry at this place of the host list.
    pub(super) fn entry(&self, place: u32) -> Host<'a> {
        self.host(self.number(place), place >= self.options.hosts)
    }

    /// The address of the entry at this place.
    pub(super) fn entry_address(&self, place: u32) -> Ipv4Addr {
        let number = self.number(place);
        let traits = &mut self.traits(number);
        let ipv6_stand_in = traits.chance(self.options.ipv6);
        self.address(number, ipv6_stand_in)
    }

    /// The number of the host at this place. The first hosts of every hundred have an agent.
    fn number(&self, place: u32) -> u32 {
        let Options { hosts, duplicates, .. } = *self.options;
        let duplicates = u32::from(duplicates.max(1));
        match place.checked_sub(hosts) {
            None => place,
            Some(agent) => agent / duplicates * 100 + agent % duplicates,
        }
    }

    fn traits(&self, number: u32) -> Random {
        Random::new(self.options.seed, u64::from(number) * STREAMS)
    }

    fn host(&self, number: u32, by_agent: bool) -> Host<'a> {
        let options = self.options;
        let traits = &mut self.traits(number);
        let ipv6_stand_in = traits.chance(options.ipv6);
        let clean = traits.chance(options.clean);
        let empty = traits.chance(2);
        let name = word(traits);
        let mut host = Host {
            number,
            network: match number % options.networks {
                0 => 0,
                other => FIRST_NETWORK + other - 1,
            },
            address: self.address(number, ipv6_stand_in),
            ipv6_stand_in,
            by_agent,
            dns: traits
                .chance(80)
                .then(|| format!("{}-{number}.lab.example", name.replace(' ', "-"))),
            netbios: traits.chance(50).then(|| format!("LAB{number:07}")),
            system: traits.chance(92).then(|| traits.pick(SYSTEMS)),
            findings: Vec::new(),
        };
        if !empty {
            let stream = u64::from(number) * STREAMS + 1 + u64::from(by_agent);
            host.findings = self.findings(&host, clean, Random::new(options.seed, stream));
        }
        host
    }

    fn address(&self, number: u32, ipv6_stand_in: bool) -> Ipv4Addr {
        let offset = 1 + number / self.options.networks;
        match ipv6_stand_in {
            true => Ipv4Addr::from_bits(offset),
            false => Ipv4Addr::from_bits(self.options.network.network().to_bits() + offset),
        }
    }

    /// No two findings of an entry share QID, port and protocol; one QID on several ports is common.
    fn findings(&self, host: &Host<'a>, clean: bool, mut random: Random) -> Vec<Finding<'a>> {
        let random = &mut random;
        let draw = random.unit();
        // Few hosts have many: from a fifth of the mean to 2.6 times, the mean being kept.
        let count = (f64::from(self.options.findings) * (0.2 + 2.4 * draw * draw)).round() as usize;
        let mut findings: Vec<Finding<'a>> = Vec::with_capacity(count);
        for _ in 0..2 * count {
            if findings.len() == count {
                break;
            }
            let again = findings
                .last()
                .filter(|last| last.port.is_some())
                .map(|last| last.details);
            let details = match again {
                Some(details) if random.chance(12) => details,
                _ => self.catalogue.skewed(random),
            };
            // An agent looks from inside and knows no port.
            let service = details.service.filter(|_| !host.by_agent);
            let port = service.map(|service| match random.chance(12) {
                true => random.between(1024, 65_535) as u16,
                false => service.port,
            });
            if findings
                .iter()
                .any(|other| other.port == port && std::ptr::eq(other.details, details))
            {
                continue;
            }
            findings.push(Finding {
                details,
                service,
                port,
                status: (details.kind != Kind::Information).then(|| self.status(host.number, clean, details, port)),
            });
        }
        findings
    }

    /// Two entries of a host agree on what they both list: the draw depends on nothing else.
    fn status(&self, host: u32, clean: bool, details: &Details, port: Option<u16>) -> Status {
        let finding = u64::from(details.qid) << 16 | u64::from(port.unwrap_or(0));
        let stream = (u64::from(host) * STREAMS + 3) ^ finding.rotate_left(32);
        let fixed = u32::from(self.options.fixed);
        match Random::new(self.options.seed, stream).below(100) {
            _ if clean => Status::Fixed,
            draw if draw < fixed => Status::Fixed,
            draw if draw % 11 == 0 => Status::New,
            draw if draw % 17 == 0 => Status::ReOpened,
            _ => Status::Active,
        }
    }
}

impl Finding<'_> {
    pub(super) fn protocol(&self) -> Option<Protocol> {
        self.service.map(|service| service.protocol)
    }
}
