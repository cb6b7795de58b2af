//! The preflight: everything that an import needs, tried step by step. Nothing is changed by it, neither here nor there.
//!
//! ```text
//! configuration ─┬─► output files, state
//!                ├─► certificate ─► name ─► connection ─► trust ─► Host Input
//!                ├─► proxy ─► Qualys ─► login ─► rate limit ─► templates, or hosts and KnowledgeBase ─► clock
//!                └─► Pushgateway, collector
//! ```
//!
//! Each step says what it saw as [`CheckResult`]s: what is so, and where something is wrong, what to do. A step whose
//! forerunner failed isn't tried and says so; everything else is. What it costs is two calls at Qualys for the list of
//! templates, or a call for each page of the list of hosts and three more; and one connection to the Management Center,
//! over which no command goes.

use crate::config::Parts;
use crate::problem::{Problem as _, Step};

mod certificate;
mod connection;
mod endpoint;
mod files;
mod hosts;
mod management_center;
mod qualys;
mod result;
mod results;
mod state;
mod table;
mod templates;
mod trust;

pub use endpoint::Endpoints;
pub use result::{CheckResult, CheckStatus};
pub use results::Preflight;
pub use table::{Colour, Table};

/// Walks through everything.
pub async fn run(parts: &Parts, endpoints: &Endpoints) -> Preflight {
    let mut results = Preflight::default();
    configuration(parts, &mut results);
    results.extend(files::results(parts));
    if let Some(settings) = &parts.state {
        results.add(state::check(settings));
    }
    // Neither side waits for the other.
    let (management_center, qualys, telemetry) = tokio::join!(
        management_center::results(parts),
        qualys::results(parts),
        endpoint::results(endpoints),
    );
    results.extend(qualys);
    results.extend(management_center);
    results.extend(telemetry);
    results
}

/// Every error of every layer, and what is odd though right.
fn configuration(parts: &Parts, results: &mut Preflight) {
    let step = Step::Configuration;
    match &parts.errors {
        Ok(()) => results.add(CheckResult::passed(step, "every setting is right (config lists them)")),
        Err(errors) => {
            for error in errors.iter() {
                let remedy = match &*error.remedy() {
                    "" => "correct it there; config shows every setting and where it stands".to_owned(),
                    remedy => remedy.to_owned(),
                };
                results.add(CheckResult::failed(step, error.kind(), error.to_string(), remedy));
            }
        }
    }
    for warning in &parts.warnings {
        let remedy = "take out what isn't meant; config shows where each value stands";
        results.add(CheckResult::warning(step, warning, remedy));
    }
}
