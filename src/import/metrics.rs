//! Metrics of an import, added up over its batches.
//!
//! [`table`] defines them; [`telemetry`](crate::telemetry::metrics) writes and pushes them. A run sets no metric that it doesn't
//! know, so the value of an earlier run stays.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::count::{Outcome, Unit};
use super::progress::Snapshot;
use super::record::{BatchRecord, Record};
use crate::exit::Exit;
use crate::problem::Reason;
use crate::qualys::{CLASSES, Usage};
use crate::report::LeftOut;
use crate::stage::Stage;
use crate::telemetry::metrics::{Exposition, Settings, peak_memory};

pub mod table;

use table as t;

/// The metrics of an import that ended.
pub fn of_record(settings: &Settings, record: &Record) -> Exposition {
    let failed_stage = record.worst().and_then(|(.., failure)| failure.stage);
    let mut metrics = ended(settings, record.exit, failed_stage.unwrap_or(Stage::Configure));
    metrics.set(&t::RUN_DURATION, &[], record.duration.as_secs_f64());
    let batches = &record.batches;
    let imported: usize = batches.iter().map(BatchRecord::imported).sum();
    let failed = record.parts().count() - imported;
    metrics.set(&t::TEMPLATES, &["imported"], imported as f64);
    metrics.set(&t::TEMPLATES, &["failed"], failed as f64);
    metrics.set(&t::TEMPLATES, &["not_begun"], record.not_begun as f64);
    metrics.set_each(&t::STAGE_DURATION, |stage| {
        let passed = batches.iter().flat_map(BatchRecord::passed);
        let took = passed.filter(|(_, passed)| passed.stage.label() == stage);
        took.map(|(_, passed)| passed.took).sum::<Duration>().as_secs_f64()
    });
    // The oldest report decides how fresh the import is.
    if let Some(oldest) = record.parts().filter_map(|part| part.generated).min() {
        metrics.set(&t::REPORT_GENERATED, &[], unix(oldest));
    }
    counts(&mut metrics, record);
    if let Some(remembered) = record.remembered {
        metrics.set(&t::REMEMBERED, &[], one_if(remembered));
    }
    certificates(&mut metrics, record);
    if record.usage.calls() > 0 {
        usage(&mut metrics, &record.usage);
    }
    metrics
}

/// The metrics of a run that ended before its import began.
pub fn of_failure(settings: &Settings, exit: Exit) -> Exposition {
    ended(settings, exit, Stage::Configure)
}

/// The metrics of an import that runs; those of the last one that ended are others.
pub fn of_snapshot(settings: &Settings, snapshot: &Snapshot) -> Exposition {
    let mut metrics = Exposition::new(&settings.import);
    let stages: Vec<_> = snapshot.running.iter().map(|running| running.stage).collect();
    running(&mut metrics, true, &stages);
    if let Some(begun) = snapshot.begun {
        metrics.set(&t::RUNNING_SINCE, &[], unix(begun));
    }
    metrics.set(&t::RUNNING_TEMPLATE, &[], snapshot.number as f64);
    metrics.set(&t::RUNNING_HOSTS, &["parsed"], snapshot.hosts_parsed as f64);
    metrics.set(&t::RUNNING_HOSTS, &["to_send"], snapshot.delivery.hosts as f64);
    let sent = snapshot.delivery.hosts_acknowledged;
    metrics.set(&t::RUNNING_HOSTS, &["acknowledged"], sent as f64);
    metrics.set(&t::RUNNING_BYTES, &[], snapshot.bytes_parsed as f64);
    metrics
}

fn ended(settings: &Settings, exit: Exit, failed_stage: Stage) -> Exposition {
    let mut metrics = Exposition::new(&settings.import);
    let now = unix(SystemTime::now());
    metrics.set(&t::LAST_COMPLETION, &[], now);
    if exit.is_success() {
        metrics.set(&t::LAST_SUCCESS, &[], now);
    }
    metrics.set(&t::LAST_EXIT_CODE, &[], f64::from(exit.code()));
    let failed = (!exit.is_success()).then(|| failed_stage.label());
    metrics.set_each(&t::LAST_FAILED_STAGE, |stage| one_if(failed == Some(stage)));
    metrics.set(&t::EXPECTED_INTERVAL, &[], settings.expected_interval.as_secs_f64());
    metrics.set(&t::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
    if let Some(peak) = peak_memory() {
        metrics.set(&t::PEAK_MEMORY, &[], peak as f64);
    }
    running(&mut metrics, false, &[]);
    metrics
}

fn running(metrics: &mut Exposition, running: bool, stages: &[Stage]) {
    metrics.set(&t::RUNNING, &[], one_if(running));
    metrics.set_each(&t::RUNNING_STAGE, |label| {
        one_if(stages.iter().any(|stage| stage.label() == label))
    });
}

/// The counts of a selection, once there was one, and those of a delivery, once it began.
fn counts(metrics: &mut Exposition, record: &Record) {
    let totals = record.totals();
    let mut set = |unit, outcome| {
        if let Some((metric, label)) = t::of(unit, outcome) {
            metrics.set(metric, label.as_slice(), totals.get(unit, outcome) as f64);
        }
    };
    let measured = Outcome::ALL.iter().filter(|outcome| match outcome {
        Outcome::Known => totals.find(Unit::Hosts, **outcome).is_some(),
        outcome if t::is_delivery(**outcome) => totals.is_delivered(),
        _ => totals.is_selected(),
    });
    let left_out = LeftOut::ALL.into_iter().filter(|_| totals.is_selected());
    for outcome in measured.copied().chain(left_out.map(Outcome::LeftOut)) {
        outcome.units().iter().for_each(|unit| set(*unit, outcome));
    }
    if let Some(left) = totals.find(Unit::Hosts, Outcome::Left) {
        let cleared = totals.get(Unit::Hosts, Outcome::LeftCleared);
        metrics.set(&t::LEFT_HOSTS, &["cleared"], cleared as f64);
        metrics.set(&t::LEFT_HOSTS, &["kept"], left.saturating_sub(cleared) as f64);
    }
    if totals.is_selected() {
        let bytes: u64 = record
            .parts()
            .map(|part| part.totals.get(Unit::Bytes, Outcome::Read))
            .sum();
        metrics.set(&t::REPORT_BYTES, &[], bytes as f64);
    }
}

fn certificates(metrics: &mut Exposition, record: &Record) {
    let servers = record.batches.iter();
    let server = servers.filter_map(|batch| batch.server_certificate_expires).next_back();
    let client = (&t::CLIENT_CERTIFICATE_EXPIRY, record.certificate_expires);
    // Two metrics, so that a run which sees only one certificate keeps the other's value.
    for (metric, expires) in [client, (&t::SERVER_CERTIFICATE_EXPIRY, server)] {
        if let Some(expires) = expires {
            metrics.set(metric, &[], unix(expires));
        }
    }
}

fn usage(metrics: &mut Exposition, usage: &Usage) {
    for stage in t::QUALYS_STAGES {
        for class in CLASSES {
            let requests = usage.answers.get(&(stage, class)).copied().unwrap_or_default();
            metrics.set(&t::HTTP_REQUESTS, &[stage.label(), class], requests as f64);
        }
        let retries = usage.retries.get(&stage).copied().unwrap_or_default();
        metrics.set(&t::HTTP_RETRIES, &[stage.label()], retries as f64);
    }
    for reason in Reason::ALL {
        let waited = usage.waited.get(&reason).copied().unwrap_or_default();
        metrics.set(&t::HTTP_WAIT, &[reason.label()], waited.as_secs_f64());
    }
    for (action, count) in [
        ("launched", usage.launched),
        ("adopted", usage.adopted),
        ("deleted", usage.deleted),
    ] {
        metrics.set(&t::QUALYS_REPORTS, &[action], count as f64);
    }
    metrics.set(&t::DOWNLOADED_BYTES, &[], usage.bytes as f64);
    if let Some(left) = usage.left.values().min() {
        metrics.set(&t::CALLS_LEFT, &[], *left as f64);
    }
    if let Some(listed) = usage.listed {
        metrics.set(&t::LISTED_HOSTS, &[], listed as f64);
    }
}

fn one_if(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

/// Seconds since 1970; 0 for times before.
fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        .floor()
}

#[cfg(test)]
mod tests;
