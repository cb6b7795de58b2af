//! The three interfaces, asked as clients ask them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, Request};

use super::*;
use crate::qualys::journal::Journal;
use crate::qualys::options::Options;
use crate::report::{self, Expected, Report};

/// Records of the estate: 250 hosts, and 30 of them twice.
const ENTRIES: usize = 280;

fn options() -> report::Options {
    report::Options {
        hosts: 250,
        findings: 8,
        qids: 120,
        duplicates: 10,
        ipv6: 4,
        networks: 2,
        unexplained: 5,
        ignored: 3,
        ..report::Options::default()
    }
}

fn service(options: Options) -> Service {
    let journal = Journal::new(&tempfile::tempdir().unwrap().path().join("requests")).unwrap();
    Service::new(options, journal).unwrap()
}

fn with(report: report::Options) -> Service {
    service(Options {
        report,
        ..Options::default()
    })
}

/// The answer's status and text.
async fn ask(service: &Service, path: &str, query: &str) -> (u16, String) {
    ask_by(Method::POST, service, path, query).await
}

async fn ask_by(method: Method, service: &Service, path: &str, query: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(format!("{path}?{query}"))
        .header("x-requested-with", "test")
        .header("host", "qualysapi.lab.example")
        .header("authorization", "Basic YTpi")
        .body(())
        .unwrap();
    let call = Call::of_test(request);
    let answer = service.answer(&call, &Default::default(), service.enter(&call)).await;
    let bytes: Vec<Bytes> = answer.content.map(|piece| piece.unwrap()).collect();
    (answer.status, String::from_utf8(bytes.concat()).unwrap())
}

const HOSTS: &str = "/api/5.0/fo/asset/host/";
const DETECTIONS: &str = "/api/5.0/fo/asset/host/vm/detection/";
const KNOWLEDGE_BASE: &str = "/api/4.0/fo/knowledge_base/vuln/";

/// Texts of the elements with this name, wherever they stand.
fn texts<'a>(node: roxmltree::Node<'a, '_>, name: &'a str) -> Vec<&'a str> {
    let named = node.descendants().filter(|node| node.has_tag_name(name));
    named.map(|node| node.text().unwrap_or_default().trim()).collect()
}

fn document(text: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// QID and port of everything that was found, by host number and network.
type Found = BTreeMap<(u64, String), BTreeSet<(String, String, String)>>;

fn found(text: &str, into: &mut Found) {
    let document = document(text);
    for host in document.descendants().filter(|node| node.has_tag_name("HOST")) {
        let child = |node: roxmltree::Node<'_, '_>, name: &str| {
            let child = node.children().find(|child| child.has_tag_name(name));
            child
                .and_then(|child| child.text())
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let key = (child(host, "ID").parse().unwrap(), child(host, "IP"));
        let detections = host.descendants().filter(|node| node.has_tag_name("DETECTION"));
        let detections = detections.map(|node| (child(node, "QID"), child(node, "PORT"), child(node, "STATUS")));
        into.entry(key).or_default().extend(detections);
    }
}

#[tokio::test]
async fn the_pages_of_all_detections_say_what_the_report_says() {
    let report = Report::new(options()).unwrap();
    let service = with(options());
    let (mut all, mut query, mut pages) = (Found::new(), String::new(), 0);
    loop {
        let asked = format!(
            "action=list&truncation_limit=40&show_igs=1&status=New,Active,Re-Opened,Fixed&show_results=0{query}"
        );
        let (status, text) = ask(&service, DETECTIONS, &asked).await;
        assert_eq!(status, 200, "{text}");
        found(&text, &mut all);
        pages += 1;
        let document = document(&text);
        let urls = texts(document.root_element(), "URL");
        let Some(url) = urls.first() else { break };
        let id_min = url.rsplit_once("id_min=").unwrap().1;
        query = format!("&id_min={id_min}");
    }
    assert_eq!(pages, ENTRIES.div_ceil(40));
    let Expected { hosts } = report.expected();
    let mut expected: Vec<_> = hosts
        .iter()
        .filter(|host| !host.findings.is_empty())
        .map(|host| (host.address.to_string(), host.findings.len()))
        .collect();
    let mut listed: Vec<_> = all.iter().map(|((_, ip), found)| (ip.clone(), found.len())).collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn ids_are_taken_as_lists_and_the_usual_statuses_leave_out_what_was_fixed() {
    let service = with(options());
    let (_, text) = ask(&service, HOSTS, "action=list&details=None&truncation_limit=0").await;
    let document_ids = document(&text);
    let ids = texts(document_ids.root_element(), "ID");
    assert_eq!(ids.len(), ENTRIES);
    assert!(ids.is_sorted_by_key(|id| id.parse::<u64>().unwrap()));
    let asked = format!("action=list&ids={},{}", ids[3], ids[90]);
    let (_, text) = ask(&service, DETECTIONS, &asked).await;
    let document = document(&text);
    let statuses: BTreeSet<_> = texts(document.root_element(), "STATUS").into_iter().collect();
    assert!(
        !statuses.contains("Fixed") && statuses.contains("Active"),
        "{statuses:?}"
    );
    assert!(!text.contains("WARNING"));
}

#[tokio::test]
async fn a_delta_lists_what_the_last_generation_changed() {
    let service = with(report::Options {
        generation: 3,
        changing: 20,
        ..options()
    });
    let after = service
        .clock
        .date(service.clock.now() - std::time::Duration::from_secs(26 * 3600));
    let count = async |query: &str| {
        let (_, text) = ask(&service, HOSTS, &format!("action=list&truncation_limit=0{query}")).await;
        let document = document(&text);
        texts(document.root_element(), "IP").len()
    };
    let all = count("").await;
    let changed = count(&format!("&vm_processed_after={after}")).await;
    assert!(changed * 20 > all && changed * 2 < all, "{changed} of {all}");
    // Some have left in the meantime, and some agents' records were merged.
    assert!(all < ENTRIES && all > 150, "{all}");
}

#[tokio::test]
async fn groups_and_tags_divide_the_estate() {
    let service = with(options());
    let count = async |query: &str| {
        let (status, text) = ask(&service, HOSTS, &format!("action=list&truncation_limit=0&{query}")).await;
        assert_eq!(status, 200, "{text}");
        let document = document(&text);
        texts(document.root_element(), "IP").len()
    };
    let mut sum = 0;
    for group in 0..5 {
        sum += count(&format!("ag_titles=Group+{group}")).await;
    }
    assert_eq!(sum, ENTRIES);
    let any = count("use_tags=1&tag_set_by=name&tag_set_include=tag-0,tag-3").await;
    let all = count("use_tags=1&tag_set_by=name&tag_include_selector=all&tag_set_include=tag-0,tag-3").await;
    let without = count("use_tags=1&tag_set_by=name&tag_set_include=tag-0&tag_set_exclude=tag-3").await;
    let first = count("use_tags=1&tag_set_by=name&tag_set_include=tag-0").await;
    assert!(all < first && first < any, "{all} {first} {any}");
    assert_eq!(without + all, first);
}

#[tokio::test]
async fn what_is_garbage_or_not_simulated_is_refused_in_words() {
    let service = with(options());
    for (path, query, code) in [
        (DETECTIONS, "action=list&ids=x", "1905"),
        (DETECTIONS, "action=list&nonsense=1", "1901"),
        (DETECTIONS, "action=list&detection_updated_since=2026-01-01", "1905"),
        (HOSTS, "action=list&ag_ids=1&ag_titles=x", "1904"),
        (HOSTS, "ids=1", "1903"),
        (KNOWLEDGE_BASE, "action=list&ids=9-1", "1905"),
    ] {
        let (status, text) = ask(&service, path, query).await;
        assert_eq!(status, 400, "{query}: {text}");
        assert!(text.contains(&format!("<CODE>{code}</CODE>")), "{query}: {text}");
    }
    let (_, text) = ask(&service, DETECTIONS, "action=list&ids=1").await;
    let document = document(&text);
    let response = document.root_element().first_element_child().unwrap();
    let children: Vec<_> = response.children().filter(|node| node.is_element()).collect();
    assert_eq!(children.len(), 1, "an unknown id is no error: {text}");
}

#[tokio::test]
async fn the_knowledge_base_knows_what_the_glossary_knows() {
    let report = Report::new(options()).unwrap();
    let service = with(options());
    let (_, text) = ask(&service, KNOWLEDGE_BASE, "action=list").await;
    let entries = document(&text);
    let known = report.glossary().iter().filter(|details| details.explained);
    let qids: Vec<String> = known.clone().map(|details| details.qid.to_string()).collect();
    assert_eq!(texts(entries.root_element(), "QID"), qids);
    assert!(text.contains("<!-- keep-alive -->"));
    let asked = format!("action=list&ids={},{}", qids[1], qids[7]);
    let (_, text) = ask(&service, KNOWLEDGE_BASE, &asked).await;
    let some = document(&text);
    assert_eq!(texts(some.root_element(), "QID"), [qids[1].as_str(), qids[7].as_str()]);
    let cves: usize = [1, 7]
        .iter()
        .map(|index| known.clone().nth(*index).unwrap().cves.len())
        .sum();
    let lists = some.descendants().filter(|node| node.has_tag_name("CVE"));
    assert_eq!(lists.count(), cves);
}

#[tokio::test]
async fn a_version_shows_what_came_with_it_and_knows_nothing_of_later_ones() {
    let service = with(options());
    let all = "show_tags=1&show_asset_id=1&show_qds=1&show_qds_factors=1&show_reopened_info=1";
    for (version, asked, element) in [
        ("2.0", all, "TAG_ID"),
        (
            "3.0",
            "show_arf_data=1&arf_filter_keys=non-running-kernel",
            "AFFECT_RUNNING_KERNEL",
        ),
        ("4.0", "mitre_attack_details=1", "MITRE_TACTIC_ID"),
        (
            "5.0",
            "vuln_detection_source=1",
            "LATEST_VULNERABILITY_DETECTION_SOURCE",
        ),
    ] {
        let path = |version: &str| format!("/api/{version}/fo/asset/host/vm/detection/");
        let asked = format!("action=list&{asked}");
        let (status, text) = ask(&service, &path(version), &asked).await;
        assert_eq!(status, 200, "{text}");
        assert!(!texts(document(&text).root_element(), element).is_empty(), "{text}");
        let fifth = !texts(document(&text).root_element(), "TRURISK_ELIMINATION_STATUS").is_empty();
        assert_eq!(fifth, version == "5.0");
        let before = (version.as_bytes()[0] - 1) as char;
        if before > '1' {
            let (status, text) = ask(&service, &path(&format!("{before}.0")), &asked).await;
            assert_eq!(status, 400, "{version}");
            assert!(text.contains("<CODE>1901</CODE>"), "{text}");
        }
    }
}

#[tokio::test]
async fn get_is_answered_as_post_is() {
    let service = with(options());
    for (path, name) in [(HOSTS, "ID"), (DETECTIONS, "QID"), (KNOWLEDGE_BASE, "QID")] {
        let mut answers = Vec::new();
        for method in [Method::GET, Method::POST] {
            let (status, text) = ask_by(method, &service, path, "action=list").await;
            assert_eq!(status, 200, "{path}: {text}");
            let document = document(&text);
            let said = texts(document.root_element(), name).into_iter().map(str::to_owned);
            answers.push(said.collect::<Vec<_>>());
        }
        assert!(answers[0].len() > 50 && answers[0] == answers[1], "{path}");
    }
}

#[tokio::test]
async fn every_version_of_the_list_and_of_the_knowledge_base_answers() {
    let service = with(options());
    let list = ["2.0", "3.0", "4.0", "5.0"].map(|version| (format!("/api/{version}/fo/asset/host/"), ENTRIES));
    let report = Report::new(options()).unwrap();
    let entries = report.glossary().iter().filter(|details| details.explained).count();
    let known = ["2.0", "3.0", "4.0"].map(|version| (format!("/api/{version}/fo/knowledge_base/vuln/"), entries));
    for (path, count) in list.into_iter().chain(known) {
        let (status, text) = ask(&service, &path, "action=list").await;
        assert_eq!(status, 200, "{path}: {text}");
        let name = if path.contains("host") { "ID" } else { "QID" };
        let document = document(&text);
        assert_eq!(texts(document.root_element(), name).len(), count, "{path}");
    }
    // No source knows of a fifth version of the KnowledgeBase.
    let later = KNOWLEDGE_BASE.replace("4.0", "5.0");
    assert_eq!(ask(&service, &later, "action=list").await.0, 404);
}

/// A lab whose pages are short, whatever a call asks for.
fn paging() -> Service {
    service(Options {
        report: options(),
        hosts_per_page: Some(40),
        entries_per_page: Some(50),
        ..Options::default()
    })
}

#[tokio::test]
async fn a_warning_names_every_parameter_of_its_call() {
    let service = paging();
    for (path, query) in [
        (
            HOSTS,
            "action=list&details=Basic&ips=10.0.0.0-10.0.255.255&show_tags=1&truncation_limit=30",
        ),
        (
            DETECTIONS,
            "action=list&ids=40000000-40000400&show_igs=1&show_results=0&status=New,Fixed&truncation_limit=0",
        ),
        (KNOWLEDGE_BASE, "action=list&details=All&ids=1-99999"),
    ] {
        let (_, text) = ask(&service, path, query).await;
        let document = document(&text);
        assert_eq!(texts(document.root_element(), "CODE"), ["1980"], "{text}");
        let urls = texts(document.root_element(), "URL");
        let url = urls.last().unwrap();
        let (place, repeated) = url.split_once('?').unwrap();
        assert_eq!(place, format!("https://qualysapi.lab.example{path}"));
        let parameters = |query: &str| -> BTreeMap<String, String> {
            form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        };
        let mut repeated = parameters(repeated);
        let id_min: u64 = repeated.remove("id_min").unwrap().parse().unwrap();
        assert!(id_min > 1000, "{url}");
        assert_eq!(repeated, parameters(query));
    }
}

#[tokio::test]
async fn pages_end_where_the_lab_says_though_a_call_wants_everything() {
    let (whole, service) = (with(options()), paging());
    for (path, query, name, pages) in [
        (
            DETECTIONS,
            "action=list&truncation_limit=0",
            "UNIQUE_VULN_ID",
            ENTRIES.div_ceil(40),
        ),
        (KNOWLEDGE_BASE, "action=list&details=None", "ID", 3),
    ] {
        let (_, text) = ask(&whole, path, query).await;
        assert!(!text.contains("WARNING"), "{path}");
        let all_document = document(&text);
        let all = texts(all_document.root_element(), name);
        let (mut some, mut next, mut count) = (Vec::new(), String::new(), 0);
        loop {
            let (_, text) = ask(&service, path, &format!("{query}{next}")).await;
            let page = document(&text);
            some.extend(texts(page.root_element(), name).into_iter().map(str::to_owned));
            count += 1;
            let urls = texts(page.root_element(), "URL");
            let Some((_, id_min)) = urls.first().and_then(|url| url.rsplit_once("id_min=")) else {
                break;
            };
            next = format!("&id_min={id_min}");
        }
        assert_eq!((some.len(), count), (all.len(), pages), "{path}");
        assert_eq!(some, all, "{path}");
    }
    let (_, text) = ask(&service, HOSTS, "action=list&truncation_limit=0").await;
    assert!(!text.contains("WARNING"), "the list is as long as it was asked for");
}

#[tokio::test]
async fn a_disabled_qid_is_left_out_unless_it_is_asked_for() {
    let service = with(report::Options {
        disabled: 20,
        ..options()
    });
    let flags = async |query: &str| {
        let asked = format!("action=list&truncation_limit=0&show_igs=1&{query}");
        let (_, text) = ask(&service, DETECTIONS, &asked).await;
        let document = document(&text);
        let flags = texts(document.root_element(), "IS_DISABLED");
        (flags.len(), flags.iter().filter(|flag| **flag == "1").count())
    };
    let (all, disabled) = flags("include_disabled=1").await;
    assert!((1..all).contains(&disabled), "{disabled} of {all}");
    assert_eq!(flags("include_disabled=0").await, (all - disabled, 0));
    assert_eq!(flags("include_ignored=0").await, (all - disabled, 0));
}

#[tokio::test]
async fn some_hosts_have_a_name_in_the_place_of_an_address() {
    let service = service(Options {
        report: options(),
        oddities: vec![Oddity::SomeWithoutAddress],
        ..Options::default()
    });
    let (_, text) = ask(&service, HOSTS, "action=list&truncation_limit=0").await;
    let document = document(&text);
    let count = |name| texts(document.root_element(), name).len();
    // Of 250 hosts and of their 30 agents.
    assert_eq!(count("ID") - count("IP"), 28);
    let hosts = document.descendants().filter(|node| node.has_tag_name("HOST"));
    let mut nameless = hosts.filter(|host| texts(*host, "IP").is_empty());
    assert!(nameless.all(|host| texts(host, "IPV6").is_empty() && texts(host, "TRACKING_METHOD") != ["IP"]));
}

/// As that client asks, which takes whatever it knows of; it's run as it comes where it can be had (`.ci/clients`).
#[tokio::test]
async fn gethld_is_answered() {
    let service = with(options());
    let listed = "action=list&details=None&vm_processed_after=2000-01-01T00:00:00Z&truncation_limit=0";
    let (_, text) = ask(&service, HOSTS, listed).await;
    let ids_document = document(&text);
    let ids = texts(ids_document.root_element(), "ID");
    assert_eq!(ids.len(), ENTRIES);
    let asked = format!(
        "action=list&output_format=XML&truncation_limit=0&show_asset_id=1&show_reopened_info=1&show_tags=1&show_results=1\
         &show_igs=1&status=Active,New,Re-Opened,Fixed&include_ignored=1&include_disabled=1&show_qds=1&show_qds_factors=1\
         &show_arf_data=1&arf_filter_keys=non-running-kernel&mitre_attack_details=1&ids={}",
        ids.join("%2C")
    );
    let (status, text) = ask(&service, DETECTIONS, &asked).await;
    assert_eq!(status, 200, "{text}");
    let detections = document(&text);
    let hosts = texts(detections.root_element(), "ASSET_ID").len();
    assert!(hosts * 10 > ENTRIES * 9, "{hosts}");
    assert!(texts(detections.root_element(), "MITRE_TECHNIQUE_ID").len() > hosts);
}

#[tokio::test]
async fn a_page_without_a_host_has_a_warning_only_where_that_is_asked_for() {
    let hosts_of_page = async |oddities: Vec<Oddity>| {
        let service = service(Options {
            report: options(),
            oddities,
            ..Options::default()
        });
        let report = Report::new(options()).unwrap();
        let rare = report.glossary().last().unwrap().qid;
        let asked = format!("action=list&truncation_limit=1&show_igs=1&qids={rare}");
        let (_, text) = ask(&service, DETECTIONS, &asked).await;
        let document = document(&text);
        let next = texts(document.root_element(), "URL").len();
        (texts(document.root_element(), "IP").len(), next)
    };
    assert_eq!(hosts_of_page(vec![Oddity::EmptyPages]).await, (0, 1));
    assert_eq!(hosts_of_page(Vec::new()).await.0, 1);
}

#[tokio::test]
async fn oddities_leave_the_answer_well_formed() {
    for oddity in <Oddity as clap::ValueEnum>::value_variants() {
        let service = service(Options {
            report: options(),
            oddities: vec![*oddity],
            ..Options::default()
        });
        let (_, text) = ask(&service, DETECTIONS, "action=list&truncation_limit=30").await;
        let document = document(&text);
        assert_eq!(texts(document.root_element(), "CODE"), ["1980"], "{oddity:?}: {text}");
        let url = texts(document.root_element(), "URL")[0];
        let foreign = url.starts_with("https://engine.lab.example/api/5.0/fo/asset/host/vm/detection/?");
        assert_eq!(foreign, *oddity == Oddity::ForeignUrl, "{url}");
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_answered_in_one_of_several_ways() {
    for (right, status) in [
        (Right::Granted, 200),
        (Right::Unauthorized, 401),
        (Right::Forbidden, 403),
        (Right::Blocked, 409),
        (Right::ErrorDocument, 200),
        (Right::Page, 200),
    ] {
        let service = service(Options {
            report: options(),
            knowledge_base: right,
            ..Options::default()
        });
        let (answered, text) = ask(&service, KNOWLEDGE_BASE, "action=list&ids=1-2000").await;
        assert_eq!(answered, status);
        assert_eq!(
            text.contains("KNOWLEDGE_BASE_VULN_LIST_OUTPUT>"),
            right == Right::Granted,
            "{text}"
        );
    }
}

#[test]
fn six_hundred_thousand_hosts_are_made_as_they_are_taken() {
    let options = report::Options {
        hosts: 600_000,
        findings: 40,
        ..report::Options::default()
    };
    let report: Arc<Report> = Report::new(options).unwrap();
    let last = report.estate().record(599_999, false).unwrap();
    assert_eq!(last.id(), report::estate::FIRST_HOST_ID + 2 * 599_999);
}
