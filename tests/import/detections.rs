//! Hosts and their detections, without a report: what a report of the same estate would leave, batch after batch.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

use connector_lab::management_center::{self, AnswerFault, Faults, ManagementCenter};
use connector_lab::qualys::{self, Action, Qualys, Right, Times};
use connector_lab::report::{self, Expected, Report};
use support::{
    Results, Running, center, count, from_detections, from_qualys, held, meant, qualys, run, sending, until,
};

mod clock;
mod delta;
mod knowledge_base;
mod limits;
mod selected;
mod summary;

/// An estate with everything that makes estates difficult.
fn estate() -> report::Options {
    report::Options {
        ignored: 5,
        ..support::small(120)
    }
}

/// A day later: hosts were fixed, moved, purged and found, their records merged.
fn a_day_later() -> report::Options {
    report::Options {
        generation: 1,
        changing: 25,
        ..estate()
    }
}

async fn of_estate(options: qualys::Options) -> Qualys {
    qualys(qualys::Options {
        times: Times::instant(),
        ..options
    })
    .await
}

async fn with(report: report::Options, faults: &[&str]) -> Qualys {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    of_estate(qualys::Options {
        report,
        faults,
        ..qualys::Options::default()
    })
    .await
}

fn importing(folder: &tempfile::TempDir, center: &ManagementCenter, qualys: &Qualys, settings: &[&str]) -> Command {
    let mut command = from_detections(sending(folder.path(), center), qualys);
    for setting in settings {
        command.args(["--set", setting]);
    }
    command
}

/// What an estate means, hosts of IPv6 under their true address.
pub(crate) fn all_meant(estate: report::Options) -> BTreeMap<IpAddr, Results> {
    meant_of(Report::new(estate).unwrap().expected())
}

/// The same of some of its hosts and findings.
fn meant_of(expected: Expected) -> BTreeMap<IpAddr, Results> {
    let mut all = meant(&expected);
    let mut ipv6 = expected;
    ipv6.hosts.retain(|host| host.ipv6_stand_in);
    ipv6.hosts.iter_mut().for_each(|host| host.ipv6_stand_in = false);
    all.extend(
        meant(&ipv6)
            .into_iter()
            .map(|(address, results)| (true_address(address), results)),
    );
    all
}

/// The lab's address of a host behind a stand-in.
fn true_address(stand_in: IpAddr) -> IpAddr {
    let stand_in: Ipv4Addr = stand_in.to_string().parse().unwrap();
    let prefix = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
    Ipv6Addr::from_bits(prefix.to_bits() | u128::from(stand_in.to_bits())).into()
}

pub(crate) fn ipv4(map: &BTreeMap<IpAddr, Results>) -> BTreeMap<IpAddr, Results> {
    map.clone()
        .into_iter()
        .filter(|(address, _)| address.is_ipv4())
        .collect()
}

#[tokio::test]
async fn they_leave_what_the_estate_means_twice_and_with_several_frames_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let all = all_meant(estate());
    assert!(all.keys().any(IpAddr::is_ipv6) && all.len() > 60);
    for window in ["management_center.window=1", "management_center.window=4"] {
        let center = center(management_center::Options::default()).await;
        for _ in 0..2 {
            let ended = run(importing(&folder, &center, &qualys, &[window])).await;
            let summary = ended.assert_code(0).summary();
            center.idle().await;
            let map = center.network_map();
            assert_eq!(held(&map), all, "{window}");
            assert_eq!(map.counters.dropped_lines, 0);
            assert!(summary["findings"]["left_out"]["ignored"].as_u64().unwrap() > 0);
            assert_eq!(summary["template"], "detections");
        }
    }
    assert_eq!(count(&qualys, "launch"), 0);
}

#[tokio::test]
async fn shards_together_leave_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = center(management_center::Options::default()).await;
    let mut hosts = 0;
    for shard in ["detections.shard=1/3", "detections.shard=2/3", "detections.shard=3/3"] {
        let ended = run(importing(&folder, &center, &qualys, &[shard])).await;
        hosts += ended.assert_code(0).summary()["hosts"]["selected"].as_u64().unwrap();
    }
    center.idle().await;
    let held = held(&center.network_map());
    assert_eq!(held, all_meant(estate()));
    assert_eq!(hosts, held.len() as u64, "a host is in one of them only");
}

#[tokio::test]
async fn any_single_fault_passes() {
    let faults = [
        "status=503@host-list:1",
        "cut-close=700@host-list:1",
        "cut=3000@detections:2",
        "cut-close=3000@detections:1",
        "reset-body=3000@detections:3",
        "status=504@detections:1",
        "busy=1@detections:2",
        "throttled=1@detections:2",
        "empty@detections:4",
        "status=500@knowledge-base:1",
        "cut-close=900@knowledge-base:1",
    ];
    let all = all_meant(estate());
    for fault in faults {
        let folder = tempfile::tempdir().unwrap();
        let qualys = with(estate(), &[fault]).await;
        let center = center(management_center::Options::default()).await;
        run(importing(&folder, &center, &qualys, &[])).await.assert_code(0);
        center.idle().await;
        assert_eq!(held(&center.network_map()), all, "{fault}");
    }
    for fault in [
        AnswerFault::CloseBefore,
        AnswerFault::CloseAfter,
        AnswerFault::Reset,
        AnswerFault::Cut,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let qualys = with(estate(), &[]).await;
        let center = center(management_center::Options {
            faults: Faults {
                answers: BTreeMap::from([(3, fault)]),
                ..Faults::default()
            },
            ..management_center::Options::default()
        })
        .await;
        run(importing(&folder, &center, &qualys, &[])).await.assert_code(0);
        center.idle().await;
        assert_eq!(held(&center.network_map()), all, "{fault:?}");
    }
}

#[tokio::test]
async fn the_hosts_of_a_batch_that_fails_for_ever_are_counted_and_the_others_go_on() {
    let ways = [
        // The second batch, and as often as it is asked for again.
        (&["status=500@detections:2-8"][..], 69),
        // The second batch in three parts: nothing is wrong with the batches after it.
        (
            &["status=504@detections:2-3", "wrong-root=NONSENSE@detections:4-6"][..],
            65,
        ),
    ];
    for (faults, code) in ways {
        let folder = tempfile::tempdir().unwrap();
        let qualys = with(estate(), faults).await;
        let center = center(management_center::Options::default()).await;
        let ended = run(importing(&folder, &center, &qualys, &[])).await;
        let summary = ended.assert_code(code).summary();
        center.idle().await;
        let (held, all) = (held(&center.network_map()), all_meant(estate()));
        assert!(
            held.iter().all(|(address, results)| all[address] == *results),
            "{faults:?}: half a host"
        );
        let missing = summary["hosts"]["missing"].as_u64().unwrap();
        assert!((20..=30).contains(&missing), "{faults:?}: {summary}");
        assert!(
            held.len() < all.len() && held.len() + 30 >= all.len(),
            "{faults:?}: {} of {}",
            held.len(),
            all.len()
        );
        ended.assert_says("weren't imported; what is held of them stays as it is");
    }
}

#[tokio::test]
async fn a_management_center_that_stays_away_ends_it_with_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = center(management_center::Options {
        faults: Faults {
            refuse_connections_after: Some(1),
            ..Faults::default()
        },
        ..management_center::Options::default()
    })
    .await;
    let ended = run(importing(
        &folder,
        &center,
        &qualys,
        &["management_center.connect_deadline=1s"],
    ))
    .await;
    let summary = ended.assert_code(69).summary();
    assert!(summary["hosts"]["missing"].as_u64().unwrap() >= 60, "{summary}");
    assert!(count(&qualys, "detections") <= 3, "nothing is asked for any more");
}

/// Nothing of its batch arrives, and nothing is wrong with the next ones.
#[tokio::test]
async fn a_refused_host_that_is_a_batch_of_its_own_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(support::small(20), &[]).await;
    let mut all = all_meant(support::small(20));
    let (refused, _) = all.pop_first().unwrap();
    let center = support::faulty(Faults {
        refuse_scans: [refused].into(),
        ..Faults::default()
    })
    .await;
    let ended = run(importing(&folder, &center, &qualys, &["detections.hosts_per_call=1"])).await;
    let summary = ended.assert_code(76).summary();
    assert_eq!(
        (&summary["hosts"]["refused"], &summary["hosts"]["missing"]),
        (&1.into(), &0.into())
    );
    center.idle().await;
    assert_eq!(held(&center.network_map()), all);
}

#[tokio::test]
async fn no_more_than_the_next_batch_arrives_while_one_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = center(management_center::Options {
        faults: Faults {
            answers: BTreeMap::from([(1, AnswerFault::Never)]),
            ..Faults::default()
        },
        ..management_center::Options::default()
    })
    .await;
    let running = Running::of(importing(&folder, &center, &qualys, &[]));
    until("the second batch is asked for", || count(&qualys, "detections") == 2).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(count(&qualys, "detections"), 2);
    assert!(center.network_map().counters.frames > 0, "the first frame has left");
    running.signal("KILL");
    running.ended().await;
}

#[tokio::test]
async fn a_list_that_shrank_to_nothing_clears_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = center(management_center::Options::default()).await;
    run(importing(&folder, &center, &qualys, &[])).await.assert_code(0);
    let nobody = ["detections.asset_groups=Nobody's"];
    let ended = run(importing(&folder, &center, &qualys, &nobody)).await;
    ended
        .assert_code(65)
        .assert_says("Qualys lists no host in scope; rights may be lost, so nothing is sent and nothing is cleared");
    center.idle().await;
    assert_eq!(held(&center.network_map()), all_meant(estate()));
}

#[tokio::test]
async fn an_address_in_two_networks_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let networks = report::Options {
        networks: 2,
        ..estate()
    };
    let qualys = with(networks, &[]).await;
    let center = center(management_center::Options::default()).await;
    let ended = run(importing(&folder, &center, &qualys, &["selection.networks=all"])).await;
    ended
        .assert_code(0)
        .assert_says("addresses that stand in several of Qualys' networks")
        .assert_says("import each network into a domain of its own (selection.networks, commands.domain)");
}

#[tokio::test]
async fn old_scans_and_other_networks_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(
        report::Options {
            networks: 2,
            ..estate()
        },
        &[],
    )
    .await;
    let center = center(management_center::Options::default()).await;
    let ended = run(importing(&folder, &center, &qualys, &[])).await;
    let left_out = &ended.assert_code(0).summary()["hosts"]["left_out"];
    assert!(left_out["other_network"].as_u64().unwrap() > 50, "{left_out}");
    let ended = run(importing(&folder, &center, &qualys, &["detections.max_scan_age=1m"])).await;
    let hosts = &ended.assert_code(0).summary()["hosts"];
    let [read, selected] = ["read", "selected"].map(|count| hosts[count].as_u64().unwrap());
    let [old, elsewhere] = ["not_scanned", "other_network"].map(|reason| hosts["left_out"][reason].as_u64().unwrap());
    assert!(old > 50, "{hosts}");
    assert_eq!((selected, old + elsewhere), (0, read), "{hosts}");
}

#[tokio::test]
async fn a_file_a_plan_and_a_page_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = with(estate(), &[]).await;
    let center = center(management_center::Options::default()).await;
    let written = run(importing(&folder, &center, &qualys, &["csv.file=commands.csv"])).await;
    let written = written.assert_code(0).summary();
    let mut plan = importing(&folder, &center, &qualys, &[]);
    plan.arg("--plan");
    let planned = run(plan).await.assert_code(0).summary();
    let mut shown = importing(&folder, &center, &qualys, &[]);
    shown.args(["--report-html", "run.html"]);
    let shown = run(shown).await.assert_code(0).summary();
    let page = std::fs::read_to_string(folder.path().join("run.html")).unwrap();
    let sent = run(importing(&folder, &center, &qualys, &[]))
        .await
        .assert_code(0)
        .summary();
    for unit in ["hosts", "findings"] {
        assert_eq!(shown[unit], sent[unit]);
        assert!(page.contains(&sent[unit]["selected"].to_string()), "{unit}: {page}");
    }
    assert_eq!(written["findings"]["written"], sent["findings"]["acknowledged"]);
    assert_eq!(planned["findings"]["selected"], sent["findings"]["acknowledged"]);
    assert_eq!(planned["hosts"]["clean"], sent["hosts"]["clean"]);
    let commands = std::fs::read_to_string(folder.path().join("commands.csv")).unwrap();
    assert_eq!(
        commands
            .lines()
            .filter(|line| line.starts_with("AddScanResult,"))
            .count() as u64,
        sent["findings"]["acknowledged"].as_u64().unwrap()
    );
}
