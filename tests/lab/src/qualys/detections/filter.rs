//! Which findings a call asks for.

use super::parameters::{Ranges, switch, words};
use crate::qualys::answer::Refused;
use crate::qualys::call::Call;
use crate::qualys::share::invalid;
use crate::report::estate::Finding;
use crate::report::expected::{Kind, Status};

/// Parameters that choose findings.
#[rustfmt::skip]
pub(super) const SIMULATED: &[&str] = &[
    "status", "severities", "qids", "include_vuln_type", "show_igs", "include_ignored", "include_disabled",
];

/// Which findings.
pub(super) struct Filter {
    statuses: Vec<String>,
    severities: Option<Ranges>,
    qids: Option<Ranges>,
    kind: Option<Kind>,
    information: bool,
    ignored: bool,
    disabled: bool,
}

impl Filter {
    pub(super) fn of(call: &Call) -> Result<Self, Refused> {
        let statuses = words(call, "status").unwrap_or_else(|| vec!["New", "Active", "Re-Opened"]);
        let statuses: Vec<String> = statuses.into_iter().map(plain).collect();
        let known = ["new", "active", "reopened", "fixed"];
        if statuses.iter().any(|status| !known.contains(&status.as_str())) {
            return Err(invalid("status"));
        }
        Ok(Self {
            statuses,
            severities: Ranges::of(call, "severities")?,
            qids: Ranges::of(call, "qids")?,
            kind: match call.parameter("include_vuln_type") {
                None => None,
                Some("confirmed") => Some(Kind::Confirmed),
                Some("potential") => Some(Kind::Potential),
                Some(_) => return Err(invalid("include_vuln_type")),
            },
            information: switch(call, "show_igs", false)?,
            ignored: switch(call, "include_ignored", false)?,
            disabled: switch(call, "include_disabled", false)?,
        })
    }

    pub(super) fn takes(&self, finding: &Finding<'_>) -> bool {
        let details = finding.details;
        let status = finding.status.map(|status| match status {
            Status::New => "new",
            Status::Active => "active",
            Status::ReOpened => "reopened",
            Status::Fixed => "fixed",
        });
        let kind = match details.kind {
            Kind::Information => self.information,
            kind => self.kind.is_none_or(|asked| asked == kind),
        };
        kind && status.is_none_or(|status| self.statuses.iter().any(|asked| asked == status))
            && self
                .severities
                .as_ref()
                .is_none_or(|asked| details.kind != Kind::Information && asked.contains(details.severity.into()))
            && self
                .qids
                .as_ref()
                .is_none_or(|asked| asked.contains(details.qid.into()))
            && (self.ignored || !finding.ignored)
            && (self.disabled || !finding.disabled)
    }
}

/// Without case and hyphen.
fn plain(status: &str) -> String {
    status.replace('-', "").to_lowercase()
}
