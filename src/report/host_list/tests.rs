use proptest::prelude::*;

use super::*;

fn listed(response: &str) -> (Vec<Listed>, PageEnd) {
    let mut hosts = Vec::new();
    let xml = format!("<HOST_LIST_OUTPUT><RESPONSE>{response}</RESPONSE></HOST_LIST_OUTPUT>");
    let end = read(xml.as_bytes(), |host| hosts.push(host)).unwrap();
    (hosts, end)
}

fn shown(hosts: &[Listed]) -> String {
    let lines = hosts.iter().map(|host| {
        let unknown = if host.stand_in { "IPv6" } else { "-" };
        let address = host.address.map_or(unknown.to_owned(), |address| address.to_string());
        format!("{} {address} {} {:?}", host.id, host.network, host.scanned)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn hosts_come_with_their_true_address_in_any_order_of_elements() {
    let (hosts, end) = listed(
        "<DATETIME>2026-01-02T00:00:00Z</DATETIME><HOST_LIST>\
         <HOST><ID>9137434378</ID><IP>10.0.0.1</IP><LAST_VM_SCANNED_DATE>2026-01-01T00:00:00Z</LAST_VM_SCANNED_DATE></HOST>\
         <HOST><NETWORK_ID>7</NETWORK_ID><IPV6>2001:db8::1</IPV6><IP>0.0.0.5</IP><NEW><IP>1.1.1.1</IP></NEW><ID> 12 </ID></HOST>\
         <!-- <HOST> --><HOST><IP>0.0.0.6</IP><ID>13</ID></HOST><HOST><IP>10.0.0.2</IP></HOST></HOST_LIST>",
    );
    insta::assert_snapshot!(shown(&hosts), @r"
    9137434378 10.0.0.1 0 Some(1767225600)
    12 2001:db8::1 7 None
    13 IPv6 0 None
    0 - 0 None
    ");
    assert_eq!(end.next, None);
}

#[test]
fn the_next_page_is_taken_from_a_warnings_url_whatever_else_it_says() {
    let warning = "<WARNING><CODE>1980</CODE><TEXT>more</TEXT><URL><![CDATA[\n  https://elsewhere.example/?ids=1&xid_min=3&id_min=145359\n ]]></URL></WARNING>";
    let (hosts, end) = listed(&format!("<ID_SET><ID>5</ID><ID_RANGE>7-8</ID_RANGE></ID_SET>{warning}"));
    insta::assert_snapshot!(shown(&hosts), @r"
    5 - 0 None
    7 - 0 None
    8 - 0 None
    ");
    assert_eq!(end.next, Some(145_359));
    let (_, end) = listed("<WARNING><CODE>1234</CODE><TEXT>not <![CDATA[all]]> of it</TEXT></WARNING>");
    assert_eq!((end.next, end.warning.as_deref()), (None, Some("not all of it")));
    let (_, end) = listed(&format!(
        "{warning}<WARNING><CODE>1</CODE><TEXT>other</TEXT><URL>https://docs.example/</URL></WARNING>"
    ));
    assert_eq!((end.next, end.warning.as_deref()), (Some(145_359), Some("other")));
    let nowhere = "<HOST_LIST_OUTPUT><RESPONSE><WARNING><CODE>1980</CODE></WARNING></RESPONSE></HOST_LIST_OUTPUT>";
    assert!(matches!(read(nowhere.as_bytes(), |_| {}), Err(Error::NoNextPage)));
}

#[test]
fn what_may_hold_hosts_and_is_not_understood_is_said() {
    let found = |response: &str| listed(response).1.strange.unwrap_or_default();
    for (response, strange) in [
        (
            "<HOST_LIST><Host><ID>1</ID></Host></HOST_LIST>",
            "<Host> where it means nothing",
        ),
        ("<HOST_LIST><x:HOST/></HOST_LIST>", "<x:HOST> where it means nothing"),
        (
            "<HOST_LIST><ERROR>no</ERROR></HOST_LIST>",
            "<ERROR> where it means nothing",
        ),
        ("<host_list/>", "<host_list> where it means nothing"),
        ("<ERROR>no</ERROR>", "<ERROR> where it means nothing"),
        (
            "<HOST_LIST><HOST><ID>1</ID><ip>10.0.0.1</ip></HOST></HOST_LIST>",
            "<ip> where it means nothing",
        ),
        (
            "<AGENT_LIST><HOST><ID>1</ID></HOST></AGENT_LIST>",
            "<HOST> where it means nothing",
        ),
        ("<ID_SET><ID>x</ID></ID_SET>", "an ID that can't be read"),
        ("<ID_SET><ID_RANGE>5</ID_RANGE></ID_SET>", "an ID that can't be read"),
        (
            "<HOST_LIST><HOST><ID>1</ID><NEW/><OS>x</OS></HOST></HOST_LIST><NEWS/>",
            "",
        ),
    ] {
        assert_eq!(found(response), strange, "{response}");
    }
    let warned =
        "<HOST_LIST><HOST><ID>1</ID></HOST><WARNING><CODE>1980</CODE><URL>?id_min=2</URL></WARNING></HOST_LIST>";
    assert_eq!(listed(warned).1.next, Some(2));
}

#[test]
fn an_address_that_can_not_be_read_is_none() {
    let host = |address: &str| {
        let (hosts, _) = listed(&format!("<HOST_LIST><HOST><ID>1</ID>{address}</HOST></HOST_LIST>"));
        (hosts[0].address.map(|address| address.to_string()), hosts[0].stand_in)
    };
    let none = (None, false);
    assert_eq!(host("<IP>10.0.0.01</IP><IPV6>2001:db8::1</IPV6>"), none);
    assert_eq!(host("<IP>10.0.0.1</IP><IP>10.0.0.2</IP>"), none);
    assert_eq!(host("<IP>10.0.0.1</IP><ID>2</ID>"), none);
    assert_eq!(
        host("<IP>10.0.0.1</IP><IP>10.0.0.1</IP>"),
        (Some("10.0.0.1".to_owned()), false)
    );
    assert_eq!(
        host("<IP/><IPV6>2001:db8::1</IPV6>"),
        (Some("2001:db8::1".to_owned()), false)
    );
}

#[test]
fn a_range_without_an_end_is_too_much() {
    let range = "<HOST_LIST_OUTPUT><RESPONSE><ID_SET><ID_RANGE>1-18446744073709551615</ID_RANGE></ID_SET></RESPONSE></HOST_LIST_OUTPUT>";
    assert!(matches!(read(range.as_bytes(), |_| {}), Err(Error::TooBig(_))));
}

#[test]
fn no_host_and_another_answer_are_told_apart() {
    assert_eq!(listed("<DATETIME>2026-01-02T00:00:00Z</DATETIME>").0, []);
    let other = read(&b"<SIMPLE_RETURN/>"[..], |_| {}).unwrap_err();
    insta::assert_snapshot!(other, @"the answer's root element is SIMPLE_RETURN, not HOST_LIST_OUTPUT");
}

const PAGE: &str = "<HOST_LIST_OUTPUT><RESPONSE><HOST_LIST><HOST><ID>1</ID><IP>10.0.0.1</IP></HOST></HOST_LIST>\
    <WARNING><CODE>1980</CODE><URL>?id_min=2</URL></WARNING></RESPONSE></HOST_LIST_OUTPUT>";

#[test]
fn a_page_cut_off_anywhere_is_never_used() {
    for cut in 1..PAGE.len() {
        let error = read(&PAGE.as_bytes()[..cut], |_| {}).unwrap_err();
        assert!(error.is_cut_off(), "cut at {cut}: {error}");
    }
}

proptest! {
    #[test]
    fn no_damage_is_a_panic(place in 0..PAGE.len(), byte: u8) {
        let mut damaged = PAGE.as_bytes().to_vec();
        damaged[place] = byte;
        let _ = read(&damaged[..], |_| {});
    }
}
