//! Grammar: which elements of Qualys' reports and answers matter, and where they stand.
//!
//! Everything else, at any place, is [`Element::Other`], and so is all that it holds. No element but the root is
//! ever missed. Source: samples and public readers of all formats (certain for all names here but `HOST/OS`, which one
//! hand-made sample has, and the `ERROR` of a host, which is likely). That an `ERROR` or a `WARNING` further in speaks of what it
//! stands in is a guess: nobody has seen one, and it is better taken for one than passed over.

use super::finding::Kind;

/// An element that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Of no interest, with all inside.
    Other,

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
                _ => E::Other,
            },
            E::FindingList => match name {
                "VULN_INFO" => E::Finding,
                "ERROR" => E::HostError,
                _ => E::Other,
            },
            E::Host => match name {
                "IP" => E::HostAddress,
                "DNS" => E::HostName,
                "OPERATING_SYSTEM" | "OS" => E::OperatingSystem,
                "VULN_INFO_LIST" => E::FindingList,
                "ERROR" => E::HostError,
                _ => E::Other,
            },
            E::HostList => match name {
                "HOST" => E::Host,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ => E::Other,
            },
            E::Details => match name {
                "QID" => E::DetailsQid,
                "SEVERITY" => E::Severity,
                _ => Self::text(name),
            },
            E::DetailsList => match name {
                "VULN_DETAILS" => E::Details,
                "ERROR" => E::ReportError,
                _ => E::Other,
            },
            E::Glossary => match name {
                "VULN_DETAILS_LIST" => E::DetailsList,
                "ERROR" => E::ReportError,
                _ => E::Other,
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
                _ => E::Other,
            },
            E::DetectionList => match name {
                "DETECTION" => E::Detection,
                "ERROR" => E::HostError,
                _ => E::Other,
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
                _ => E::Other,
            },
            E::CveList if matches!(name, "CVE_ID" | "CVE") => E::CveEntry,
            E::CveEntry if name == "ID" => E::Cve,
            E::BugtraqList if matches!(name, "BUGTRAQ_ID" | "BUGTRAQ") => E::BugtraqEntry,
            E::BugtraqEntry if name == "ID" => E::Bugtraq,
            E::AssetDataReport => match name {
                "HEADER" => E::Header,
                "HOST_LIST" => E::HostList,
                "GLOSSARY" => E::Glossary,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ => E::Other,
            },
            E::Header => match name {
                "GENERATION_DATETIME" => E::Generated,
                "TEMPLATE" => E::Template,
                _ => E::Other,
            },
            E::ScanItem(_) => Self::text(name),
            E::ScanCategory(kind) => match (kind, name) {
                (Kind::Confirmed, "VULN") => E::ScanItem(kind),
                (Kind::Potential, "PRACTICE") => E::ScanItem(kind),
                (Kind::Information, "INFO" | "SERVICE") => E::ScanItem(kind),
                (_, "ERROR") => E::HostError,
                _ => E::Other,
            },
            E::ScanList(kind) => match name {
                "CAT" => E::ScanCategory(kind),
                "ERROR" => E::HostError,
                _ => E::Other,
            },
            E::ScanHost => match name {
                "OS" => E::OperatingSystem,
                "VULNS" => E::ScanList(Kind::Confirmed),
                "PRACTICES" => E::ScanList(Kind::Potential),
                "INFOS" | "SERVICES" => E::ScanList(Kind::Information),
                "ERROR" => E::HostError,
                _ => E::Other,
            },
            E::Scan => match name {
                "HEADER" => E::ScanHeader,
                "IP" => E::ScanHost,
                "ERROR" => E::ReportError,
                "WARNING" => E::Warning,
                _ => E::Other,
            },
            E::ScanHeader => match name {
                "KEY" => E::ScanKey,
                "GENERATION_DATETIME" => E::Generated,
                _ => E::Other,
            },
            E::DetectionOutput | E::DetectionResponse => match (self, name) {
                (E::DetectionOutput, "RESPONSE") => E::DetectionResponse,
                (E::DetectionResponse, "DATETIME") => E::Generated,
                (E::DetectionResponse, "HOST_LIST") => E::DetectedHosts,
                (E::DetectionResponse, "WARNING") => E::PageWarning,
                (_, "ERROR") => E::ReportError,
                _ => E::Other,
            },
            E::DetectedHosts => match name {
                "HOST" => E::DetectedHost,
                "ERROR" => E::ReportError,
                "WARNING" => E::PageWarning,
                _ => E::Other,
            },
            E::PageWarning => match name {
                "CODE" => E::PageWarningCode,
                "TEXT" => E::PageWarningText,
                "URL" => E::PageWarningUrl,
                _ => E::Other,
            },
            E::KnowledgeBase | E::KnowledgeResponse => match (self, name) {
                (E::KnowledgeBase, "RESPONSE") => E::KnowledgeResponse,
                (E::KnowledgeResponse, "VULN_LIST") => E::KnowledgeList,
                (E::KnowledgeResponse, "WARNING") => E::PageWarning,
                (_, "ERROR") => E::ReportError,
                _ => E::Other,
            },
            E::KnowledgeList => match name {
                "VULN" => E::KnowledgeEntry,
                "ERROR" => E::ReportError,
                _ => E::Other,
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
                _ => E::Other,
            },
            _ => E::Other,
        }
    }

    /// What describes a vulnerability, in the glossary, in a scan and in the KnowledgeBase.
    fn text(name: &str) -> Element {
        match name {
            "TITLE" => Element::Title,
            "THREAT" | "DIAGNOSIS" => Element::Description,
            "CVE_ID_LIST" | "CVE_LIST" => Element::CveList,
            "BUGTRAQ_ID_LIST" | "BUGTRAQ_LIST" => Element::BugtraqList,
            _ => Element::Other,
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
mod tests {
    use super::*;

    /// Follows a path of names from a root.
    fn at(root: Element, path: &str) -> Element {
        path.split('/').fold(root, Element::child)
    }

    #[test]
    fn what_matters_is_found_where_it_stands() {
        let report = Element::AssetDataReport;
        assert_eq!(
            at(report, "HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO/QID"),
            Element::FindingQid
        );
        assert_eq!(
            at(report, "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/CVE_ID_LIST/CVE_ID/ID"),
            Element::Cve
        );
        assert_eq!(
            at(Element::Scan, "IP/SERVICES/CAT/SERVICE"),
            Element::ScanItem(Kind::Information)
        );
        assert_eq!(at(Element::Answer, "RESPONSE/CODE"), Element::AnswerCode);
        let detections = Element::DetectionOutput;
        assert_eq!(
            at(detections, "RESPONSE/HOST_LIST/HOST/DETECTION_LIST/DETECTION/STATUS"),
            Element::FindingStatus
        );
        assert_eq!(at(detections, "RESPONSE/WARNING/URL"), Element::PageWarningUrl);
        let knowledge_base = Element::KnowledgeBase;
        assert_eq!(
            at(knowledge_base, "RESPONSE/VULN_LIST/VULN/CVE_LIST/CVE/ID"),
            Element::Cve
        );
    }

    #[test]
    fn the_same_names_elsewhere_are_others() {
        let report = Element::AssetDataReport;
        for path in [
            "IP",
            "HOST_LIST/HOST/IP_INTERFACES/IP",
            "HOST_LIST/NEW/HOST",
            "HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO/NEW/QID",
            "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/VENDOR_REFERENCE_LIST/VENDOR_REFERENCE/ID",
            "RISK_SCORE_PER_HOST/HOSTS",
        ] {
            assert_eq!(at(report, path), Element::Other, "{path}");
        }
        assert_eq!(at(Element::Scan, "IP/VULNS/CAT/INFO"), Element::Other);
        for path in [
            "HOST_LIST",
            "RESPONSE/HOST_LIST/HOST/DETECTION_LIST/DETECTION/CVE/ID",
            "WARNING",
        ] {
            assert_eq!(at(Element::DetectionOutput, path), Element::Other, "{path}");
        }
    }
}
