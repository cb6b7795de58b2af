//! List: which hosts there are, page by page, in a few bytes each.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::SystemTime;

use tracing::{info, warn};

use super::groups::{GroupedHost, HostGroups};
use super::wanted::{HostsWanted, MARGIN, before};
use super::{DetectionClient, DetectionError};
use crate::printable::Text;
use crate::problem::{Kind, Problem as _, Step};
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::transport::Received;
use crate::qualys::transport::http::Request;
use crate::report::host_list::{self, Listed};
use crate::report::selection::Selection;
use crate::report::{LeftOut, Tally};
use crate::stage::Stage;

/// Hosts of a page, some 500 bytes each. A page that doesn't arrive in time is asked for again at half the size.
const PAGE: u64 = 25_000;
/// Hosts of a page, at least.
const SMALLEST_PAGE: u64 = 100;
/// Pages in all, so that a list without an end has one.
const PAGES: u32 = 10_000;
/// Hosts of all pages, at most: more than any subscription has, in 512 MB.
const HOSTS: u64 = 16 << 20;

/// The hosts in scope.
#[derive(Debug, Default)]
pub struct HostListing {
    /// Those that are asked for.
    pub hosts: HostGroups,
    /// Records in the list.
    pub listed: u64,
    /// Records that aren't asked for, by reason.
    pub left_out: Tally,
    /// There are hosts whose address nobody says: each may be any host.
    pub hidden: bool,
    /// There are hosts of which nobody says more than that their address is one of IPv6.
    pub hidden_ipv6: bool,
    /// Addresses of records that are left out since they are outdated.
    outdated: HashSet<IpAddr>,
    /// What Qualys says besides hosts.
    said: Vec<String>,
    /// A list may lack hosts, or those that changed.
    pub lacks_hosts: bool,
    /// When the list was begun, by Qualys' clock.
    pub begun: Option<SystemTime>,
    /// Hosts are asked for only if they changed since, by Qualys' clock.
    pub since: Option<SystemTime>,
    /// What the user should know of it.
    pub warnings: Vec<String>,
}

impl DetectionClient {
    /// Asks for the hosts in scope; those that `selection` leaves out by address or network are left out at once.
    ///
    /// # Errors
    /// No list, or one without a host: exit code 65, since rights may be lost.
    pub async fn list(&self, selection: &Selection) -> Result<HostListing, DetectionError> {
        let (mut listing, mut hosts) = (HostListing::default(), Vec::new());
        let oldest = |now| self.settings.max_scan_age.map(|age| before(now, age));
        let taken = self.pages("Basic", self.settings.scope.parameters(), |page, now| {
            let oldest = oldest(now).and_then(host_list::unix_seconds);
            listing.begun.get_or_insert(now);
            for host in page {
                hosts.extend(listing.take(&host, oldest, selection));
            }
        });
        listing.said = taken.await?;
        listing.lacks_hosts = !listing.said.is_empty();
        listing.hidden |= listing.lacks_hosts;
        self.transport.listed(listing.listed);
        if listing.listed == 0 {
            return Err(self.transport.error(Stage::List, Fault::plain(Kind::NoHosts)).into());
        }
        if hosts.is_empty() && listing.without_address() == listing.listed {
            let found = format!("a list of {} hosts without any address", listing.listed);
            return Err(self.unexpected(Stage::List, &found));
        }
        listing.hosts = HostGroups::new(hosts);
        Ok(listing)
    }

    /// Leaves those hosts of a list that are wanted, and says what the user should know of it.
    ///
    /// # Errors
    /// No list of what changed.
    pub async fn choose(&self, listing: &mut HostListing, wanted: &HostsWanted) -> Result<(), DetectionError> {
        let all = listing.hosts.len();
        if !self.settings.shard.is_everything() {
            let of_shard = |host: &GroupedHost| self.settings.shard.contains(host.address);
            listing.hosts.retain_groups(of_shard);
        }
        listing.since = wanted.since.map(|since| since.at(self.now()));
        let done = wanted.done;
        let changed = self.changed(listing.since, listing).await?;
        let again = done.map(|done| before(done.begun, MARGIN));
        let changed_again = self.changed(again, listing).await?;
        listing.hosts.retain_groups(|host| {
            let is_done = done.is_some_and(|done| host.address <= done.reached);
            let changed = if is_done { &changed_again } else { &changed };
            changed.as_ref().is_none_or(|changed| changed.contains(&host.id))
        });
        let asked = listing.hosts.len();
        let calls = listing.hosts.batches(self.settings.hosts_per_call).len() as u64;
        info!(hosts = asked, listed = listing.listed, calls, "hosts listed");
        if asked < all {
            let cut = match done {
                Some(_) => ", and as the others were imported by a run that was cut short",
                None => "",
            };
            let part =
                format!("{asked} of {all} hosts are asked for, by detections.shard and detections.changed_within{cut}");
            listing.warnings.push(part);
        }
        listing.warn();
        Ok(())
    }

    /// Asks for one host, whichever, and only once: proves the way there and the login.
    ///
    /// # Errors
    /// What keeps it from us.
    pub async fn probe(&self) -> Result<(), Error> {
        let request = self.page_request("None", &[], 1, None);
        let call = self.transport.call(Stage::List);
        let received = self.transport.once(call, &request, 0).await;
        let received = received.and_then(Received::into_stream).map(drop);
        received.map_err(|fault| self.transport.error(Stage::List, fault))
    }

    /// The records whose scan results were processed since, by Qualys' clock; all of them, where there is no such time. What is said
    /// besides joins what is known of the list.
    async fn changed(
        &self,
        since: Option<SystemTime>,
        listing: &mut HostListing,
    ) -> Result<Option<HashSet<u64>>, DetectionError> {
        let Some(since) = since else { return Ok(None) };
        let mut parameters = self.settings.scope.parameters();
        parameters.push((
            "vm_processed_after",
            humantime::format_rfc3339_seconds(since).to_string(),
        ));
        let mut changed = HashSet::new();
        let take = |page: Vec<Listed>, _| changed.extend(page.into_iter().map(|host| host.id));
        for words in self.pages("None", parameters, take).await? {
            listing.lacks_hosts = true;
            if !listing.said.contains(&words) {
                listing.said.push(words);
            }
        }
        Ok(Some(changed))
    }

    /// Every page of a list, one after the other, with the time at Qualys. Gives what Qualys warns of, and what isn't understood.
    async fn pages(
        &self,
        details: &str,
        parameters: Vec<(&'static str, String)>,
        mut take: impl FnMut(Vec<Listed>, SystemTime),
    ) -> Result<Vec<String>, DetectionError> {
        let (mut size, mut next, mut warnings, mut listed) = (PAGE, None, Vec::new(), 0);
        for _ in 0..PAGES {
            let request = self.page_request(details, &parameters, size, next);
            let parse = |body| {
                let mut hosts = Vec::new();
                let end = host_list::read(body, |host| hosts.push(host))?;
                Ok::<_, DetectionError>((hosts, end))
            };
            let splits = size / 2 >= SMALLEST_PAGE;
            let page = self
                .transport
                .obtain(Stage::List, &request, parse, is_cut_off, |fault| {
                    splits && is_too_much(fault)
                });
            let (hosts, end) = match page.await {
                Err(DetectionError::Qualys(error)) if splits && is_too_much(&error.fault) => {
                    warn!("{error}; asking for half as many hosts");
                    size /= 2;
                    continue;
                }
                page => page.map_err(|failure| self.of_scope(failure))?,
            };
            listed += hosts.len() as u64;
            if listed > HOSTS {
                return Err(self.unexpected(Stage::List, &format!("a list of more than {HOSTS} hosts")));
            }
            take(hosts, self.now());
            let warning = end
                .warning
                .map(|words| format!("Qualys warns in its list of hosts: {words}"));
            let strange = end
                .strange
                .map(|found| format!("the list of hosts holds {found}, so it may lack hosts"));
            for sentence in warning.into_iter().chain(strange) {
                if !warnings.contains(&sentence) {
                    warnings.push(sentence);
                }
            }
            match end.next {
                None => return Ok(warnings),
                Some(id) if id > next.unwrap_or_default() => next = Some(id),
                Some(id) => return Err(self.stands_still(Stage::List, id)),
            }
        }
        let found = format!("a list that doesn't end within {PAGES} pages");
        Err(self.unexpected(Stage::List, &found))
    }

    fn page_request(
        &self,
        details: &str,
        parameters: &[(&'static str, String)],
        size: u64,
        next: Option<u64>,
    ) -> Request {
        let mut all = vec![("details", details.to_owned()), ("truncation_limit", size.to_string())];
        all.extend_from_slice(parameters);
        all.extend(next.map(|id| ("id_min", id.to_string())));
        self.request(format!("/api/{}/fo/asset/host/", self.settings.host_list_version), all)
    }

    /// A WARNING that leads back to where its page began.
    pub(super) fn stands_still(&self, stage: Stage, id: u64) -> DetectionError {
        self.unexpected(
            stage,
            &format!("a page whose next one begins no further on (id_min={id})"),
        )
    }

    /// What Qualys doesn't take of a list is how hosts are chosen.
    fn of_scope(&self, failure: DetectionError) -> DetectionError {
        match failure {
            DetectionError::Qualys(error) if error.kind().row().step == Some(Step::Templates) => {
                let cause = Text::of(error.fault.to_string());
                self.transport
                    .error(Stage::List, Fault::Plain(Kind::BadScope, cause))
                    .into()
            }
            failure => failure,
        }
    }

    fn unexpected(&self, stage: Stage, found: &str) -> DetectionError {
        let found = Text::of(found);
        self.transport.error(stage, Fault::Unexpected { found }).into()
    }

    /// The time at Qualys.
    pub(super) fn now(&self) -> SystemTime {
        let there = self.transport.limits().and_then(|limits| limits.date);
        there.unwrap_or_else(SystemTime::now)
    }
}

/// Whether less at once may do what this couldn't.
pub(super) fn is_too_much(fault: &Fault) -> bool {
    match fault {
        Fault::Refused(refusal) => matches!(refusal.status, 413 | 414 | 504),
        fault => fault.kind() == Kind::IdleTimeout,
    }
}

pub(super) fn is_cut_off(failure: &DetectionError) -> bool {
    matches!(failure, DetectionError::Answer(error) if error.is_cut_off())
}

impl HostListing {
    /// Whether an address is in scope; once hosts were [chosen](DetectionClient::choose) of one that is left of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.hosts.contains(address) || self.outdated.contains(&address)
    }

    /// Counts a record of the list; gives it back if it is asked for.
    ///
    /// An outdated record is left out even beside a newer one of its address: another machine may have the address by now, to
    /// which the old findings would be added, and which the old record's fixed findings would clear.
    fn take(&mut self, host: &Listed, oldest: Option<u32>, selection: &Selection) -> Option<GroupedHost> {
        self.listed += 1;
        let outdated = host
            .scanned
            .zip(oldest)
            .is_some_and(|(scanned, oldest)| scanned < oldest);
        let reason = match host.address {
            None if host.stand_in => {
                self.hidden_ipv6 = true;
                LeftOut::StandIn
            }
            None => {
                self.hidden = true;
                LeftOut::BadAddress
            }
            Some(address) => match selection.out_of_scope(address, host.network) {
                Some(reason) => reason,
                None if outdated => {
                    self.outdated.insert(address);
                    LeftOut::NotScanned
                }
                None => {
                    return Some(GroupedHost {
                        address,
                        id: host.id,
                        network: host.network,
                    });
                }
            },
        };
        self.left_out.add(reason, 1);
        None
    }

    fn without_address(&self) -> u64 {
        self.left_out.get(LeftOut::BadAddress)
    }

    /// Says what the user should know of it.
    fn warn(&mut self) {
        self.warnings.append(&mut self.said);
        if let Some(shared) = self.hosts.in_several_networks() {
            self.warnings.push(format!(
                "addresses that stand in several of Qualys' networks ({}, the first {} in networks {} and {}) become one host \
                 each; import each network into a domain of its own (selection.networks, commands.domain)",
                shared.addresses, shared.first, shared.networks.0, shared.networks.1
            ));
        }
        if self.hidden {
            self.warnings
                .push("the list may hold hosts whose address it doesn't say: no host is cleared".to_owned());
        }
        if self.hidden_ipv6 {
            let warning = "the list holds hosts of IPv6 whose address it doesn't say: no host of IPv6 is cleared";
            self.warnings.push(warning.to_owned());
        }
        self.warnings.iter().for_each(|warning| warn!("{warning}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outdated_record_is_left_out_beside_a_newer_one_too() {
        let record = |id, address: &str, scanned| Listed {
            id,
            address: Some(address.parse().unwrap()),
            stand_in: false,
            network: 0,
            scanned,
        };
        let list = [
            record(1, "10.0.0.1", Some(5)),
            record(2, "10.0.0.1", Some(20)),
            record(3, "10.0.0.2", Some(5)),
            record(4, "10.0.0.3", None),
        ];
        let asked = |oldest| {
            let mut listing = HostListing::default();
            let taken = list
                .iter()
                .filter_map(|host| listing.take(host, oldest, &Selection::default()));
            let ids: Vec<u64> = taken.map(|host| host.id).collect();
            (ids, listing.left_out.get(LeftOut::NotScanned))
        };
        assert_eq!(
            asked(Some(10)),
            (vec![2, 4], 2),
            "one without a scan has nothing to be outdated"
        );
        assert_eq!(asked(None), (vec![1, 2, 3, 4], 0));
    }
}
