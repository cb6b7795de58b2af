//! Names where they mean nothing: hosts or findings may stand there all the same, in a form that nobody reads.

use super::Element;

/// What holds hosts and findings in reports and answers, and the CVEs that a finding may be selected by.
const HOLDERS: [&str; 8] = [
    "HOST_LIST",
    "HOST",
    "VULN_INFO_LIST",
    "VULN_INFO",
    "DETECTION_LIST",
    "DETECTION",
    "CVE_ID_LIST",
    "CVE_LIST",
];

/// What else matters wherever it may stand in a report.
pub(super) const PARTS: [&str; 5] = ["HOST_LIST", "APPENDICES", "TEMPLATE_DETAILS", "WARNING", "ERROR"];

/// What holds hosts and findings in a scan.
pub(super) const SCAN_PARTS: [&str; 9] = [
    "IP",
    "HOST",
    "VULNS",
    "PRACTICES",
    "INFOS",
    "SERVICES",
    "CAT",
    "VULN",
    "PRACTICE",
];

/// A name without its prefix.
pub(in crate::report) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Whether a name is one of these, whatever its case and its prefix.
pub(in crate::report) fn resembles(name: &str, names: &[&str]) -> bool {
    let name = local(name);
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

impl Element {
    /// A name that means nothing where it stands: whether it is that of hosts or findings all the same, whatever its case
    /// and its prefix.
    pub(super) fn elsewhere(name: &str) -> Element {
        // Most names are told by their last letter.
        let Some(b'T' | b't' | b'O' | b'o' | b'N' | b'n') = name.as_bytes().last() else {
            return Element::Other;
        };
        Self::resembling(name, &HOLDERS)
    }

    pub(super) fn resembling(name: &str, holders: &[&str]) -> Element {
        match resembles(name, holders) {
            true => Element::Strange,
            false => Element::Other,
        }
    }
}
