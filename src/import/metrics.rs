//! Metrics: what an import says of itself in numbers, added up over its templates.
//!
//! What metrics there are stands in [`table`]; where they go is [`telemetry`](crate::telemetry::metrics)'s business. A
//! number that a run can't know isn't said, so that the one of an earlier run stays.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::progress::Snapshot;
use super::summary::{BatchSummary, Outcome, Summary};
use crate::exit::Exit;
use crate::qualys::{CLASSES, Reason, Usage};
use crate::report::{Counts, LeftOut};
use crate::stage::Stage;
use crate::telemetry::metrics::{Exposition, Settings, peak_memory};

pub mod table;

use table as t;

/// What an import says that has ended.
pub fn of_summary(settings: &Settings, summary: &Summary) -> Exposition {
    let mut metrics = ended(settings, summary.exit, summary.failed_stage());
    metrics.set(&t::RUN_DURATION, &[], summary.duration.as_secs_f64());
    let batches = &summary.batches;
    let imported: usize = batches.iter().map(BatchSummary::imported).sum();
    let failed = summary.templates().count() - imported;
    metrics.set(&t::TEMPLATES, &["imported"], imported as f64);
    metrics.set(&t::TEMPLATES, &["failed"], failed as f64);
    metrics.set(&t::TEMPLATES, &["not_begun"], summary.not_begun as f64);
    metrics.set_each(&t::STAGE_DURATION, |stage| {
        let passed = batches.iter().flat_map(BatchSummary::passed);
        let took = passed.filter(|(_, passed)| passed.stage.label() == stage);
        took.map(|(_, passed)| passed.took).sum::<Duration>().as_secs_f64()
    });
    reports(&mut metrics, summary);
    deliveries(&mut metrics, batches);
    certificates(&mut metrics, summary);
    if summary.usage.calls() > 0 {
        usage(&mut metrics, &summary.usage);
    }
    metrics
}

/// What is said of a run that didn't come to an import, since it can't be configured.
pub fn of_failure(settings: &Settings, exit: Exit) -> Exposition {
    ended(settings, exit, Stage::Configure)
}

/// What is said while an import runs; nothing of it is true of the last one that ended.
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
    if exit == Exit::Success {
        metrics.set(&t::LAST_SUCCESS, &[], now);
    }
    metrics.set(&t::LAST_EXIT_CODE, &[], f64::from(exit.code()));
    let failed = (exit != Exit::Success).then(|| failed_stage.label());
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

fn reports(metrics: &mut Exposition, summary: &Summary) {
    // A chain is as fresh as its oldest link.
    if let Some(oldest) = summary.templates().filter_map(|template| template.generated).min() {
        metrics.set(&t::REPORT_GENERATED, &[], unix(oldest));
    }
    let read: Vec<_> = summary
        .batches
        .iter()
        .filter_map(|batch| batch.counts.as_ref())
        .collect();
    if read.is_empty() {
        return;
    }
    let bytes: u64 = summary.templates().map(|template| template.bytes).sum();
    metrics.set(&t::REPORT_BYTES, &[], bytes as f64);
    let sum = |number: &dyn Fn(&Counts) -> u64| read.iter().map(|counts| number(counts)).sum::<u64>() as f64;
    metrics.set(&t::REPORT_HOSTS, &[], sum(&|counts| counts.hosts_read));
    metrics.set(&t::REPORT_FINDINGS, &[], sum(&|counts| counts.findings_read));
    metrics.set(&t::SELECTED_HOSTS, &[], sum(&|counts| counts.hosts_selected));
    metrics.set(&t::CLEAN_HOSTS, &[], sum(&|counts| counts.hosts_clean));
    metrics.set(&t::SELECTED_FINDINGS, &["with"], sum(&|counts| counts.with_cve));
    metrics.set(&t::SELECTED_FINDINGS, &["without"], sum(&|counts| counts.without_cve()));
    for reason in LeftOut::ALL {
        let label = [reason.label()];
        metrics.set(
            &t::LEFT_OUT_HOSTS,
            &label,
            sum(&|counts| counts.hosts_left_out.get(reason)),
        );
        metrics.set(
            &t::LEFT_OUT_FINDINGS,
            &label,
            sum(&|counts| counts.findings_left_out.get(reason)),
        );
    }
}

fn deliveries(metrics: &mut Exposition, batches: &[BatchSummary]) {
    let mut delivered = false;
    let (mut hosts, mut findings, mut commands) = ([0; 5], [0; 4], [0; 4]);
    let (mut frames, mut connections) = (0, 0);
    let add = |sums: &mut [u64], numbers: &[u64]| {
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number;
        }
    };
    for batch in batches {
        let arrived = batch.arrived();
        match &batch.outcome {
            Outcome::Nothing | Outcome::Planned(_) => continue,
            Outcome::Sent(sent) => {
                let not_sent = (sent.hosts_not_sent(), sent.findings_not_sent());
                add(
                    &mut hosts,
                    &[arrived.hosts, arrived.cleared, sent.hosts_refused, not_sent.0, 0],
                );
                add(
                    &mut findings,
                    &[sent.findings_acknowledged, sent.findings_refused, not_sent.1, 0],
                );
                add(
                    &mut commands,
                    &[sent.commands_sent, sent.commands_acknowledged, sent.commands_refused, 0],
                );
                frames += sent.frames;
                connections += sent.connections;
            }
            Outcome::Written(_, written) => {
                add(&mut hosts, &[0, arrived.cleared, 0, 0, arrived.hosts]);
                add(&mut findings, &[0, 0, 0, written.findings]);
                add(&mut commands, &[0, 0, 0, written.commands]);
            }
        }
        delivered = true;
    }
    if !delivered {
        return;
    }
    for (metric, labels, sums) in [
        (&t::HOSTS, &t::HOST_OUTCOMES[..], &hosts[..]),
        (&t::FINDINGS, &t::OUTCOMES, &findings),
        (&t::COMMANDS, &t::COMMAND_OUTCOMES, &commands),
    ] {
        for (label, sum) in labels.iter().zip(sums) {
            metrics.set(metric, &[label], *sum as f64);
        }
    }
    metrics.set(&t::FRAMES, &[], frames as f64);
    metrics.set(&t::CONNECTIONS, &[], connections as f64);
}

fn certificates(metrics: &mut Exposition, summary: &Summary) {
    let mut servers = summary.batches.iter().filter_map(|batch| match &batch.outcome {
        Outcome::Sent(delivery) => delivery.server_certificate_expires,
        Outcome::Nothing | Outcome::Written(..) | Outcome::Planned(_) => None,
    });
    let client = (&t::CLIENT_CERTIFICATE_EXPIRY, summary.certificate_expires);
    // Of their own, so that a run which didn't come so far leaves the other as it is.
    for (metric, expires) in [client, (&t::SERVER_CERTIFICATE_EXPIRY, servers.next_back())] {
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
}

fn one_if(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

/// Seconds since 1970. What lies before has no business here.
fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        .floor()
}

#[cfg(test)]
mod tests;
