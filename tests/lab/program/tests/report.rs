//! Generated reports: the same seed gives the same bytes, and an independent reader finds in them what the generator
//! meant.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;

use connector_lab::report::{Expected, Finding, Host, Kind, Options, Protocol, Report, Status};
use roxmltree::{Document, Node, ParsingOptions};

fn options() -> Options {
    Options {
        hosts: 300,
        findings: 12,
        qids: 400,
        longest_result: 2_000,
        ..Options::default()
    }
}

fn text(options: Options) -> String {
    let mut bytes = Vec::new();
    let report = Report::new(options).unwrap();
    let length = report.write_to(&mut bytes).unwrap();
    assert_eq!((length, report.length()), (bytes.len() as u64, length));
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let seed = |seed| text(Options { seed, ..options() });
    assert_eq!(seed(5), seed(5));
    assert_ne!(seed(5), seed(6));
}

#[test]
fn an_independent_reader_finds_what_was_meant() {
    for variant in [
        options(),
        Options {
            glossary_first: true,
            flat: true,
            ..options()
        },
        Options {
            networks: 3,
            duplicates: 30,
            ipv6: 10,
            fixed: 50,
            clean: 20,
            unexplained: 15,
            ..options()
        },
        Options {
            generation: 3,
            changing: 40,
            reused_addresses: true,
            duplicates: 10,
            ignored: 10,
            disabled: 10,
            ..options()
        },
    ] {
        let meant = Report::new(variant.clone()).unwrap().expected();
        let read = read(&text(variant.clone()));
        assert_eq!(read.hosts.len(), meant.hosts.len(), "{variant:?}");
        for (read, meant) in read.hosts.iter().zip(&meant.hosts) {
            assert_eq!(read, meant, "{variant:?}");
        }
    }
}

#[test]
fn a_report_about_nothing_has_neither_hosts_nor_glossary() {
    let empty = text(Options { hosts: 0, ..options() });
    assert!(empty.contains("<APPENDICES>") && !empty.contains("HOST_LIST") && !empty.contains("GLOSSARY"));
    assert_eq!(read(&empty).hosts, []);
}

#[test]
fn shares_are_what_was_asked_for() {
    let asked = Options {
        hosts: 2_000,
        fixed: 30,
        clean: 10,
        ipv6: 20,
        duplicates: 25,
        networks: 2,
        ..options()
    };
    let expected = Report::new(asked).unwrap().expected();
    let hosts = &expected.hosts;
    assert_eq!(hosts.iter().filter(|host| host.by_agent).count(), 500);
    assert_eq!(hosts.len() - 500, 2_000);

    let stand_ins = hosts.iter().filter(|host| host.ipv6_stand_in);
    assert!((450..550).contains(&stand_ins.clone().count()), "20 % of 2,500 entries");
    assert!(stand_ins.into_iter().all(|host| host.address.octets()[0] == 0));

    let statuses: Vec<Status> = hosts
        .iter()
        .flat_map(|host| &host.findings)
        .filter_map(|finding| finding.status)
        .collect();
    let fixed = statuses.iter().filter(|&&status| status == Status::Fixed).count() * 100 / statuses.len();
    assert!(
        (33..41).contains(&fixed),
        "30 %, and all of every tenth host: {fixed} %"
    );

    let merged = expected.merged();
    assert_eq!(merged.len(), 2_000);
    let addresses: BTreeMap<_, u32> = merged.keys().fold(BTreeMap::new(), |mut addresses, (_, address)| {
        *addresses.entry(address).or_default() += 1;
        addresses
    });
    assert!(addresses.values().filter(|&&networks| networks == 2).count() > 600);
}

#[test]
fn two_entries_of_a_host_overlap_and_agree() {
    let asked = Options {
        duplicates: 50,
        qids: 30,
        fixed: 30,
        ..options()
    };
    let expected = Report::new(asked).unwrap().expected();
    let all: usize = expected.hosts.iter().map(|host| host.findings.len()).sum();
    let merged = expected.merged();
    let distinct: usize = merged.values().map(|findings| findings.len()).sum();
    assert!(distinct < all, "scanner and agent must see some of the same");
    for findings in merged.values() {
        let mut keys: Vec<_> = findings.iter().map(|finding| (finding.qid, finding.port)).collect();
        keys.dedup();
        assert_eq!(keys.len(), findings.len(), "one finding, one status");
    }
}

/// The hosts of an estate, generation after generation, where addresses are reused.
fn generations(last: u32) -> Vec<Vec<Host>> {
    let hosts = |generation| {
        let asked = Options {
            generation,
            changing: 40,
            reused_addresses: true,
            ..options()
        };
        Report::new(asked).unwrap().expected().hosts
    };
    (0..=last).map(hosts).collect()
}

#[test]
fn an_address_that_was_left_is_taken_by_another_host_and_no_two_have_the_same() {
    let generations = generations(4);
    let named = |hosts: &[Host]| -> BTreeMap<_, _> {
        let named = hosts.iter().filter_map(|host| Some((host.address, host.dns.clone()?)));
        named.collect()
    };
    for (generation, hosts) in generations.iter().enumerate() {
        let addresses: BTreeSet<_> = hosts.iter().map(|host| host.address).collect();
        assert_eq!(addresses.len(), hosts.len(), "generation {generation}");
        let now = named(hosts);
        let taken = |earlier: &Vec<Host>| {
            let before = named(earlier);
            let taken = now
                .iter()
                .filter(|(address, name)| before.get(*address).is_some_and(|before| before != *name));
            taken.count()
        };
        // Nobody has an address in the generation in which another leaves it.
        if let Some(before) = generation.checked_sub(1).and_then(|before| generations.get(before)) {
            assert_eq!(taken(before), 0, "generation {generation}");
        }
        if let Some(before) = generation.checked_sub(2).and_then(|before| generations.get(before)) {
            assert!(taken(before) > 3, "generation {generation}: {}", taken(before));
        }
    }
    let names = |hosts: &Vec<Host>| -> BTreeSet<String> { hosts.iter().filter_map(|host| host.dns.clone()).collect() };
    let (first, last) = (names(&generations[0]), names(&generations[4]));
    assert!(last.difference(&first).count() > 3, "some of them are new");
}

#[test]
fn figures_that_make_no_sense_are_refused() {
    let refused = |options| Report::new(options).unwrap_err().to_string();
    assert_eq!(
        refused(Options {
            network: "192.0.2.0/24".parse().unwrap(),
            ..options()
        }),
        "192.0.2.0/24 has 254 addresses, too few for 300 hosts in 1 network(s)"
    );
    assert_eq!(
        refused(Options {
            fixed: 101,
            ..options()
        }),
        "a share is a whole number of per cent, 0 to 100"
    );
}

#[test]
fn memory_does_not_grow_with_the_report() {
    let peak = |hosts: u32| {
        let script = format!(
            "\"$0\" report --hosts {hosts} --findings 5 --qids 50 --longest-result 1000 -o /dev/null & pid=$!; \
             while grep VmHWM /proc/$pid/status 2>/dev/null; do sleep 0.02; done; wait $pid"
        );
        let run = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_connector-lab")])
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let lines = String::from_utf8(run.stdout).unwrap();
        let kilobytes = lines
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kilobytes.max().expect("the program runs long enough to be looked at")
    };
    let (small, large) = (peak(20_000), peak(200_000));
    assert!(
        large < small + 2_000,
        "{small} kB for 20,000 hosts, {large} kB for 200,000"
    );
    assert!(large < 40_000, "{large} kB");
}

/// Reads a report as a tree, by the names that the format gives.
fn read(report: &str) -> Expected {
    let allowed = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(report, allowed).unwrap();
    let glossary: BTreeMap<u32, Node> = elements(document.root(), "VULN_DETAILS")
        .map(|details| (number(details, "QID").unwrap(), details))
        .collect();
    Expected {
        hosts: elements(document.root(), "HOST")
            .map(|host| read_host(host, &glossary))
            .collect(),
    }
}

fn read_host(host: Node, glossary: &BTreeMap<u32, Node>) -> Host {
    let ip = child(host, "IP").unwrap();
    let address: std::net::Ipv4Addr = ip.text().unwrap().parse().unwrap();
    Host {
        network: ip.attribute("network_id").map_or(0, |network| network.parse().unwrap()),
        address,
        ipv6_stand_in: address.octets()[0] == 0,
        by_agent: content(host, "TRACKING_METHOD").as_deref() == Some("QAGENT"),
        dns: content(host, "DNS"),
        netbios: content(host, "NETBIOS"),
        os: content(host, "OPERATING_SYSTEM").map(|os| &*os.leak()),
        findings: elements(host, "VULN_INFO")
            .map(|finding| read_finding(finding, glossary))
            .collect(),
    }
}

fn read_finding(finding: Node, glossary: &BTreeMap<u32, Node>) -> Finding {
    let qid = number(finding, "QID").unwrap();
    let details = glossary.get(&qid);
    let cves = details.and_then(|details| child(*details, "CVE_ID_LIST"));
    let cves: Vec<String> = cves
        .iter()
        .flat_map(|list| elements(*list, "ID"))
        .map(|id| id.text().unwrap().to_owned())
        .collect();
    Finding {
        qid,
        port: number(finding, "PORT").map(|port| port as u16),
        protocol: content(finding, "PROTOCOL").map(|protocol| match protocol.as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            other => panic!("{other}"),
        }),
        kind: match content(finding, "TYPE").unwrap().as_str() {
            "Vuln" => Kind::Confirmed,
            "Practice" => Kind::Potential,
            "Ig" => Kind::Information,
            other => panic!("{other}"),
        },
        status: content(finding, "VULN_STATUS").map(|status| match status.as_str() {
            "New" => Status::New,
            "Active" => Status::Active,
            "Re-Opened" => Status::ReOpened,
            "Fixed" => Status::Fixed,
            other => panic!("{other}"),
        }),
        title: details.map(|details| Arc::from(without_entities(&content(*details, "TITLE").unwrap()))),
        severity: details.map(|details| number(*details, "SEVERITY").unwrap() as u8),
        cves: cves.into(),
    }
}

fn elements<'a, 'd: 'a>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

fn child<'a, 'd: 'a>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|node| node.has_tag_name(name))
}

fn content(node: Node, name: &str) -> Option<String> {
    child(node, name).map(|child| child.text().unwrap_or_default().to_owned())
}

fn number(node: Node, name: &str) -> Option<u32> {
    content(node, name).map(|text| text.parse().unwrap())
}

fn without_entities(html: &str) -> String {
    [
        ("&lt;", "<"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#174;", "\u{ae}"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(html.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}
