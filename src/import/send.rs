//! Sending a file of commands: what the reference client's csv plugin does.

use std::path::Path;
use std::time::Instant;

use tracing::{Instrument as _, Span};

use super::error::Error;
use super::sink::{self, Delivered};
use super::stop::Stop;
use super::summary::{Summary, TemplateSummary};
use crate::config::SendConfig;
use crate::host_input::command_file::CommandFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::telemetry::spans;

/// Sends the commands of a file to the Management Center.
pub async fn send(config: SendConfig, path: &Path, stop: &Stop) -> Summary {
    let begun = Instant::now();
    let mut summary = TemplateSummary {
        name: path.display().to_string(),
        ..TemplateSummary::default()
    };
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
        duration: begun.elapsed(),
    }
}

async fn file(config: SendConfig, path: &Path, stop: &Stop, summary: &mut TemplateSummary) -> Result<(), Error> {
    let center = ManagementCenter::new(config.management_center)?;
    let commands = CommandFile::read(path)?;
    let work = async {
        let mut delivery = Delivery::default();
        let delivered = center.deliver(&commands, stop.token(), &mut delivery).await;
        let (outcome, result) = sink::sent(delivered, delivery);
        Delivered {
            outcome,
            remark: None,
            result,
        }
    };
    let delivered = summary.stage("send", work).await;
    summary.outcome = delivered.outcome;
    delivered.result
}
