//! `telemetry`: how long spans may take, what is measured, and the file that takes it.

use std::path::PathBuf;
use std::time::Duration;

use super::Sections;
use crate::config::error::{Errors, Reported};
use crate::config::row::{boolean, duration, form, path};
use crate::telemetry::metrics::{LabelValue, Settings, pushgateway};
use crate::telemetry::traces;

section! {
    /// The section `telemetry`, without the Pushgateway.
    TelemetrySection "telemetry" {
        /// Longest time that the last spans may take to a collector (OTEL_EXPORTER_OTLP_ENDPOINT)
        flush_timeout: Duration = duration().default("5s");
        /// Name that tells this import's metrics from another's, the same in every run
        import: LabelValue = form("a name").default("default");
        /// Time between two imports, which alerts are derived from
        expected_interval: Duration = duration().default("1d");
        /// File (*.prom) that takes the metrics, for node_exporter's textfile collector
        metrics_file: PathBuf = path().example("/var/lib/prometheus/node-exporter/qualys-connector.prom");
        /// Metrics that can't be pushed fail the run (69), as does a file that can't be written (73, before anything is
        /// asked for), instead of being warned of
        metrics_required: bool = boolean().default("n");
    }
}

impl TelemetrySection {
    /// How long spans may take.
    pub(in crate::config) fn traces(&self, errors: &mut Errors) -> Result<traces::Settings, Reported> {
        Ok(traces::Settings {
            flush_timeout: self.flush_timeout.required(errors)?,
        })
    }
}

impl Sections {
    /// What is measured, and who takes it besides this Pushgateway.
    pub(in crate::config) fn metrics(
        &self,
        pushgateway: Option<pushgateway::Settings>,
        errors: &mut Errors,
    ) -> Result<Settings, Reported> {
        let section = &self.telemetry;
        Ok(Settings {
            import: section.import.required(errors)?,
            expected_interval: section.expected_interval.required(errors)?,
            required: section.metrics_required.required(errors)?,
            file: section.metrics_file.optional()?,
            pushgateway,
        })
    }
}
