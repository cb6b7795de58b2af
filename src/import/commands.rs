//! What a selected report means in commands: the one place that knows both sides.

use std::collections::HashSet;
use std::net::IpAddr;

use tracing::{Level, debug, enabled};

use super::numbers::CLEAN;
use crate::host_input::command::{
    Closing, Commands, HostResults, IpProtocol, Mode, ScanResult, Settings, VulnerabilityText,
};
use crate::host_input::packing::{Blocks, Written};
use crate::report::{self, Selected};

/// Hosts that are named of each kind, at most.
const NAMED: usize = 50;

/// How hosts are closed: what becomes of the results that the Management Center holds for them.
#[derive(Debug, Clone)]
pub(super) struct Closings {
    mode: Mode,
    clear: bool,
    /// What an earlier delivery of the same import says of these hosts stays.
    joined: HashSet<IpAddr>,
    /// Another delivery of the same import has findings of these hosts, or doesn't know whether it has.
    kept: HashSet<IpAddr>,
    /// Hosts with findings, of all deliveries so far; only where several may hold the same host.
    hosts: Option<HashSet<IpAddr>>,
    /// How many those are where no host is in two deliveries.
    named: u64,
}

impl Closings {
    /// As the settings want it, for one delivery that holds all there is to tell of its hosts, or for `several`.
    pub(super) fn of(settings: &Settings, several: bool) -> Self {
        Closings {
            mode: settings.mode,
            clear: settings.clear_clean_hosts,
            joined: HashSet::new(),
            kept: HashSet::new(),
            hosts: several.then(HashSet::new),
            named: 0,
        }
    }

    /// Takes note of the hosts with findings of a delivery; gives how many they are with those of earlier ones.
    pub(super) fn count(&mut self, addresses: impl Iterator<Item = IpAddr>) -> u64 {
        match &mut self.hosts {
            Some(hosts) => {
                hosts.extend(addresses);
            }
            None => self.named += addresses.count() as u64,
        }
        self.counted()
    }

    /// How many hosts with findings the deliveries so far have.
    pub(super) fn counted(&self) -> u64 {
        self.hosts.as_ref().map_or(self.named, |hosts| hosts.len() as u64)
    }

    /// These hosts were delivered: what a later delivery tells of them joins that.
    pub(super) fn delivered(&mut self, hosts: impl Iterator<Item = IpAddr>) {
        if self.hosts.is_some() {
            self.join(hosts);
        }
    }

    /// Something is missing: what the Management Center holds stays, since nobody knows whether it is still true.
    pub(super) fn incomplete(&mut self) {
        self.mode = Mode::Merge;
        self.clear = false;
    }

    /// Further results of these hosts join those that were delivered already.
    pub(super) fn join(&mut self, hosts: impl IntoIterator<Item = IpAddr>) {
        if self.mode == Mode::Replace {
            self.joined.extend(hosts);
        }
    }

    /// These hosts aren't clean, whatever a single report says.
    pub(super) fn keep(&mut self, hosts: impl IntoIterator<Item = IpAddr>) {
        self.kept.extend(hosts);
    }

    /// Whether hosts may be cleared.
    pub(super) fn clears(&self) -> bool {
        self.clear && self.mode == Mode::Replace
    }

    /// How a host is closed; `None` if there is nothing to tell of it.
    fn closing(&self, host: &report::Host<'_>) -> Option<Closing> {
        let joins = self.mode == Mode::Merge || !host.whole || self.joined.contains(&host.address);
        match (host.clean, joins) {
            (false, true) => Some(Closing::Merge),
            (false, false) => Some(Closing::Replace),
            (true, joins) => {
                let clear = self.clear && !joins && !self.kept.contains(&host.address);
                clear.then_some(Closing::Clear)
            }
        }
    }
}

/// Hosts that aren't clean, by what one report says of them.
pub(super) fn not_clean(selected: &Selected) -> Vec<IpAddr> {
    let mut findings = Vec::new();
    let hosts = (0..selected.len()).filter_map(|index| {
        let host = selected.host(index, &mut findings)?;
        (!host.clean).then_some(host.address)
    });
    hosts.collect()
}

/// Hosts of which another one of `reports` may not say all.
pub(super) fn doubtful(selected: &Selected, reports: &[&Selected]) -> Vec<IpAddr> {
    let others = || reports.iter().filter(|other| !std::ptr::eq(**other, selected));
    let addresses = (0..selected.len()).filter_map(|index| selected.address(index));
    addresses
        .filter(|address| others().any(|other| other.may_hide(*address)))
        .collect()
}

/// The commands of a selected report.
pub(super) struct HostCommands<'a> {
    selected: &'a Selected,
    commands: Commands,
    prologue: Vec<u8>,
    /// Index of each host in `selected`, and how it is closed.
    hosts: Vec<(u32, Closing)>,
}

impl<'a> HostCommands<'a> {
    /// Commands for the hosts of `selected`: those with findings by address, then those that are cleared.
    pub(super) fn new(settings: &Settings, selected: &'a Selected, closings: &Closings) -> Self {
        let (mut hosts, mut clean) = (Vec::with_capacity(selected.len()), Vec::new());
        let mut findings = Vec::new();
        for index in 0..selected.len() {
            let Some(host) = selected.host(index, &mut findings) else {
                continue;
            };
            // A report of more hosts than a u32 counts doesn't fit into memory.
            let number = index as u32;
            match closings.closing(&host) {
                Some(Closing::Clear) => clean.push((number, Closing::Clear)),
                Some(closing) => hosts.push((number, closing)),
                None => {}
            }
        }
        hosts.append(&mut clean);
        let commands = Commands::new(settings, selected.vulnerabilities().iter().map(vulnerability));
        HostCommands {
            selected,
            prologue: commands.prologue(),
            commands,
            hosts,
        }
    }

    /// The address of host `index`.
    pub(super) fn address(&self, index: usize) -> Option<IpAddr> {
        let (number, _) = self.hosts.get(index)?;
        self.selected.address(*number as usize)
    }

    /// How many hosts are cleared.
    pub(super) fn to_clear(&self) -> u64 {
        let cleared = self.hosts.iter().filter(|(_, closing)| *closing == Closing::Clear);
        cleared.count() as u64
    }

    /// The first hosts that were cleared, if those before `settled` are settled and aren't among the `refused`.
    pub(super) fn cleared(&self, settled: usize, refused: &[usize]) -> Vec<IpAddr> {
        let cleared = (0..settled).filter(|index| self.closing(*index) == Some(Closing::Clear));
        self.named(cleared.filter(|index| refused.binary_search(index).is_err()))
    }

    /// The first hosts that weren't sent, if those before `settled` are settled.
    pub(super) fn not_sent(&self, settled: usize) -> Vec<IpAddr> {
        self.named(settled..self.hosts.len())
    }

    fn named(&self, hosts: impl Iterator<Item = usize>) -> Vec<IpAddr> {
        hosts.filter_map(|index| self.address(index)).take(NAMED).collect()
    }

    /// The addresses of the hosts with findings.
    pub(super) fn with_findings(&self) -> impl Iterator<Item = IpAddr> {
        let with_findings = self.hosts.iter().filter(|(_, closing)| *closing != Closing::Clear);
        with_findings.filter_map(|(number, _)| self.selected.address(*number as usize))
    }

    /// How host `index` is closed.
    pub(super) fn closing(&self, index: usize) -> Option<Closing> {
        self.hosts.get(index).map(|(_, closing)| *closing)
    }

    /// Logs every finding of host `index`.
    fn log(&self, index: usize) {
        let mut findings = Vec::new();
        let Some((number, _)) = self.hosts.get(index) else {
            return;
        };
        let Some(host) = self.selected.host(*number as usize, &mut findings) else {
            return;
        };
        if host.clean {
            debug!(host = %host.address, "results removed: the host is clean ({CLEAN})");
        }
        for finding in &findings {
            debug!(
                host = %host.address,
                qid = self.selected.vulnerability(finding).map(|vulnerability| vulnerability.qid),
                port = finding.port,
                protocol = finding.protocol.map(|protocol| match protocol {
                    report::Protocol::Tcp => "tcp",
                    report::Protocol::Udp => "udp",
                }),
                "finding imported"
            );
        }
    }

    /// CVE ids that aren't of the documented form, and are left out.
    pub(super) fn ids_left_out(&self) -> u64 {
        self.commands.ids_left_out()
    }
}

impl Blocks for HostCommands<'_> {
    fn len(&self) -> usize {
        self.hosts.len()
    }

    fn flushes(&self) -> bool {
        self.hosts.iter().any(|(_, closing)| *closing == Closing::Replace)
    }

    fn header(&self) -> &[u8] {
        self.commands.header()
    }

    fn prologue(&self) -> &[u8] {
        &self.prologue
    }

    fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written {
        let Some(&(number, closing)) = self.hosts.get(index) else {
            return Written::default();
        };
        let mut findings = Vec::new();
        let Some(host) = self.selected.host(number as usize, &mut findings) else {
            return Written::default();
        };
        let results: Vec<ScanResult> = findings.iter().map(scan_result).collect();
        let host = HostResults {
            address: host.address,
            name: host.name,
            operating_system: host.operating_system,
            results: &results,
            closing,
        };
        Written {
            findings: results.len() as u64,
            clears: closing == Closing::Clear,
            shortened: self.commands.write(out, &host, longest),
        }
    }

    fn label(&self, index: usize) -> String {
        self.address(index)
            .map(|address| address.to_string())
            .unwrap_or_default()
    }

    fn imported(&self, index: usize) {
        if enabled!(Level::DEBUG) {
            self.log(index);
        }
    }
}

fn vulnerability(vulnerability: &report::Vulnerability) -> VulnerabilityText<'_> {
    VulnerabilityText {
        id: vulnerability.qid,
        title: &vulnerability.title,
        description: &vulnerability.description,
        cves: &vulnerability.cves,
        bugtraqs: &vulnerability.bugtraqs,
    }
}

fn scan_result(finding: &report::Finding) -> ScanResult {
    ScanResult {
        vulnerability: finding.vulnerability,
        port: finding.port,
        protocol: finding.protocol.map(|protocol| match protocol {
            report::Protocol::Tcp => IpProtocol::Tcp,
            report::Protocol::Udp => IpProtocol::Udp,
        }),
    }
}

#[cfg(test)]
mod tests;
