//! The rate limit: calls that the subscription has left, as the headers of an answer tell.

use super::finding::Finding;
use crate::qualys::Limits;

pub(super) const STEP: &str = "rate limit";

/// An import of one template takes some ten calls, and more while it waits.
const FEW: u64 = 20;

pub(super) fn found(limits: &Limits) -> Finding {
    let Some(remaining) = limits.remaining else {
        return Finding::passed(STEP, "Qualys doesn't tell how many calls are left");
    };
    let of = limits.calls.map(|calls| format!(" of {calls}")).unwrap_or_default();
    let window = limits
        .window
        .map(|window| format!(" in {}", humantime::format_duration(window)));
    let text = format!("{remaining}{of} calls{} are left", window.unwrap_or_default());
    let finding = match limits.to_wait {
        Some(wait) => Finding::warning(
            STEP,
            format!("no call is left for {}", humantime::format_duration(wait)),
            "let the import begin after that, or ask Qualys for more: all users and tools of the subscription share them",
        ),
        None if remaining < FEW => Finding::warning(
            STEP,
            text,
            "an import may have to wait: run other tools of the subscription less often, or ask Qualys for more",
        ),
        None => Finding::passed(STEP, text),
    };
    finding.with("remaining", remaining)
}
