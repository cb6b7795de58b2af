//! Hosts and their detections, without a report: from the lab's Qualys, held against what its report says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_lab::qualys::{Action, Limits, Oddity, Options, Qualys, Request, Right};
use connector_lab::report;
use futures_util::future::join_all;
use qualys_connector::exit::Exit;
use qualys_connector::problem::Problem as _;
use qualys_connector::qualys::{
    ChangeWindow, DetectionClient, DetectionError, DetectionSettings, HostListing, HostsWanted, Scope, Settings, Shard,
    Since,
};
use qualys_connector::report::selection::Selection;
use qualys_connector::report::{Keep, LeftOut, Report, Selected, merge, parse};

use crate::lab::{options, start};

mod bad_input;
mod estates;
mod pages;
mod parts;
mod remembered;

fn detection_settings() -> DetectionSettings {
    DetectionSettings {
        scope: Scope::default(),
        hosts_per_call: 30,
        parallel_calls: 1,
        changed_within: None,
        full_every: Duration::from_secs(7 * 24 * 3600),
        max_scan_age: None,
        shard: Shard::default(),
        knowledge_base: true,
        information: false,
        host_list_version: "5.0".into(),
        detection_version: "5.0".into(),
        knowledge_base_version: "4.0".into(),
    }
}

/// An estate with everything that makes estates difficult.
fn estate() -> report::Options {
    report::Options {
        hosts: 120,
        findings: 8,
        qids: 400,
        duplicates: 20,
        clean: 5,
        fixed: 15,
        ipv6: 4,
        ignored: 5,
        unexplained: 5,
        ..report::Options::default()
    }
}

fn of_estate(faults: &[&str]) -> Options {
    Options {
        report: estate(),
        ..options(faults)
    }
}

fn detections(qualys: &Settings, settings: DetectionSettings) -> DetectionClient {
    DetectionClient::new(
        qualys,
        settings,
        Keep::default(),
        None,
        Instant::now() + qualys.deadline,
    )
    .unwrap()
}

/// Everything of a list, batch after batch.
async fn obtain(detections: &DetectionClient, listing: &HostListing) -> Result<Vec<Report>, DetectionError> {
    let mut reports = Vec::new();
    for batch in listing.hosts.batches(detections.settings().hosts_per_call) {
        for part in detections.fetch(&listing.hosts, batch, Arc::default).await {
            let mut report = part.outcome?;
            detections.look_up(std::slice::from_mut(&mut report)).await?;
            reports.push(report);
        }
    }
    Ok(reports)
}

async fn run(qualys: &Settings, settings: DetectionSettings) -> Result<Selected, DetectionError> {
    let detections = detections(qualys, settings);
    let selection = Selection::default();
    let wanted = HostsWanted {
        since: match detections.settings().changed_within {
            Some(ChangeWindow::Within(age)) => Some(Since::Ago(age)),
            _ => None,
        },
        ..HostsWanted::default()
    };
    let mut listing = detections.list(&selection).await?;
    detections.choose(&mut listing, &wanted).await?;
    let reports = obtain(&detections, &listing).await?;
    Ok(selection.apply(merge(reports)?))
}

/// The sentence that a person reads and the exit code.
fn told(qualys: &Qualys, failure: &DetectionError) -> (String, Exit) {
    let sentence = failure.to_string().replace(&qualys.address().to_string(), "HOST");
    (sentence, failure.kind().exit())
}

/// Hosts with their findings, stand-ins of IPv6 hosts and their true addresses aside.
fn said(selected: &Selected) -> Vec<String> {
    let mut findings = Vec::new();
    let hosts = (0..selected.len()).filter_map(|index| {
        let host = selected.host(index, &mut findings)?;
        let findings: Vec<String> = findings
            .iter()
            .map(|finding| {
                let known = selected.vulnerability(finding).unwrap();
                format!(
                    "{} {:?} {:?} {} {:?}",
                    known.qid, finding.port, finding.protocol, known.title, known.cves
                )
            })
            .collect();
        host.address
            .is_ipv4()
            .then(|| format!("{} clean: {} {findings:?}", host.address, host.clean))
    });
    hosts.collect()
}

/// What the report of the same estate says.
fn reported(estate: report::Options) -> Vec<String> {
    let mut xml = Vec::new();
    report::Report::new(estate).unwrap().write_to(&mut xml).unwrap();
    let report = parse(&xml[..], &Keep::default(), &Default::default()).unwrap();
    said(&Selection::default().apply(report))
}

fn calls(qualys: &Qualys, action: Action) -> Vec<Request> {
    let requests = qualys.requests();
    requests
        .into_iter()
        .filter(|request| request.action == action.to_string())
        .collect()
}

#[tokio::test]
async fn they_say_what_the_report_says_in_as_few_calls_as_promised() {
    let (qualys, settings) = start(of_estate(&[])).await;
    let selected = run(&settings, detection_settings()).await.unwrap();
    assert_eq!(said(&selected), reported(estate()));
    let ipv6 = (0..selected.len()).filter(|index| selected.address(*index).unwrap().is_ipv6());
    assert!(ipv6.count() > 0, "true addresses of IPv6 hosts");
    assert!(selected.counts().findings_left_out.get(LeftOut::Ignored) > 0);
    let count = |action| calls(&qualys, action).len();
    let records = selected.counts().hosts_read as usize;
    let detections = count(Action::Detections);
    assert_eq!(count(Action::HostList), 1);
    // Groups aren't cut, so that a batch may be a record or two short of what it could hold.
    assert!(
        (records.div_ceil(30)..=records.div_ceil(28)).contains(&detections),
        "{detections} of {records}"
    );
    assert!(
        count(Action::KnowledgeBase) <= detections + 400 / 300,
        "of QIDs that aren't known yet only"
    );
}

#[tokio::test]
async fn oddities_change_nothing() {
    let oddities = [
        Oddity::ForeignUrl,
        Oddity::EmptyPages,
        Oddity::UpperCase,
        Oddity::Comments,
        Oddity::Padding,
        Oddity::Twice,
    ];
    for oddity in oddities {
        let (_qualys, settings) = start(Options {
            oddities: vec![oddity],
            ..of_estate(&[])
        })
        .await;
        let selected = run(&settings, detection_settings()).await.unwrap();
        assert_eq!(said(&selected), reported(estate()), "{oddity:?}");
    }
}

#[tokio::test]
async fn any_single_fault_passes() {
    let faults = [
        "status=503@host-list:1",
        "cut=700@host-list:1",
        "empty@host-list:1",
        "status=503@detections:2",
        "cut=2000@detections:1",
        "cut-close=2000@detections:1",
        "cut-chunked=2000@detections:3",
        "reset-body=1500@detections:2",
        "empty@detections:1",
        "busy=1@detections:2",
        "status=500@detections:1",
        "close@detections:1",
        "html@host-list:1",
        "html@detections:1",
        "html@knowledge-base:2",
        "status=503@knowledge-base:1",
        "cut-close=900@knowledge-base:1",
    ];
    for fault in faults {
        let (_qualys, settings) = start(of_estate(&[fault])).await;
        let selected = run(&settings, detection_settings()).await;
        assert_eq!(
            said(&selected.unwrap_or_else(|failure| panic!("{fault}: {failure}"))),
            reported(estate()),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn what_takes_too_long_is_asked_for_in_halves() {
    let (qualys, settings) = start(of_estate(&[
        "hang@detections:1",
        "status=504@detections:3",
        "status=413@detections:5",
    ]))
    .await;
    let settings = Settings {
        idle_timeout: Duration::from_millis(400),
        connect_timeout: Duration::from_millis(400),
        ..settings
    };
    let selected = run(&settings, detection_settings()).await.unwrap();
    assert_eq!(said(&selected), reported(estate()));
    let sizes: Vec<usize> = calls(&qualys, Action::Detections)
        .iter()
        .map(|request| request.parameters["ids"].split(',').count())
        .collect();
    assert!(
        sizes[1] <= sizes[0] / 2 + 1 && sizes[1] >= sizes[0] / 2 - 1,
        "{sizes:?}"
    );
}

#[tokio::test]
async fn calls_at_the_same_time_are_never_more_than_the_subscription_allows() {
    const THINKS: f64 = 0.2;
    let (qualys, settings) = start(Options {
        limits: Limits {
            concurrency: 2,
            ..Limits::default()
        },
        ..of_estate(&["delay=200ms@detections"])
    })
    .await;
    let many = DetectionSettings {
        parallel_calls: 8,
        ..detection_settings()
    };
    let detections = detections(&settings, many);
    let listing = detections.list(&Selection::default()).await.unwrap();
    let batches = listing.hosts.batches(15);
    assert!(batches.len() > 8, "more than may run");
    let fetches = batches
        .into_iter()
        .map(|batch| detections.fetch(&listing.hosts, batch, Arc::default));
    let fetched = join_all(fetches).await.into_iter().flatten();
    assert!(fetched.map(|part| part.outcome.unwrap().about().hosts).sum::<u64>() > 100);
    for request in qualys.requests() {
        assert_eq!(request.status, Some(200), "no call is one too many: {request:?}");
    }
    let begun: Vec<f64> = calls(&qualys, Action::Detections)
        .iter()
        .map(|request| request.at)
        .collect();
    assert!(
        begun.windows(2).any(|two| two[1] - two[0] < THINKS),
        "never two: {begun:?}"
    );
    assert!(begun.windows(3).all(|three| three[2] - three[0] >= THINKS), "{begun:?}");
}

#[tokio::test]
async fn shards_are_disjoint_and_complete() {
    let (_qualys, settings) = start(of_estate(&[])).await;
    let mut all = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let part = DetectionSettings {
            shard: shard.parse().unwrap(),
            ..detection_settings()
        };
        let part = said(&run(&settings, part).await.unwrap());
        assert!(!part.is_empty());
        all.extend(part);
    }
    all.sort();
    let mut whole = reported(estate());
    whole.sort();
    assert_eq!(all, whole);
}

#[tokio::test]
async fn a_delta_fetches_what_changed_whole() {
    let later = report::Options {
        generation: 1,
        changing: 20,
        ..estate()
    };
    let (qualys, settings) = start(Options {
        report: later.clone(),
        ..of_estate(&[])
    })
    .await;
    let delta = DetectionSettings {
        changed_within: Some(ChangeWindow::Within(Duration::from_secs(12 * 3600))),
        ..detection_settings()
    };
    let whole = reported(later);
    let part = said(&run(&settings, delta).await.unwrap());
    assert!(part.iter().all(|host| whole.contains(host)), "a host came in part");
    assert!(
        !part.is_empty() && part.len() * 2 < whole.len(),
        "{} of {}",
        part.len(),
        whole.len()
    );
    assert_eq!(calls(&qualys, Action::HostList).len(), 2);
    let before = reported(estate());
    let changed = whole.iter().filter(|host| !before.contains(host));
    // A moved host also leaves its old address, which a delta never sees.
    assert!(changed.clone().all(|host| part.contains(host)), "a change was missed");
}

#[tokio::test]
async fn only_hosts_are_filtered_never_findings() {
    let (qualys, settings) = start(of_estate(&[])).await;
    let scope = Scope {
        asset_groups: vec!["Group 0".into()],
        addresses: Some("10.0.0.0-10.255.255.255".into()),
        ..Scope::default()
    };
    let settings_of_scope = DetectionSettings {
        scope,
        ..detection_settings()
    };
    run(&settings, settings_of_scope.clone()).await.unwrap();
    let list = &calls(&qualys, Action::HostList)[0];
    assert_eq!(
        sent(list),
        [
            "action=list",
            "ag_titles=Group 0",
            "details=Basic",
            "ips=10.0.0.0-10.255.255.255",
            "truncation_limit=25000"
        ]
    );
    let always = [
        "action=list",
        "include_disabled=1",
        "include_ignored=1",
        "show_results=0",
        "status=New,Active,Re-Opened,Fixed",
        "truncation_limit=0",
    ];
    let without = calls(&qualys, Action::Detections);
    assert!(!without.is_empty());
    for request in &without {
        assert_eq!(sent(request), always);
        assert_eq!(request.method, "POST");
        let ids: Result<Vec<u64>, _> = request.parameters["ids"].split(',').map(str::parse).collect();
        assert!(ids.is_ok_and(|ids| ids.len() <= 30), "{request:?}");
    }
    let with_information = DetectionSettings {
        information: true,
        ..settings_of_scope
    };
    run(&settings, with_information).await.unwrap();
    let with = calls(&qualys, Action::Detections).split_off(without.len());
    assert_eq!(with.len(), without.len());
    for request in &with {
        let mut asked = sent(request);
        assert_eq!(asked.remove(3), "show_igs=1");
        assert_eq!(asked, always);
    }
}

/// The parameters of a call, but for ids.
fn sent(request: &Request) -> Vec<String> {
    let parameters = request.parameters.iter().filter(|(name, _)| *name != "ids");
    parameters.map(|(name, value)| format!("{name}={value}")).collect()
}

#[tokio::test]
async fn other_versions_of_the_interfaces_are_asked_at_their_paths_and_say_the_same() {
    let (qualys, settings) = start(of_estate(&[])).await;
    let older = DetectionSettings {
        host_list_version: "3.0".into(),
        detection_version: "4.0".into(),
        knowledge_base_version: "2.0".into(),
        ..detection_settings()
    };
    let selected = run(&settings, older).await.unwrap();
    assert_eq!(said(&selected), reported(estate()));
    for (action, path) in [
        (Action::HostList, "/api/3.0/fo/asset/host/"),
        (Action::Detections, "/api/4.0/fo/asset/host/vm/detection/"),
        (Action::KnowledgeBase, "/api/2.0/fo/knowledge_base/vuln/"),
    ] {
        let asked = calls(&qualys, action);
        assert!(
            !asked.is_empty() && asked.iter().all(|request| request.path == path),
            "{asked:?}"
        );
    }
}
