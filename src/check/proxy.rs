//! The proxy on the way to Qualys: its own faults show in the first call.

use super::FarEnds;
use super::finding::Finding;
use crate::qualys::Settings;

pub(super) const STEP: &str = "proxy";

/// The call didn't fail because of the proxy; `answered`: it didn't fail at all.
pub(super) fn passed(settings: &Settings, far_ends: &FarEnds, answered: bool) -> Finding {
    let proxy = settings.proxy.as_ref().map(|proxy| proxy.url.to_string());
    let named = far_ends.proxy.map(|variable| format!("the one in {variable}"));
    match proxy.or(named) {
        None => Finding::not_needed(STEP, "qualys.proxy.url is not set"),
        Some(proxy) if answered => Finding::passed(STEP, format!("{proxy} lets calls to Qualys pass")),
        Some(proxy) => Finding::passed(STEP, format!("{proxy} isn't what fails")),
    }
}
