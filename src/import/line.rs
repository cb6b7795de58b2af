//! The record in one line, for Kubernetes' termination message.

use std::fmt;

use super::count::Unit;
use super::numbers::{findings, hosts};
use super::record::{BatchRecord, Record};

impl Record {
    /// One line to read: why it failed, and what was imported.
    pub fn line(&self) -> impl fmt::Display {
        SummaryLine(self)
    }
}

/// What was imported; or why not, and what was imported all the same.
struct SummaryLine<'a>(&'a Record);

impl fmt::Display for SummaryLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        // The first of those that are equally bad: it is the one that the log begins with.
        if let Some((batch, part, failure)) = record.worst() {
            let name = part.map_or_else(|| batch.name(), |part| part.name.clone());
            write!(f, "{name}: {}; ", failure.sentence)?;
        }
        let all = record.parts().count() + record.not_begun;
        let done: usize = record.batches.iter().map(BatchRecord::imported).sum();
        match done {
            _ if all == 1 => {}
            done if done == all => write!(f, "{all} templates, ")?,
            done => write!(f, "{done} of {all} templates, ")?,
        }
        let totals = record.totals();
        let [of_hosts, of_findings] = [Unit::Hosts, Unit::Findings].map(|unit| totals.arrived(unit));
        let last = record.batches.last();
        let imported = last.map_or("imported", |batch| batch.destination.participle());
        write!(f, "{} and {} {imported}", hosts(of_hosts), findings(of_findings))?;
        match totals.cleared() {
            0 => Ok(()),
            cleared => write!(f, ", {} cleared", hosts(cleared)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::count::{Outcome, Totals};
    use crate::import::record::{Failure, PartRecord};
    use crate::problem::Kind;

    fn failure(kind: Kind, sentence: &str) -> Failure {
        Failure {
            kind,
            sentence: sentence.to_owned(),
            stage: None,
        }
    }

    fn part(name: &str) -> PartRecord {
        PartRecord {
            name: name.to_owned(),
            ..PartRecord::default()
        }
    }

    fn batch(name: &str, hosts: u64, error: Option<(Kind, &str)>) -> BatchRecord {
        let mut totals = Totals::default();
        totals.add(Unit::Hosts, Outcome::Acknowledged, hosts);
        totals.add(Unit::Findings, Outcome::Acknowledged, hosts * 1000);
        BatchRecord {
            parts: vec![part(name)],
            totals,
            failure: error.map(|(exit, sentence)| failure(exit, sentence)),
            ..BatchRecord::default()
        }
    }

    fn line(batches: Vec<BatchRecord>, not_begun: usize) -> String {
        let record = Record {
            batches,
            not_begun,
            ..Record::default()
        };
        record.line().to_string()
    }

    #[test]
    fn success_is_told_in_numbers() {
        let one = batch("424242", 7, None);
        assert_eq!(line(vec![one], 0), "7 hosts and 7,000 findings imported");
        let two = vec![batch("424242", 7, None), batch("535353", 1, None)];
        assert_eq!(line(two, 0), "2 templates, 8 hosts and 8,000 findings imported");
    }

    #[test]
    fn the_worst_failure_is_told_first() {
        let three = vec![
            batch("1", 7, None),
            batch("2", 0, Some((Kind::TooManyCalls, "Qualys is busy"))),
            batch("3", 1, Some((Kind::CommandsRefused, "a host was refused"))),
            batch("4", 0, Some((Kind::CommandsRefused, "closed half way"))),
        ];
        assert_eq!(
            line(three, 1),
            "3: a host was refused; 1 of 5 templates, 8 hosts and 8,000 findings imported"
        );
    }

    #[test]
    fn a_single_template_isnt_counted() {
        let failed = vec![batch("424242", 0, Some((Kind::BadLogin, "bad login")))];
        assert_eq!(line(failed, 0), "424242: bad login; 0 hosts and 0 findings imported");
    }

    #[test]
    fn templates_that_are_delivered_together_are_counted_and_named_by_what_failed() {
        let mut both = batch("424242", 1, None);
        both.parts.push(PartRecord {
            failure: Some(failure(Kind::ReportUnusable, "cut off")),
            ..part("535353")
        });
        assert_eq!(
            line(vec![both], 0),
            "535353: cut off; 1 of 2 templates, 1 host and 1,000 findings imported"
        );
    }
}
