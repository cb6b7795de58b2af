//! What a stage tells of itself when it ends: its counts, and whether it failed. They become attributes of its span, and
//! lines of the log.

use tracing::{Span, info, warn};

use super::Prepared;
use super::error::Error;
use super::sink::Delivered;
use super::summary::Outcome;
use crate::qualys::{Finished, Launched};
use crate::report::{Report, Selected};
use crate::telemetry::spans::{self, count};

/// The result of a stage.
pub(super) trait Told {
    /// Puts what there is to tell on the stage's span, which is entered, and says what people should know.
    fn tell(&self, span: &Span);
}

impl<T: Told> Told for Result<T, Error> {
    fn tell(&self, span: &Span) {
        match self {
            Ok(result) => result.tell(span),
            Err(error) => spans::fail(span, error.exit().label()),
        }
    }
}

impl Told for () {
    fn tell(&self, _: &Span) {}
}

impl Told for Prepared {
    fn tell(&self, _: &Span) {}
}

impl Told for Launched {
    fn tell(&self, span: &Span) {
        if let Some(id) = self.id {
            count(span, "report.id", id);
        }
    }
}

impl Told for Finished<'_> {
    fn tell(&self, _: &Span) {}
}

impl Told for Report {
    fn tell(&self, span: &Span) {
        let about = self.about();
        count(span, "bytes", about.bytes);
        count(span, "hosts.read", about.hosts);
        count(span, "findings.read", about.findings);
        for remark in self.remarks().sentences() {
            warn!("{remark}");
        }
    }
}

/// One report of several.
pub(super) struct Merged(pub(super) Report);

impl Told for Merged {
    fn tell(&self, span: &Span) {
        // What is odd has been said of each of them.
        let about = self.0.about();
        count(span, "bytes", about.bytes);
        count(span, "hosts.read", about.hosts);
        count(span, "findings.read", about.findings);
    }
}

impl Told for Selected {
    fn tell(&self, span: &Span) {
        let counts = self.counts();
        count(span, "hosts.selected", counts.hosts_selected);
        count(span, "hosts.clean", counts.hosts_clean);
        count(span, "findings.selected", counts.findings_selected);
        info!(
            hosts = counts.hosts_selected,
            findings = counts.findings_selected,
            "selected {} of {} findings",
            counts.findings_selected,
            counts.findings_read
        );
        info!("QualysGuard Report Processing Complete");
        if let Some(undescribed) = self.undescribed() {
            match self.describes_nothing() {
                true => warn!("{undescribed}"),
                false => info!("{undescribed}"),
            }
        }
        if self.is_empty() {
            warn!("no host of the report passes the selection: nothing is sent, and no host is cleared");
        }
    }
}

impl Told for Delivered {
    fn tell(&self, span: &Span) {
        if let Outcome::Sent(delivery) = &self.outcome {
            count(span, "bytes", delivery.bytes);
            count(
                span,
                "hosts.acknowledged",
                delivery.hosts_acknowledged - delivery.hosts_cleared,
            );
            count(span, "hosts.cleared", delivery.hosts_cleared);
            count(span, "hosts.refused", delivery.hosts_refused);
            count(span, "hosts.not_sent", delivery.hosts_not_sent());
            count(span, "findings.acknowledged", delivery.findings_acknowledged);
            count(span, "findings.refused", delivery.findings_refused);
            count(span, "connections", delivery.connections);
            count(span, "frames", delivery.frames);
            count(span, "commands", delivery.commands_sent);
        }
        if let Outcome::Written(_, written) = &self.outcome {
            count(span, "bytes", written.bytes);
            count(span, "hosts.written", written.hosts - written.cleared);
            count(span, "hosts.cleared", written.cleared);
            count(span, "findings.written", written.findings);
            count(span, "commands", written.commands);
        }
        if let Err(error) = &self.result {
            spans::fail(span, error.exit().label());
        }
    }
}
