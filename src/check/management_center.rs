//! The Management Center: from our certificate to its maximum size, each step with what the one before it made.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::result::CheckResult;
use super::results::Preflight;
use super::{certificate, connection, files, trust};
use crate::config::Parts;
use crate::host_input::Settings;
use crate::host_input::probe::{self, Secured};
use crate::problem::{Kind, Step};

/// Nothing has to be worked on before the first answer, so a preflight waits for it no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

const STEPS: [Step; 5] = [
    Step::Certificate,
    Step::Name,
    Step::Connection,
    Step::Trust,
    Step::HostInput,
];

pub(super) async fn results(parts: &Parts) -> Preflight {
    let mut results = Preflight::default();
    if let Some(path) = &parts.csv {
        results.add(files::check(Step::CsvFile, "csv.file", path));
        return results.not_needed(&STEPS, "csv.file is set, so nothing is sent");
    }
    let Some(settings) = &parts.management_center else {
        return results.not_tried(&STEPS, "its settings aren't right");
    };

    let identity = certificate::check(settings, &mut results);
    let [_, _, rest @ ..] = STEPS;
    let Some(addresses) = name(settings, &mut results).await else {
        return results.not_tried(&rest, "there is no address");
    };
    let [_, rest @ ..] = rest;
    let Some(reached) = connection::check(settings, addresses, identity.as_ref(), &mut results).await else {
        return results.not_tried(&rest, "there is no connection");
    };
    let Some(identity) = identity else {
        return results.not_tried(&rest, "there is no certificate to show");
    };
    match trust::check(settings, &identity, reached, &mut results).await {
        Some(secured) => results.add(host_input(settings, secured).await),
        None => return results.not_tried(&[Step::HostInput], "the two ends don't trust each other"),
    }
    results
}

/// Its addresses.
async fn name(settings: &Settings, results: &mut Preflight) -> Option<Vec<SocketAddr>> {
    let server = &settings.server;
    match probe::addresses(settings).await {
        Ok(addresses) => {
            let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
            let text = match server.parse::<IpAddr>() {
                Ok(_) => format!("{server} is an address"),
                Err(_) => format!("{server} is {}", list.join(", ")),
            };
            results.add(CheckResult::passed(Step::Name, text).with("addresses", list));
            Some(addresses)
        }
        Err(error) => {
            results.add(CheckResult::problem(Step::Name, &error));
            None
        }
    }
}

/// The opening frames. The connection ends here, before any command.
async fn host_input(settings: &Settings, secured: Secured) -> CheckResult {
    let settings = Settings {
        answer_timeout: settings.answer_timeout.min(LONGEST_WAIT),
        ..settings.clone()
    };
    match secured.introduce(&settings).await {
        Ok(maximum) => accepted(maximum, settings.max_frame),
        Err(error) => CheckResult::problem(Step::HostInput, &error),
    }
}

/// How much a frame may carry.
fn accepted(maximum: u32, configured: u32) -> CheckResult {
    let used = maximum.min(configured);
    let text = format!("the protocol's version 1 is accepted; frames of {maximum} bytes at most, {used} are used");
    match used {
        // A command with its text needs that much.
        ..512 => {
            let text = format!("frames of {maximum} bytes at most are taken, too few for a command");
            CheckResult::failed(
                Step::HostInput,
                Kind::FrameTooSmall,
                text,
                "look at the Management Center: 524288 are usual",
            )
        }
        _ => CheckResult::passed(Step::HostInput, text),
    }
    .with("max_size", maximum)
}
