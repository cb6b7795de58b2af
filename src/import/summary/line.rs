//! The summary in one line, for Kubernetes' termination message.

use std::fmt;

use super::{BatchSummary, Outcome, Summary};
use crate::import::text::{findings, hosts};

/// What was imported; or why not, and what was imported all the same.
pub(super) struct Line<'a>(pub(super) &'a Summary);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batches = &self.0.batches;
        let worst = batches.iter().filter_map(|batch| Some((batch, batch.worst()?)));
        // The first of those that are equally bad: it is the one that the log begins with.
        let worst = worst.reduce(|worst, next| if next.1.1.exit > worst.1.1.exit { next } else { worst });
        if let Some((batch, (template, failure))) = worst {
            let name = template.map_or_else(|| batch.name(), |template| template.name.clone());
            write!(f, "{name}: {}; ", failure.sentence)?;
        }
        let all = self.0.templates().count() + self.0.not_begun;
        let done: usize = batches.iter().map(BatchSummary::imported).sum();
        match done {
            _ if all == 1 => {}
            done if done == all => write!(f, "{all} templates, ")?,
            done => write!(f, "{done} of {all} templates, ")?,
        }
        let arrived = batches.iter().map(BatchSummary::arrived);
        let sum = arrived.fold(Arrived::default(), |sum, more| Arrived {
            hosts: sum.hosts + more.hosts,
            findings: sum.findings + more.findings,
            cleared: sum.cleared + more.cleared,
            ..more
        });
        write!(f, "{} and {} {}", hosts(sum.hosts), findings(sum.findings), sum.how)?;
        match sum.cleared {
            0 => Ok(()),
            cleared => write!(f, ", {} cleared", hosts(cleared)),
        }
    }
}

/// What reached the place where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// Hosts with findings.
    pub hosts: u64,
    /// Findings.
    pub findings: u64,
    /// Clean hosts whose earlier results are removed.
    pub cleared: u64,
    /// What happened to them: `imported`.
    pub how: &'static str,
}

impl Default for Arrived {
    fn default() -> Self {
        Arrived {
            hosts: 0,
            findings: 0,
            cleared: 0,
            how: "imported",
        }
    }
}

impl BatchSummary {
    /// What reached the place where it goes.
    pub fn arrived(&self) -> Arrived {
        match &self.outcome {
            Outcome::Nothing => Arrived::default(),
            Outcome::Sent(sent) => Arrived {
                hosts: sent.hosts_acknowledged - sent.hosts_cleared,
                findings: sent.findings_acknowledged,
                cleared: sent.hosts_cleared,
                how: "imported",
            },
            Outcome::Written(_, written) => Arrived {
                hosts: written.hosts - written.cleared,
                findings: written.findings,
                cleared: written.cleared,
                how: "written",
            },
            Outcome::Planned(plan) => Arrived {
                hosts: plan.replaced.hosts + plan.merged.hosts,
                findings: plan.replaced.findings + plan.merged.findings,
                cleared: plan.cleared,
                how: "planned",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exit::Exit;
    use crate::host_input::delivery::Delivery;
    use crate::import::summary::{Failure, TemplateSummary};
    use crate::qualys::Usage;

    fn template(name: &str, hosts: u64, error: Option<(Exit, &str)>) -> BatchSummary {
        let delivery = Delivery {
            hosts_acknowledged: hosts,
            findings_acknowledged: hosts * 1000,
            ..Delivery::default()
        };
        BatchSummary {
            templates: vec![TemplateSummary {
                name: name.to_owned(),
                ..TemplateSummary::default()
            }],
            outcome: Outcome::Sent(Box::new(delivery)),
            failure: error.map(|(exit, text)| Failure {
                exit,
                sentence: text.to_owned(),
                stage: None,
            }),
            ..BatchSummary::default()
        }
    }

    fn line(batches: Vec<BatchSummary>, not_begun: usize) -> String {
        let summary = Summary {
            batches,
            not_begun,
            exit: Exit::Success,
            usage: Usage::default(),
            certificate_expires: None,
            duration: Duration::ZERO,
        };
        summary.line().to_string()
    }

    #[test]
    fn success_is_told_in_numbers() {
        let one = template("424242", 7, None);
        assert_eq!(line(vec![one], 0), "7 hosts and 7,000 findings imported");
        let two = vec![template("424242", 7, None), template("535353", 1, None)];
        assert_eq!(line(two, 0), "2 templates, 8 hosts and 8,000 findings imported");
    }

    #[test]
    fn the_worst_failure_is_told_first() {
        let three = vec![
            template("1", 7, None),
            template("2", 0, Some((Exit::TryAgain, "Qualys is busy"))),
            template("3", 1, Some((Exit::Protocol, "a host was refused"))),
            template("4", 0, Some((Exit::Protocol, "closed half way"))),
        ];
        assert_eq!(
            line(three, 1),
            "3: a host was refused; 1 of 5 templates, 8 hosts and 8,000 findings imported"
        );
    }

    #[test]
    fn a_single_template_isnt_counted() {
        let failed = vec![template("424242", 0, Some((Exit::Credentials, "bad login")))];
        assert_eq!(line(failed, 0), "424242: bad login; 0 hosts and 0 findings imported");
    }

    #[test]
    fn templates_that_are_delivered_together_are_counted_and_named_by_what_failed() {
        let mut both = template("424242", 1, None);
        both.templates.push(TemplateSummary {
            name: "535353".to_owned(),
            failure: Some(Failure {
                exit: Exit::Report,
                sentence: "cut off".to_owned(),
                stage: None,
            }),
            ..TemplateSummary::default()
        });
        assert_eq!(
            line(vec![both], 0),
            "535353: cut off; 1 of 2 templates, 1 host and 1,000 findings imported"
        );
    }
}
