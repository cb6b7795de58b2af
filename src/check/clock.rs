//! The clock: ours against Qualys'. Certificates and the age of reports depend on it.

use std::time::{Duration, SystemTime};

use super::finding::Finding;

pub(super) const STEP: &str = "clock";

/// A header's time is in whole seconds, and an answer takes its time.
const TOLERATED: Duration = Duration::from_secs(60);

pub(super) fn check(there: SystemTime) -> Finding {
    let now = SystemTime::now();
    let (off, word) = match now.duration_since(there) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    // To the minute: an answer takes its time, and people need no more.
    let minutes = Duration::from_secs((off.as_secs() + 30) / 60 * 60);
    let finding = match off > TOLERATED {
        true => Finding::warning(
            STEP,
            format!(
                "this machine's clock is {} {word} Qualys'",
                humantime::format_duration(minutes)
            ),
            "set it by NTP: certificates are judged by it, and the age of reports that are gone on with",
        ),
        false => Finding::passed(STEP, "this machine's clock agrees with Qualys'"),
    };
    finding.with("seconds_off", off.as_secs())
}
