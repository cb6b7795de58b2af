//! Answers that say nothing, stand still, lead elsewhere or refuse: each a clear sentence and the right code.

use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn a_list_without_a_host_clears_nobody() {
    let (qualys, settings) = start(Options {
        report: report::Options { hosts: 0, ..estate() },
        ..of_estate(&[])
    })
    .await;
    let failure = run(&settings, detection_settings()).await.unwrap_err();
    let (sentence, exit) = told(&qualys, &failure);
    assert_eq!(exit, Exit::Report);
    assert!(sentence.contains("lists no host in scope"), "{sentence}");
}

#[tokio::test]
async fn addresses_that_nobody_says_and_pages_that_stand_still_are_refused() {
    for (oddity, says) in [
        (Oddity::WithoutAddress, "hosts without any address"),
        (Oddity::StandingIdMin, "begins no further on"),
    ] {
        let big = report::Options {
            hosts: if oddity == Oddity::StandingIdMin { 26_000 } else { 100 },
            findings: 1,
            ..estate()
        };
        let (qualys, settings) = start(Options {
            oddities: vec![oddity],
            report: big,
            ..of_estate(&[])
        })
        .await;
        let failure = run(&settings, detection_settings()).await.unwrap_err();
        let (sentence, exit) = told(&qualys, &failure);
        assert_eq!(exit, Exit::Report, "{sentence}");
        assert!(sentence.contains(says), "{sentence}");
    }
}

#[tokio::test]
async fn hosts_without_an_address_are_counted_and_all_others_arrive() {
    let (_qualys, settings) = start(Options {
        oddities: vec![Oddity::SomeWithoutAddress],
        ..of_estate(&[])
    })
    .await;
    let detections = detections(&settings, detection_settings());
    let mut listing = detections.list(&Selection::default()).await.unwrap();
    detections.choose(&mut listing, &HostsWanted::default()).await.unwrap();
    let reports = obtain(&detections, &listing).await.unwrap();
    let arrived = said(&Selection::default().apply(merge(reports).unwrap()));
    // Every tenth host, from the fifth on; agents stand behind all of them.
    let hosts = report::Report::new(estate()).unwrap().expected().hosts;
    let hidden: HashSet<_> = hosts[..120]
        .iter()
        .skip(4)
        .step_by(10)
        .map(|host| host.address)
        .collect();
    let records = hosts.iter().filter(|host| hidden.contains(&host.address)).count() as u64;
    assert_eq!(listing.left_out.get(LeftOut::BadAddress), records);
    assert!(records > 12 && listing.hidden, "{records} records");
    let mut others = reported(estate());
    let is_hidden = |line: &str| hidden.iter().any(|address| line.starts_with(&format!("{address} ")));
    let all = others.len();
    others.retain(|line| !is_hidden(line));
    assert!(others.len() < all);
    assert_eq!(arrived, others);
}

#[tokio::test]
async fn a_warning_to_another_host_leads_to_the_next_page_of_our_own_call() {
    let big = report::Options {
        hosts: 26_000,
        findings: 1,
        ..estate()
    };
    let (qualys, settings) = start(Options {
        oddities: vec![Oddity::ForeignUrl],
        report: big,
        ..of_estate(&[])
    })
    .await;
    let listing = detections(&settings, detection_settings())
        .list(&Selection::default())
        .await
        .unwrap();
    assert!(listing.listed > 26_000, "{} records", listing.listed);
    let pages = calls(&qualys, Action::HostList);
    let [first, second] = &pages[..] else {
        panic!("{} pages", pages.len())
    };
    let mut next = second.parameters.clone();
    assert!(next.remove("id_min").is_some());
    assert_eq!(next, first.parameters, "nothing but id_min is taken from the URL");
}

#[tokio::test]
async fn an_answer_in_the_place_of_a_list_is_said_in_its_own_words() {
    for (fault, exit) in [
        ("code=1905/200@host-list", Exit::Config),
        ("code=2003/200@detections", Exit::Credentials),
        ("code=1920/200@detections", Exit::Credentials),
    ] {
        let (qualys, settings) = start(of_estate(&[fault])).await;
        let failure = run(&settings, detection_settings()).await.unwrap_err();
        let (sentence, ended) = told(&qualys, &failure);
        let code = fault[5..9].to_owned();
        assert!(sentence.contains(&code), "{fault}: {sentence}");
        assert_eq!(ended, exit, "{fault}: {sentence}");
    }
}

#[tokio::test]
async fn without_the_right_to_the_knowledge_base_it_is_asked_once_and_said() {
    let refusals = [
        Right::Unauthorized,
        Right::Forbidden,
        Right::Blocked,
        Right::ErrorDocument,
        Right::Page,
    ];
    for right in refusals {
        let (qualys, settings) = start(Options {
            knowledge_base: right,
            ..of_estate(&[])
        })
        .await;
        let failure = run(&settings, detection_settings()).await.unwrap_err();
        let (sentence, exit) = told(&qualys, &failure);
        assert_eq!(exit, Exit::Credentials, "{right:?}: {sentence}");
        assert!(
            sentence.starts_with("look up at HOST: the KnowledgeBase isn't given to this account ("),
            "{sentence}"
        );
        assert_eq!(calls(&qualys, Action::KnowledgeBase).len(), 1, "{right:?}");
        let without = DetectionSettings {
            knowledge_base: false,
            ..detection_settings()
        };
        let selected = run(&settings, without).await.unwrap();
        assert!(selected.describes_nothing());
        assert_eq!(calls(&qualys, Action::KnowledgeBase).len(), 1, "{right:?}");
    }
}
