//! Domain, source, source type and map (reference section 3.2).

use connector_lab::management_center::{Options, SourceType};

use super::client::{Client, ids, import, result, start, start_default};

fn with_domains() -> Options {
    Options {
        domains: vec![r"Europe\North".to_owned(), "Asia".to_owned()],
        ..Options::default()
    }
}

#[tokio::test]
async fn a_source_is_created_with_its_type() {
    let center = start_default().await;
    let frames = [
        "SetSourceType,2\nSetSource,A\n",
        "SetSourceType,Scanner\nSetSource,B\n",
        // The type begins anew with each frame.
        "SetSource,C\n",
        "SetSourceType,nonsense\nSetSource,D\nSetSource,A\n",
    ];
    let (answers, map) = import(&center, &frames).await;
    assert_eq!(answers, ["Done processing 0 commands.\n"; 4]);
    let types: Vec<_> = map.sources.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(
        types,
        [
            ("A", SourceType::Scanner),
            ("B", SourceType::Scanner),
            ("C", SourceType::Application),
            ("D", SourceType::Application)
        ]
    );
}

#[tokio::test]
async fn a_command_before_the_source_is_carried_out_with_a_complaint() {
    let center = start_default().await;
    let (answers, map) = import(&center, &["AddHost,192.0.2.1\n"]).await;
    assert_eq!(
        answers,
        ["AddHost: Must set source application\nDone processing 1 commands.\n"]
    );
    assert_eq!(map.hosts.values().next().unwrap().added_by, None);
}

#[tokio::test]
async fn scan_commands_need_no_source() {
    let center = start(Options {
        discovered: vec!["192.0.2.1".to_owned()],
        ..Options::default()
    })
    .await;
    let frame = result("192.0.2.1", 1) + "DeleteScanResult,192.0.2.1,Qualys,2\nScanFlush\nScanUpdate\n";
    let (answers, _) = import(&center, &[&frame]).await;
    assert_eq!(answers, ["Done processing 4 commands.\n"]);
}

#[tokio::test]
async fn the_source_stays_from_frame_to_frame_and_even_for_the_next_client() {
    let center = start_default().await;
    import(&center, &["SetSource,Qualys\n", "AddHost,192.0.2.1\n"]).await;
    let (answers, map) = import(&center, &["AddHost,192.0.2.2\n"]).await;
    assert_eq!(answers, ["Done processing 1 commands.\n"]);
    let sources: Vec<_> = map.hosts.values().map(|host| host.added_by.as_deref()).collect();
    assert_eq!(sources, [Some("Qualys"); 2]);
}

#[tokio::test]
async fn a_map_must_exist_or_the_rest_of_the_frame_is_skipped() {
    let center = start(Options {
        maps: vec!["Known".to_owned()],
        ..Options::default()
    })
    .await;
    let frames = [
        "SetSource,Q\nSetMap,Known\nAddHost,192.0.2.1\n",
        "SetSource,Q\nAddHost,192.0.2.2\nSetMap,Unknown\nAddHost,192.0.2.3\n",
        "SetSource,Q\nSetMap:Known, AddHost,192.0.2.4\nSetMap:Unknown, AddHost,192.0.2.5\nAddHost,192.0.2.6\n",
    ];
    let (answers, map) = import(&center, &frames).await;
    assert_eq!(
        answers,
        [
            "Done processing 2 commands.\n",
            "Failed to find map Unknown\n",
            "Failed to find map Unknown\n"
        ]
    );
    let hosts: Vec<_> = map.hosts.keys().map(ToString::to_string).collect();
    assert_eq!(hosts, ["192.0.2.1", "192.0.2.2", "192.0.2.4"]);
}

#[tokio::test]
async fn a_leaf_domain_is_set_by_path_and_for_one_frame_only() {
    let center = start(with_domains()).await;
    let frames = [
        "SetDomain,Europe\\North\nSetSource,Q\nAddHost,192.0.2.1\n",
        "SetDomain,Global\\Asia\nSetSource,Q\nAddHost,192.0.2.2\n",
        "SetSource,Q\nAddHost,192.0.2.3\n",
    ];
    let (answers, map) = import(&center, &frames).await;
    assert_eq!(answers[..2], ["Done processing 1 commands.\n"; 2]);
    assert_eq!(answers[2], "Global is not a leaf domain\n");
    let domains: Vec<_> = map.hosts.values().map(|host| host.domain.as_str()).collect();
    assert_eq!(domains, ["Europe\\North", "Asia"]);
}

#[tokio::test]
async fn a_domain_must_be_the_certificates_or_below() {
    let center = start(Options {
        certificate_domain: "Europe".to_owned(),
        ..with_domains()
    })
    .await;
    let frames = [
        "SetDomain,Asia\nSetSource,Q\nAddHost,192.0.2.1\n",
        "SetDomain,Atlantis\nAddHost,192.0.2.1\n",
        "SetDomain,Europe\\North\nSetSource,Q\nAddHost,192.0.2.2\n",
    ];
    let (answers, map) = import(&center, &frames).await;
    assert_eq!(
        answers,
        [
            "Asia is not in the certificate domain\n",
            "Atlantis is not in the certificate domain\n",
            "Done processing 1 commands.\n"
        ]
    );
    assert_eq!(map.hosts.len(), 1);
}

#[tokio::test]
async fn a_flush_in_a_refused_frame_still_runs_and_empties_hosts() {
    let center = start_default().await;
    let first = format!("SetSource,Q\nAddHost,192.0.2.1\n{}ScanFlush\n", result("192.0.2.1", 1));
    let second = format!("SetSource,Q\nSetMap,Unknown\n{}ScanFlush\n", result("192.0.2.1", 2));
    let mut client = Client::open(&center).await;
    client.run(&first).await;
    assert_eq!(ids(&center.network_map(), "192.0.2.1"), ["1"]);
    assert_eq!(client.run(&second).await, "Failed to find map Unknown\n");
    assert!(ids(&center.network_map(), "192.0.2.1").is_empty());
}
