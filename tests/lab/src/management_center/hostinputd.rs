//! The daemon behind the port: what all connections share, and how it processes a frame of commands.
//!
//! A frame is processed in two passes (likely): commands that have nothing to do with scan results take effect in
//! the first, in order; those that do are only prepared in it and take effect in the second.
//! Domain and source type begin anew with each frame; source and map stay, even from one client to the next (likely).

mod context;
mod data;
mod reply;
mod scan;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::reply::Reply;
use self::scan::Step;
use super::Options;
use super::address::AddressList;
use super::domain::Domains;
use super::fault::Faults;
use super::hosts::{Added, Hosts, Origin};
use super::line::{self, Fields, Line};
use super::network_map::{Counters, Host, NetworkMap, Scanner, SourceType};
use super::queue::Queue;
use super::results::{NameNumber, Names, Texts};

/// What becomes of scan results for a host that isn't in the network map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum UnknownHosts {
    /// They are dropped, and counted (likely).
    #[default]
    Drop,
    /// The host is created.
    Create,
}

/// Whose results a ScanFlush removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum FlushScope {
    /// Those of the scanner whose new results replace them (likely).
    #[default]
    Scanner,
    /// Those of every scanner (the guide's words allow it).
    Host,
}

/// The state that all connections share.
#[derive(Debug)]
pub(crate) struct Hostinputd {
    domains: Domains,
    maps: Vec<String>,
    unknown_hosts: UnknownHosts,
    flush_scope: FlushScope,
    counts: Counts,
    source: Option<Arc<str>>,
    hosts: Hosts,
    texts: Texts,
    scanner_names: Names,
    scanners: BTreeMap<NameNumber, Scanner>,
    sources: BTreeMap<String, SourceType>,
    host_attributes: BTreeMap<String, String>,
    pub(crate) counters: Counters,
}

/// Which commands an answer counts beside all others.
#[derive(Debug, Clone, Copy)]
struct Counts {
    header: bool,
    flush: bool,
    update: bool,
    attribute: bool,
}

/// What came of a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The text for the client.
    pub(crate) answer: String,
    pub(crate) summary: FrameSummary,
}

/// What was in a frame, for the transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameSummary {
    /// Lines, empty ones and comments included.
    pub lines: u64,
    /// Commands that the answer counts.
    pub commands: u64,
    /// Address in the first AddHost or AddScanResult.
    pub first_host: Option<String>,
    /// Address in the last AddHost or AddScanResult.
    pub last_host: Option<String>,
    /// Lines that were dropped without a word.
    pub dropped_lines: u64,
    /// Beginnings of the first three of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dropped: Vec<String>,
    /// Results for hosts that aren't in the network map.
    pub results_for_unknown_hosts: u64,
}

/// All hosts, as a JSON object.
struct HostList<'a>(&'a Hostinputd);

/// A frame in work.
struct FrameRun<'a> {
    daemon: &'a mut Hostinputd,
    faults: &'a Faults,
    domain: String,
    source_type: SourceType,
    reply: Reply,
    steps: Vec<Step>,
    summary: FrameSummary,
}

impl Hostinputd {
    pub(crate) fn new(options: &Options) -> Self {
        let domains = Domains::new(&options.domains, &options.certificate_domain);
        Self {
            maps: options.maps.clone(),
            unknown_hosts: options.unknown_hosts,
            flush_scope: options.flush_scope,
            counts: Counts {
                header: options.count_header,
                flush: !options.no_count_flush,
                update: !options.no_count_update,
                attribute: !options.no_count_attribute,
            },
            source: None,
            hosts: Hosts::new(options.host_limit, options.at_host_limit),
            texts: Texts::new(options.counts_only),
            scanner_names: Names::default(),
            scanners: BTreeMap::new(),
            sources: BTreeMap::new(),
            host_attributes: BTreeMap::new(),
            counters: Counters::default(),
            domains,
        }
    }

    /// Puts hosts into the map as if they had been discovered, as many as the limit allows.
    pub(crate) fn discover(&mut self, list: &AddressList) {
        let origin = Origin {
            discovered: true,
            added_by: None,
            domain: self.domains.certificate().into(),
        };
        for address in list.iter() {
            if self.hosts.is_full() {
                break;
            }
            self.hosts.add(address, &origin);
        }
    }

    /// Processes a frame's payload.
    pub(crate) fn run_frame(&mut self, queue: &mut Queue, payload: &[u8], faults: &Faults) -> Outcome {
        self.counters.frames += 1;
        if !payload.is_empty() && payload.last() != Some(&b'\n') {
            self.counters.violations.split_lines += 1;
        }
        let mut run = FrameRun {
            domain: self.domains.certificate().to_owned(),
            daemon: self,
            faults,
            source_type: SourceType::Application,
            reply: Reply::default(),
            steps: Vec::new(),
            summary: FrameSummary::default(),
        };
        run.first_pass(payload);
        run.second_pass(queue);
        run.finish()
    }

    /// The end of a connection: what is pending takes effect as an update.
    pub(crate) fn close(&mut self, queue: &mut Queue, faults: &Faults) {
        if !queue.is_empty() {
            self.counters.implicit_updates += 1;
            let mut nobody_reads = Reply::default();
            scan::update(self, queue, faults, &mut nobody_reads);
        }
    }

    pub(crate) fn network_map(&self) -> NetworkMap {
        self.map_with(self.host_list().collect())
    }

    /// The same as [`Hostinputd::network_map`], for writing: hosts are put together one by one.
    pub(crate) fn network_map_to_write(&self) -> impl Serialize {
        self.map_with(HostList(self))
    }

    fn map_with<H>(&self, hosts: H) -> NetworkMap<H> {
        NetworkMap {
            hosts,
            mac_only_hosts: self.hosts.mac_only().clone(),
            host_attributes: self.host_attributes.clone(),
            sources: self.sources.clone(),
            scanners: self
                .scanners
                .iter()
                .map(|(number, scanner)| (self.scanner_names.name(*number).to_owned(), *scanner))
                .collect(),
            counters: self.counters,
        }
    }

    fn host_list(&self) -> impl Iterator<Item = (IpAddr, Host)> {
        self.hosts.iter().map(|(address, entry)| {
            let details = entry.details.as_deref();
            let scanners = entry.results.iter().map(|(scanner, results)| {
                let name = self.scanner_names.name(*scanner).to_owned();
                (name, self.texts.listed(results))
            });
            let host = Host {
                discovered: entry.origin.discovered,
                added_by: entry.origin.added_by.as_deref().map(str::to_owned),
                domain: entry.origin.domain.to_string(),
                mac: details.and_then(|details| details.mac.clone()),
                os: details.and_then(|details| details.os.clone()),
                attributes: details.map(|details| details.attributes.clone()).unwrap_or_default(),
                scanners: scanners.collect(),
            };
            (*address, host)
        })
    }

    fn count_added(&mut self, added: Added) {
        match added {
            Added::Known => {}
            Added::New => self.counters.hosts_added += 1,
            Added::Replacing => {
                self.counters.hosts_added += 1;
                self.counters.hosts_dropped_at_limit += 1;
            }
            Added::Refused => self.counters.hosts_refused_at_limit += 1,
        }
    }
}

impl Serialize for HostList<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.host_list())
    }
}

impl FrameRun<'_> {
    /// Reads every line; carries out what has nothing to do with scan results, prepares the rest.
    fn first_pass(&mut self, payload: &[u8]) {
        let mut fields = Fields::new();
        let mut hosts: (Option<Cow<'_, str>>, Option<Cow<'_, str>>) = (None, None);
        // What follows the last line feed is a line only if there is something.
        for text in payload
            .strip_suffix(b"\n")
            .unwrap_or(payload)
            .split(|byte| *byte == b'\n')
        {
            if payload.is_empty() {
                break;
            }
            self.summary.lines += 1;
            if self.is_dropped_on_purpose(text) {
                self.drop_line(text);
                continue;
            }
            match line::read(text, &mut fields) {
                Line::Nothing => continue,
                Line::Broken => {
                    self.drop_line(text);
                    continue;
                }
                Line::Command => {}
            }
            if let [command, host, ..] = fields.as_slice()
                && matches!(command.as_ref(), "AddHost" | "AddScanResult")
            {
                hosts.0.get_or_insert_with(|| host.clone());
                hosts.1 = Some(host.clone());
            }
            if !self.command(&fields) {
                self.drop_line(text);
            }
        }
        self.summary.first_host = hosts.0.map(Cow::into_owned);
        self.summary.last_host = hosts.1.map(Cow::into_owned);
    }

    /// Carries out or prepares a command; false if there is none of that name.
    fn command(&mut self, fields: &[Cow<'_, str>]) -> bool {
        let Some((name, arguments)) = fields.split_first() else {
            return false;
        };
        if let Some(map) = name.strip_prefix("SetMap:") {
            return self.command_with_map(map, arguments);
        }
        let arguments = Arguments(arguments);
        match name.as_ref() {
            "SetDomain" | "SetSourceType" | "SetSource" | "SetMap" => self.context(name, arguments),
            "AddScanResult" | "DeleteScanResult" | "ScanFlush" | "ScanUpdate" => self.prepare(name, arguments),
            name if data::is_command(name) => self.data(name, arguments),
            _ => return false,
        }
        true
    }

    fn finish(mut self) -> Outcome {
        let counters = &mut self.daemon.counters;
        counters.lines += self.summary.lines;
        counters.dropped_lines += self.summary.dropped_lines;
        counters.commands += self.reply.processed();
        self.summary.commands = self.reply.processed();
        Outcome {
            answer: self.reply.into_text(),
            summary: self.summary,
        }
    }

    fn is_dropped_on_purpose(&self, line: &[u8]) -> bool {
        self.faults
            .drop_lines
            .iter()
            .any(|text| line.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    /// The parser's message is wiped before the answer is built (likely): nobody is told.
    fn drop_line(&mut self, line: &[u8]) {
        const SHOWN: usize = 200;
        self.summary.dropped_lines += 1;
        if self.summary.dropped.len() < 3 {
            let beginning = line.get(..SHOWN).unwrap_or(line);
            self.summary.dropped.push(beginning.escape_ascii().to_string());
        }
    }
}

/// A command's fields. Missing ones read as empty, more than it has are ignored (likely).
#[derive(Debug, Clone, Copy)]
struct Arguments<'a>(&'a [Cow<'a, str>]);

impl<'a> Arguments<'a> {
    fn field(self, number: usize) -> &'a str {
        self.0.get(number).map_or("", |field| field)
    }

    /// The one address that a field must be.
    fn address(self, number: usize) -> Option<IpAddr> {
        self.field(number).parse().ok()
    }

    /// As the answer repeats them.
    fn listed(self) -> String {
        self.0.join(", ")
    }
}
