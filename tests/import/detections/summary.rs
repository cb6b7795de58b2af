//! The summary of hosts and their detections as people read it, and the line that Kubernetes shows.

use super::*;
use crate::summary::steady;
use crate::termination::told;

/// What is said of 60 hosts in three batches, without what differs from run to run: the text and the line.
async fn said(faults: &[&str], code: i32) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let estate = report::Options { hosts: 60, ..estate() };
    let qualys = with(estate, faults).await;
    let center = center(management_center::Options::default()).await;
    let mut import = importing(&folder, &center, &qualys, &[]);
    import.args(["--summary", "text"]);
    let (ended, line) = told(folder.path(), import).await;
    ended.assert_code(code);
    let (title, rest) = ended.stdout.split_once('\n').unwrap();
    let (name, _) = title.split_once(", generated ").unwrap();
    (steady(&format!("{name}\n{rest}"), folder.path()), line)
}

#[tokio::test]
async fn it_says_what_was_imported() {
    let (text, line) = said(&[], 0).await;
    insta::assert_snapshot!(text, @r"
    detections
      read                  80 hosts           292 findings
      selected              51 hosts           217 findings (125 with a CVE)
      clean                  5 hosts: listed whole; something that the selection asks for is fixed, nothing that it asks for is open
      left out               7 hosts: listed by Qualys, but without a detection; left as it is
      left out              17 hosts: said twice
      left out              13 findings: ignored by a user at Qualys
      left out              51 findings: fixed
      left out              11 findings: said twice
      note         an IPv6 address beside its stand-in of 0.0.0.0/8 (2 times) is taken for the host's
      note         1 QID is missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids
      acknowledged          51 hosts           217 findings, 9 frames
      cleared                5 hosts
    0 (all imported) in TIME
    ");
    insta::assert_snapshot!(line, @"0 (all imported): 51 hosts and 217 findings imported, 5 hosts cleared");
}

#[tokio::test]
async fn it_says_what_is_missing() {
    let (text, line) = said(&["wrong-root=NONSENSE@detections:2"], 65).await;
    insta::assert_snapshot!(text, @r"
    detections
      failed       the answer's root element is NONSENSE, not HOST_LIST_VM_DETECTION_OUTPUT
      read                  50 hosts           193 findings
      selected              30 hosts           146 findings (88 with a CVE)
      clean                  3 hosts: listed whole; something that the selection asks for is fixed, nothing that it asks for is open
      left out               5 hosts: listed by Qualys, but without a detection; left as it is
      left out              12 hosts: said twice
      left out               6 findings: ignored by a user at Qualys
      left out              34 findings: fixed
      left out               7 findings: said twice
      note         an IPv6 address beside its stand-in of 0.0.0.0/8 (2 times) is taken for the host's
      note         1 QID is missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids
      note         30 hosts of the list weren't imported; what is held of them stays as it is
      acknowledged          30 hosts           146 findings, 6 frames
      cleared                3 hosts
    65 (the report can't be used) in TIME
    ");
    insta::assert_snapshot!(line, @"65 (the report can't be used): detections: the answer's root element is NONSENSE, not HOST_LIST_VM_DETECTION_OUTPUT; 30 hosts and 146 findings imported, 3 hosts cleared");
}
