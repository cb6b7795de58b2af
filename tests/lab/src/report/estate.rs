//! The estate: which hosts there are, and what is found on them.
//!
//! Every host is made on its own from the seed and its number, so that any of them can be had at any time and none
//! has to be kept.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Options;
use super::catalogue::{Catalogue, Details, Service};
use super::expected::{Kind, Protocol, Status};
use super::random::Random;
use super::text::word;

/// Qualys' number of the default network is 0; others are numbered from here.
const FIRST_NETWORK: u32 = 1001;
/// First of the numbers that Qualys gives to records of hosts.
pub(crate) const FIRST_HOST_ID: u64 = 40_000_000;
/// The prefix of addresses of hosts with IPv6 only; their stand-in fills the rest.
const PREFIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
/// Streams of random numbers that a host has to itself.
const STREAMS: u64 = 4;
/// Turns a seed into that of an estate's changes, which are drawn apart from everything else.
const CHANGES: u64 = 0xC4A9_6E5D_0B13_77F1;

pub(crate) struct Estate<'a> {
    options: &'a Options,
    catalogue: &'a Catalogue,
}

/// One entry of the host list.
pub(crate) struct Host<'a> {
    pub(crate) number: u32,
    pub(crate) network: u32,
    pub(crate) address: Ipv4Addr,
    pub(crate) ipv6_stand_in: bool,
    pub(crate) by_agent: bool,
    pub(crate) dns: Option<String>,
    pub(crate) netbios: Option<String>,
    pub(crate) system: Option<&'static System>,
    pub(crate) findings: Vec<Finding<'a>>,
    fate: Fate,
    /// Whatever was found on it is fixed.
    clean: bool,
    /// Nothing was ever found on it.
    empty: bool,
}

/// What has become of a host since the first generation.
#[derive(Debug, Default, Clone, Copy)]
struct Fate {
    changed: u32,
    /// It has left Qualys.
    purged: bool,
    place: Place,
    /// The generation in which it left its first address.
    left: Option<u32>,
    /// Its agent's record has become part of the scanner's.
    merged: bool,
    /// How often some of its findings were fixed.
    fixes: u8,
    /// How often new ones were found.
    additions: u32,
}

/// Which address a host has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// None: Qualys doesn't know the host yet.
    Nowhere,
    /// Its first one.
    #[default]
    First,
    /// One that no other ever had, since this generation.
    Fresh(u32),
    /// The first one of its neighbour, which has left it.
    Inherited,
}

/// One entry of a host's list of findings.
pub(crate) struct Finding<'a> {
    pub(crate) details: &'a Details,
    pub(crate) service: Option<&'static Service>,
    pub(crate) port: Option<u16>,
    /// None on information gathered.
    pub(crate) status: Option<Status>,
    /// A user has told Qualys to ignore it.
    pub(crate) ignored: bool,
    /// A user has disabled its QID at Qualys.
    pub(crate) disabled: bool,
}

/// An operating system as Qualys names it, and as a CPE when it's sure.
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) cpe: Option<&'static str>,
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
    pub(crate) fn new(options: &'a Options, catalogue: &'a Catalogue) -> Self {
        Self { options, catalogue }
    }

    /// How many entries the host list has: every host, then once more those that an agent reports too.
    pub(crate) fn entries(&self) -> u32 {
        let Options { hosts, duplicates, .. } = *self.options;
        let duplicates = u32::from(duplicates);
        hosts + hosts / 100 * duplicates + (hosts % 100).min(duplicates)
    }

    /// The entry at this place of the host list, if it hasn't left.
    pub(crate) fn entry(&self, place: u32) -> Option<Host<'a>> {
        let mut host = self.record(self.number(place), place >= self.options.hosts)?;
        self.examine(&mut host);
        Some(host)
    }

    /// What Qualys holds of the host with this number, from its scanner or from its agent, but for what was found on it.
    pub(crate) fn record(&self, number: u32, by_agent: bool) -> Option<Host<'a>> {
        let fate = self.fate(number);
        let there = number < self.options.hosts && (!by_agent || self.has_agent(number) && !fate.merged);
        (there && fate.is_there()).then(|| self.host(number, by_agent, fate))
    }

    fn has_agent(&self, number: u32) -> bool {
        number % 100 < u32::from(self.options.duplicates)
    }

    fn fate(&self, number: u32) -> Fate {
        let mut fate = self.first_fate(number);
        let mut beside = self
            .neighbour(number)
            .map(|neighbour| (neighbour, self.first_fate(neighbour)));
        for generation in 1..=self.options.generation {
            let left_before = |fate: &Fate| fate.left == Some(generation - 1);
            let inherits = beside.as_ref().is_some_and(|(_, other)| left_before(other));
            if let Some((neighbour, other)) = &mut beside {
                self.pass(*neighbour, generation, left_before(&fate), other);
            }
            self.pass(number, generation, inherits, &mut fate);
        }
        fate
    }

    /// Before the first generation passes. Every fourth host comes only when an address is left for it.
    fn first_fate(&self, number: u32) -> Fate {
        let comes_later = self.options.reused_addresses && (number / self.options.networks) % 4 == 3;
        Fate {
            place: if comes_later { Place::Nowhere } else { Place::First },
            ..Fate::default()
        }
    }

    /// Where addresses are reused, the host that takes the first address of this one a generation after it is left; and the
    /// other way round.
    fn neighbour(&self, number: u32) -> Option<u32> {
        let Options {
            hosts,
            networks,
            reused_addresses,
            ..
        } = *self.options;
        let neighbour = ((number / networks) ^ 1) * networks + number % networks;
        (reused_addresses && neighbour < hosts).then_some(neighbour)
    }

    /// What a generation does to a host. It `inherits` if its neighbour's first address was left in the one before.
    fn pass(&self, number: u32, generation: u32, inherits: bool, fate: &mut Fate) {
        if fate.purged {
            return;
        }
        if inherits {
            fate.move_to(Place::Inherited, generation);
            return;
        }
        let stream = u64::from(generation) << 32 | u64::from(number);
        let random = &mut Random::new(self.options.seed ^ CHANGES, stream);
        if fate.place == Place::Nowhere || !random.chance(self.options.changing) {
            return;
        }
        fate.changed = generation;
        match random.below(10) {
            0..4 => fate.fixes += 1,
            4..7 => fate.additions += 1,
            7 => {
                fate.leave(generation);
                fate.purged = true;
            }
            8 => fate.move_to(Place::Fresh(generation), generation),
            _ => fate.merged = true,
        }
    }

    /// The address of the entry at this place, if it hasn't left.
    pub(crate) fn entry_address(&self, place: u32) -> Option<Ipv4Addr> {
        let number = self.number(place);
        let fate = self.fate(number);
        let traits = &mut self.traits(number);
        let ipv6_stand_in = traits.chance(self.options.ipv6);
        let gone = !fate.is_there() || fate.merged && place >= self.options.hosts;
        (!gone).then(|| self.address(number, ipv6_stand_in, fate.place))
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

    fn host(&self, number: u32, by_agent: bool, fate: Fate) -> Host<'a> {
        let options = self.options;
        let traits = &mut self.traits(number);
        let ipv6_stand_in = traits.chance(options.ipv6);
        let clean = traits.chance(options.clean);
        let empty = traits.chance(2);
        let name = word(traits);
        Host {
            number,
            network: match number % options.networks {
                0 => 0,
                other => FIRST_NETWORK + other - 1,
            },
            address: self.address(number, ipv6_stand_in, fate.place),
            ipv6_stand_in,
            by_agent,
            dns: traits
                .chance(80)
                .then(|| format!("{}-{number}.lab.example", name.replace(' ', "-"))),
            netbios: traits.chance(50).then(|| format!("LAB{number:07}")),
            system: traits.chance(92).then(|| traits.pick(SYSTEMS)),
            findings: Vec::new(),
            fate,
            clean,
            empty,
        }
    }

    /// Adds what was found on a host.
    pub(crate) fn examine(&self, host: &mut Host<'a>) {
        let (number, fate) = (host.number, host.fate);
        if !host.empty {
            host.findings = self.findings(host, host.by_agent);
            if fate.merged && !host.by_agent && self.has_agent(number) {
                host.take(self.findings(host, true));
            }
        }
        if host.by_agent {
            return;
        }
        for addition in 1..=fate.additions {
            let stream = u64::from(number) << 8 | u64::from(addition);
            let random = &mut Random::new(!self.options.seed ^ CHANGES, stream);
            let details = self.catalogue.skewed(random);
            let new = Finding {
                details,
                service: details.service,
                port: details.service.map(|service| service.port),
                status: (details.kind != Kind::Information).then_some(Status::New),
                ignored: false,
                disabled: self.is_disabled(details),
            };
            host.take(vec![new]);
        }
    }

    fn address(&self, number: u32, ipv6_stand_in: bool, place: Place) -> Ipv4Addr {
        let Options { hosts, networks, .. } = *self.options;
        let first = number / networks;
        let offset = match place {
            Place::Nowhere | Place::First => 1 + first,
            Place::Fresh(generation) => 1 + first + generation * hosts.div_ceil(networks),
            Place::Inherited => 1 + (first ^ 1),
        };
        match ipv6_stand_in {
            true => Ipv4Addr::from_bits(offset),
            false => Ipv4Addr::from_bits(self.options.network.network().to_bits() + offset),
        }
    }

    /// No two findings of an entry share QID, port and protocol; one QID on several ports is common.
    fn findings(&self, host: &Host<'a>, by_agent: bool) -> Vec<Finding<'a>> {
        let stream = u64::from(host.number) * STREAMS + 1 + u64::from(by_agent);
        let random = &mut Random::new(self.options.seed, stream);
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
            let service = details.service.filter(|_| !by_agent);
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
                status: (details.kind != Kind::Information).then(|| self.status(host, details, port)),
                ignored: self.is_ignored(host.number, details),
                disabled: self.is_disabled(details),
            });
        }
        findings
    }

    /// Two entries of a host agree on what they both list: the draw depends on nothing else.
    fn status(&self, host: &Host<'_>, details: &Details, port: Option<u16>) -> Status {
        let finding = u64::from(details.qid) << 16 | u64::from(port.unwrap_or(0));
        let stream = (u64::from(host.number) * STREAMS + 3) ^ finding.rotate_left(32);
        // Each time a third of what was there, and the fourth time all of it.
        let fixed = u32::from(self.options.fixed) + 34 * u32::from(host.fate.fixes);
        match Random::new(self.options.seed, stream).below(100) {
            _ if host.clean => Status::Fixed,
            draw if draw < fixed => Status::Fixed,
            draw if draw % 11 == 0 => Status::New,
            draw if draw % 17 == 0 => Status::ReOpened,
            _ => Status::Active,
        }
    }

    /// What a user ignores is the same in every entry of a host.
    fn is_ignored(&self, host: u32, details: &Details) -> bool {
        let ignored = self.options.ignored;
        let stream = u64::from(host) << 32 | u64::from(details.qid);
        ignored > 0 && details.kind != Kind::Information && Random::new(!self.options.seed, stream).chance(ignored)
    }

    /// What a user disables is disabled on every host.
    fn is_disabled(&self, details: &Details) -> bool {
        let disabled = self.options.disabled;
        let stream = u64::from(details.qid) << 32;
        disabled > 0 && Random::new(!self.options.seed, stream).chance(disabled)
    }
}

/// The true address behind a stand-in.
pub(crate) fn behind(stand_in: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(PREFIX.to_bits() | u128::from(stand_in.to_bits()))
}

impl<'a> Host<'a> {
    /// The number that Qualys gives to this record.
    pub(crate) fn id(&self) -> u64 {
        FIRST_HOST_ID + 2 * u64::from(self.number) + u64::from(self.by_agent)
    }

    /// The generation that changed it last; 0: none has.
    pub(crate) fn changed(&self) -> u32 {
        self.fate.changed
    }

    /// Adds findings that it doesn't have yet.
    fn take(&mut self, findings: Vec<Finding<'a>>) {
        for finding in findings {
            let known = |other: &Finding<'_>| {
                other.details.qid == finding.details.qid
                    && other.port == finding.port
                    && other.protocol() == finding.protocol()
            };
            if !self.findings.iter().any(known) {
                self.findings.push(finding);
            }
        }
    }
}

impl Fate {
    fn is_there(self) -> bool {
        !self.purged && self.place != Place::Nowhere
    }

    fn leave(&mut self, generation: u32) {
        if self.place == Place::First {
            self.left = Some(generation);
        }
    }

    fn move_to(&mut self, place: Place, generation: u32) {
        self.leave(generation);
        self.place = place;
        self.changed = generation;
    }
}

impl Finding<'_> {
    /// Whether a report shows it.
    pub(crate) fn is_reported(&self) -> bool {
        !self.ignored && !self.disabled
    }

    pub(crate) fn protocol(&self) -> Option<Protocol> {
        self.service.map(|service| service.protocol)
    }
}
