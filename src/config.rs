//! Configure: the settings that an import runs with, and the layers that they come from.
//!
//! [`Given::gather`] collects what all layers say and parses each value, once; [`Given::import`] makes the [`Config`] of it
//! or names every error at once. A [`Config`] needs no further checks. The layers, weakest first:
//!
//! 1. defaults, in the rows of `sections`;
//! 2. a YAML file: sections with keys, or the flat `QualysGuard.yaml` of the Perl connector;
//! 3. variables `QC_SECTION__KEY`, and `QC_SECTION__KEY_FILE` for values that stand in files;
//! 4. a directory of mounted secrets, `QC_SECRETS_DIR`;
//! 5. options on the command line.
//!
//! | module | is the home of |
//! |---|---|
//! | `sections` | a file a section: its rows, its contradictions, and the module's settings that are made of it |
//! | `row`, `value`, `syntax`, `parse` | what a row is, the field that it sets, and how values are written |
//! | `layers`, `assignment`, `origin` | what each layer says, which one wins, and where a value stands |
//! | `given` | all of it together |
//! | `error`, `contradiction`, `collision`, `warnings` | what is wrong with it, or odd |
//! | `files`, `exposed` | which files it names, and who else can read them |
//! | `setting`, `settings`, `listing`, `schema`, `migration` | what is shown of settings |
//!
//! Nothing here connects to anything or opens the certificate.

use std::path::PathBuf;
use std::time::Duration;

use crate::host_input::{self, command};
use crate::qualys;
use crate::report::selection::Selection;
use crate::state;
use crate::telemetry::{logs, metrics, traces};

mod assignment;
mod collision;
mod contradiction;
mod error;
mod exposed;
mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
mod given;
mod layers;
mod listing;
mod migration;
mod origin;
mod parse;
mod row;
pub mod schema;
mod sections;
mod setting;
pub mod settings;
mod small_file;
mod syntax;
mod templates;
#[cfg(test)]
mod tests;
mod value;
mod warnings;

pub use assignment::Assignment;
pub use collision::{Collision, Named};
pub use contradiction::Contradiction;
pub use error::{ConfigError, ConfigErrors};
pub use given::Given;
pub use layers::environment::Surroundings;
pub use listing::Listing;
pub use migration::Migration;
pub use origin::Origin;
pub use small_file::Unreadable;
pub use syntax::Syntax;
pub use templates::{TemplateIds, TemplateIdsError, Templates, UnfinishedScans};

/// What an import runs with: checked, and complete.
#[derive(Debug)]
pub struct Config {
    /// Where reports come from.
    pub source: SourceSettings,
    /// `report.unfinished_scans`: what becomes of a scan that isn't finished.
    pub unfinished_scans: UnfinishedScans,
    /// `commands.templates`: whether several of them may hold the same host.
    pub templates: Templates,
    /// What of them is imported.
    pub selection: Selection,
    /// How findings become commands.
    pub commands: command::Settings,
    /// Where it goes to.
    pub sink: SinkSettings,
    /// What is logged, and where.
    pub log: logs::Settings,
    /// How long spans may take.
    pub traces: traces::Settings,
    /// `page.file`: the file that takes a page which shows the run.
    pub page: Option<PathBuf>,
    /// What is remembered between runs.
    pub state: Option<state::Settings>,
    /// What is measured, and where that goes.
    pub metrics: metrics::Settings,
    /// Warnings, one sentence each.
    pub warnings: Vec<String>,
}

/// Where reports come from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum SourceSettings {
    /// A report that is there already.
    File {
        /// `report.file`; `-` is standard input.
        report: PathBuf,
        /// `report.knowledge_base`.
        knowledge_base: Option<PathBuf>,
    },
    /// Qualys makes them.
    Qualys {
        /// How to ask.
        settings: qualys::Settings,
        /// `qualys.template_ids`: at least one, each once, in this order.
        templates: Vec<u64>,
        /// `qualys.reports_at_once`: of so many templates Qualys makes the reports at the same time.
        at_once: usize,
    },
    /// Qualys says of hosts what was found on them, without a report.
    Detections {
        /// How to ask.
        qualys: qualys::Settings,
        /// For what.
        detections: qualys::DetectionSettings,
    },
}

/// Where commands go to.
#[derive(Debug)]
pub enum SinkSettings {
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

/// Every part of an import's configuration that could be made, even if others couldn't: what the preflight checks.
#[derive(Debug)]
pub struct Parts {
    /// All errors of all layers, in their order.
    pub errors: Result<(), ConfigErrors>,
    /// Warnings, one sentence each.
    pub warnings: Vec<String>,
    /// `report.file`, when it takes the place of Qualys; `-` is standard input.
    pub report: Option<PathBuf>,
    /// `report.knowledge_base`, beside it.
    pub knowledge_base: Option<PathBuf>,
    /// How to ask Qualys, when that is right.
    pub qualys: Option<qualys::Settings>,
    /// `qualys.template_ids`; empty where hosts are asked for.
    pub templates: Vec<u64>,
    /// `qualys.api` is `detections`: hosts are asked for, rather than reports.
    pub asks_for_hosts: bool,
    /// Which hosts are asked for, when that is right.
    pub detections: Option<qualys::DetectionSettings>,
    /// What is imported.
    pub selection: Selection,
    /// `csv.file`, when it takes the place of the Management Center.
    pub csv: Option<PathBuf>,
    /// The Management Center, when that is right.
    pub management_center: Option<host_input::Settings>,
    /// What is logged, and where.
    pub log: Option<logs::Settings>,
    /// How a run is measured, and where that goes.
    pub metrics: Option<metrics::Settings>,
    /// `page.file`.
    pub page: Option<PathBuf>,
    /// What is remembered between runs.
    pub state: Option<state::Settings>,
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
    /// Warnings, one sentence each.
    pub warnings: Vec<String>,
}
