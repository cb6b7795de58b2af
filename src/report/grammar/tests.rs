//! Paths of names, and what stands there.

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
        "HOST_LIST/HOST/CLOUD_PROVIDER",
        "HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO/NEW/QID",
        "HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO/RESULT",
        "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/VENDOR_REFERENCE_LIST/VENDOR_REFERENCE/ID",
        "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/CORRELATION",
        "RISK_SCORE_PER_HOST/HOSTS",
        "APPENDICES/NO_RESULTS/IP_LIST",
        "APPENDICES/NO_VULNS/RANGE",
    ] {
        assert_eq!(at(report, path), Element::Other, "{path}");
    }
    for path in [
        "RESPONSE/HOST_LIST/HOST/DETECTION_LIST/DETECTION/CVE/ID",
        "RESPONSE/HOST_LIST/HOST/METADATA/AWS",
        "WARNING",
    ] {
        assert_eq!(at(Element::DetectionOutput, path), Element::Other, "{path}");
    }
    assert_eq!(at(Element::Scan, "IP/NETBIOS_HOSTNAME"), Element::Other);
}

#[test]
fn what_may_hold_hosts_or_findings_and_cannot_be_read_is_strange() {
    for path in [
        "host_list",
        "q:HOST_LIST",
        "HEADER/HOST_LIST",
        "q:WARNING",
        "appendices",
        "APPENDICES/q:TEMPLATE_DETAILS",
        "TEMPLATE_DETAILS",
        "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/cve_id_list",
        "GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS/NEW/CVE_ID_LIST",
        "HOST_LIST/NEW",
        "HOST_LIST/NEW/HOST",
        "HOST_LIST/q:HOST",
        "HOST_LIST/HOST/HOST",
        "HOST_LIST/HOST/VULN_INFO",
        "HOST_LIST/HOST/Vuln_Info_List",
        "HOST_LIST/HOST/NEW/VULN_INFO_LIST",
        "HOST_LIST/HOST/VULN_INFO_LIST/NEW",
        "HOST_LIST/HOST/VULN_INFO_LIST/q:VULN_INFO",
        "HOST_LIST/HOST/VULN_INFO_LIST/vuln_info",
        "HOST_LIST/HOST/VULN_INFO_LIST/VULN_INFO/VULN_INFO",
    ] {
        assert_eq!(at(Element::AssetDataReport, path), Element::Strange, "{path}");
    }
    for path in [
        "HOST_LIST",
        "RESPONSE/HOST_LIST/NEW",
        "RESPONSE/HOST_LIST/HOST/DETECTION_LIST/NEW",
        "RESPONSE/HOST_LIST/HOST/detection_list",
    ] {
        assert_eq!(at(Element::DetectionOutput, path), Element::Strange, "{path}");
    }
    for path in [
        "q:IP",
        "HOST",
        "IP/IP",
        "IP/vulns",
        "IP/VULN",
        "IP/VULNS/cat",
        "IP/VULNS/CAT/INFO",
        "IP/VULNS/CAT/VULN/VULN",
    ] {
        assert_eq!(at(Element::Scan, path), Element::Strange, "{path}");
    }
}
