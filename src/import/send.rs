//! Sending a file of commands: what the reference client's csv plugin does.

use std::path::Path;
use std::time::Instant;

use tokio::task::spawn_blocking;
use tracing::Instrument as _;

use super::error::Error;
use super::progress::Progress;
use super::record::{BatchRecord, PartRecord, Record};
use super::runner::Runner;
use super::sink::Delivered;
use super::source::Part;
use super::stop::Stop;
use crate::config::SendConfig;
use crate::host_input::command_file::CommandFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::stage::Stage;
use crate::telemetry::spans;

/// Sends the commands of a file to the Management Center. `progress` is written for whoever watches.
pub async fn send(config: SendConfig, path: &Path, stop: &Stop, progress: &Progress) -> Record {
    let begun = Instant::now();
    progress.begin();
    progress.plan(1, None);
    progress.batch();
    let part = PartRecord {
        name: Part::File(path.to_owned()).name(),
        ..PartRecord::default()
    };
    let runner = Runner::of_part(&part.name, progress, stop);
    let mut batch = BatchRecord {
        parts: vec![part],
        ..BatchRecord::default()
    };
    let sent = file(config, path, &runner, progress, &mut batch);
    if let Err(failure) = sent.instrument(runner.span.clone()).await {
        batch.failure = Some(runner.fail(batch.stages_mut(), &failure));
        spans::fail(&runner.span, batch.exit().label());
    }
    let mut record = Record::default();
    record.add(batch, false);
    record.end(begun, stop.kind())
}

async fn file(
    config: SendConfig,
    path: &Path,
    runner: &Runner<'_>,
    progress: &Progress,
    batch: &mut BatchRecord,
) -> Result<(), Error> {
    let center = ManagementCenter::new(config.management_center)?;
    let path = path.to_owned();
    // Beside a thread that waits for a pipe, a signal is still heard.
    let reading = spawn_blocking(move || CommandFile::read(&path));
    let commands = runner.stop.or(async { Ok::<_, Error>(reading.await??) }).await?;
    let progress = progress.delivery();
    let work = async {
        let mut delivery = Delivery {
            findings: commands.findings(),
            progress,
            ..Delivery::default()
        };
        let result = center.deliver(&commands, runner.stop.token(), &mut delivery).await;
        Delivered::sent(delivery, result.err().map(Error::from))
    };
    let delivered = runner.run(batch.stages_mut(), Stage::Send, work).await;
    batch.join(delivered.record);
    delivered.failure.map_or(Ok(()), Err)
}
