//! Qualys: one call for a list shows the way there, the login, the limits and the clock; others what is to be imported.

use std::time::{Duration, Instant, SystemTime};

use super::result::CheckResult;
use super::results::Preflight;
use super::{files, hosts, templates};
use crate::config::Parts;
use crate::problem::{Problem as _, Step};
use crate::qualys::{DetectionClient, Error, Fault, Limits, Login, ReportShare, Settings};
use crate::report::Keep;

/// A preflight waits no longer for an answer that an import may wait minutes for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// An import of one template takes some ten calls, and more while it waits.
const FEW: u64 = 20;

/// A header's time is in whole seconds, and an answer takes its time.
const TOLERATED: Duration = Duration::from_secs(60);

pub(super) async fn results(parts: &Parts) -> Preflight {
    let mut results = Preflight::default();
    let way = [Step::Proxy, Step::Qualys];
    let answer = [&[Step::Login, Step::RateLimit], imported(parts), &[Step::Clock]].concat();
    let steps = [&way, &*answer].concat();
    if let Some(path) = &parts.report {
        results.add(files::readable(Step::ReportFile, "report.file", path));
        if let Some(path) = &parts.knowledge_base {
            results.add(files::readable(Step::KnowledgeBase, "report.knowledge_base", path));
        }
        return results.not_needed(&steps, "report.file is set, so Qualys isn't asked");
    }
    let complete = parts.detections.is_some() || !parts.asks_for_hosts;
    let Some(settings) = parts.qualys.as_ref().filter(|_| complete) else {
        return results.not_tried(&steps, "its settings aren't right");
    };
    let settings = Settings {
        idle_timeout: settings.idle_timeout.min(LONGEST_WAIT),
        ..settings.clone()
    };
    let client = match QualysClient::new(&settings, parts) {
        Ok(client) => client,
        Err(error) => {
            results.add(CheckResult::problem(Step::Qualys, &*error.fault));
            return results.not_tried(&answer, "no call can be made");
        }
    };
    ask(&settings, parts, &client, &mut results).await;
    client.close().await;
    results
}

/// The client that an import would use.
enum QualysClient {
    Reports(Box<ReportShare>),
    Detections(Box<DetectionClient>),
}

impl QualysClient {
    fn new(settings: &Settings, parts: &Parts) -> Result<Self, Error> {
        let deadline = Instant::now() + 2 * LONGEST_WAIT;
        Ok(match &parts.detections {
            Some(detections) => {
                let client = DetectionClient::new(settings, detections.clone(), Keep::default(), None, deadline)?;
                QualysClient::Detections(Box::new(client))
            }
            None => QualysClient::Reports(Box::new(ReportShare::new(settings, deadline)?)),
        })
    }

    async fn probe(&self) -> Result<(), Error> {
        match self {
            QualysClient::Reports(client) => client.probe().await,
            QualysClient::Detections(client) => client.probe().await,
        }
    }

    fn limits(&self) -> Option<Limits> {
        match self {
            QualysClient::Reports(client) => client.limits(),
            QualysClient::Detections(client) => client.limits(),
        }
    }

    async fn close(self) {
        match self {
            QualysClient::Reports(client) => drop(client.close().await),
            QualysClient::Detections(client) => drop(client.close().await),
        }
    }
}

/// The steps that look at what is to be imported.
fn imported(parts: &Parts) -> &'static [Step] {
    match parts.asks_for_hosts {
        true => &[Step::Hosts, Step::KnowledgeBase],
        false => &[Step::Templates],
    }
}

async fn ask(settings: &Settings, parts: &Parts, client: &QualysClient, results: &mut Preflight) {
    let probed = client.probe().await;
    let limits = client.limits();
    let failed = probed.as_ref().err().map(|error| step(&error.fault));
    let problem = |step| match &probed {
        Err(error) if failed == Some(step) => Some(CheckResult::problem(step, &*error.fault)),
        _ => None,
    };
    let unreached = matches!(failed, Some(Step::Proxy | Step::Qualys));

    results.add(problem(Step::Proxy).unwrap_or_else(|| proxy(settings, failed.is_none())));
    results.add(problem(Step::Qualys).unwrap_or_else(|| match failed {
        Some(Step::Proxy) => CheckResult::not_tried(Step::Qualys, "the proxy lets nothing pass"),
        _ => CheckResult::passed(
            Step::Qualys,
            format!("{} answers, with a trusted certificate", settings.url),
        ),
    }));
    results.add(problem(Step::Login).unwrap_or_else(|| match failed {
        None => login(settings),
        Some(Step::RateLimit) => CheckResult::not_tried(Step::Login, "Qualys takes no call now"),
        Some(_) => CheckResult::not_tried(Step::Login, "Qualys isn't reached"),
    }));
    results.add(problem(Step::RateLimit).unwrap_or_else(|| match &limits {
        Some(limits) if !unreached => rate_limit(limits),
        _ => CheckResult::not_tried(Step::RateLimit, "Qualys isn't reached"),
    }));
    let waits = limits.as_ref().and_then(|limits| limits.to_wait).is_some();
    let untried = match failed {
        None if waits => Some("no call is left"),
        None => None,
        Some(Step::Login) => Some("the login isn't accepted"),
        Some(Step::RateLimit) => Some("no call is left"),
        Some(_) => Some("Qualys isn't reached"),
    };
    match (untried, client) {
        (Some(because), _) => {
            for step in imported(parts) {
                results.add(CheckResult::not_tried(step, because));
            }
        }
        (None, QualysClient::Reports(client)) => templates::check(client, settings, &parts.templates, results).await,
        (None, QualysClient::Detections(client)) => {
            let limit = parts.management_center.as_ref().and_then(|center| center.host_limit);
            hosts::check(client, &parts.selection, limit, results).await;
        }
    }
    results.add(match limits.and_then(|limits| limits.date) {
        Some(date) => clock(date),
        None => CheckResult::not_tried(Step::Clock, "Qualys told no time"),
    });
}

/// The step that a fault of the first call belongs to.
fn step(fault: &Fault) -> Step {
    match (fault, fault.kind().row().step) {
        (Fault::File { key, .. } | Fault::Setting { key, .. }, _) if *key != "qualys.ca_file" => Step::Login,
        (_, Some(step @ (Step::Proxy | Step::Login | Step::RateLimit))) => step,
        _ => Step::Qualys,
    }
}

/// The call didn't fail because of the proxy; `answered`: it didn't fail at all.
fn proxy(settings: &Settings, answered: bool) -> CheckResult {
    // One that can't be used is an error of the configuration.
    let proxy = settings.via().ok().flatten().map(|via| match settings.proxy {
        Some(_) => via.url.to_string(),
        None => format!("the one in {}", via.named_by),
    });
    match proxy {
        None => CheckResult::not_needed(Step::Proxy, "qualys.proxy.url is not set"),
        Some(proxy) if answered => CheckResult::passed(Step::Proxy, format!("{proxy} lets calls to Qualys pass")),
        Some(proxy) => CheckResult::passed(Step::Proxy, format!("{proxy} isn't what fails")),
    }
}

/// The login was accepted.
fn login(settings: &Settings) -> CheckResult {
    CheckResult::passed(
        Step::Login,
        match &settings.login {
            Login::Basic(_) => format!("{} is accepted", settings.user_id),
            Login::Session(_) => format!("{} is accepted, in a session", settings.user_id),
            Login::Token(_) => "the token is accepted".to_owned(),
        },
    )
}

/// Calls that the subscription has left, as the headers of an answer say.
fn rate_limit(limits: &Limits) -> CheckResult {
    let Some(remaining) = limits.remaining else {
        return CheckResult::passed(Step::RateLimit, "Qualys doesn't tell how many calls are left");
    };
    let of = limits.calls.map(|calls| format!(" of {calls}")).unwrap_or_default();
    let window = limits
        .window
        .map(|window| format!(" in {}", humantime::format_duration(window)));
    let at_once = limits
        .at_once
        .map(|calls| format!(", {calls} of them at the same time"));
    let text = format!(
        "{remaining}{of} calls{} are left{}",
        window.unwrap_or_default(),
        at_once.unwrap_or_default()
    );
    let result = match limits.to_wait {
        Some(wait) => CheckResult::warning(
            Step::RateLimit,
            format!("no call is left for {}", humantime::format_duration(wait)),
            "let the import begin after that, or ask Qualys for more: all users and tools of the subscription share them",
        ),
        None if remaining < FEW => CheckResult::warning(
            Step::RateLimit,
            text,
            "an import may have to wait: run other tools of the subscription less often, or ask Qualys for more",
        ),
        None => CheckResult::passed(Step::RateLimit, text),
    };
    result.with("remaining", remaining)
}

/// This machine's clock against Qualys'. Certificates and the age of reports depend on it.
fn clock(there: SystemTime) -> CheckResult {
    let now = SystemTime::now();
    let (off, word) = match now.duration_since(there) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    // To the minute: an answer takes its time, and people need no more.
    let minutes = Duration::from_secs((off.as_secs() + 30) / 60 * 60);
    let result = match off > TOLERATED {
        true => CheckResult::warning(
            Step::Clock,
            format!(
                "this machine's clock is {} {word} Qualys'",
                humantime::format_duration(minutes)
            ),
            "set it by NTP: certificates are judged by it, and the age of reports that are gone on with",
        ),
        false => CheckResult::passed(Step::Clock, "this machine's clock agrees with Qualys'"),
    };
    result.with("seconds_off", off.as_secs())
}
