//! Commands: what Host Input is told of a host, a line for each.
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
pub use vulnerability::{Prepared, Vulnerability};

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

/// One host and what is to be said of it.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
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
    pub protocol: Option<Protocol>,
}

/// Transport protocol, written as its IANA number: the only form beside lower-case letters that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
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
    pub fn new<'a>(settings: &Settings, vulnerabilities: impl Iterator<Item = Vulnerability<'a>>) -> Self {
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

    /// Appends all lines of `host`, none longer than `longest` bytes.
    pub fn write(&self, out: &mut Vec<u8>, host: &Host<'_>, longest: usize) -> Shortened {
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

impl Protocol {
    fn number(self) -> &'static [u8] {
        match self {
            Protocol::Tcp => b"6",
            Protocol::Udp => b"17",
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

impl std::str::FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        match text {
            "replace" => Ok(Mode::Replace),
            "merge" => Ok(Mode::Merge),
            _ => Err(ModeError),
        }
    }
}

/// Why a text is no [`Mode`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the mode is `replace` or `merge`")]
pub struct ModeError;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> Settings {
        Settings {
            add_host: true,
            source: "Qualys".parse().unwrap(),
            scanner: "Qualys".parse().unwrap(),
            domain: None,
            mode: Mode::Replace,
            clear_clean_hosts: true,
            description_length: 1024,
            set_os: false,
            hostname_attribute: None,
        }
    }

    fn written(settings: &Settings, host: Host<'_>, longest: usize) -> (String, Shortened) {
        let cves = ["CVE-2008-5161", "CAN-2003-0001", "nonsense"].map(Box::from);
        let ssh = Vulnerability {
            id: 38739,
            title: "Deprecated \"SSH\" settings",
            description: "Weak algorithms\nare offered, even now",
            cves: &cves,
            bugtraqs: &[32319],
        };
        let untold = Vulnerability {
            id: 82003,
            title: "",
            description: "",
            cves: &[],
            bugtraqs: &[],
        };
        let commands = Commands::new(settings, [ssh, untold].into_iter());
        let mut out = commands.header().to_vec();
        out.extend(commands.prologue());
        let shortened = commands.write(&mut out, &host, longest);
        (String::from_utf8(out).unwrap(), shortened)
    }

    const RESULTS: &[ScanResult] = &[
        ScanResult {
            vulnerability: 0,
            port: NonZeroU16::new(22),
            protocol: Some(Protocol::Tcp),
        },
        ScanResult {
            vulnerability: 0,
            port: NonZeroU16::new(161),
            protocol: Some(Protocol::Udp),
        },
        ScanResult {
            vulnerability: 1,
            port: None,
            protocol: None,
        },
    ];

    fn host(address: &str, closing: Closing) -> Host<'static> {
        Host {
            address: address.parse().unwrap(),
            name: Some("naïve.example.com"),
            operating_system: Some("Windows \"2008\" R2"),
            results: RESULTS,
            closing,
        }
    }

    #[test]
    fn a_host_is_replaced() {
        let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 9_999);
        insta::assert_snapshot!(lines, @r#"
        SetSource,Qualys
        AddHost,192.0.2.10
        AddScanResult,192.0.2.10,"Qualys",38739,22,6,"Deprecated ""SSH"" settings","Weak algorithms are offered, even now","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319"
        AddScanResult,192.0.2.10,"Qualys",38739,161,17,"Deprecated ""SSH"" settings","Weak algorithms are offered, even now","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319"
        AddScanResult,192.0.2.10,"Qualys",82003,,,"QID 82003","","cve_ids: ","bugtraq_ids: "
        ScanFlush
        "#);
        assert_eq!(shortened, Shortened::default());
    }

    #[test]
    fn everything_that_can_be_said() {
        let settings = Settings {
            domain: Some("Global\\Europe".parse().unwrap()),
            set_os: true,
            hostname_attribute: Some("DNS name".parse().unwrap()),
            ..settings()
        };
        let (lines, _) = written(
            &settings,
            Host {
                results: &[],
                ..host("2001:db8::5", Closing::Merge)
            },
            9_999,
        );
        insta::assert_snapshot!(lines, @r#"
        SetDomain,"Global\Europe"
        SetSource,Qualys
        AddHostAttribute,DNS name,text
        AddHost,2001:db8::5
        SetOS,2001:db8::5,"","Windows ""2008"" R2",""
        SetAttributeValue,2001:db8::5,DNS name,"naive.example.com"
        ScanUpdate
        "#);
    }

    #[test]
    fn a_clean_host_is_cleared() {
        let (lines, _) = written(&settings(), host("192.0.2.10", Closing::Clear), 9_999);
        insta::assert_snapshot!(lines, @r#"
        SetSource,Qualys
        DeleteScanResult,192.0.2.10,"Qualys"
        ScanUpdate
        "#);
    }

    #[test]
    fn a_line_that_is_too_long_loses_its_description_then_its_references_then_itself() {
        let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 170);
        assert!(
            lines.contains(r#"settings","","cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: 32319""#),
            "{lines}"
        );
        assert_eq!(
            (shortened.descriptions, shortened.references, shortened.results),
            (2, 0, 0)
        );
        for (longest, references) in [
            (137, r#"cve_ids: CVE-2008-5161 CVE-2003-0001","bugtraq_ids: ""#),
            (122, r#"cve_ids: CVE-2008-5161","bugtraq_ids: ""#),
            (110, r#"cve_ids: ","bugtraq_ids: ""#),
        ] {
            let (lines, _) = written(&settings(), host("192.0.2.10", Closing::Replace), longest);
            assert!(
                lines.contains(&format!(r#"38739,22,6,"Deprecated ""SSH"" settings","","{references}"#)),
                "{lines}"
            );
            assert!(lines.ends_with("ScanFlush\n"), "{lines}");
        }
    }

    #[test]
    fn a_host_of_which_a_result_is_missing_keeps_what_it_had() {
        let (lines, shortened) = written(&settings(), host("192.0.2.10", Closing::Replace), 100);
        assert_eq!(lines.matches("AddScanResult").count(), 1);
        assert!(lines.ends_with("ScanUpdate\n"), "{lines}");
        assert_eq!(
            (shortened.descriptions, shortened.references, shortened.results),
            (0, 0, 2)
        );
    }

    #[test]
    fn a_line_fits_into_the_smallest_frame_whatever_is_said() {
        let cves: Vec<Box<str>> = (0..4_200).map(|id| format!("CVE-2024-{id:04}").into()).collect();
        let vulnerability = Vulnerability {
            id: u32::MAX,
            title: &"\"".repeat(999),
            description: &"\"".repeat(99_999),
            cves: &cves,
            bugtraqs: &[u32::MAX; 99],
        };
        let settings = Settings {
            scanner: "x".repeat(128).parse().unwrap(),
            ..settings()
        };
        let commands = Commands::new(&settings, [vulnerability].into_iter());
        let place = ScanResult {
            vulnerability: 0,
            port: NonZeroU16::new(65535),
            protocol: Some(Protocol::Udp),
        };
        let host = Host {
            results: &[place],
            ..host("fe80:1111:2222:3333:4444:5555:6666:7777", Closing::Replace)
        };
        let mut lines = Vec::new();
        let shortened = commands.write(&mut lines, &host, crate::host_input::packing::LONGEST);
        assert_eq!((shortened.descriptions, shortened.results), (1, 0));
        let told = lines.windows(4).filter(|four| four == b"CVE-").count() as u32;
        assert_eq!(told + shortened.references, 4_200 + 99);
        assert!(told > 10, "{told}");
    }

    proptest! {
        #[test]
        fn a_csv_reader_reads_back_what_was_meant(title in "\\PC{0,80}", description in "(.|\\s){0,200}", name in any::<Option<String>>()) {
            let settings = Settings { set_os: true, hostname_attribute: Some("DNS name".parse().unwrap()), ..settings() };
            let vulnerability = Vulnerability { id: 7, title: &title, description: &description, cves: &[], bugtraqs: &[] };
            let commands = Commands::new(&settings, [vulnerability].into_iter());
            let results = [ScanResult { vulnerability: 0, port: NonZeroU16::new(443), protocol: Some(Protocol::Tcp) }];
            let host = Host { name: name.as_deref(), operating_system: Some(&title), results: &results, ..host("192.0.2.1", Closing::Replace) };
            let mut out = Vec::new();
            commands.write(&mut out, &host, usize::MAX);
            prop_assert!(out.iter().all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte)));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::None).from_reader(&out[..]);
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let result = records.iter().find(|record| &record[0] == "AddScanResult").unwrap();
            let told = if title.is_empty() { "QID 7".to_owned() } else { text::ascii(&title, 255) };
            let told = [told, text::ascii(&description, 1024)];
            prop_assert_eq!([&result[6], &result[7]], [&told[0], &told[1]]);
            prop_assert_eq!((result.len(), &result[3], &result[4], &result[5]), (10, "7", "443", "6"));
            prop_assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), records.len());
        }
    }
}
