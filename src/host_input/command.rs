//! Commands: the lines of Host Input that describe a host.
//!
//! This module knows how a command is written, and nothing of frames or of who reads them.
//! Source: chapter 3 of Cisco's Host Input API Guide 5.4, and the reference clients that agree with it; fields
//! whose order only one public account gives are marked *likely*.

use std::fmt;
use std::io::Write;
use std::net::IpAddr;
use std::num::NonZeroU16;

mod name;
mod text;
mod vulnerability;

pub use name::{Name, NameError};
pub use vulnerability::{Prepared, VulnerabilityText};

/// Ends a host: what is queued for it takes the place of what the Management Center holds.
pub(super) const FLUSH: &[u8] = b"ScanFlush\n";
/// Ends a host: what is queued for it is added to what the Management Center holds.
pub(crate) const UPDATE: &[u8] = b"ScanUpdate\n";

/// The section `commands` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `commands.add_host`: create hosts that the network map lacks.
    pub add_host: bool,
    /// `commands.source`: the application source that host data is filed under.
    pub source: Name,
    /// `commands.scanner`: the scanner that results are filed under.
    pub scanner: Name,
    /// `commands.domain`: leaf domain, where the certificate belongs to a domain above it.
    pub domain: Option<Domain>,
    /// `commands.mode`.
    pub mode: Mode,
    /// `commands.clear_clean_hosts`: remove the results of clean hosts.
    pub clear_clean_hosts: bool,
    /// `commands.description_length`: characters of a description, at most; 0 sends none.
    pub description_length: usize,
    /// `commands.set_os`: tell the operating system too.
    pub set_os: bool,
    /// `commands.hostname_attribute`: host attribute that takes the DNS name.
    pub hostname_attribute: Option<Name>,
}

/// `commands.mode`: what happens to the results that the Management Center holds for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// They give way to the new ones (`ScanFlush`).
    Replace,
    /// They stay beside the new ones (`ScanUpdate`).
    Merge,
}

/// `commands.domain`: a domain's UUID or its path, levels separated by backslashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

/// One host, and what its commands say of it.
#[derive(Debug, Clone, Copy)]
pub struct HostResults<'a> {
    /// Where it is.
    pub address: IpAddr,
    /// Its DNS name.
    pub name: Option<&'a str>,
    /// Its operating system, in words.
    pub operating_system: Option<&'a str>,
    /// What was found on it; in the order in which it is sent.
    pub results: &'a [ScanResult],
    /// What becomes of the results that the Management Center holds for it.
    pub closing: Closing,
}

/// One vulnerability at one place of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanResult {
    /// Index of the [`Prepared`] vulnerability.
    pub vulnerability: u32,
    /// Port, where it belongs to one.
    pub port: Option<NonZeroU16>,
    /// Transport of that port.
    pub protocol: Option<IpProtocol>,
}

/// Transport protocol, written as its IANA number: the only form beside lower-case letters that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpProtocol {
    /// 6.
    Tcp,
    /// 17.
    Udp,
}

/// How the commands of a host end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The new results take the place of the old ones.
    Replace,
    /// The new results join the old ones.
    Merge,
    /// The old results go; there are no new ones.
    Clear,
}

/// What a host's lines lack because a line must fit into a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shortened {
    /// Results without their description.
    pub descriptions: u32,
    /// CVE ids and Bugtraq numbers that are left out.
    pub references: u32,
    /// Results that are too long even so, and are missing.
    pub results: u32,
}

/// Writes commands.
#[derive(Debug)]
pub struct Commands {
    settings: Settings,
    header: Vec<u8>,
    vulnerabilities: Vec<Prepared>,
}

impl Commands {
    /// Commands as `settings` want them, about `vulnerabilities`, which [`ScanResult::vulnerability`] counts.
    pub fn new<'a>(settings: &Settings, vulnerabilities: impl Iterator<Item = VulnerabilityText<'a>>) -> Self {
        let mut header = Vec::new();
        if let Some(Domain(domain)) = &settings.domain {
            header.extend_from_slice(b"SetDomain,");
            text::quoted(&mut header, domain, usize::MAX);
            header.push(b'\n');
        }
        header.extend_from_slice(b"SetSource,");
        header.extend_from_slice(settings.source.as_str().as_bytes());
        header.push(b'\n');
        Commands {
            header,
            vulnerabilities: vulnerabilities
                .map(|vulnerability| vulnerability.prepare(settings.description_length))
                .collect(),
            settings: settings.clone(),
        }
    }

    /// Context that is lost between frames, and so stands at the head of each of them.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// CVE ids that aren't of the documented form, and are left out.
    pub fn ids_left_out(&self) -> u64 {
        self.vulnerabilities
            .iter()
            .map(|vulnerability| u64::from(vulnerability.left_out()))
            .sum()
    }

    /// What must exist before the first host.
    pub fn prologue(&self) -> Vec<u8> {
        match &self.settings.hostname_attribute {
            Some(name) => format!("AddHostAttribute,{},text\n", name.as_str()).into_bytes(),
            None => Vec::new(),
        }
    }

    /// Appends the line that removes a host, whoever created it.
    pub fn delete_host(&self, out: &mut Vec<u8>, address: IpAddr) {
        line(out, format_args!("DeleteHost,{address}"));
    }

    /// Appends all lines of `host`, none longer than `longest` bytes.
    pub fn write(&self, out: &mut Vec<u8>, host: &HostResults<'_>, longest: usize) -> Shortened {
        let address = host.address;
        let mut shortened = Shortened::default();
        if host.closing == Closing::Clear {
            line(
                out,
                format_args!("DeleteScanResult,{address},\"{}\"", self.settings.scanner),
            );
            out.extend_from_slice(UPDATE);
            return shortened;
        }
        if self.settings.add_host {
            line(out, format_args!("AddHost,{address}"));
        }
        if self.settings.set_os
            && let Some(system) = host.operating_system
        {
            self.operating_system(out, address, system);
        }
        if let (Some(attribute), Some(name)) = (&self.settings.hostname_attribute, host.name) {
            let _ = write!(out, "SetAttributeValue,{address},{attribute},");
            text::quoted(out, name, NAME_LENGTH);
            out.push(b'\n');
        }
        let mut prefix = Vec::with_capacity(64);
        let _ = write!(prefix, "AddScanResult,{address},\"{}\",", self.settings.scanner);
        for result in host.results {
            // Indices come from the same list that `vulnerabilities` was made from.
            let Some(vulnerability) = self.vulnerabilities.get(result.vulnerability as usize) else {
                shortened.results += 1;
                continue;
            };
            let start = out.len();
            let place = (result.port, result.protocol);
            let lacks = vulnerability.line(out, &prefix, place, longest);
            if out.len() - start > longest {
                out.truncate(start);
                shortened.results += 1;
            } else {
                shortened.descriptions += u32::from(lacks.description);
                shortened.references = shortened.references.saturating_add(lacks.references);
            }
        }
        // What is held of a result that is missing here must not go.
        out.extend_from_slice(match host.closing {
            Closing::Replace if shortened.results == 0 => FLUSH,
            _ => UPDATE,
        });
        shortened
    }

    /// Vendor, product and version are display strings; Qualys gives one text, which goes in as the product.
    fn operating_system(&self, out: &mut Vec<u8>, address: IpAddr, system: &str) {
        let _ = write!(out, "SetOS,{address},\"\",");
        text::quoted(out, system, NAME_LENGTH);
        out.extend_from_slice(b",\"\"\n");
    }
}

/// Characters of a host's or a system's name, at most.
const NAME_LENGTH: usize = 255;

fn line(out: &mut Vec<u8>, command: fmt::Arguments<'_>) {
    // Writing into a Vec can't fail.
    let _ = out.write_fmt(command);
    out.push(b'\n');
}

impl IpProtocol {
    fn number(self) -> &'static [u8] {
        match self {
            IpProtocol::Tcp => b"6",
            IpProtocol::Udp => b"17",
        }
    }
}

/// Why a text is no [`Domain`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a domain is its UUID or its path, levels separated by a backslash, e.g. `Global\\Europe`")]
pub struct DomainError;

impl std::str::FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let level = |level: &str| {
            level.parse::<Name>().is_ok() || !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit())
        };
        if text.split('\\').all(level) {
            Ok(Domain(text.to_owned()))
        } else {
            Err(DomainError)
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
