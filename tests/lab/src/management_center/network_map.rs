//! The network map as others see it: what `network-map.json` holds and tests compare.
//!
//! Deterministic: hosts by address, results by id, port, protocol and name. Two maps are equal when the Management
//! Center knows the same; the [`Counters`] beside them tell how it came to that.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// Everything the Management Center knows, at one moment.
///
/// The parameter is for the lab itself, which writes big maps host by host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkMap<Hosts = BTreeMap<IpAddr, Host>> {
    /// Hosts by address.
    pub hosts: Hosts,
    /// Hosts of which only the MAC address is known.
    pub mac_only_hosts: BTreeSet<String>,
    /// Host attributes that exist, and their type (`text` or `url`).
    pub host_attributes: BTreeMap<String, String>,
    /// Identity sources that an import has named, and their type.
    pub sources: BTreeMap<String, SourceType>,
    /// Scanners that an import has named.
    pub scanners: BTreeMap<String, Scanner>,
    /// How it came to that.
    pub counters: Counters,
}

/// One host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Whether it was there before any import.
    pub discovered: bool,
    /// The source that added it, or for a host that a scan result created, the scanner.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub added_by: Option<String>,
    /// The domain in which it was added.
    pub domain: String,
    /// Its MAC address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mac: Option<String>,
    /// Its operating system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub os: Option<OperatingSystem>,
    /// Its values of host attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub attributes: BTreeMap<String, String>,
    /// Its scan results by scanner. A scanner without results isn't listed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub scanners: BTreeMap<String, ScannerResults>,
}

/// What `SetOS` said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatingSystem {
    /// Such as `Microsoft`.
    pub vendor: String,
    /// Such as `Windows`.
    pub product: String,
    /// Such as `Server 2019`.
    pub version: String,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
}

/// What one scanner found on one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerResults {
    /// How many results.
    pub count: usize,
    /// Sum of their [digests](ScanResult::digest), modulo 2^64, as 16 hexadecimal digits.
    pub checksum: String,
    /// The results themselves, unless the lab only counts. Equal ones of many hosts are kept once.
    #[serde(skip_serializing_if = "Vec::is_empty", default, with = "shared")]
    pub results: Vec<Arc<ScanResult>>,
}

/// One scan result.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScanResult {
    /// The vulnerability's id, such as a QID; empty for a generic result.
    pub id: String,
    /// Port, if the result has one.
    pub port: Option<u16>,
    /// Transport protocol, if the result has one.
    pub proto: Option<Protocol>,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// CVE numbers without `CVE-`.
    pub cves: Vec<String>,
    /// Bugtraq ids.
    pub bugtraqs: Vec<String>,
}

/// Transport protocol of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP, 6.
    Tcp,
    /// UDP, 17.
    Udp,
}

/// Type of an identity source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceType {
    /// A scanner.
    Scanner,
    /// Everything else.
    Application,
}

/// What is known of a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    /// Whether its first results named vulnerabilities; decides what `DeleteScanResult` removes.
    pub vulnerability_information: bool,
}

/// What happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; the README's table tells the rest")]
pub struct Counters {
    pub connections: u64,
    pub frames: u64,
    /// Lines of frames, empty ones and comments included.
    pub lines: u64,
    /// Commands that the answers counted.
    pub commands: u64,
    /// Not CSV or no known command: nobody was told.
    pub dropped_lines: u64,
    /// Answered with an error and not counted.
    pub lost_lines: u64,
    /// Answered with `Failed to Execute Command`, and counted.
    pub failed_commands: u64,
    /// Behind a refused domain, source or map.
    pub skipped_commands: u64,
    pub hosts_added: u64,
    pub hosts_deleted: u64,
    pub hosts_dropped_at_limit: u64,
    pub hosts_refused_at_limit: u64,
    pub flushes: u64,
    pub updates: u64,
    /// Connections that closed with something pending.
    pub implicit_updates: u64,
    pub results_queued: u64,
    /// The same id, port and protocol more than once in a batch: the last one stayed.
    pub results_repeated: u64,
    pub results_for_unknown_hosts: u64,
    /// Answered with `Failure to Run Scan API`.
    pub results_refused: u64,
    pub results_deleted: u64,
    /// Items of CVE or Bugtraq lists that aren't ids.
    pub unrecognised_ids: u64,
    /// What no client may do.
    pub violations: Violations,
}

/// What no client may do, and how often one did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violations {
    /// A frame before the answer to the one before.
    pub early_frames: u64,
    /// More than the maximum.
    pub oversized_frames: u64,
    /// Frames whose last line has no line feed: a line may have been split.
    pub split_lines: u64,
    /// Frames that don't belong where they came.
    pub unexpected_frames: u64,
    /// Connections that ended inside a frame.
    pub cut_frames: u64,
}

impl ScanResult {
    /// FNV-1a (64 bits) of: id, port, protocol (`tcp`, `udp`), name, description, CVE numbers, Bugtraq ids; a line feed
    /// after each, nothing for what is absent, one blank between the items of a list.
    pub fn digest(&self) -> u64 {
        Digest::new()
            .field(&self.id)
            .field(&port_text(self.port))
            .field(Protocol::text(self.proto))
            .field(&self.name)
            .field(&self.description)
            .list(self.cves.iter().map(String::as_str))
            .list(self.bugtraqs.iter().map(String::as_str))
            .value()
    }
}

impl ScannerResults {
    /// The same as the Management Center would list them.
    pub fn of(results: impl IntoIterator<Item = ScanResult>) -> Self {
        let results: Vec<_> = results.into_iter().map(Arc::new).collect();
        Self::list(checksum(results.iter().map(|result| result.digest())), results)
    }

    pub(crate) fn list(checksum: String, mut results: Vec<Arc<ScanResult>>) -> Self {
        results.sort_by(|one, other| one.place().cmp(&other.place()));
        Self {
            count: results.len(),
            checksum,
            results,
        }
    }
}

/// Shared results are written and read as if they weren't.
mod shared {
    use super::{Arc, Deserialize, ScanResult};

    pub(super) fn serialize<S: serde::Serializer>(results: &[Arc<ScanResult>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(results.iter().map(|result| &**result))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Arc<ScanResult>>, D::Error> {
        let results = Vec::<ScanResult>::deserialize(from)?;
        Ok(results.into_iter().map(Arc::new).collect())
    }
}

impl ScanResult {
    /// Where it stands in a list: numbers by value, then other ids.
    fn place(&self) -> (u64, &Self) {
        (self.id.parse().unwrap_or(u64::MAX), self)
    }
}

impl Protocol {
    /// Name or number, lower case, as commands write it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "tcp" | "6" => Some(Protocol::Tcp),
            "udp" | "17" => Some(Protocol::Udp),
            _ => None,
        }
    }

    pub(crate) fn text(protocol: Option<Self>) -> &'static str {
        match protocol {
            Some(Protocol::Tcp) => "tcp",
            Some(Protocol::Udp) => "udp",
            None => "",
        }
    }
}

pub(crate) fn port_text(port: Option<u16>) -> String {
    port.map(|port| port.to_string()).unwrap_or_default()
}

pub(crate) fn checksum(digests: impl Iterator<Item = u64>) -> String {
    format!("{:016x}", digests.fold(0u64, u64::wrapping_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(id: &str, port: u16) -> ScanResult {
        ScanResult {
            id: id.to_owned(),
            port: Some(port),
            ..ScanResult::default()
        }
    }

    #[test]
    fn results_are_listed_by_number_not_by_text() {
        let listed = ScannerResults::of(vec![result("x", 1), result("100", 1), result("9", 2), result("9", 1)]);
        let order: Vec<_> = listed.results.iter().map(|r| (r.id.as_str(), r.port)).collect();
        assert_eq!(
            order,
            [("9", Some(1)), ("9", Some(2)), ("100", Some(1)), ("x", Some(1))]
        );
    }

    #[test]
    fn the_checksum_depends_on_content_and_not_on_order() {
        let one = ScannerResults::of(vec![result("1", 1), result("2", 2)]);
        assert_eq!(one, ScannerResults::of(vec![result("2", 2), result("1", 1)]));
        assert_ne!(
            one.checksum,
            ScannerResults::of(vec![result("1", 2), result("2", 1)]).checksum
        );
    }

    #[test]
    fn the_map_survives_json() {
        let mut map: NetworkMap = NetworkMap::default();
        let mut host = Host::default();
        let listed = ScannerResults::of(vec![result("1", 1)]);
        host.scanners.insert("Qualys".to_owned(), listed);
        map.hosts.insert("2001:db8::1".parse().unwrap(), host);
        let json = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<NetworkMap>(&json).unwrap(), map);
    }
}
