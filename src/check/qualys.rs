//! Qualys: one call for a list shows the way there, the login, the limits and the clock; a second one the templates.

use std::time::{Duration, Instant};

use super::finding::Finding;
use super::walk::Walk;
use super::{FarEnds, clock, login, proxy, rate_limit, report_file, templates};
use crate::config::Parts;
use crate::problem::{Problem as _, Step};
use crate::qualys::{Error, Fault, ReportShare, Settings};

const STEP: &str = "Qualys";

/// A preflight waits no longer for an answer that an import may wait minutes for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a fault belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Proxy,
    Reach,
    Login,
    RateLimit,
}

pub(super) async fn walk(parts: &Parts, far_ends: &FarEnds) -> Walk {
    let mut walk = Walk::default();
    const STEPS: [&str; 6] = [
        proxy::STEP,
        STEP,
        login::STEP,
        rate_limit::STEP,
        templates::STEP,
        clock::STEP,
    ];
    if let Some(path) = &parts.report {
        walk.add(report_file::check(path));
        return walk.not_needed(&STEPS, "report.file is set, so Qualys isn't asked");
    }
    let Some(settings) = &parts.qualys else {
        return walk.not_tried(&STEPS, "its settings aren't right");
    };
    let settings = Settings {
        idle_timeout: settings.idle_timeout.min(PATIENCE),
        ..settings.clone()
    };
    let client = match ReportShare::new(&settings, Instant::now() + 2 * PATIENCE) {
        Ok(client) => client,
        Err(error) => {
            walk.add(failed(STEP, &error));
            return walk.not_tried(&STEPS[2..], "no call can be made");
        }
    };
    ask(&settings, &parts.templates, far_ends, &client, &mut walk).await;
    client.close().await;
    walk
}

async fn ask(settings: &Settings, wanted: &[u64], far_ends: &FarEnds, client: &ReportShare, walk: &mut Walk) {
    let probed = client.probe().await;
    let heard = client.limits();
    let place = probed.as_ref().err().map(|error| place(&error.fault));
    let error = |step: &str, at: Place| match &probed {
        Err(error) if place == Some(at) => Some(failed(step, error)),
        _ => None,
    };
    let unreached = matches!(place, Some(Place::Proxy | Place::Reach));

    walk.add(error(proxy::STEP, Place::Proxy).unwrap_or_else(|| proxy::passed(settings, far_ends, place.is_none())));
    walk.add(error(STEP, Place::Reach).unwrap_or_else(|| match place {
        Some(Place::Proxy) => Finding::not_tried(STEP, "the proxy lets nothing pass"),
        _ => Finding::passed(STEP, format!("{} answers, with a trusted certificate", settings.url)),
    }));
    walk.add(error(login::STEP, Place::Login).unwrap_or_else(|| match place {
        None => login::passed(settings),
        Some(Place::RateLimit) => Finding::not_tried(login::STEP, "Qualys takes no call now"),
        Some(_) => Finding::not_tried(login::STEP, "Qualys isn't reached"),
    }));
    walk.add(
        error(rate_limit::STEP, Place::RateLimit).unwrap_or_else(|| match &heard {
            Some(limits) if !unreached => rate_limit::found(limits),
            _ => Finding::not_tried(rate_limit::STEP, "Qualys isn't reached"),
        }),
    );
    let waits = heard.as_ref().and_then(|limits| limits.to_wait).is_some();
    match place {
        None if waits => walk.add(Finding::not_tried(templates::STEP, "no call is left")),
        None => templates::check(client, settings, wanted, walk).await,
        Some(Place::Login) => walk.add(Finding::not_tried(templates::STEP, "the login isn't accepted")),
        Some(Place::RateLimit) => walk.add(Finding::not_tried(templates::STEP, "no call is left")),
        Some(_) => walk.add(Finding::not_tried(templates::STEP, "Qualys isn't reached")),
    }
    walk.add(match heard.and_then(|limits| limits.date) {
        Some(date) => clock::check(date),
        None => Finding::not_tried(clock::STEP, "Qualys told no time"),
    });
}

/// The step that a fault of the first call belongs to.
fn place(fault: &Fault) -> Place {
    match (fault, fault.kind().row().step) {
        (Fault::File { key, .. } | Fault::Setting { key, .. }, _) if *key != "qualys.ca_file" => Place::Login,
        (_, Some(Step::Proxy)) => Place::Proxy,
        (_, Some(Step::Login)) => Place::Login,
        (_, Some(Step::RateLimit)) => Place::RateLimit,
        _ => Place::Reach,
    }
}

/// An error without the stage, which is always the same here.
fn failed(step: &str, error: &Error) -> Finding {
    let fault = &*error.fault;
    Finding::failed(step, fault.kind().exit(), fault.to_string(), fault.remedy())
}
