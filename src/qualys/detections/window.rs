//! `detections.changed_within`: hosts of which time are asked for.

use std::time::Duration;

/// Which hosts are asked for, by when their scan results were processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWindow {
    /// Within this time.
    Within(Duration),
    /// Since the last good import.
    SinceLast,
}
