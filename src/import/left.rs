//! Hosts that left: known from earlier runs, and in scope no more. Nothing else takes their results out of the network map,
//! where hosts that came by Host Input never time out. They come last of all, after a run that saw every host.

use std::net::IpAddr;

use tracing::info;

use super::commands::Closings;
use super::count::{Outcome, Unit};
use super::error::Error;
use super::memory::{LeftHosts, Memory};
use super::progress::Progress;
use super::record::{BatchRecord, PartRecord, Record};
use super::runner::Runner;
use super::sink::Sink;
use super::stop::Stop;

/// Clears hosts that left, after a run that did all it was meant to.
pub(super) async fn clear(
    memory: &Memory,
    sink: &Sink,
    closings: &Closings,
    record: &mut Record,
    progress: &Progress,
    stop: &Stop,
) {
    let Some(left) = memory.left().filter(|_| closings.clears()) else {
        return;
    };
    let LeftHosts {
        hosts,
        known,
        allowed,
        delete,
    } = left;
    let addresses: Vec<IpAddr> = hosts.iter().map(|(address, _)| *address).collect();
    let count = addresses.len() as u64;
    let runner = Runner::of_batch(progress, stop);
    let destination = record.batches.last().map(|batch| batch.destination.clone());
    let mut batch = BatchRecord {
        parts: vec![PartRecord::default()],
        destination: destination.unwrap_or_default(),
        ..BatchRecord::default()
    };
    let mut failure = None;
    match allowed {
        _ if hosts.is_empty() => {}
        _ if stop.kind().is_some() => failure = Some(Error::StoppedBeforeClearing),
        true => {
            info!(hosts = count, "hosts that left Qualys");
            let created: Vec<IpAddr> = hosts
                .iter()
                .filter(|(_, created)| *created && delete)
                .map(|host| host.0)
                .collect();
            let delivery = sink.take_leave(&addresses, &created, stop, progress.delivery());
            let delivered = runner.run(batch.stages_mut(), sink.stage(), delivery).await;
            batch.join(BatchRecord {
                destination: batch.destination.clone(),
                ..delivered.record
            });
            failure = delivered.failure;
            let all = delivered.gone.len() == addresses.len();
            memory.forget(delivered.gone, all);
        }
        false => failure = Some(Error::TooManyLeft { left: count, known }),
    }
    batch.totals.add(Unit::Hosts, Outcome::Known, known);
    batch.totals.add(Unit::Hosts, Outcome::Left, count);
    batch.left = addresses;
    if let Some(failure) = failure {
        batch.failure = Some(runner.fail(batch.stages_mut(), &failure));
    }
    record.add(batch, true);
}
