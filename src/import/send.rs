//! Sending a file of commands: what the reference client's csv plugin does.

use std::path::Path;
use std::time::Instant;

use tracing::error;

use super::error::Error;
use super::progress::Progress;
use super::stop::Stop;
use super::summary::{Outcome, Summary, TemplateSummary};
use crate::config::SendConfig;
use crate::host_input::command_file::CommandFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::qualys::Usage;

/// Sends the commands of a file to the Management Center. `progress` is written for whoever watches.
pub async fn send(config: SendConfig, path: &Path, stop: &Stop, progress: &Progress) -> Summary {
    let begun = Instant::now();
    progress.begin();
    progress.plan(1, None);
    let mut summary = TemplateSummary::begin(path.display().to_string(), progress);
    if let Err(failure) = file(config, path, stop, &mut summary).await {
        error!(exit = failure.exit().code(), "{failure}");
        summary.fail(&failure, stop);
    }
    Summary {
        exit: summary.exit(),
        templates: vec![summary],
        not_begun: 0,
        usage: Usage::default(),
        certificate_expires: None,
        duration: begun.elapsed(),
    }
}

async fn file(config: SendConfig, path: &Path, stop: &Stop, summary: &mut TemplateSummary) -> Result<(), Error> {
    let center = ManagementCenter::new(config.management_center)?;
    let commands = CommandFile::read(path)?;
    let mut delivery = Delivery {
        progress: summary.progress().delivery(),
        ..Delivery::default()
    };
    let work = center.deliver(&commands, stop.token(), &mut delivery);
    let delivered = summary.stage("send", work).await;
    let refused = Error::refused(&delivery);
    summary.outcome = Outcome::Sent(Box::new(delivery));
    delivered?;
    refused
}
