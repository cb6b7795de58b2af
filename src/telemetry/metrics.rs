//! Metrics: numbers of a run, handed over to a Pushgateway and to a file.
//!
//! A run is shorter than the time between two scrapes, so that nothing could be scraped from it. What is said stands
//! elsewhere, in [`import::metrics`](crate::import::metrics); here is how it is written and where it goes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod exposition;
mod identity;
mod memory;
mod outlets;
pub mod pushgateway;
mod textfile;

pub use exposition::{Exposition, Label, Metric};
pub use identity::{Identity, IdentityError};
pub use memory::peak_memory;
pub use outlets::{Error, Outlets};

/// What the section `telemetry` of the configuration says of metrics.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `telemetry.import`: which of several imports it is.
    pub import: Identity,
    /// `telemetry.expected_interval`: time between two imports, for alerts.
    pub expected_interval: Duration,
    /// `telemetry.metrics_required`: metrics that can't be handed over fail the run.
    pub required: bool,
    /// `telemetry.metrics_file`: a file for node_exporter.
    pub file: Option<PathBuf>,
    /// `telemetry.pushgateway.*`; `None` without an address.
    pub pushgateway: Option<pushgateway::Settings>,
}

/// Whether this file can take metrics, as far as that shows without writing: it holds nothing, or metrics of ours.
///
/// # Errors
/// It is no file, can't be read, or is somebody's.
pub fn check_file(file: &Path) -> io::Result<()> {
    textfile::Textfile(file.to_owned()).check_content()
}

impl Settings {
    /// Whether metrics go anywhere.
    pub fn is_used(&self) -> bool {
        self.file.is_some() || self.pushgateway.is_some()
    }
}
