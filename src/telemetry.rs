//! Telemetry: what people and machines learn of an import while it runs.

pub mod logs;
pub mod metrics;
