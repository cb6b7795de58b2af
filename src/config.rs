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
use std::time::Duration;

use crate::host_input::{self, command};
use crate::qualys;
use crate::report::selection::Selection;
use crate::telemetry::{logs, metrics, traces};

mod bounded;
mod environment;
mod exposed;
mod file;
mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
mod given;
mod layers;
mod listing;
mod migration;
mod mistake;
mod origin;
mod read;
pub mod schema;
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
pub use migration::Migration;
pub use mistake::{Mistake, Mistakes};
pub use origin::{Assignment, Origin};
pub use templates::{TemplateIds, TemplateIdsError, Templates, UnfinishedScans};
pub use value::Syntax;

/// What an import runs with: checked, and complete.
#[derive(Debug)]
pub struct Config {
    /// Where reports come from.
    pub source: Source,
    /// `report.unfinished_scans`: what becomes of a scan that isn't finished.
    pub unfinished_scans: UnfinishedScans,
    /// `commands.templates`: whether several of them may hold the same host.
    pub templates: Templates,
    /// What of them is imported.
    pub selection: Selection,
    /// How it is told.
    pub commands: command::Settings,
    /// Where it goes to.
    pub sink: Sink,
    /// What is logged, and where.
    pub log: logs::Settings,
    /// How long spans may take.
    pub traces: traces::Settings,
    /// `page.file`: the file that takes a page which shows the run.
    pub page: Option<PathBuf>,
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
        /// `qualys.reports_at_once`: of so many templates Qualys makes the reports at the same time.
        at_once: usize,
    },
}

/// Where commands go to.
#[derive(Debug)]
pub enum Sink {
    /// Nothing is sent.
    Csv {
        /// `csv.file`.
        file: PathBuf,
        /// The template's id is put in front of the name: there are several, even if this invocation takes one of them only.
        by_template: bool,
    },
    /// They are sent.
    ManagementCenter(host_input::Settings),
    /// They are counted only: `--plan`.
    Plan(PlanSettings),
}

/// What a plan knows of the Management Center that it doesn't connect to.
#[derive(Debug, Clone)]
pub struct PlanSettings {
    /// `management_center.max_frame`.
    pub max_frame: u32,
    /// `management_center.deadline`.
    pub deadline: Duration,
    /// `management_center.host_limit`.
    pub host_limit: Option<u32>,
}

/// Every part of an import's configuration that could be made, whatever is wrong with the others: what the preflight
/// looks at.
#[derive(Debug)]
pub struct Parts {
    /// All mistakes of all layers; `Err` keeps their order and their exit code.
    pub mistakes: Result<(), Mistakes>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// `report.file`, when it takes the place of Qualys; `-` is standard input.
    pub report: Option<PathBuf>,
    /// How to ask Qualys, when that is right.
    pub qualys: Option<qualys::Settings>,
    /// `qualys.template_ids`.
    pub templates: Vec<u64>,
    /// `csv.file`, when it takes the place of the Management Center.
    pub csv: Option<PathBuf>,
    /// The Management Center, when that is right.
    pub management_center: Option<host_input::Settings>,
    /// What is logged, and where.
    pub log: Option<logs::Settings>,
    /// How a run is measured, and who is told.
    pub metrics: Option<metrics::Settings>,
    /// `page.file`.
    pub page: Option<PathBuf>,
}

/// What the sending of a file of commands runs with.
#[derive(Debug)]
pub struct SendConfig {
    /// Where they go to.
    pub management_center: host_input::Settings,
    /// What is logged, and where.
    pub log: logs::Settings,
    /// How long spans may take.
    pub traces: traces::Settings,
    /// `page.file`: the file that takes a page which shows the run.
    pub page: Option<PathBuf>,
    /// What the user should know before, one sentence each.
    pub warnings: Vec<String>,
}
