//! The summary in one line, for Kubernetes' termination message.

use std::fmt;

use super::{Outcome, Summary, TemplateSummary, grouped};
use crate::exit::Exit;

/// What was imported; or why not, and what was imported all the same.
pub(super) struct Line<'a>(pub(super) &'a Summary);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let templates = &self.0.templates;
        let worst = templates.iter().filter(|template| template.error.is_some());
        // The first of those that are equally bad: it is the one that the log begins with.
        if let Some(worst) = worst.rev().max_by_key(|template| template.exit())
            && let Some((_, error)) = &worst.error
        {
            write!(f, "{}: {error}; ", worst.name)?;
        }
        let done = templates.iter().filter(|template| template.exit() == Exit::Success);
        let done = match (done.count(), templates.len() + self.0.not_begun) {
            (_, 1) => String::new(),
            (done, all) if done == all => format!("{all} templates, "),
            (done, all) => format!("{done} of {all} templates, "),
        };
        let (hosts, findings) = templates
            .iter()
            .map(TemplateSummary::delivered)
            .fold((0, 0), |(hosts, findings), (more_hosts, more_findings)| {
                (hosts + more_hosts, findings + more_findings)
            });
        write!(
            f,
            "{done}{} hosts and {} findings imported",
            grouped(hosts),
            grouped(findings)
        )
    }
}

impl TemplateSummary {
    /// Hosts and findings that reached the place where they go.
    fn delivered(&self) -> (u64, u64) {
        match &self.outcome {
            Outcome::Nothing | Outcome::Planned(_) => (0, 0),
            Outcome::Sent(delivery) => (delivery.hosts_acknowledged, delivery.findings_acknowledged),
            Outcome::Written(_, written) => (written.hosts, written.findings),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::host_input::delivery::Delivery;
    use crate::qualys::Usage;

    fn template(name: &str, hosts: u64, error: Option<(Exit, &str)>) -> TemplateSummary {
        let delivery = Delivery {
            hosts_acknowledged: hosts,
            findings_acknowledged: hosts * 1000,
            ..Delivery::default()
        };
        TemplateSummary {
            name: name.to_owned(),
            outcome: Outcome::Sent(Box::new(delivery)),
            error: error.map(|(exit, text)| (exit, text.to_owned())),
            ..TemplateSummary::default()
        }
    }

    fn line(templates: Vec<TemplateSummary>, not_begun: usize) -> String {
        let summary = Summary {
            templates,
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
}
