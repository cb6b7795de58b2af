//! Pages of Qualys' interfaces for machines: hosts, their detections, the KnowledgeBase.

#![no_main]

use std::collections::HashSet;
use std::io::Read;

use libfuzzer_sys::fuzz_target;
use qualys_connector::report::selection::Selection;
use qualys_connector::report::{Asked, Keep, Knowledge, Progress, detections, host_list, knowledge_base};

#[path = "../pieces.rs"]
mod pieces;
use pieces::Pieces;

fuzz_target!(|data: &[u8]| {
    let size = 1 + data.len() % 97;
    let listed = list(&mut &data[..]);
    assert_eq!(listed, list(&mut Pieces(data, size)));

    // Every other host is asked for, where the list has it.
    let hosts = listed.as_ref().map_or(&[][..], |(hosts, _)| hosts);
    let known = hosts.iter().step_by(2);
    let asked: Asked = known
        .filter_map(|host| Some((host.id, host.address?)))
        .chain([(1, "10.0.0.1".parse().unwrap()), (2, "2001:db8::2".parse().unwrap())])
        .collect();
    let page = |source: &mut dyn Read| detections(source, &Keep::default(), &asked, &Progress::default());
    match (page(&mut &data[..]), page(&mut Pieces(data, size))) {
        (Ok(page), Ok(other)) => {
            assert_eq!((page.next, &page.hosts), (other.next, &other.hosts));
            assert!(page.hosts.iter().all(|host| asked.contains_key(host)));
            let selected = Selection::default().apply(page.report);
            let counts = selected.counts();
            let hosts = counts.hosts_selected + counts.hosts_clean + counts.hosts_left_out.total();
            assert_eq!(counts.hosts_read, hosts);
            let findings = counts.findings_selected + counts.findings_left_out.total();
            assert_eq!(counts.findings_read, findings);
            // Nothing is told of a place that nobody asked for.
            let places: HashSet<_> = asked.values().collect();
            assert!((0..selected.len()).all(|host| places.contains(&selected.address(host).unwrap())));
        }
        (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
        (one, other) => panic!("whole: {one:?}, in pieces: {other:?}"),
    }

    let qids: HashSet<u32> = [1, 7, 38_173].into();
    if let Ok(entries) = knowledge_base(data, &Keep::default(), &qids) {
        let mut knowledge = Knowledge::default();
        knowledge.learn(&qids, vec![entries]).unwrap();
        assert!(
            knowledge
                .warnings()
                .iter()
                .all(|remark| !remark.chars().any(char::is_control))
        );
    }
});

/// The hosts of a list and where it goes on.
fn list(source: &mut dyn Read) -> Result<(Vec<host_list::Listed>, host_list::PageEnd), String> {
    let mut hosts = Vec::new();
    let end = host_list::read(source, |host| hosts.push(host)).map_err(|error| error.to_string())?;
    Ok((hosts, end))
}
