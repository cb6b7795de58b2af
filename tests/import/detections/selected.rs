//! What is asked for besides the usual: other hosts and kinds of findings, held against what the estate means by them.

use std::collections::BTreeSet;

use connector_lab::report::{Host, Kind};

use super::*;

/// An import of some of what an estate has.
struct Import {
    settings: &'static [&'static str],
    /// What the list is asked besides the usual.
    scope: &'static str,
    /// Which hosts that means.
    takes: fn(&Host) -> bool,
}

/// The lab's number of a host where there is one network: it gives them addresses and stand-ins in the order of numbers.
fn number(host: &Host) -> u32 {
    host.address.to_bits() % (1 << 24) - 1
}

/// Each host has one of tag-0 to tag-2, and one of tag-3 to tag-5.
fn has_tag(host: &Host, tag: u32) -> bool {
    let number = number(host);
    [number % 3, 3 + number / 3 % 3].contains(&tag)
}

fn octet(host: &Host) -> u8 {
    host.address.octets()[3]
}

/// Where tags choose, and where a range is one of IPv6, Qualys isn't asked for addresses: the import looks at them itself.
const IMPORTS: [Import; 9] = [
    Import {
        settings: &["selection.kinds=all"],
        scope: "",
        takes: |_| true,
    },
    Import {
        settings: &["detections.tags=tag-0,tag-4"],
        scope: "tag_include_selector=any&tag_set_by=name&tag_set_include=tag-0,tag-4&use_tags=1",
        takes: |host| has_tag(host, 0) || has_tag(host, 4),
    },
    Import {
        settings: &["detections.tags=tag-0,tag-4", "detections.match_tags=all"],
        scope: "tag_include_selector=all&tag_set_by=name&tag_set_include=tag-0,tag-4&use_tags=1",
        takes: |host| has_tag(host, 0) && has_tag(host, 4),
    },
    Import {
        settings: &["detections.tags=tag-0,tag-4", "detections.exclude_tags=tag-1,tag-5"],
        scope: "tag_exclude_selector=any&tag_include_selector=any&tag_set_by=name&tag_set_exclude=tag-1,tag-5\
                &tag_set_include=tag-0,tag-4&use_tags=1",
        takes: |host| (has_tag(host, 0) || has_tag(host, 4)) && !has_tag(host, 1) && !has_tag(host, 5),
    },
    Import {
        settings: &["detections.tags=tag-0", "selection.ip_ranges=10.0.0.1-10.0.0.60"],
        scope: "tag_include_selector=any&tag_set_by=name&tag_set_include=tag-0&use_tags=1",
        takes: |host| has_tag(host, 0) && !host.ipv6_stand_in && octet(host) <= 60,
    },
    Import {
        settings: &["detections.asset_groups=Group 1, Group 3"],
        scope: "ag_titles=Group 1,Group 3",
        takes: |host| matches!(number(host) % 5, 1 | 3),
    },
    Import {
        settings: &["selection.networks=1001"],
        scope: "network_ids=1001",
        takes: |host| host.network == 1001,
    },
    Import {
        settings: &["selection.ip_ranges=10.0.0.16/28,10.0.0.50-10.0.0.90"],
        scope: "ips=10.0.0.16-10.0.0.31,10.0.0.50-10.0.0.90",
        takes: |host| !host.ipv6_stand_in && matches!(octet(host), 16..=31 | 50..=90),
    },
    Import {
        settings: &["selection.ip_ranges=10.0.0.16/28,2001:db8::/64"],
        scope: "",
        takes: |host| host.ipv6_stand_in || matches!(octet(host), 16..=31),
    },
];

/// What some hosts of an estate mean, of whichever network, where information counts like anything else or doesn't count.
fn some_meant(estate: report::Options, takes: fn(&Host) -> bool, information: bool) -> BTreeMap<IpAddr, Results> {
    let mut expected = Report::new(estate).unwrap().expected();
    expected.hosts.retain(takes);
    for host in &mut expected.hosts {
        host.network = 0;
        for finding in host.findings.iter_mut().filter(|_| information) {
            finding.kind = Kind::Confirmed;
        }
    }
    meant_of(expected)
}

/// The parameters of a request but those that every list has.
fn scope(request: &qualys::Request) -> String {
    let usual = ["action", "details", "truncation_limit"];
    let scope = request.parameters.iter();
    let scope = scope.filter(|(name, _)| !usual.contains(&name.as_str()));
    let scope: Vec<String> = scope.map(|(name, value)| format!("{name}={value}")).collect();
    scope.join("&")
}

#[tokio::test]
async fn hosts_and_kinds_are_what_the_estate_means_by_them() {
    for Import { settings, scope, takes } in IMPORTS {
        let folder = tempfile::tempdir().unwrap();
        let information = settings.contains(&"selection.kinds=all");
        let estate = report::Options {
            networks: if scope.starts_with("network_ids") { 2 } else { 1 },
            ..estate()
        };
        let qualys = with(estate.clone(), &[]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, settings)).await.assert_code(0);
        center.idle().await;
        let held = held(&center.network_map());
        assert_eq!(held, some_meant(estate.clone(), takes, information), "{settings:?}");
        assert!(held.len() > 4 && held != all_meant(estate), "{settings:?}");
        let requests = qualys.requests();
        let list = requests.iter().find(|request| request.action == "host-list").unwrap();
        assert_eq!(self::scope(list), scope, "{settings:?}");
        for request in requests.iter().filter(|request| request.action == "detections") {
            let show = request.parameters.get("show_igs").map(String::as_str);
            assert_eq!(show, information.then_some("1"), "{settings:?}");
        }
    }
}

/// The address of each record on which something was found, and of each other one: information isn't asked for.
fn detected_and_not(estate: &report::Options) -> (BTreeSet<IpAddr>, Vec<IpAddr>) {
    let expected = Report::new(estate.clone()).unwrap().expected();
    let (mut detected, mut not) = (BTreeSet::new(), Vec::new());
    for host in &expected.hosts {
        if host.findings.iter().any(|finding| finding.kind != Kind::Information) {
            detected.insert(host.true_address());
        } else {
            not.push(host.true_address());
        }
    }
    (detected, not)
}

#[tokio::test]
async fn a_host_without_a_detection_is_counted_and_left_as_it_is() {
    // The same hosts and the same vulnerabilities; what was found where is different.
    let estates = [1, 2].map(|seed| report::Options {
        seed,
        catalogue: Some(1),
        ipv6: 0,
        ..support::small(120)
    });
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estates[0].clone(), &[]).await;
    let center = center(management_center::Options::default()).await;
    let (mut before, mut left) = (BTreeMap::<IpAddr, Results>::new(), 0);
    for estate in estates {
        qualys.set_estate(estate.clone()).unwrap();
        let (detected, not) = detected_and_not(&estate);
        let ended = run(importing(&folder, &center, &qualys, &[])).await;
        let left_out = &ended.assert_code(0).summary()["hosts"]["left_out"];
        assert_eq!(left_out["no_detections"], not.len());
        center.idle().await;
        let map = held(&center.network_map());
        for (address, results) in all_meant(estate) {
            assert_eq!(map.get(&address), Some(&results), "{address}");
        }
        for address in not.iter().filter(|address| !detected.contains(address)) {
            assert_eq!(map.get(address), before.get(address), "{address}");
            left += usize::from(before.contains_key(address));
        }
        before = map;
    }
    assert!(left > 5, "{left}");
}
