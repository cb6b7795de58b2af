//! What earlier runs learnt from the KnowledgeBase.

use std::time::SystemTime;

use qualys_connector::state::{StateStore, seconds};

use super::*;

/// A client that remembers in `state`.
fn remembering(qualys: &Settings, state: &Arc<StateStore>) -> DetectionClient {
    let deadline = Instant::now() + qualys.deadline;
    DetectionClient::new(
        qualys,
        detection_settings(),
        Keep::default(),
        Some(state.clone()),
        deadline,
    )
    .unwrap()
}

/// The titles of an estate, by a client.
async fn titles(client: &DetectionClient) -> Vec<(u32, String)> {
    let listing = client.list(&Selection::default()).await.unwrap();
    let reports = obtain(client, &listing).await.unwrap();
    let selected = Selection::default().apply(merge(reports).unwrap());
    let titles = selected.vulnerabilities().iter();
    titles
        .map(|vulnerability| (vulnerability.qid, vulnerability.title.to_string()))
        .collect()
}

#[tokio::test]
async fn what_changed_since_is_asked_for_and_nothing_else_again() {
    let explained = report::Options {
        unexplained: 0,
        ..estate()
    };
    let (qualys, settings) = start(Options {
        report: explained,
        ..options(&[])
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(StateStore::open(folder.path()).unwrap());
    let asked = || calls(&qualys, Action::KnowledgeBase).len();
    let right = titles(&remembering(&settings, &state)).await;
    let first = asked();
    assert_eq!(titles(&remembering(&settings, &state)).await, right);
    assert_eq!(asked() - first, 1, "one call for changes");

    // What is remembered is old by now, and says something else.
    let qids: Vec<u32> = right.iter().map(|(qid, _)| *qid).collect();
    let outdated = state.recall(&qids).unwrap();
    let outdated: Vec<_> = outdated
        .into_iter()
        .map(|(qid, entry)| {
            let mut entry: serde_json::Value = serde_json::from_slice(&entry).unwrap();
            entry["title"] = "outdated".into();
            (qid, entry.to_string().into_bytes())
        })
        .collect();
    assert_eq!(outdated.len(), right.len());
    state.learn(&outdated).unwrap();
    let long_ago = seconds(SystemTime::now()) - 25 * 86_400;
    state.change(|header| header.knowledge_as_of = Some(long_ago)).unwrap();
    let now = titles(&remembering(&settings, &state)).await;
    // The lab's entries change once in 400 days.
    let changed: Vec<_> = now.iter().filter(|(_, title)| title != "outdated").collect();
    assert!(
        !changed.is_empty() && changed.len() * 5 < now.len(),
        "{} of {}",
        changed.len(),
        now.len()
    );
    assert!(changed.iter().all(|entry| right.contains(entry)));
    assert_eq!(asked() - first, 2);

    // Longer ago, all of it is asked for anew; so is what can't be read.
    state
        .change(|header| header.knowledge_as_of = Some(long_ago - 10 * 86_400))
        .unwrap();
    assert_eq!(titles(&remembering(&settings, &state)).await, right);
    let broken: Vec<_> = qids.iter().map(|qid| (*qid, b"{".to_vec())).collect();
    state.learn(&broken).unwrap();
    assert_eq!(titles(&remembering(&settings, &state)).await, right);
}

#[tokio::test]
async fn a_knowledge_base_that_refuses_is_an_error_also_if_all_is_remembered() {
    let (qualys, settings) = start(of_estate(&[])).await;
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(StateStore::open(folder.path()).unwrap());
    titles(&remembering(&settings, &state)).await;
    qualys.set_faults(vec!["status=403@knowledge-base:1-9".parse().unwrap()]);
    let client = remembering(&settings, &state);
    let listing = client.list(&Selection::default()).await.unwrap();
    let failure = obtain(&client, &listing).await.unwrap_err();
    assert_eq!(failure.kind().exit(), Exit::Credentials);
}
