//! What an import may leave in the network map, host by host.
//!
//! The promise: an import that ends with 0 leaves exactly what the reports of its templates mean together, and hosts that
//! they don't speak of as they were. If the report of a template is missing, what the others say joins what is there. One
//! that ends otherwise leaves each host as it was, or as the report means it, with three exceptions that it
//! can't keep from happening. A host that the summary names as refused holds what the Management Center took of it. So
//! does one of a refused frame, if the import is killed before it has sent that host again. And of
//! each connection that ended too soon, one host may hold its earlier findings and some of the new ones beside them,
//! since the Management Center applies what is queued when a connection closes; nothing is removed from it. An import
//! without a whole report changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use connector_lab::management_center::{self, NetworkMap};
use connector_lab::report::{self, Kind, Protocol, Report, Status};
use ipnet::{IpNet, Ipv6Net};

use super::accounts::{self, Accounts};
use super::child::Ended;

/// Where the lab's hosts with IPv6 only are.
const IPV6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 64);

/// Where what was found: QID, port and protocol number.
type Place = (String, Option<u16>, Option<u8>);
/// What was found on a host, with the numbers of its CVEs.
pub(super) type Results = BTreeMap<Place, BTreeSet<String>>;
/// What was found on every host; one without results isn't listed.
pub(super) type Findings = BTreeMap<IpAddr, Results>;
/// QIDs that the reports know; a result with another id was invented on the way.
pub(super) type Marks = BTreeSet<String>;

/// What a report means by the connector's default selection.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// Hosts with findings.
    selected: Findings,
    /// Clean hosts: something on them is fixed that is asked for, and nothing of that is open.
    clean: BTreeSet<IpAddr>,
    /// All hosts, whatever is said of them.
    listed: BTreeSet<IpAddr>,
}

/// What an import met at the Management Center.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Met {
    /// Connections that it made.
    pub(super) connections: u64,
    /// The new findings join the old ones.
    pub(super) merges: bool,
    /// Lines or hosts were refused.
    pub(super) refused: bool,
    /// Every ScanFlush was dropped.
    pub(super) drops_flush: bool,
    /// Only hosts that changed were asked for; the others are as they are meant already.
    pub(super) delta: bool,
    /// Hosts that left are cleared by an import that ends with 0, by others they may be. Hosts that a run before it had reached aren't
    /// asked for again.
    pub(super) remembers: bool,
}

/// How many hosts an import left in which state.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hosts {
    /// As the report means it.
    pub(super) new: u64,
    /// As it was, though the report means otherwise.
    pub(super) old: u64,
    /// What it had, and some of what is new.
    pub(super) joined: u64,
    /// Something was refused, and the summary says so, unless it was killed before.
    pub(super) refused: u64,
}

impl Meaning {
    /// What several reports mean together: a host of two has the findings of both.
    pub(super) fn of<'r>(reports: impl IntoIterator<Item = &'r Arc<Report>>, marks: &mut Marks) -> Self {
        let hosts = reports.into_iter().flat_map(|report| report.hosts());
        Self::of_hosts(hosts.filter(|host| !host.ipv6_stand_in), marks)
    }

    fn of_hosts(hosts: impl Iterator<Item = report::Host>, marks: &mut Marks) -> Self {
        let mut meaning = Self::default();
        let mut fixed = BTreeSet::new();
        for host in hosts.filter(|host| host.network == 0) {
            let address = host.true_address();
            meaning.listed.insert(address);
            for finding in host.findings.iter().filter(|finding| finding.kind != Kind::Information) {
                if finding.status == Some(Status::Fixed) {
                    fixed.insert(address);
                    continue;
                }
                let (place, cves) = result(finding);
                marks.insert(place.0.clone());
                meaning.selected.entry(address).or_default().insert(place, cves);
            }
        }
        fixed.retain(|address| !meaning.selected.contains_key(address));
        meaning.clean = fixed;
        meaning
    }

    /// What a host holds once all of the report is imported.
    fn after(&self, address: IpAddr, before: &Results, merges: bool) -> Results {
        match (self.selected.get(&address), merges) {
            (Some(results), false) => results.clone(),
            (Some(results), true) => {
                let mut joined = before.clone();
                joined.extend(results.clone());
                joined
            }
            (None, false) if self.clean.contains(&address) => Results::new(),
            (None, _) => before.clone(),
        }
    }

    fn findings(&self) -> u64 {
        self.selected.values().map(|results| results.len() as u64).sum()
    }
}

fn result(finding: &report::Finding) -> (Place, BTreeSet<String>) {
    let protocol = finding.protocol.map(|protocol| match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    });
    // The Management Center strips the prefix (likely).
    let cves = finding.cves.iter().map(|cve| cve.trim_start_matches("CVE-").to_owned());
    ((finding.qid.to_string(), finding.port, protocol), cves.collect())
}

/// What the Management Center holds.
///
/// # Errors
/// When it holds a result twice, or of a QID that no report knows.
pub(super) fn held(map: &NetworkMap, marks: &Marks) -> Result<Findings, String> {
    let mut held = Findings::new();
    for (address, host) in &map.hosts {
        let mut results = Results::new();
        for result in host.scanners.values().flat_map(|scanner| &scanner.results) {
            let protocol = result.proto.map(|protocol| match protocol {
                management_center::Protocol::Tcp => 6,
                management_center::Protocol::Udp => 17,
            });
            if !marks.contains(&result.id) {
                return Err(format!("{address} holds {}, of which no report speaks", result.id));
            }
            let place = (result.id.clone(), result.port, protocol);
            if results.insert(place, result.cves.iter().cloned().collect()).is_some() {
                return Err(format!("{address} holds {} twice in one place", result.id));
            }
        }
        if !results.is_empty() {
            held.insert(*address, results);
        }
    }
    Ok(held)
}

/// What is delivered in one piece: all templates of an import, or one of them.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Numbers of the templates; none for a report file.
    pub(super) templates: Vec<u64>,
    /// What their reports mean together.
    pub(super) meaning: Meaning,
    /// What some of the reports mean, where the others are missing, by the templates that are there.
    pub(super) parts: Vec<(BTreeSet<u64>, Meaning)>,
    /// Where its hosts are.
    pub(super) networks: Vec<IpNet>,
}

impl Piece {
    /// The piece of a report file.
    pub(super) fn of_file(report: &Arc<Report>, marks: &mut Marks) -> Self {
        Self {
            meaning: Meaning::of([report], marks),
            networks: vec![report.options().network.into()],
            ..Self::default()
        }
    }

    /// The piece of all hosts of an estate, those with IPv6 under their true address.
    pub(super) fn of_estate(estate: &Arc<Report>, marks: &mut Marks) -> Self {
        let (ipv4, ipv6) = (estate.options().network, IpNet::V6(IPV6));
        Self {
            meaning: Meaning::of_hosts(estate.hosts(), marks),
            networks: vec![ipv4.into(), ipv6],
            ..Self::default()
        }
    }

    /// The piece of these templates.
    pub(super) fn of(templates: &[(u64, Arc<Report>)], marks: &mut Marks) -> Self {
        // Every choice of some of them, but not of all.
        let choices = 1..(1_u32 << templates.len()) - 1;
        let parts = choices.map(|choice| {
            let chosen = templates
                .iter()
                .enumerate()
                .filter(|(place, _)| choice >> place & 1 == 1);
            let (ids, reports): (BTreeSet<u64>, Vec<_>) = chosen.map(|(_, (id, report))| (*id, report)).unzip();
            (ids, Meaning::of(reports, marks))
        });
        let parts = parts.collect();
        Self {
            templates: templates.iter().map(|(id, _)| *id).collect(),
            meaning: Meaning::of(templates.iter().map(|(_, report)| report), marks),
            parts,
            networks: templates
                .iter()
                .map(|(_, report)| report.options().network.into())
                .collect(),
        }
    }

    /// The hosts that are this piece's business.
    pub(super) fn only(&self, findings: &Findings) -> Findings {
        let mut only = findings.clone();
        only.retain(|address, _| self.networks.iter().any(|network| network.contains(address)));
        only
    }
}

/// Holds what an import did with one piece against the promise; several runs are one import, each of a part of its hosts.
///
/// # Errors
/// A sentence that says which part of it was broken.
pub(super) fn judge(
    runs: &[Ended],
    before: &Findings,
    piece: &Piece,
    after: &Findings,
    met: Met,
) -> Result<Hosts, String> {
    let (before, after) = (&piece.only(before), &piece.only(after));
    let mut accounts: Option<Accounts> = None;
    for ended in runs {
        ended.is_well()?;
        let read = accounts::read(ended, &piece.templates)?;
        accounts = accounts.map(|known| known.join(read.clone())).or(Some(read));
    }
    let accounts = accounts.unwrap_or_default();
    let part = piece.parts.iter().find(|(ids, _)| *ids == accounts.obtained);
    let joined = Met { merges: true, ..met };
    let mut hosts = match part {
        // The others are missing.
        Some((_, meaning)) => states(&accounts, before, meaning, after, joined),
        None => states(&accounts, before, &piece.meaning, after, met),
    };
    if !accounts.whole {
        // Nobody knows which reports were there when it was killed.
        for (_, meaning) in &piece.parts {
            hosts = hosts.or_else(|_| states(&accounts, before, meaning, after, joined));
        }
    }
    let hosts = hosts?;
    let meaning = &piece.meaning;
    // A Management Center that drops ScanFlush looks as if it didn't count it, and lets the new join the old.
    let joined = match met.drops_flush && accounts.flush_is_unseen {
        true => 0,
        false => hosts.joined,
    };
    if part.is_some() && accounts.code == Some(0) {
        return Err("it ended with 0 without the report of a template".to_owned());
    }
    if accounts.code == Some(0) {
        let Some(selected) = accounts.findings_selected else {
            return Err("it ended with 0 without a report".to_owned());
        };
        if hosts.old + joined + hosts.refused > 0 {
            return Err(format!("silent loss: it ended with 0, and the map holds {hosts:?}"));
        }
        if selected > meaning.findings() || selected < meaning.findings() && !met.delta && !met.remembers {
            return Err(format!(
                "it selected {selected} findings, the report means {}",
                meaning.findings()
            ));
        }
        return Ok(hosts);
    }
    if joined > met.connections {
        return Err(format!("{hosts:?} after {} connections", met.connections));
    }
    if accounts.whole && !accounts.sent && before != after {
        return Err("it sent nothing, and the map has changed".to_owned());
    }
    let told = accounts.hosts_refused + accounts.hosts_not_sent;
    if accounts.sent && !accounts.silent && hosts.old + joined + hosts.refused > told {
        return Err(format!(
            "silent loss: {told} hosts were told as missing, the map holds {hosts:?}"
        ));
    }
    Ok(hosts)
}

/// Holds an import without faults against the promise.
///
/// # Errors
/// As [`judge`].
pub(super) fn succeeded(
    runs: &[Ended],
    before: &Findings,
    piece: &Piece,
    after: &Findings,
    met: Met,
) -> Result<(), String> {
    if let Some(ended) = runs.iter().find(|ended| ended.code != Some(0)) {
        return Err(format!("without any fault it ended with {}", ended.how()));
    }
    let met = Met {
        connections: 1,
        merges: met.merges,
        delta: met.delta,
        remembers: met.remembers,
        ..Met::default()
    };
    judge(runs, before, piece, after, met).map(|_| ())
}

/// In which state every host is.
fn states(
    accounts: &Accounts,
    before: &Findings,
    meaning: &Meaning,
    after: &Findings,
    met: Met,
) -> Result<Hosts, String> {
    let in_doubt = |address: &IpAddr| accounts.refused.contains(&address.to_string()) || !accounts.whole && met.refused;
    let none = Results::new();
    let mut hosts = Hosts::default();
    let addresses: BTreeSet<_> = before
        .keys()
        .chain(after.keys())
        .chain(meaning.selected.keys())
        .collect();
    for address in addresses {
        let (old, now) = (
            before.get(address).unwrap_or(&none),
            after.get(address).unwrap_or(&none),
        );
        if met.remembers && !meaning.listed.contains(address) {
            match (now.is_empty(), accounts.code) {
                (false, Some(0)) => return Err(format!("{address} left, and wasn't cleared: it holds {now:?}")),
                (false, _) if now != old => return Err(format!("{address} left, and holds {now:?}")),
                _ => hosts.new += 1,
            }
            continue;
        }
        let new = &meaning.after(*address, old, met.merges);
        let known = |(place, cves): (&Place, _)| old.get(place) == Some(cves) || new.get(place) == Some(cves);
        let of_both = now.iter().all(known);
        // What joins findings that are all there already changes nothing.
        let may_join = met.drops_flush && accounts.flush_is_unseen && !new.is_empty();
        let joined = may_join && new.iter().all(|(place, cves)| old.get(place) == Some(cves));
        if now == new {
            hosts.new += 1;
        } else if now == old && !joined {
            hosts.old += 1;
        } else if of_both && in_doubt(address) {
            hosts.refused += 1;
        } else if of_both && old.keys().all(|place| now.contains_key(place)) {
            hosts.joined += 1;
        } else {
            return Err(format!(
                "{address} is neither old nor new: it held {old:?}, the report means {new:?}, it holds {now:?}"
            ));
        }
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests;
