//! Accounts: the equations that every summary keeps, so that nothing is lost in silence.
//!
//! | of | |
//! |---|---|
//! | hosts | `read = selected + clean + left out` |
//! | findings | `read = selected + left out` |
//! | hosts | `selected + to clear = acknowledged + cleared + refused + not sent` |
//! | findings | `selected = acknowledged + refused + not sent` |
//!
//! In a file, what is written stands in the place of what is acknowledged; in a plan, what would be sent. What is read of
//! several templates adds up to what is read of their batch.

use super::{BatchSummary, Outcome};
use crate::report::Counts;

impl BatchSummary {
    /// One sentence for each equation that doesn't hold: none, unless there is a bug.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let Some(counts) = &self.counts else {
            return Vec::new();
        };
        let selected = selected(counts).into_iter();
        let read = self.read(counts).into_iter();
        let all = selected.chain(read).chain(self.delivered(counts));
        let wrong = all.filter(|(_, whole, parts)| whole != parts);
        let wrong = wrong.map(|(what, whole, parts)| {
            format!("a bug in qualys-connector: the numbers of {what} don't add up ({whole} and {parts})")
        });
        wrong.collect()
    }

    fn read(&self, counts: &Counts) -> [(&'static str, u64, u64); 2] {
        let read = || self.templates.iter().filter_map(|template| template.read);
        let (hosts, findings) = (
            read().map(|read| read.hosts).sum(),
            read().map(|read| read.findings).sum(),
        );
        [
            ("hosts read of all templates", counts.hosts_read, hosts),
            ("findings read of all templates", counts.findings_read, findings),
        ]
    }

    fn delivered(&self, counts: &Counts) -> Vec<(&'static str, u64, u64)> {
        let hosts = counts.hosts_selected + self.to_clear;
        let findings = counts.findings_selected;
        match &self.outcome {
            Outcome::Nothing => Vec::new(),
            Outcome::Sent(sent) => vec![
                (
                    "hosts sent",
                    hosts,
                    sent.hosts_acknowledged + sent.hosts_refused + sent.hosts_not_sent(),
                ),
                (
                    "findings sent",
                    findings,
                    sent.findings_acknowledged + sent.findings_refused + sent.findings_not_sent(),
                ),
            ],
            Outcome::Written(_, written) => vec![
                ("hosts written", hosts, written.hosts),
                ("findings written", findings, written.findings),
            ],
            Outcome::Planned(plan) => vec![
                (
                    "hosts planned",
                    hosts,
                    plan.replaced.hosts + plan.merged.hosts + plan.cleared,
                ),
                (
                    "findings planned",
                    findings,
                    plan.replaced.findings + plan.merged.findings + plan.too_long,
                ),
            ],
        }
    }
}

fn selected(counts: &Counts) -> [(&'static str, u64, u64); 2] {
    [
        (
            "hosts selected",
            counts.hosts_read,
            counts.hosts_selected + counts.hosts_clean + counts.hosts_left_out.total(),
        ),
        (
            "findings selected",
            counts.findings_read,
            counts.findings_selected + counts.findings_left_out.total(),
        ),
    ]
}
