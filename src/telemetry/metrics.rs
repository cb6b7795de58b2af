//! Metrics of a run, pushed to a Pushgateway and written to a file.
//!
//! A run is shorter than the time between two scrapes, so Prometheus can't scrape it. Which metrics there are stands in
//! [`import::metrics`](crate::import::metrics); how they are written, and where they go, stands here.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod exposition;
mod label;
mod memory;
mod outlets;
pub mod pushgateway;
mod textfile;

pub use exposition::{Exposition, Label, Metric};
pub use label::{LabelValue, LabelValueError};
pub use memory::peak_memory;
pub use outlets::{Error, Outlets};

/// The metrics in section `telemetry` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `telemetry.import`: the name of the import.
    pub import: LabelValue,
    /// `telemetry.expected_interval`: time between two imports, for alerts.
    pub expected_interval: Duration,
    /// `telemetry.metrics_required`: metrics that can't be written or pushed fail the run.
    pub required: bool,
    /// `telemetry.metrics_file`: a file for node_exporter.
    pub file: Option<PathBuf>,
    /// `telemetry.pushgateway.*`; `None` without an address.
    pub pushgateway: Option<pushgateway::Settings>,
}

/// Checks, without writing, whether this file may hold metrics: it is empty, or holds ours.
///
/// # Errors
/// It isn't a file, can't be read, or belongs to somebody else.
pub fn check_file(file: &Path) -> io::Result<()> {
    textfile::Textfile(file.to_owned()).check_content()
}

impl Settings {
    /// Whether metrics go anywhere.
    pub fn is_used(&self) -> bool {
        self.file.is_some() || self.pushgateway.is_some()
    }
}
