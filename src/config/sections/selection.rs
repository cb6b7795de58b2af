//! `selection`: what of a report is imported.

use crate::config::error::{Errors, Reported};
use crate::config::row::{boolean, list, number};
use crate::report::selection::{Kinds, Networks, Qids, Ranges, Statuses};

section! {
    /// The section `selection`.
    SelectionSection "selection" {
        /// Hosts to import; not set: all
        ip_ranges: Ranges =
            list("addresses, networks or dashed ranges").example("192.168.1.0/24,10.1.2.3-10.1.2.10").old("ip_ranges");
        /// Networks to import; 0 is the default one
        networks: Networks = list("numbers of networks or all").default("0");
        /// Kinds of findings
        kinds: Kinds = list("confirmed, potential, information or all")
            .default("confirmed,potential")
            .item("confirmed|potential|information|all");
        /// States of findings
        statuses: Statuses = list("new, active, reopened, fixed or all")
            .default("new,active,reopened")
            .item("new|active|reopened|fixed|all");
        /// Least severity
        min_severity: u8 = number::<1, 5, _>().default("1");
        /// Only these vulnerabilities; not set: all
        qids: Qids = list("QIDs or ranges of them").example("38173,100000-100010").item(QIDS);
        /// Never these vulnerabilities
        exclude_qids: Qids = list("QIDs or ranges of them").example("38173,100000-100010").item(QIDS);
        /// Only vulnerabilities that can raise an event's impact
        only_with_cve: bool = boolean().default("n");
    }
}

/// A QID or a range.
const QIDS: &str = "[0-9]+( *- *[0-9]+)?";

impl SelectionSection {
    pub(in crate::config) fn settings(
        &self,
        errors: &mut Errors,
    ) -> Result<crate::report::selection::Selection, Reported> {
        Ok(crate::report::selection::Selection {
            ranges: self.ip_ranges.optional()?.unwrap_or_default(),
            networks: self.networks.required(errors)?,
            kinds: self.kinds.required(errors)?,
            statuses: self.statuses.required(errors)?,
            min_severity: self.min_severity.required(errors)?,
            qids: self.qids.optional()?.unwrap_or_default(),
            exclude_qids: self.exclude_qids.optional()?.unwrap_or_default(),
            only_with_cve: self.only_with_cve.required(errors)?,
        })
    }
}
