//! What a selected report means in commands: the one place that knows both sides.

use std::net::IpAddr;

use tracing::{Level, debug, enabled};

use crate::host_input::command::{Closing, Commands, Host, Mode, Protocol, ScanResult, Settings, Vulnerability};
use crate::host_input::packing::{Blocks, Written};
use crate::report::{self, Selected};

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
    ///
    /// A host that an earlier report of the same invocation has `replaced` keeps the findings of both.
    pub(super) fn new(settings: &Settings, selected: &'a Selected, replaced: impl Fn(IpAddr) -> bool) -> Self {
        let (mut hosts, mut clean) = (Vec::with_capacity(selected.len()), Vec::new());
        let mut findings = Vec::new();
        for index in 0..selected.len() {
            let Some(host) = selected.host(index, &mut findings) else {
                continue;
            };
            // A report of more hosts than a u32 counts doesn't fit into memory.
            let number = index as u32;
            match (settings.mode, host.clean, replaced(host.address)) {
                (Mode::Replace, false, false) => hosts.push((number, Closing::Replace)),
                (Mode::Replace, false, true) | (Mode::Merge, false, _) => hosts.push((number, Closing::Merge)),
                (Mode::Replace, true, false) if settings.clear_clean_hosts => clean.push((number, Closing::Clear)),
                (_, true, _) => {}
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
            debug!(host = %host.address, "results removed: all findings of the host are fixed");
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
        let host = Host {
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

fn vulnerability(vulnerability: &report::Vulnerability) -> Vulnerability<'_> {
    Vulnerability {
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
            report::Protocol::Tcp => Protocol::Tcp,
            report::Protocol::Udp => Protocol::Udp,
        }),
    }
}

#[cfg(test)]
mod tests;
