use super::*;
use crate::report::finding::{Kind, Protocol, Status};

fn key(qid: u32, port: u16) -> Key {
    let protocol = (port > 0).then_some(Protocol::Tcp);
    Key::new(qid, NonZeroU16::new(port), protocol, Kind::Confirmed, Status::Active)
}

fn host<'t>(address: &str, network: u32, system: &'t str, name: &'t str) -> NewHost<'t> {
    NewHost {
        address: address.parse().unwrap(),
        network,
        system,
        name,
        wholeness: Wholeness::Whole,
    }
}

#[test]
fn hosts_come_back_as_they_were_in_the_order_of_addresses() {
    let mut packer = HostsBuilder::default();
    let mut push = |address: &str, network, system, name, keys: &[Key]| {
        let host = host(address, network, system, name);
        packer.push(&host, keys).unwrap();
    };
    push("2001:db8::1", 0, "", "", &[key(5, 0)]);
    push(
        "10.0.0.2",
        300,
        "Linux",
        "b.example",
        &[key(5, 0), key(5, 22), key(300, 443)],
    );
    push("10.0.0.1", 0, "Linux", "", &[]);
    push("10.0.0.2", 0, "", "é.example", &[key(5, 0)]);
    let hosts = packer.finish();
    let mut seen = Vec::new();
    let mut first = 0;
    while let Some((address, next)) = hosts.group(first) {
        for index in first..next {
            let host = hosts.get(index).unwrap();
            let findings = host
                .findings()
                .map(|(_, key, port)| (key.qid(), port.map_or(0, NonZeroU16::get)));
            let findings: Vec<_> = findings.collect();
            seen.push(format!(
                "{address} {} {:?} {:?} {findings:?}",
                host.network, host.system, host.name
            ));
        }
        first = next;
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    10.0.0.1 0 Some("Linux") None []
    10.0.0.2 300 Some("Linux") Some("b.example") [(5, 0), (5, 22), (300, 443)]
    10.0.0.2 0 None Some("é.example") [(5, 0)]
    2001:db8::1 0 None None [(5, 0)]
    "#);
}

#[test]
fn random_ports_do_not_fill_the_memory() {
    let mut packer = HostsBuilder::default();
    let findings = (1..=3).flat_map(|qid| (1..=u16::MAX).map(move |port| key(qid, port)));
    let keys: Vec<_> = findings.collect();
    packer.push(&host("10.0.0.1", 0, "", ""), &keys).unwrap();
    let hosts = packer.finish();
    assert!(hosts.keys().len() <= WITH_PORT + 3);
    let back = hosts.get(0).unwrap().findings().map(|(_, key, port)| (key.qid(), port));
    assert!(back.eq(keys.iter().map(|key| (key.qid(), key.port()))));
}

/// Compiles only as long as nobody can know where a number of his stands: see `report/tests/collisions.rs`.
#[test]
fn tables_are_keyed_at_random() {
    use std::collections::hash_map::RandomState;
    let HostsBuilder {
        numbers,
        system_numbers,
        qids,
        ..
    } = HostsBuilder::default();
    let (_, _, _): (&RandomState, &RandomState, &RandomState) =
        (numbers.hasher(), system_numbers.hasher(), qids.hasher());
}
