//! Configure: the settings that an import runs with, and the layers that they come from.
//!
//! [`Given::gather`] collects what all layers say, [`Given::import`] makes the [`Config`] of it or names every
//! mistake at once. Whoever holds a [`Config`] needs no further checks. The layers, weakest first:
//!
//! 1. defaults, in the table of [`settings`];
//! 2. a YAML file: sections with keys, or the flat `QualysGuard.yaml` of the Perl connector;
//! 3. variables `QC_SECTION__KEY`, and `QC_SECTION__KEY_FILE` for values that stand in files;
//! 4. a directory of mounted secrets, `QC_SECRETS_DIR`;
//! 5. options on the command line.
//!
//! Every value is text until its section is built, and keeps the place where it stands. Nothing here connects to
//! anything or opens the certificate.

use std::path::PathBuf;

use crate::host_input::{self, command};
use crate::qualys;
use crate::report::selection::Selection;
use crate::telemetry::{logs, metrics};

mod bounded;
mod environment;
mod file;
mod given;
mod layers;
mod listing;
mod mistake;
mod origin;
mod read;
mod secrets;
mod sections;
pub mod settings;
mod templates;
mod value;
mod warnings;
mod yaml;

pub use bounded::Unreadable;
pub use environment::Surroundings;
pub use given::Given;
pub use listing::Listing;
pub use mistake::{Mistake, Mistakes};
pub use origin::{Assignment, Origin};
pub use templates::{TemplateIds, TemplateIdsError};
pub use value::Syntax;

/// What an import runs with: checked, and complete.
#[derive(Debug)]
pub struct Config {
    /// Where reports come from.
    pub source: Source,
    /// What of them is imported.
    pub selection: Selection,
    /// How it is told.
    pub commands: command::Settings,
    /// Where it goes to.
    pub sink: Sink,
    /// What is logged, and where.
    pub log: logs::Settings,
    /// What is measured, and where that goes.
    pub metrics: metrics::Settings,
    /// What the user should know before the import begins, one sentence each.
    pub warnings: Vec<String>,
}

/// Where reports come from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum Source {
    /// `report.file`.
    File(PathBuf),
    /// `report.file` is `-`.
    StandardInput,
    /// Qualys makes them.
    Qualys {
        /// How to ask.
        settings: qualys::Settings,
        /// `qualys.template_ids`: at least one, each once, in this order.
        templates: Vec<u64>,
    },
}

/// Where commands go to.
#[derive(Debug)]
pub enum Sink {
    /// `csv.file`; nothing is sent.
    Csv(PathBuf),
    /// They are sent.
    ManagementCenter(host_input::Settings),
}

/// What the sending of a file of commands runs with.
#[derive(Debug)]
pub struct SendConfig {
    /// Where they go to.
    pub management_center: host_input::Settings,
    /// What is logged, and where.
    pub log: logs::Settings,
    /// What the user should know before, one sentence each.
    pub warnings: Vec<String>,
}
