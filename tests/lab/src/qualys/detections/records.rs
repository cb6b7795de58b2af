//! The records of hosts, in the order of their ids, as far as a call asks for them.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use super::parameters::{Ranges, moment, number, switch, words};
use crate::qualys::answer::Refused;
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::qualys::share::invalid;
use crate::report::Report;
use crate::report::estate::{FIRST_HOST_ID, Host, behind};

/// Parameters that choose hosts.
#[rustfmt::skip]
pub(super) const SIMULATED: &[&str] = &[
    "ids", "id_min", "id_max", "ips", "ipv6", "network_ids", "ag_ids", "ag_titles", "use_tags", "tag_set_by",
    "tag_include_selector", "tag_exclude_selector", "tag_set_include", "tag_set_exclude", "vm_processed_after",
    "vm_processed_before", "truncation_limit",
];

/// Qualys' numbers of the first asset group and of the first tag.
const FIRST_GROUP: u64 = 1_000;
const FIRST_TAG: u64 = 2_000;
/// Every host is in one asset group of so many.
const GROUPS: u64 = 5;
/// Every host has one tag of the first so many, and one of as many others: so `any` and `all` differ.
const TAGS: u64 = 3;
/// A generation lasts so long, and the last one began so long ago.
const GENERATION: Duration = Duration::from_secs(86_400);
const SINCE_THE_LAST: Duration = Duration::from_secs(3_600);

/// What is asked of hosts.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    ids: Option<Ranges>,
    id_min: u64,
    id_max: u64,
    addresses: Option<Ranges>,
    ipv6: Option<Vec<Ipv6Addr>>,
    networks: Option<Ranges>,
    groups: Option<Vec<String>>,
    tags: Option<Tags>,
    processed_after: Option<Duration>,
    processed_before: Option<Duration>,
    /// When the last generation of the estate began.
    last_generation: Duration,
}

#[derive(Debug, Clone)]
struct Tags {
    include: Vec<String>,
    all: bool,
    exclude: Vec<String>,
    exclude_all: bool,
}

impl Asked {
    pub(super) fn new(service: &Service, call: &Call) -> Result<Self, Refused> {
        if call.parameter("ag_ids").is_some() && call.parameter("ag_titles").is_some() {
            return Err(Refused::new(1904, "ag_ids and ag_titles exclude each other"));
        }
        if call.parameter("ips").is_some() && call.parameter("ipv6").is_some() {
            return Err(Refused::new(1904, "ips and ipv6 exclude each other"));
        }
        let named = |name: &str| words(call, name).map(|words| words.into_iter().map(str::to_owned).collect());
        let ipv6 = words(call, "ipv6").map(|words| words.iter().map(|word| word.parse()).collect::<Result<_, _>>());
        let last = service
            .clock
            .time(service.clock.started())
            .saturating_sub(SINCE_THE_LAST);
        Ok(Self {
            ids: Ranges::of(call, "ids")?,
            id_min: number(call, "id_min")?.unwrap_or(0),
            id_max: number(call, "id_max")?.unwrap_or(u64::MAX),
            addresses: Ranges::of_addresses(call, "ips")?,
            ipv6: ipv6.transpose().map_err(|_| invalid("ipv6"))?,
            networks: Ranges::of(call, "network_ids")?,
            groups: named("ag_ids").or_else(|| named("ag_titles")),
            tags: Tags::asked(call)?,
            processed_after: moment(call, "vm_processed_after", &service.clock)?,
            processed_before: moment(call, "vm_processed_before", &service.clock)?,
            last_generation: last,
        })
    }

    fn takes(&self, report: &Report, host: &Host<'_>) -> bool {
        let address = u64::from(host.address.to_bits());
        let processed = self.processed(report, host);
        let group = u64::from(host.number) % GROUPS;
        let id = host.id();
        (self.id_min..=self.id_max).contains(&id)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(id))
            && self.addresses.as_ref().is_none_or(|asked| asked.contains(address))
            && self
                .ipv6
                .as_ref()
                .is_none_or(|asked| ipv6(host).is_some_and(|address| asked.contains(&address)))
            && self
                .networks
                .as_ref()
                .is_none_or(|asked| asked.contains(host.network.into()))
            && self.groups.as_ref().is_none_or(|asked| {
                let (number, title) = (FIRST_GROUP + group, group_title(group));
                asked
                    .iter()
                    .any(|asked| *asked == title || *asked == number.to_string())
            })
            && self.tags.as_ref().is_none_or(|tags| tags.take(host))
            && self.processed_after.is_none_or(|after| processed > after)
            && self.processed_before.is_none_or(|before| processed < before)
    }

    /// When scan results of the host were processed last.
    pub(super) fn processed(&self, report: &Report, host: &Host<'_>) -> Duration {
        let ago = report.options().generation - host.changed();
        self.last_generation.saturating_sub(GENERATION * ago)
    }

    /// The records that are asked for, from this id on.
    pub(super) fn records<'r>(&'r self, report: &'r Arc<Report>, from: u64) -> impl Iterator<Item = Host<'r>> + 'r {
        let estate = report.estate();
        let end = FIRST_HOST_ID + 2 * u64::from(report.options().hosts);
        let mut next = from.max(self.id_min).max(FIRST_HOST_ID);
        std::iter::from_fn(move || {
            loop {
                let id = match &self.ids {
                    Some(ids) => ids.next(next)?,
                    None => next,
                };
                if id >= end || id > self.id_max {
                    return None;
                }
                next = id + 1;
                let number = u32::try_from((id - FIRST_HOST_ID) / 2).ok()?;
                let host = estate.record(number, (id - FIRST_HOST_ID) % 2 == 1);
                if let Some(host) = host.filter(|host| self.takes(report, host)) {
                    return Some(host);
                }
            }
        })
    }
}

impl Tags {
    fn asked(call: &Call) -> Result<Option<Self>, Refused> {
        if !switch(call, "use_tags", false)? {
            return Ok(None);
        }
        let selector = |name: &str| match call.parameter(name) {
            None | Some("any") => Ok(false),
            Some("all") => Ok(true),
            Some(_) => Err(invalid(name)),
        };
        if !matches!(call.parameter("tag_set_by"), None | Some("id" | "name")) {
            return Err(invalid("tag_set_by"));
        }
        let named = |name: &str| words(call, name).unwrap_or_default().into_iter().map(str::to_owned);
        let tags = Self {
            include: named("tag_set_include").collect(),
            all: selector("tag_include_selector")?,
            exclude: named("tag_set_exclude").collect(),
            exclude_all: selector("tag_exclude_selector")?,
        };
        match tags.include.is_empty() {
            true => Err(super::super::share::missing("tag_set_include")),
            false => Ok(Some(tags)),
        }
    }

    fn take(&self, host: &Host<'_>) -> bool {
        let tags = tags(host);
        let has = |asked: &String| tags.iter().any(|(id, name)| asked == name || *asked == id.to_string());
        let chosen = |asked: &[String], all: bool| match all {
            true => asked.iter().all(has),
            false => asked.iter().any(has),
        };
        chosen(&self.include, self.all) && (self.exclude.is_empty() || !chosen(&self.exclude, self.exclude_all))
    }
}

fn group_title(group: u64) -> String {
    format!("Group {group}")
}

/// Numbers and names of a host's tags.
pub(super) fn tags(host: &Host<'_>) -> [(u64, String); 2] {
    let first = u64::from(host.number) % TAGS;
    let second = u64::from(host.number) / TAGS % TAGS;
    [
        (FIRST_TAG + first, format!("tag-{first}")),
        (FIRST_TAG + TAGS + second, format!("tag-{}", TAGS + second)),
    ]
}

/// The true address of a host that has IPv6 only.
pub(super) fn ipv6(host: &Host<'_>) -> Option<Ipv6Addr> {
    host.ipv6_stand_in.then(|| behind(host.address))
}
