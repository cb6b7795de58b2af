//! `detections.changed_within`: hosts of which time are asked for.

use std::str::FromStr;
use std::time::Duration;

/// Which hosts are asked for, by when their scan results were processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWindow {
    /// Within this time.
    Within(Duration),
    /// Since the last good import.
    SinceLast,
}

/// Why a text is no [`ChangeWindow`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChangeWindowError(String);

impl FromStr for ChangeWindow {
    type Err = ChangeWindowError;

    fn from_str(text: &str) -> Result<Self, ChangeWindowError> {
        if text.eq_ignore_ascii_case("last") {
            return Ok(ChangeWindow::SinceLast);
        }
        match humantime::parse_duration(text) {
            Ok(Duration::ZERO) => Err(ChangeWindowError("no time at all".to_owned())),
            Ok(duration) if duration > Duration::from_secs(366 * 24 * 3600) => {
                Err(ChangeWindowError("longer than a year".to_owned()))
            }
            Ok(duration) => Ok(ChangeWindow::Within(duration)),
            Err(error) => Err(ChangeWindowError(error.to_string())),
        }
    }
}
