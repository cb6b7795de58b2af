//! Sending a file of commands: what the reference client's csv plugin does.

use std::path::Path;
use std::time::Instant;

use tracing::{Instrument as _, Span};

use super::error::Error;
use super::progress::Progress;
use super::sink::{self, Delivered};
use super::stop::Stop;
use super::summary::{Summary, TemplateSummary};
use crate::config::SendConfig;
use crate::host_input::command_file::CommandFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::qualys::Usage;
use crate::telemetry::spans;

/// Sends the commands of a file to the Management Center. `progress` is written for whoever watches.
pub async fn send(config: SendConfig, path: &Path, stop: &Stop, progress: &Progress) -> Summary {
    let begun = Instant::now();
    progress.begin();
    progress.plan(1, None);
    let mut summary = TemplateSummary::begin(path.display().to_string(), progress);
    let span = spans::template(&summary.name);
    let work = async {
        if let Err(failure) = file(config, path, stop, &mut summary).await {
            summary.fail(&failure, stop);
            spans::fail(&Span::current(), summary.exit().label());
        }
    };
    work.instrument(span).await;
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
    let progress = summary.progress().delivery();
    let work = async {
        let mut delivery = Delivery {
            findings: commands.findings(),
            progress,
            ..Delivery::default()
        };
        let delivered = center.deliver(&commands, stop.token(), &mut delivery).await;
        let (outcome, result) = sink::sent(delivered, delivery);
        Delivered {
            outcome,
            remarks: Vec::new(),
            result,
        }
    };
    let delivered = summary.stage("send", work).await;
    summary.outcome = delivered.outcome;
    delivered.result
}
