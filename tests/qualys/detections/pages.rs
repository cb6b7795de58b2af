//! Pages of detections and of the KnowledgeBase, where Qualys ends them though they were asked for whole.

use std::collections::BTreeMap;

use super::*;

/// A Qualys whose pages are short.
fn paging(oddities: Vec<Oddity>) -> Options {
    Options {
        hosts_per_page: Some(7),
        entries_per_page: Some(11),
        oddities,
        ..of_estate(&[])
    }
}

/// How many pages each answer had. Their calls differ in `id_min` only, which grows.
fn pages(qualys: &Qualys, action: Action) -> Vec<usize> {
    let mut answers: Vec<(BTreeMap<String, String>, Vec<u64>)> = Vec::new();
    for request in calls(qualys, action) {
        let mut parameters = request.parameters;
        match parameters.remove("id_min") {
            None => answers.push((parameters, vec![0])),
            Some(id) => {
                let (first, begins) = answers.last_mut().unwrap();
                let id: u64 = id.parse().unwrap();
                assert_eq!(parameters, *first, "nothing but id_min is taken from the URL");
                assert!(begins.last() < Some(&id), "{begins:?}, then {id}");
                begins.push(id);
            }
        }
    }
    answers.iter().map(|(_, begins)| begins.len()).collect()
}

#[tokio::test]
async fn short_pages_say_together_what_a_whole_answer_says() {
    let (_qualys, settings) = start(of_estate(&[])).await;
    let whole = run(&settings, detection_settings()).await.unwrap();
    // A WARNING to another host leads to the next page of our own call.
    for oddities in [Vec::new(), vec![Oddity::ForeignUrl]] {
        let (qualys, settings) = start(paging(oddities.clone())).await;
        let selected = run(&settings, detection_settings()).await.unwrap();
        assert_eq!(said(&selected), said(&whole), "{oddities:?}");
        assert_eq!(selected.counts(), whole.counts(), "{oddities:?}");
        let of_batches = pages(&qualys, Action::Detections);
        assert!(
            of_batches.iter().sum::<usize>() > 3 * of_batches.len(),
            "{oddities:?}: {of_batches:?}"
        );
        let of_entries = pages(&qualys, Action::KnowledgeBase);
        assert!(
            of_entries.iter().any(|pages| *pages > 3),
            "{oddities:?}: {of_entries:?}"
        );
    }
}

#[tokio::test]
async fn a_page_without_a_host_leads_to_the_next() {
    let pages_with = async |oddities| {
        let (qualys, settings) = start(Options {
            hosts_per_page: Some(1),
            oddities,
            ..of_estate(&[])
        })
        .await;
        let selected = run(&settings, detection_settings()).await.unwrap();
        assert_eq!(said(&selected), reported(estate()));
        pages(&qualys, Action::Detections).iter().sum::<usize>()
    };
    let usual = pages_with(Vec::new()).await;
    let with_empty_ones = pages_with(vec![Oddity::EmptyPages]).await;
    assert!(with_empty_ones > usual, "{with_empty_ones}, else {usual}");
}

#[tokio::test]
async fn pages_that_stand_still_are_refused() {
    for (hosts_per_page, entries_per_page, action, begins) in [
        (Some(7), None, Action::Detections, "download at HOST: "),
        (None, Some(11), Action::KnowledgeBase, "look up at HOST: "),
    ] {
        let (qualys, settings) = start(Options {
            hosts_per_page,
            entries_per_page,
            oddities: vec![Oddity::StandingIdMin],
            ..of_estate(&[])
        })
        .await;
        let failure = run(&settings, detection_settings()).await.unwrap_err();
        let (sentence, exit) = told(&qualys, &failure);
        assert_eq!(exit, Exit::Report, "{sentence}");
        assert!(
            sentence.starts_with(begins) && sentence.contains("begins no further on (id_min="),
            "{sentence}"
        );
        assert_eq!(calls(&qualys, action).len(), 1, "{sentence}");
    }
}
