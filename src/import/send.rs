//! Sending a file of commands: what the reference client's csv plugin does.

use std::path::Path;
use std::time::Instant;

use tokio::task::spawn_blocking;
use tracing::{Instrument as _, Span};

use super::error::Error;
use super::progress::Progress;
use super::sink::{self, Delivered};
use super::source::{Template, unless_stopped};
use super::stop::Stop;
use super::summary::{BatchSummary, Named, Rest, Summary, TemplateSummary};
use crate::config::SendConfig;
use crate::host_input::command_file::CommandFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::qualys::Usage;
use crate::stage::Stage;
use crate::telemetry::spans;

/// Sends the commands of a file to the Management Center. `progress` is written for whoever watches.
pub async fn send(config: SendConfig, path: &Path, stop: &Stop, progress: &Progress) -> Summary {
    let begun = Instant::now();
    progress.begin();
    progress.plan(1, None);
    progress.batch();
    let template = TemplateSummary::begin(Template::File(path.to_owned()).name(), progress);
    let span = spans::template(&template.name);
    let mut batch = BatchSummary::begin(vec![template], progress);
    let work = async {
        if let Err(failure) = file(config, path, stop, progress, &mut batch).await {
            batch.fail(&failure, stop);
            spans::fail(&Span::current(), batch.exit().label());
        }
    };
    work.instrument(span).await;
    let rest = Rest {
        usage: Usage::default(),
        certificate_expires: None,
        begun,
    };
    Summary::new(vec![batch], 0, stop, rest)
}

async fn file(
    config: SendConfig,
    path: &Path,
    stop: &Stop,
    progress: &Progress,
    batch: &mut BatchSummary,
) -> Result<(), Error> {
    let center = ManagementCenter::new(config.management_center)?;
    let path = path.to_owned();
    // Beside a thread that waits for a pipe, a signal is still heard.
    let reading = spawn_blocking(move || CommandFile::read(&path));
    let commands = unless_stopped(stop, async {
        let read = reading.await.map_err(|died| Error::Bug(died.to_string()))?;
        read.map_err(Error::from)
    });
    let commands = commands.await?;
    let progress = progress.delivery();
    let work = async {
        let mut delivery = Delivery {
            findings: commands.findings(),
            progress,
            ..Delivery::default()
        };
        let delivered = center.deliver(&commands, stop.token(), &mut delivery).await;
        let remarks = delivery.warnings();
        let (outcome, result) = sink::sent(delivered, delivery);
        Delivered {
            outcome,
            to_clear: 0,
            named: Named::default(),
            remarks,
            result,
        }
    };
    let delivered = batch.pass(Stage::Send, work).await;
    batch.outcome = delivered.outcome;
    delivered.result
}
