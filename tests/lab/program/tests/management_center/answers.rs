//! What comes back (reference section 5), and the commands that it speaks of (section 3.3).

use connector_lab::management_center::{AtHostLimit, Faults, Options};

use super::client::{import, result, start, start_default};

/// The answer to commands behind a SetSource, in a map of one host.
async fn answer(commands: &str) -> String {
    let center = start_default().await;
    let frame = format!("SetSource,Q\nAddHost,192.0.2.1\n{commands}");
    let (mut answers, _) = import(&center, &[&frame]).await;
    answers.remove(0)
}

#[tokio::test]
async fn every_command_counts_except_source_source_type_and_domain() {
    let center = start(Options {
        maps: vec!["M".to_owned()],
        ..Options::default()
    })
    .await;
    let frame = "SetDomain,Global\nSetSourceType,2\nSetSource,Q\nSetMap,M\nAddHost,192.0.2.1\n# comment\n\nUnknown\n"
        .to_owned()
        + &result("192.0.2.1", 1)
        + "ScanFlush\nScanUpdate\n";
    let (answers, map) = import(&center, &[&frame]).await;
    assert_eq!(answers, ["Done processing 5 commands.\n"]);
    assert_eq!(
        (map.counters.commands, map.counters.lines, map.counters.dropped_lines),
        (5, 11, 1)
    );
}

#[tokio::test]
async fn an_empty_frame_is_answered() {
    let center = start_default().await;
    let (answers, _) = import(&center, &["", "\n"]).await;
    assert_eq!(answers, ["Done processing 0 commands.\n"; 2]);
}

#[tokio::test]
async fn an_address_that_is_none_fails_with_the_commands_fields() {
    assert_eq!(
        answer("AddHost,192.0.2.300,x\n").await,
        "Failed to recognize IP address/MAC address\n\
         Failed to Execute Command: AddHost, 192.0.2.300, x\n\
         Done processing 2 commands.\n"
    );
    assert_eq!(
        answer("SetOS,\"192.0.2.1,nowhere\",A,B,C\n").await,
        "nowhere is not a valid address\n\
         Failed to Execute Command: SetOS, 192.0.2.1,nowhere, A, B, C\n\
         Done processing 2 commands.\n"
    );
    let scan = answer("AddScanResult,192.0.2.0/24,Qualys,1,,,n,,cve_ids:,bugtraq_ids:\n").await;
    assert!(scan.starts_with("192.0.2.0/24 is not a valid address\nFailed to Execute Command: AddScanResult, "));
}

#[tokio::test]
async fn a_protocol_in_upper_case_loses_the_line() {
    assert_eq!(
        answer("AddScanResult,192.0.2.1,Qualys,1,22,TCP,n,,cve_ids:,bugtraq_ids:\n").await,
        "Wrong protocol TCP entered\nDone processing 1 commands.\n"
    );
}

#[tokio::test]
async fn a_missing_label_loses_the_line() {
    assert_eq!(
        answer("AddScanResult,192.0.2.1,Qualys,1,22,6,n,,CVE-2020-1234,bugtraq_ids:\n").await,
        "CSV Error: can not find the header cve_ids:\nWrong command syntax on Vuln ID 1\nDone processing 1 commands.\n"
    );
    assert!(
        answer("AddScanResult,192.0.2.1,Qualys,1,22,6,n,,cve_ids:\n")
            .await
            .starts_with("CSV Error: can not find the header bugtraq_ids:\n")
    );
}

#[tokio::test]
async fn a_port_is_between_1_and_65535_or_empty() {
    for port in ["0", "65536", "x"] {
        let answer = answer(&format!(
            "AddScanResult,192.0.2.1,Qualys,1,{port},6,n,,cve_ids:,bugtraq_ids:\n"
        ))
        .await;
        assert!(
            answer.contains("Failed to Execute Command: AddScanResult, 192.0.2.1, Qualys"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn refused_scan_results_are_named_behind_the_count() {
    let center = start(Options {
        faults: Faults::parse(["refuse-scan=192.0.2.1"]).unwrap(),
        ..Options::default()
    })
    .await;
    let frame = "SetSource,Q\nAddHost,192.0.2.1\n".to_owned() + &result("192.0.2.1", 1) + "ScanFlush\n";
    let (answers, map) = import(&center, &[&frame]).await;
    assert_eq!(
        answers,
        ["Done processing 3 commands.\nFailure to Run Scan API: ScanFlush, 192.0.2.1, 1\n"]
    );
    assert_eq!(map.counters.results_refused, 1);
}

#[tokio::test]
async fn hosts_are_added_with_address_or_mac_and_deleted_by_list() {
    let center = start_default().await;
    let frame = "SetSource,Q\nAddHost,192.0.2.1,00:11:22:33:44:55\nAddHost,192.0.2.2\nAddHost,192.0.2.9\nAddHost,2001:db8::1\n\
                 AddHost,,00:11:22:33:44:66\nAddHost,,00:11:22:33:44:77\n\
                 DeleteHost,\"192.0.2.0/29,2001:db8::1-2001:db8::f,!192.0.2.1\"\nDeleteHost,,00:11:22:33:44:77\n";
    let (answers, map) = import(&center, &[frame]).await;
    assert_eq!(answers, ["Done processing 8 commands.\n"]);
    let hosts: Vec<_> = map
        .hosts
        .iter()
        .map(|(address, host)| (address.to_string(), host.mac.as_deref()))
        .collect();
    assert_eq!(
        hosts,
        [
            ("192.0.2.1".to_owned(), Some("00:11:22:33:44:55")),
            ("192.0.2.9".to_owned(), None)
        ]
    );
    assert_eq!(map.mac_only_hosts.iter().collect::<Vec<_>>(), ["00:11:22:33:44:66"]);
    assert_eq!((map.counters.hosts_added, map.counters.hosts_deleted), (6, 3));
}

#[tokio::test]
async fn operating_systems_and_attributes_are_set_and_removed() {
    let center = start_default().await;
    let first = "SetSource,Q\nAddHost,192.0.2.1\nAddHost,192.0.2.2\nSetOS,192.0.2.0/24,Microsoft,Windows,\"Server 2019\"\n\
                 AddHostAttribute,DNS name,Text\nAddHostAttribute,DNS name,text\nSetAttributeValue,192.0.2.1,DNS name,a.example\n\
                 SetAttributeValue,192.0.2.1,criticality,High\n";
    let second = "UnsetOS,192.0.2.2\nDeleteAttributeValue,192.0.2.1,criticality\n";
    let (answers, map) = import(&center, &[first, second]).await;
    assert_eq!(
        answers,
        ["Done processing 7 commands.\n", "Done processing 2 commands.\n"]
    );
    let hosts: Vec<_> = map.hosts.values().collect();
    let os = hosts[0].os.clone().unwrap();
    assert_eq!(
        [os.vendor, os.product, os.version, os.source.unwrap()],
        ["Microsoft", "Windows", "Server 2019", "Q"]
    );
    assert_eq!(hosts[1].os, None);
    assert_eq!(
        hosts[0].attributes.iter().collect::<Vec<_>>(),
        [(&"DNS name".to_owned(), &"a.example".to_owned())]
    );
}

#[tokio::test]
async fn an_attribute_must_exist_before_it_has_a_value() {
    let answer =
        answer("SetAttributeValue,192.0.2.1,Owner,me\nAddHostAttribute,a-b,text\nAddHostAttribute,a,list\n").await;
    assert!(
        answer.contains("Failed to Execute Command: SetAttributeValue, 192.0.2.1, Owner, me\n"),
        "{answer}"
    );
    assert!(
        answer.contains("Failed to Execute Command: AddHostAttribute, a-b, text\n"),
        "{answer}"
    );
    assert!(
        answer.contains("Failed to Execute Command: AddHostAttribute, a, list\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn the_other_commands_are_known_and_checked() {
    let known = "AddService,192.0.2.1,22,tcp,ssh\nSetService,192.0.2.1,22,6,ssh\nUnsetService,192.0.2.1,22,tcp\n\
                 DeleteService,192.0.2.1,22,tcp\nAddClientApp,192.0.2.1,curl,,8\nDeleteClientApp,192.0.2.1,curl\n\
                 SetValidVuln,192.0.2.1,,,RNA,1\nSetInvalidVuln,192.0.2.1,,,RNA,1\nAddFix,192.0.2.1,,,fix\n\
                 RemoveFix,192.0.2.1,,,fix\nDeleteHostAttribute,x\n";
    assert!(answer(known).await.ends_with("Done processing 12 commands.\n"));
    // The plural of the guide's headings isn't known.
    assert_eq!(
        answer("SetInvalidVulns,192.0.2.1,,,RNA,1\n").await,
        "Done processing 1 commands.\n"
    );
    assert_eq!(
        answer("AddService,192.0.2.1,22,icmp,x\n").await,
        "Wrong protocol icmp entered\nDone processing 1 commands.\n"
    );
}

#[tokio::test]
async fn at_the_host_limit_one_of_two_things_happens() {
    let frame = "SetSource,Q\nAddHost,192.0.2.10\nAddHost,192.0.2.11\n";
    let hosts_at_limit = |at_host_limit| async move {
        let center = start(Options {
            host_limit: 3,
            at_host_limit,
            discovered: vec!["192.0.2.1-192.0.2.2".to_owned()],
            ..Options::default()
        })
        .await;
        let (answers, map) = import(&center, &[frame]).await;
        assert_eq!(answers, ["Done processing 2 commands.\n"]);
        map
    };
    let addresses = |map: &connector_lab::management_center::NetworkMap| {
        map.hosts.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let map = hosts_at_limit(AtHostLimit::Drop).await;
    assert_eq!(addresses(&map), "192.0.2.2 192.0.2.10 192.0.2.11");
    assert_eq!(map.counters.hosts_dropped_at_limit, 1);
    let map = hosts_at_limit(AtHostLimit::Refuse).await;
    assert_eq!(addresses(&map), "192.0.2.1 192.0.2.2 192.0.2.10");
    assert_eq!(map.counters.hosts_refused_at_limit, 1);
}
