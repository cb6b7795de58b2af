//! Grammar: which elements of Qualys' reports and answers matter, and where they stand.
//!
//! Everything else, at any place, is [`Element::Other`], and so is all that it holds. No element but the root is
//! ever missed. What may hold hosts or findings and stands where none are looked for is [`Element::Strange`]: something
//! that matters may be in it, so it is reported, while elements that Qualys adds to hosts and findings are passed over.
//!
//! Source: samples and public readers of all formats (certain for all names here but `HOST/OS`, which one hand-made sample
//! has, the `ERROR` of a host, which is likely, and what stands beside `FILTER_SUMMARY`; see [`filters`](super::filters)). That
//! an `ERROR` or a `WARNING` further in speaks of what it stands in is a guess: nobody has seen one, and it is better taken for
//! one than passed over.

use super::finding::Kind;
use misplaced::{PARTS, SCAN_PARTS};

pub(super) use misplaced::{local, resembles};

mod misplaced;

/// An element that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Of no interest, with all inside.
    Other,
    /// May hold hosts or findings, and nobody knows how to read it.
    Strange,

    /// The root of a report of host findings.
    AssetDataReport,
    Header,
    Generated,
    Template,
    HostList,
    Host,
    HostAddress,
    HostName,
    OperatingSystem,
    HostError,
    FindingList,
    Finding,
    FindingQid,
    FindingType,
    FindingPort,
    FindingProtocol,
    FindingStatus,
    /// Something that Qualys wants to be known of the report, or of its list of hosts.
    Warning,
    Glossary,
    DetailsList,
    Details,
    DetailsQid,

    Appendices,
    TemplateDetails,
    /// Hosts of which nothing passes the template's filters, as ranges of addresses.
    WithoutFindings,
    WithoutFindingsList,
    WithoutFindingsRange,
    RangeStart,
    RangeEnd,
    FilterSummary,
    SearchLists,
    /// Further QIDs that a template chooses or leaves out.
    OtherFilter,

    // Of the glossary, and of the items of a scan.
    Title,
    Severity,
    Description,
    CveList,
    CveEntry,
    Cve,
    BugtraqList,
    BugtraqEntry,
    Bugtraq,

    /// The root of a scan's results.
    Scan,
    ScanHeader,
    ScanKey,
    ScanHost,
    ScanList(Kind),
    ScanCategory(Kind),
    ScanItem(Kind),

    /// The root of an answer that lists hosts with their detections.
    DetectionOutput,
    DetectionResponse,
    DetectedHosts,
    DetectedHost,
    HostId,
    DetectedAddress,
    HostIpv6,
    HostNetwork,
    DetectionList,
    Detection,
    DetectionSeverity,
    Ignored,
    Disabled,
    /// The end of a page: what the next one begins with.
    PageWarning,
    PageWarningCode,
    PageWarningText,
    PageWarningUrl,

    /// The root of an answer of the KnowledgeBase.
    KnowledgeBase,
    KnowledgeResponse,
    KnowledgeList,
    KnowledgeEntry,

    /// In the place of all else in a report.
    ReportError,

    /// The root of Qualys' answer to a request.
    Answer,
    AnswerCode,
    AnswerText,
    /// The answer of the old interface: number in an attribute, words as text.
    AnswerReturn,
}

impl Element {
    /// The element called `name` that stands in this one.
    #[inline]
    pub(super) fn child(self, name: &str) -> Element {
        use Element as E;
        match self {
            E::Finding => match name {
                "QID" => E::FindingQid,
                "TYPE" => E::FindingType,
                "PORT" => E::FindingPort,
                "PROTOCOL" => E::FindingProtocol,
                "VULN_STATUS" => E::FindingStatus,
                "ERROR" => E::HostError,
                // The only one of the others, which are many, whose last letter doesn't tell it.
                "RESULT" => E::Other,
                _ => Self::elsewhere(name),
            },
            E::FindingList => match name {
                "VULN_INFO" => E::Finding,
                "ERROR" => E::HostError,
                _ => E::Strange,
            },
            E::Host => match name {
                "IP" => E::HostAddress,
                "DNS" => E::HostName,
                "OPERATING_SYSTEM" | "OS" => E::OperatingSystem,
                "VULN_INFO_LIST" => E::FindingList,
                "ERROR" => E::HostError,
                _ => Self::elsewhere(name),
            },
            E::HostList => match name {
                "HOST" => E::Host,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ => E::Strange,
            },
            E::Details => match name {
                "QID" => E::DetailsQid,
                "SEVERITY" => E::Severity,
                _ => Self::text(name),
            },
            E::DetailsList => match name {
                "VULN_DETAILS" => E::Details,
                "ERROR" => E::ReportError,
                _ => Self::elsewhere(name),
            },
            E::Glossary => match name {
                "VULN_DETAILS_LIST" => E::DetailsList,
                "ERROR" => E::ReportError,
                _ => Self::elsewhere(name),
            },
            E::Detection => match name {
                "QID" => E::FindingQid,
                "TYPE" => E::FindingType,
                "SEVERITY" => E::DetectionSeverity,
                "PORT" => E::FindingPort,
                "PROTOCOL" => E::FindingProtocol,
                "STATUS" => E::FindingStatus,
                "IS_IGNORED" => E::Ignored,
                "IS_DISABLED" => E::Disabled,
                "ERROR" => E::HostError,
                // Version 5.0 adds CVEs in a form that isn't public; the KnowledgeBase says them.
                "CVE_LIST" => E::Other,
                _ => Self::elsewhere(name),
            },
            E::DetectionList => match name {
                "DETECTION" => E::Detection,
                "ERROR" => E::HostError,
                _ => E::Strange,
            },
            E::DetectedHost => match name {
                "ID" => E::HostId,
                "IP" => E::DetectedAddress,
                "IPV6" => E::HostIpv6,
                "NETWORK_ID" => E::HostNetwork,
                "DNS" => E::HostName,
                "OS" => E::OperatingSystem,
                "DETECTION_LIST" => E::DetectionList,
                "ERROR" => E::HostError,
                _ => Self::elsewhere(name),
            },
            E::CveList if matches!(name, "CVE_ID" | "CVE") => E::CveEntry,
            E::CveEntry if name == "ID" => E::Cve,
            E::BugtraqList if matches!(name, "BUGTRAQ_ID" | "BUGTRAQ") => E::BugtraqEntry,
            E::BugtraqEntry if name == "ID" => E::Bugtraq,
            E::AssetDataReport => match name {
                "HEADER" => E::Header,
                "HOST_LIST" => E::HostList,
                "GLOSSARY" => E::Glossary,
                "APPENDICES" => E::Appendices,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ if Self::resembling(name, &PARTS) == E::Strange => E::Strange,
                _ => Self::elsewhere(name),
            },
            E::Header => match name {
                "GENERATION_DATETIME" => E::Generated,
                "TEMPLATE" => E::Template,
                _ => Self::elsewhere(name),
            },
            E::Appendices => match name {
                "TEMPLATE_DETAILS" => E::TemplateDetails,
                "NO_VULNS" => E::WithoutFindings,
                _ => Self::resembling(name, &PARTS),
            },
            E::OtherFilter => E::OtherFilter,
            E::WithoutFindings if name == "IP_LIST" => E::WithoutFindingsList,
            E::WithoutFindingsList if name == "RANGE" => E::WithoutFindingsRange,
            E::WithoutFindingsRange if name == "START" => E::RangeStart,
            E::WithoutFindingsRange if name == "END" => E::RangeEnd,
            E::TemplateDetails => match name {
                "FILTER_SUMMARY" => E::FilterSummary,
                "VULN_LISTS" => E::SearchLists,
                _ => E::OtherFilter,
            },
            E::ScanItem(_) => match Self::text(name) {
                E::Other => Self::resembling(name, &SCAN_PARTS),
                known => known,
            },
            E::ScanCategory(kind) => match (kind, name) {
                (Kind::Confirmed, "VULN") => E::ScanItem(kind),
                (Kind::Potential, "PRACTICE") => E::ScanItem(kind),
                (Kind::Information, "INFO" | "SERVICE") => E::ScanItem(kind),
                (_, "ERROR") => E::HostError,
                _ => E::Strange,
            },
            E::ScanList(kind) => match name {
                "CAT" => E::ScanCategory(kind),
                "ERROR" => E::HostError,
                _ => E::Strange,
            },
            E::ScanHost => match name {
                "OS" => E::OperatingSystem,
                "VULNS" => E::ScanList(Kind::Confirmed),
                "PRACTICES" => E::ScanList(Kind::Potential),
                "INFOS" | "SERVICES" => E::ScanList(Kind::Information),
                "ERROR" => E::HostError,
                _ => Self::resembling(name, &SCAN_PARTS),
            },
            E::Scan => match name {
                "HEADER" => E::ScanHeader,
                "IP" => E::ScanHost,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ => Self::resembling(name, &SCAN_PARTS),
            },
            E::ScanHeader => match name {
                "KEY" => E::ScanKey,
                "GENERATION_DATETIME" => E::Generated,
                _ => Self::elsewhere(name),
            },
            E::DetectionOutput | E::DetectionResponse => match (self, name) {
                (E::DetectionOutput, "RESPONSE") => E::DetectionResponse,
                (E::DetectionResponse, "DATETIME") => E::Generated,
                (E::DetectionResponse, "HOST_LIST") => E::DetectedHosts,
                (E::DetectionResponse, "WARNING") => E::PageWarning,
                (_, "ERROR") => E::ReportError,
                _ => Self::elsewhere(name),
            },
            E::DetectedHosts => match name {
                "HOST" => E::DetectedHost,
                "ERROR" => E::ReportError,
                "WARNING" => E::PageWarning,
                _ => E::Strange,
            },
            E::PageWarning => match name {
                "CODE" => E::PageWarningCode,
                "TEXT" => E::PageWarningText,
                "URL" => E::PageWarningUrl,
                _ => Self::elsewhere(name),
            },
            E::KnowledgeBase | E::KnowledgeResponse => match (self, name) {
                (E::KnowledgeBase, "RESPONSE") => E::KnowledgeResponse,
                (E::KnowledgeResponse, "VULN_LIST") => E::KnowledgeList,
                (E::KnowledgeResponse, "WARNING") => E::PageWarning,
                (_, "ERROR") => E::ReportError,
                _ => Self::elsewhere(name),
            },
            E::KnowledgeList => match name {
                "VULN" => E::KnowledgeEntry,
                "ERROR" => E::ReportError,
                _ => Self::elsewhere(name),
            },
            E::KnowledgeEntry => match name {
                "QID" => E::DetailsQid,
                "SEVERITY_LEVEL" => E::Severity,
                _ => Self::text(name),
            },
            // The code and the words of an answer stand in it, or in its RESPONSE.
            E::Answer => match name {
                "RESPONSE" => E::Answer,
                "CODE" => E::AnswerCode,
                "TEXT" => E::AnswerText,
                "RETURN" => E::AnswerReturn,
                _ => Self::elsewhere(name),
            },
            _ => Self::elsewhere(name),
        }
    }

    /// What describes a vulnerability, in the glossary, in a scan and in the KnowledgeBase.
    fn text(name: &str) -> Element {
        match name {
            "TITLE" => Element::Title,
            "THREAT" | "DIAGNOSIS" => Element::Description,
            "CVE_ID_LIST" | "CVE_LIST" => Element::CveList,
            "BUGTRAQ_ID_LIST" | "BUGTRAQ_LIST" => Element::BugtraqList,
            _ => Self::elsewhere(name),
        }
    }

    /// Whether its text is what matters of it.
    #[inline]
    pub(super) fn has_text(self) -> bool {
        use Element as E;
        matches!(
            self,
            E::Generated
                | E::Template
                | E::HostAddress
                | E::HostName
                | E::OperatingSystem
                | E::HostError
                | E::FindingQid
                | E::FindingType
                | E::FindingPort
                | E::FindingProtocol
                | E::FindingStatus
                | E::HostId
                | E::DetectedAddress
                | E::HostIpv6
                | E::HostNetwork
                | E::DetectionSeverity
                | E::Ignored
                | E::Disabled
                | E::PageWarningCode
                | E::PageWarningText
                | E::PageWarningUrl
                | E::Warning
                | E::RangeStart
                | E::RangeEnd
                | E::FilterSummary
                | E::SearchLists
                | E::OtherFilter
                | E::DetailsQid
                | E::Title
                | E::Severity
                | E::Description
                | E::Cve
                | E::Bugtraq
                | E::ScanKey
                | E::ReportError
                | E::AnswerCode
                | E::AnswerText
                | E::AnswerReturn
        )
    }
}

#[cfg(test)]
mod tests;
