//! Scan results: the queue, flush, update, delete (reference sections 3.4, 3.5 and 4).

use connector_lab::management_center::{FlushScope, Options, Protocol, UnknownHosts};

use super::client::{Client, ids, import, result, results, start, start_default};

const HEADER: &str = "SetSource,Qualys\nAddHost,192.0.2.1\nAddHost,192.0.2.2\n";

async fn imported(frames: &[&str]) -> connector_lab::management_center::NetworkMap {
    let center = start_default().await;
    let frames: Vec<&str> = [HEADER].iter().chain(frames).copied().collect();
    import(&center, &frames).await.1
}

#[tokio::test]
async fn a_result_is_read_with_all_its_fields() {
    let frame = "AddScanResult,192.0.2.1,\"Qualys\",38739,22,6,\"Deprecated \"\"SSH\"\"\",\"Weak, old\",\
                 \"cve_ids: CVE-2008-5161 2015-4000 CAN-1999-0001\",\"bugtraq_ids: 32319 x\"\nScanFlush\n";
    let map = imported(&[frame]).await;
    let [found] = results(&map, "192.0.2.1", "Qualys") else {
        panic!("not one result");
    };
    assert_eq!(
        (found.id.as_str(), found.port, found.proto),
        ("38739", Some(22), Some(Protocol::Tcp))
    );
    assert_eq!(
        (found.name.as_str(), found.description.as_str()),
        ("Deprecated \"SSH\"", "Weak, old")
    );
    assert_eq!(
        (found.cves.join(" "), found.bugtraqs.join(" ")),
        ("2008-5161 2015-4000".to_owned(), "32319".to_owned())
    );
    assert_eq!(map.counters.unrecognised_ids, 2);
}

#[tokio::test]
async fn a_result_without_id_is_generic_and_needs_no_labels() {
    let frame =
        "AddScanResult,192.0.2.1,Qualys,,22,tcp,open,text\nAddScanResult,192.0.2.1,Qualys,0,53,17,dns\nScanFlush\n";
    let map = imported(&[frame]).await;
    let found: Vec<_> = results(&map, "192.0.2.1", "Qualys")
        .iter()
        .map(|result| (result.id.as_str(), result.name.as_str(), result.proto))
        .collect();
    assert_eq!(
        found,
        [("", "open", Some(Protocol::Tcp)), ("", "dns", Some(Protocol::Udp))]
    );
    assert!(!map.scanners["Qualys"].vulnerability_information);
}

#[tokio::test]
async fn one_vulnerability_on_several_ports_is_several_results() {
    let line = |port| format!("AddScanResult,192.0.2.1,Qualys,7,{port},6,n,,cve_ids:,bugtraq_ids:\n");
    let frame = line(443) + &line(80) + &line(80) + "ScanFlush\n";
    let map = imported(&[&frame]).await;
    let ports: Vec<_> = results(&map, "192.0.2.1", "Qualys")
        .iter()
        .map(|result| result.port)
        .collect();
    assert_eq!(ports, [Some(80), Some(443)]);
    assert_eq!(map.counters.results_repeated, 1);
}

#[tokio::test]
async fn nothing_is_stored_before_a_flush_or_an_update() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.run(&(HEADER.to_owned() + &result("192.0.2.1", 1))).await;
    assert!(ids(&center.network_map(), "192.0.2.1").is_empty());
    client.run("ScanUpdate\n").await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["1"]);
}

#[tokio::test]
async fn a_flush_replaces_and_an_update_merges() {
    let first = result("192.0.2.1", 1) + &result("192.0.2.1", 2) + "ScanFlush\n";
    let second = result("192.0.2.1", 2) + &result("192.0.2.1", 3);
    let flushed = imported(&[&first, &(second.clone() + "ScanFlush\n")]).await;
    assert_eq!(ids(&flushed, "192.0.2.1"), ["2", "3"]);
    let updated = imported(&[&first, &(second + "ScanUpdate\n")]).await;
    assert_eq!(ids(&updated, "192.0.2.1"), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_host_may_span_frames_but_not_flushes() {
    let (one, two) = (result("192.0.2.1", 1), result("192.0.2.1", 2) + "ScanFlush\n");
    assert_eq!(ids(&imported(&[&one, &two]).await, "192.0.2.1"), ["1", "2"]);
    let flushed_between = imported(&[&(one + "ScanFlush\n"), &two]).await;
    assert_eq!(ids(&flushed_between, "192.0.2.1"), ["2"]);
}

#[tokio::test]
async fn a_flush_leaves_hosts_and_scanners_alone_that_have_no_lines() {
    let other_scanner = result("192.0.2.1", 9).replace("Qualys", "Other");
    let first = result("192.0.2.1", 1) + &result("192.0.2.2", 1) + &other_scanner + "ScanFlush\n";
    let second = result("192.0.2.1", 2) + "ScanFlush\n";
    let map = imported(&[&first, &second]).await;
    assert_eq!(
        (ids(&map, "192.0.2.1"), ids(&map, "192.0.2.2")),
        (vec!["2".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(results(&map, "192.0.2.1", "Other").len(), 1);
}

#[tokio::test]
async fn a_flush_may_be_told_to_remove_other_scanners_results_too() {
    let center = start(Options {
        flush_scope: FlushScope::Host,
        ..Options::default()
    })
    .await;
    let first = HEADER.to_owned() + &result("192.0.2.1", 9).replace("Qualys", "Other") + "ScanFlush\n";
    let second = result("192.0.2.1", 1) + "ScanFlush\n";
    let (_, map) = import(&center, &[&first, &second]).await;
    assert_eq!(ids(&map, "192.0.2.1"), ["1"]);
    assert!(results(&map, "192.0.2.1", "Other").is_empty());
}

#[tokio::test]
async fn the_end_of_a_connection_is_an_update() {
    let map = imported(&[&(result("192.0.2.1", 1) + "ScanFlush\n"), &result("192.0.2.1", 2)]).await;
    assert_eq!(ids(&map, "192.0.2.1"), ["1", "2"]);
    assert_eq!(map.counters.implicit_updates, 1);
}

#[tokio::test]
async fn a_lost_connection_leaves_fixed_results_in_place() {
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client
        .run(&(HEADER.to_owned() + &result("192.0.2.1", 1) + "ScanFlush\n"))
        .await;
    client.run(&result("192.0.2.1", 2)).await;
    // No close_notify, no shutdown: the process is gone.
    drop(client);
    center.idle().await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["1", "2"]);
}

#[tokio::test]
async fn queues_of_two_connections_are_apart() {
    let center = start_default().await;
    let mut one = Client::open(&center).await;
    let mut other = Client::open(&center).await;
    one.run(&(HEADER.to_owned() + &result("192.0.2.1", 1))).await;
    other.run(&(result("192.0.2.1", 2) + "ScanFlush\n")).await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["2"]);
}

#[tokio::test]
async fn other_commands_run_before_scan_commands_of_the_same_frame() {
    let frame = result("192.0.2.3", 1) + "ScanFlush\nAddHost,192.0.2.3\n";
    assert_eq!(ids(&imported(&[&frame]).await, "192.0.2.3"), ["1"]);
    let frame = result("192.0.2.1", 1) + "ScanFlush\nDeleteHost,192.0.2.1\n";
    let map = imported(&[&frame]).await;
    assert_eq!(map.hosts.len(), 1);
    assert_eq!(map.counters.results_for_unknown_hosts, 1);
}

#[tokio::test]
async fn a_result_does_not_create_its_host_unless_told_so() {
    let frame = result("192.0.2.9", 1) + "ScanFlush\n";
    let map = imported(&[&frame]).await;
    assert_eq!((map.hosts.len(), map.counters.results_for_unknown_hosts), (2, 1));
    let center = start(Options {
        unknown_hosts: UnknownHosts::Create,
        ..Options::default()
    })
    .await;
    let (_, map) = import(&center, &[&frame]).await;
    assert_eq!(ids(&map, "192.0.2.9"), ["1"]);
    let host = map.hosts.values().next().unwrap();
    assert_eq!(host.added_by.as_deref(), Some("Qualys"));
}

#[tokio::test]
async fn deletes_wait_for_an_update() {
    let first = result("192.0.2.1", 1) + &result("192.0.2.1", 2) + "ScanFlush\n";
    let center = start_default().await;
    let mut client = Client::open(&center).await;
    client.run(&(HEADER.to_owned() + &first)).await;
    client.run("DeleteScanResult,192.0.2.1,Qualys\nScanFlush\n").await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["1", "2"]);
    // The delete comes first, whatever the order of the lines.
    client.run(&(result("192.0.2.1", 3) + "ScanUpdate\n")).await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["3"]);
}

#[tokio::test]
async fn a_delete_at_the_end_of_the_connection_counts_too() {
    let first = result("192.0.2.1", 1) + "ScanFlush\n";
    let map = imported(&[&first, "DeleteScanResult,192.0.2.1,Qualys\n"]).await;
    assert!(ids(&map, "192.0.2.1").is_empty());
    assert_eq!(map.counters.results_deleted, 1);
}

#[tokio::test]
async fn a_delete_removes_what_meets_its_conditions() {
    let on_port =
        |id: u32, port: u16| format!("AddScanResult,192.0.2.1,Qualys,{id},{port},6,n,,cve_ids:,bugtraq_ids:\n");
    let generic = "AddScanResult,192.0.2.1,Qualys,,80,6,open\n";
    let other = result("192.0.2.1", 9).replace("Qualys", "Other");
    let first = on_port(1, 80) + &on_port(1, 443) + &on_port(2, 80) + generic + &other + "ScanFlush\n";
    let left = async |delete: &str| {
        let map = imported(&[&first, &(delete.to_owned() + "\nScanUpdate\n")]).await;
        let describe = |scanner| -> Vec<String> {
            let found = results(&map, "192.0.2.1", scanner);
            found
                .iter()
                .map(|r| format!("{}:{}", r.id, r.port.unwrap_or(0)))
                .collect()
        };
        [describe("Qualys"), describe("Other")].concat().join(" ")
    };
    assert_eq!(left("DeleteScanResult,192.0.2.1").await, "");
    // A scanner with vulnerability information: its vulnerabilities go, generic results stay.
    assert_eq!(left("DeleteScanResult,192.0.2.1,Qualys").await, ":80 9:0");
    assert_eq!(left("DeleteScanResult,192.0.2.1,Qualys,,80,6").await, "1:443 9:0");
    assert_eq!(left("DeleteScanResult,192.0.2.1,Qualys,\"1, 2\"").await, ":80 9:0");
    assert_eq!(
        left("DeleteScanResult,192.0.2.1,Qualys,1,443,6").await,
        "1:80 2:80 :80 9:0"
    );
    assert_eq!(
        left("DeleteScanResult,192.0.2.1,\"Qualys,Other\",9").await,
        "1:80 1:443 2:80 :80"
    );
    assert_eq!(
        left("DeleteScanResult,192.0.2.1,Unknown").await,
        "1:80 1:443 2:80 :80 9:0"
    );
}

#[tokio::test]
async fn a_scanner_without_vulnerability_information_has_its_generic_results_deleted() {
    let first = "AddScanResult,192.0.2.1,Qualys,,80,6,open\nScanFlush\n";
    let second = result("192.0.2.1", 1) + "ScanUpdate\nDeleteScanResult,192.0.2.1,Qualys\n";
    assert_eq!(
        ids(&imported(&[first, &second, "ScanUpdate\n"]).await, "192.0.2.1"),
        ["1"]
    );
}

#[tokio::test]
async fn a_host_of_which_every_line_is_lost_is_flushed_to_nothing() {
    let first = result("192.0.2.1", 1) + "ScanFlush\n";
    let second = "AddScanResult,192.0.2.1,Qualys,2,22,TCP,n,,cve_ids:,bugtraq_ids:\nScanFlush\n";
    assert!(ids(&imported(&[&first, second]).await, "192.0.2.1").is_empty());
}

#[tokio::test]
async fn counting_only_gives_the_checksums_of_the_full_map() {
    let frame = result("192.0.2.1", 1) + &result("192.0.2.1", 2) + "ScanFlush\n";
    let counted = |counts_only| {
        let frame = frame.clone();
        async move {
            let center = start(Options {
                counts_only,
                ..Options::default()
            })
            .await;
            let (_, map) = import(&center, &[HEADER, &frame]).await;
            map.hosts[&"192.0.2.1".parse().unwrap()].scanners["Qualys"].clone()
        }
    };
    let (full, counted) = (counted(false).await, counted(true).await);
    assert_eq!((&full.checksum, full.count), (&counted.checksum, counted.count));
    assert_eq!((full.results.len(), counted.results.len()), (2, 0));
    let sum = full
        .results
        .iter()
        .map(|result| result.digest())
        .fold(0, u64::wrapping_add);
    assert_eq!(format!("{sum:016x}"), full.checksum);
}
