//! Reports as Qualys writes them (`ASSET_DATA_REPORT`), of any size, from a seed.
//!
//! Everything is invented: no host, name or text comes from a real report. The same [`Options`] always give the
//! same bytes, each host is made on its own, and nothing is kept: 600,000 hosts need no more memory than ten.
//! Sizes and proportions follow public samples: about 40 findings a host; evidence of 120 bytes in the median, one
//! in a hundred above 4 kB, the longest 100 kB; no status on information gathered; the glossary last.
//!
//! What the seed means is also available without XML, as [`Expected`]: tests compare what arrived somewhere with
//! what the generator meant, and no parser stands between.
//!
//! Source of the format: qualys-api.md section 3 (samples, certain); that `network_id` stands on `IP` only when a
//! subscription has several networks is a guess.

pub(crate) mod catalogue;
mod dates;
pub(crate) mod estate;
mod evidence;
pub(crate) mod expected;
mod pieces;
pub mod program;
pub(crate) mod random;
mod render;
pub(crate) mod text;
pub(crate) mod xml;

use std::io::{self, Write};
use std::sync::Arc;

use ipnet::Ipv4Net;
use thiserror::Error;

pub use self::expected::{Expected, Finding, Host, Kind, Protocol, Status};
pub use self::pieces::Pieces;
pub use self::random::Random;

use self::catalogue::Catalogue;
use self::dates::Dates;
use self::estate::Estate;
use self::evidence::Evidence;
use crate::defaults::defaults;

/// What a generated report is about.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Generated report")]
pub struct Options {
    /// How many hosts the estate has
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub hosts: u32,
    /// Findings of a host, on average
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub findings: u32,
    /// Entries of the glossary
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub qids: u32,
    /// The same seed gives the same report
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The seed of the glossary, where it isn't the report's own: what a QID means is the same for every template
    #[arg(long, value_name = "N")]
    pub catalogue: Option<u64>,
    /// Where the hosts' addresses come from, lowest first
    #[arg(long, value_name = "CIDR", default_value = "10.0.0.0/8")]
    pub network: Ipv4Net,
    /// Qualys networks whose addresses overlap
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub networks: u32,
    /// Per cent of the findings that were fixed
    #[arg(long, value_name = "PERCENT", default_value_t = 6)]
    pub fixed: u8,
    /// Per cent of the hosts on which every finding was fixed
    #[arg(long, value_name = "PERCENT", default_value_t = 1)]
    pub clean: u8,
    /// Per cent of the hosts with IPv6 only, which reports show under a stand-in of 0.0.0.0/8
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub ipv6: u8,
    /// Per cent of the hosts with two entries, one of a scanner and one of an agent, far apart
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub duplicates: u8,
    /// Per cent of the QIDs that the glossary doesn't explain
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub unexplained: u8,
    /// Longest evidence (RESULT), in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100_000)]
    pub longest_result: u32,
    /// How often the estate has changed: each time some hosts get findings, lose some, leave, move or merge
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generation: u32,
    /// Per cent of the hosts that each change concerns
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    pub changing: u8,
    /// Per cent of the findings that a user has told Qualys to ignore, which reports leave out
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub ignored: u8,
    /// Per cent of the QIDs that a user has disabled at Qualys, whose findings reports leave out
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub disabled: u8,
    /// Addresses that hosts leave are taken by others a generation later, some of them new ones
    #[arg(long)]
    pub reused_addresses: bool,
    /// Write the glossary before the hosts
    #[arg(long)]
    pub glossary_first: bool,
    /// Write without indentation
    #[arg(long)]
    pub flat: bool,
}

impl Default for Options {
    fn default() -> Self {
        defaults()
    }
}

impl Options {
    /// The report of a template, where each has findings of its own: a seed of its own, and the same addresses and glossary.
    pub fn of_template(&self, template: u64) -> Self {
        Self {
            catalogue: Some(self.catalogue.unwrap_or(self.seed)),
            seed: self.seed.wrapping_add(template),
            ..self.clone()
        }
    }
}

/// Why no report can be made of some [`Options`].
#[derive(Debug, Error)]
pub enum Error {
    /// The estate doesn't fit into its network.
    #[error("{network} has {room} addresses, too few for {hosts} hosts in {networks} network(s)")]
    TooSmall {
        /// The network that was given.
        network: Ipv4Net,
        /// Addresses that hosts can have there.
        room: u64,
        /// Hosts that were asked for.
        hosts: u32,
        /// Qualys networks among which they are divided.
        networks: u32,
    },
    /// A figure is outside of what makes sense.
    #[error("{0}")]
    Value(&'static str),
}

/// One report: small, whatever its size on the wire.
#[derive(Debug)]
pub struct Report {
    options: Options,
    catalogue: Catalogue,
    evidence: Evidence,
    dates: Dates,
}

impl Report {
    /// Prepares the report of these options: its glossary and a store of evidence, some megabytes.
    pub fn new(options: Options) -> Result<Arc<Self>, Error> {
        check(&options)?;
        Ok(Arc::new(Self {
            catalogue: Catalogue::new(&options),
            evidence: Evidence::new(&options),
            dates: Dates::new(&options),
            options,
        }))
    }

    /// What the report is about.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The bytes of the report, made as they are taken.
    pub fn pieces(self: &Arc<Self>) -> Pieces {
        Pieces::new(Arc::clone(self))
    }

    /// Writes the whole report; says how many bytes that were.
    pub fn write_to(self: &Arc<Self>, target: &mut impl Write) -> io::Result<u64> {
        let mut length = 0;
        for piece in self.pieces() {
            target.write_all(&piece)?;
            length += piece.len() as u64;
        }
        target.flush()?;
        Ok(length)
    }

    /// How long the report is, in bytes. Costs as much time as making it.
    pub fn length(self: &Arc<Self>) -> u64 {
        self.pieces().map(|piece| piece.len() as u64).sum()
    }

    /// The glossary, in the order of QIDs.
    pub(crate) fn glossary(&self) -> &[catalogue::Details] {
        self.catalogue.all()
    }

    /// Dates for whatever was found.
    pub(crate) fn dates(&self) -> &Dates {
        &self.dates
    }

    /// What the report says, without XML.
    pub fn expected(&self) -> Expected {
        Expected::new(self)
    }

    pub(crate) fn estate(&self) -> Estate<'_> {
        Estate::new(&self.options, &self.catalogue)
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let percents = [
        options.fixed,
        options.clean,
        options.ipv6,
        options.duplicates,
        options.unexplained,
        options.changing,
        options.ignored,
        options.disabled,
    ];
    if percents.iter().any(|&percent| percent > 100) {
        return Err(Error::Value("a share is a whole number of per cent, 0 to 100"));
    }
    if !(1..=200_000).contains(&options.qids) {
        return Err(Error::Value("a report has 1 to 200000 QIDs"));
    }
    if options.networks == 0 {
        return Err(Error::Value("hosts need at least one Qualys network"));
    }
    let room = (1_u64 << (32 - options.network.prefix_len())).saturating_sub(2);
    // A host that moves takes an address that no other ever had, or one that was left.
    let moves = u64::from(options.generation) + 1;
    if u64::from(options.hosts.div_ceil(options.networks)) * moves > room {
        return Err(Error::TooSmall {
            network: options.network,
            room,
            hosts: options.hosts,
            networks: options.networks,
        });
    }
    Ok(())
}
