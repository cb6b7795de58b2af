//! The catalogue: what can be found at all, as the glossary explains it.

use std::sync::Arc;

use super::Options;
use super::expected::{Kind, Protocol};
use super::random::Random;

/// A service that vulnerabilities sit on.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
    pub(crate) ssl: bool,
}

const fn service(name: &'static str, port: u16, protocol: Protocol, ssl: bool) -> Service {
    Service {
        name,
        port,
        protocol,
        ssl,
    }
}

static SERVICES: &[Service] = &[
    service("http over ssl", 443, Protocol::Tcp, true),
    service("www", 80, Protocol::Tcp, false),
    service("ssh", 22, Protocol::Tcp, false),
    service("microsoft-ds", 445, Protocol::Tcp, false),
    service("win remote desktop", 3389, Protocol::Tcp, true),
    service("snmp", 161, Protocol::Udp, false),
    service("ntp", 123, Protocol::Udp, false),
    service("named_udp", 53, Protocol::Udp, false),
    service("smtp", 25, Protocol::Tcp, false),
    service("rpc", 111, Protocol::Tcp, false),
    service("http over ssl", 8443, Protocol::Tcp, true),
];

const PRODUCTS: &[&str] = &[
    "OpenSSH",
    "Apache HTTP Server",
    "Microsoft Windows",
    "Windows\u{ae} Print Spooler",
    "Oracle Java SE",
    "Debian Security Update for curl,",
    "Red Hat Update for kernel",
    "SSL/TLS Server",
    "PHP < 8.1.30",
    "Caf\u{e9} Manager",
    "R&D Suite \"Pro\"",
    "Cisco IOS",
    "VMware ESXi",
    "Samba",
];

const FLAWS: &[&str] = &[
    "Multiple Vulnerabilities",
    "Remote Code Execution Vulnerability",
    "Information Disclosure",
    "Denial of Service",
    "Privilege Escalation \u{2013} Local",
    "Buffer Overflow",
    "Self-Signed Certificate, Not Trusted",
    "Uses Weak Ciphers",
    "Obsolete Version Detected",
    "Default Password 'admin'",
];

/// What the glossary says of one QID.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) qid: u32,
    pub(crate) kind: Kind,
    pub(crate) severity: u8,
    /// Where it's usually found; `None`: it's a matter of the whole host.
    pub(crate) service: Option<&'static Service>,
    /// As a person reads it.
    pub(crate) title: Arc<str>,
    /// As it stands in the report: with HTML's entities.
    pub(crate) title_markup: String,
    pub(crate) cves: Arc<[String]>,
    /// Whether the glossary has an entry.
    pub(crate) explained: bool,
}

/// All QIDs that a report can use, in ascending order.
#[derive(Debug)]
pub(crate) struct Catalogue(Vec<Details>);

impl Catalogue {
    pub(crate) fn new(options: &Options) -> Self {
        let random = &mut Random::new(options.catalogue.unwrap_or(options.seed), u64::MAX - 1);
        let mut qid = 1000;
        let details = (0..options.qids).map(|_| {
            qid += random.between(1, 120);
            details(qid, random, options.unexplained)
        });
        Self(details.collect())
    }

    pub(crate) fn all(&self) -> &[Details] {
        &self.0
    }

    /// Some of the catalogue is found everywhere, most of it seldom: squared, an even draw is skewed enough.
    pub(crate) fn skewed(&self, random: &mut Random) -> &Details {
        let draw = random.unit();
        let index = (draw * draw * self.0.len() as f64) as usize;
        #[expect(
            clippy::indexing_slicing,
            reason = "a number below 1 times the length is below the length"
        )]
        &self.0[index]
    }
}

fn details(qid: u32, random: &mut Random, unexplained: u8) -> Details {
    let kind = match random.below(100) {
        0..48 => Kind::Confirmed,
        48..55 => Kind::Potential,
        _ => Kind::Information,
    };
    let title = format!("{} {} (LAB-{qid})", random.phrase(PRODUCTS), random.phrase(FLAWS));
    Details {
        qid,
        kind,
        severity: random.between(1, 5) as u8,
        service: random.chance(55).then(|| random.pick(SERVICES)),
        title_markup: markup(&title, random),
        title: title.into(),
        cves: if kind == Kind::Information {
            Arc::new([])
        } else {
            cves(random)
        },
        explained: !random.chance(unexplained),
    }
}

fn cves(random: &mut Random) -> Arc<[String]> {
    let count = match random.below(100) {
        0..35 => 0,
        35..97 => random.between(1, 6),
        _ => random.between(20, 130),
    };
    let mut cves: Vec<String> = (0..count)
        .map(|_| format!("CVE-{}-{:04}", random.between(2004, 2025), random.between(1, 49_999)))
        .collect();
    cves.sort_unstable();
    cves.dedup();
    cves.into()
}

/// Text in a report is HTML, though seldom strictly.
fn markup(text: &str, random: &mut Random) -> String {
    let strict = random.chance(70);
    let mut markup = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '"' if strict => markup.push_str("&quot;"),
            '\'' if strict => markup.push_str("&apos;"),
            '\u{ae}' if strict => markup.push_str("&#174;"),
            letter => markup.push(letter),
        }
    }
    markup
}
