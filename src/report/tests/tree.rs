//! Another reader, by the plainest reading of the whole tree there is: whatever is done to a report, it finds the same.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use connector_lab::report::{Options, Report as Generated};
use proptest::prelude::*;
use roxmltree::{Document, Node, ParsingOptions};

/// A finding's QID, port and protocol.
type Place = (u32, u16, &'static str);
/// What was found on each host that anything was found on.
pub(super) type Reading = BTreeMap<IpAddr, BTreeSet<Place>>;
/// Titles by QID, in the glossary and in the items of a scan.
pub(super) type Titles = BTreeMap<u32, String>;

fn document(xml: &str) -> Result<Document<'_>, roxmltree::Error> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(xml, options)
}

fn below<'a, 'i>(nodes: Vec<Node<'a, 'i>>, names: &[&str]) -> Vec<Node<'a, 'i>> {
    let children = nodes.iter().flat_map(Node::children);
    children
        .filter(|child| names.contains(&child.tag_name().name()))
        .collect()
}

/// Whether an `ERROR` stands in what is found along a path of names.
fn error_below(node: Node<'_, '_>, path: &[&str]) -> bool {
    let holders = path.iter().fold(vec![node], |nodes, name| below(nodes, &[name]));
    !below(holders, &["ERROR"]).is_empty()
}

/// The text of the last child of a name.
fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = below(vec![node], &[name]).pop()?;
    let texts = child.children().filter(Node::is_text).filter_map(|text| text.text());
    Some(texts.collect::<String>().trim().to_owned())
}

fn number<T: std::str::FromStr>(text: Option<String>) -> Option<T> {
    text?.trim().parse().ok()
}

fn place(qid: Option<u32>, port: Option<u16>, protocol: Option<String>) -> Option<Place> {
    let protocol = match protocol.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "tcp" => "tcp",
        "udp" => "udp",
        _ => "",
    };
    Some((qid.filter(|qid| *qid > 0)?, port.unwrap_or_default(), protocol))
}

/// Reads the whole tree; `None`: it isn't a report.
pub(super) fn read(xml: &str) -> Option<(Reading, Titles)> {
    let document = document(xml).ok()?;
    let root = document.root_element();
    let (mut found, mut titles) = (Reading::new(), Titles::new());
    let mut host = |address: Option<String>, ipv6: Option<&str>, network: Option<&str>, places: BTreeSet<Place>| {
        let read = |text: String| number::<IpAddr>(Some(text)).map(|address| address.to_canonical());
        let stand_in = |address: &IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[0] == 0);
        let ipv6 = ipv6.map(str::to_owned).and_then(read).filter(IpAddr::is_ipv6);
        let address = address.and_then(read).map(|address| {
            if stand_in(&address) {
                ipv6.unwrap_or(address)
            } else {
                address
            }
        });
        if let Some(address) = address.filter(|address| !stand_in(address) && !places.is_empty())
            && network.is_none_or(|network| network.trim().parse() == Ok(0))
        {
            found.entry(address).or_default().extend(places);
        }
    };
    match root.tag_name().name() {
        _ if !below(vec![root], &["ERROR"]).is_empty() => return None,
        "ASSET_DATA_REPORT" if error_below(root, &["HOST_LIST"]) || error_below(root, &["GLOSSARY"]) => return None,
        "ASSET_DATA_REPORT" if error_below(root, &["GLOSSARY", "VULN_DETAILS_LIST"]) => return None,
        "ASSET_DATA_REPORT" => {
            for node in below(below(vec![root], &["HOST_LIST"]), &["HOST"]) {
                let infos = below(below(vec![node], &["VULN_INFO_LIST"]), &["VULN_INFO"]);
                let of = |info: Node<'_, '_>| {
                    // Of what stands twice, nobody knows which is meant.
                    let once = ["QID", "TYPE", "PORT", "PROTOCOL", "VULN_STATUS"];
                    if once.into_iter().any(|name| below(vec![info], &[name]).len() > 1) {
                        return None;
                    }
                    place(
                        number(text(info, "QID")),
                        number(text(info, "PORT")),
                        text(info, "PROTOCOL"),
                    )
                };
                let places = infos.into_iter().filter_map(of).collect();
                let addresses = below(vec![node], &["IP"]);
                let (one, address) = (addresses.len() < 2, addresses.last().copied());
                let lists: [&[&str]; 3] = [&[], &["VULN_INFO_LIST"], &["VULN_INFO_LIST", "VULN_INFO"]];
                if one && !lists.into_iter().any(|path| error_below(node, path)) {
                    host(
                        text(node, "IP"),
                        address.and_then(|address| address.attribute("v6")),
                        address.and_then(|address| address.attribute("network_id")),
                        places,
                    );
                }
            }
            for details in below(
                below(below(vec![root], &["GLOSSARY"]), &["VULN_DETAILS_LIST"]),
                &["VULN_DETAILS"],
            ) {
                if let Some((qid, ..)) = place(number(text(details, "QID")), None, None) {
                    let title = text(details, "TITLE").unwrap_or_default();
                    let known = titles.entry(qid).or_insert(title.clone());
                    if known.is_empty() || !title.is_empty() && title < *known {
                        *known = title;
                    }
                }
            }
        }
        "SCAN" => {
            for node in below(vec![root], &["IP"]) {
                let mut places = BTreeSet::new();
                for list in below(vec![node], &["VULNS", "PRACTICES", "INFOS", "SERVICES"]) {
                    let items: &[&str] = match list.tag_name().name() {
                        "VULNS" => &["VULN"],
                        "PRACTICES" => &["PRACTICE"],
                        _ => &["INFO", "SERVICE"],
                    };
                    for category in below(vec![list], &["CAT"]) {
                        let said = |name: &str| category.attribute(name).map(str::to_owned);
                        for item in below(vec![category], items) {
                            let qid = number(item.attribute("number").map(str::to_owned));
                            if let Some(place) = place(qid, number(said("port")), said("protocol")) {
                                places.insert(place);
                                titles.entry(place.0).or_insert(text(item, "TITLE").unwrap_or_default());
                            }
                        }
                    }
                }
                let lists = || below(vec![node], &["VULNS", "PRACTICES", "INFOS", "SERVICES"]);
                let within = [vec![node], lists(), below(lists(), &["CAT"])];
                if below(within.concat(), &["ERROR"]).is_empty() {
                    host(
                        node.attribute("value").map(str::to_owned),
                        None,
                        node.attribute("network_id"),
                        places,
                    );
                }
            }
        }
        _ => return None,
    }
    Some((found, titles))
}

/// Compares what we read with what stands in the tree.
pub(super) fn compare(xml: &str) {
    let report = match (parse(xml.as_bytes(), &EVERYTHING, &Progress::default()), read(xml)) {
        (Ok(report), Some(_)) => report,
        (Err(_), None) => return,
        (ours, theirs) => panic!("ours: {ours:?}, theirs: {theirs:?}"),
    };
    let (expected, titles) = read(xml).unwrap();
    let selected = all().apply(report);
    counts(&selected);
    let (mut found, mut findings) = (Reading::new(), Vec::new());
    for index in 0..selected.len() {
        let host = selected.host(index, &mut findings).unwrap();
        let places = findings.iter().map(|finding| {
            let qid = selected.vulnerability(finding).unwrap().qid;
            let protocol = match finding.protocol {
                Some(Protocol::Tcp) => "tcp",
                Some(Protocol::Udp) => "udp",
                None => "",
            };
            (qid, finding.port.map_or(0, NonZeroU16::get), protocol)
        });
        found.insert(host.address, places.collect());
    }
    assert_eq!(found, expected);
    for Vulnerability { qid, title, .. } in selected.vulnerabilities() {
        let told = titles.get(qid).map(|title| text::line(title, 1024)).unwrap_or_default();
        let told = if told.is_empty() { format!("QID {qid}") } else { told };
        assert_eq!(**title, told);
    }
}

/// Something that is done to a report and leaves it well-formed.
#[derive(Debug, Clone)]
enum Change {
    /// An element goes.
    Remove(usize),
    /// It stands there twice.
    Double(usize),
    /// It moves into another one, to its end.
    Move(usize, usize),
    /// Another element stands around it.
    Wrap(usize, &'static str),
    /// What it holds gives way to a text.
    Say(usize, &'static str),
    /// Its text is torn apart.
    Tear(usize),
}

fn change() -> impl Strategy<Value = Change> {
    const NAMES: [&str; 7] = ["HOST", "VULN_INFO", "QID", "IP", "ERROR", "CAT", "X"];
    const TEXTS: [&str; 18] = [
        "",
        "7",
        " 8\n",
        "0",
        "-1",
        "443",
        "tcp",
        "UDP",
        "192.0.2.9",
        "::ffff:192.0.2.9",
        "2001:db8::9",
        "0.0.0.9",
        "Fixed",
        "&amp;#x41;&lt;",
        "<![CDATA[<P>&amp;]]>",
        "é\u{1F600}",
        "<QID>9</QID>",
        "Ig",
    ];
    prop_oneof![
        any::<usize>().prop_map(Change::Remove),
        any::<usize>().prop_map(Change::Double),
        any::<(usize, usize)>().prop_map(|(one, other)| Change::Move(one, other)),
        (any::<usize>(), prop::sample::select(&NAMES[..])).prop_map(|(one, name)| Change::Wrap(one, name)),
        (any::<usize>(), prop::sample::select(&TEXTS[..])).prop_map(|(one, text)| Change::Say(one, text)),
        any::<usize>().prop_map(Change::Tear),
    ]
}

/// Where an element below the root stands, and where its content does; if there is one.
fn ranges(xml: &str, index: usize) -> Option<(Range<usize>, Range<usize>)> {
    let document = document(xml).unwrap();
    let elements: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).skip(1).collect();
    let element = elements.get(index.checked_rem(elements.len())?)?;
    let inside = match (element.first_child(), element.last_child()) {
        (Some(first), Some(last)) => first.range().start..last.range().end,
        _ => element.range().end..element.range().end,
    };
    Some((element.range(), inside))
}

fn changed(mut xml: String, change: &Change) -> String {
    let index = match *change {
        Change::Remove(index) | Change::Double(index) | Change::Move(index, _) | Change::Tear(index) => index,
        Change::Wrap(index, _) | Change::Say(index, _) => index,
    };
    let Some((whole, inside)) = ranges(&xml, index) else {
        return xml;
    };
    let element = xml[whole.clone()].to_owned();
    match *change {
        Change::Remove(_) => xml.replace_range(whole, ""),
        Change::Double(_) => xml.insert_str(whole.end, &element),
        Change::Move(_, to) => {
            xml.replace_range(whole, "");
            if let Some((_, inside)) = ranges(&xml, to) {
                xml.insert_str(inside.end, &element);
            }
        }
        Change::Wrap(_, name) => xml.replace_range(whole, &format!("<{name}>{element}</{name}>")),
        Change::Say(_, text) if !inside.is_empty() => xml.replace_range(inside, text),
        Change::Tear(_) if !inside.is_empty() => {
            xml.insert_str(inside.start, "<!-- <QID>1</QID> --><?x?><X>1</X><![CDATA[]]>");
        }
        Change::Say(..) | Change::Tear(_) => {}
    }
    xml
}

/// A small report of the lab's, or one of our own that is odd from the start.
fn reports() -> impl Strategy<Value = String> {
    let generated = (1u32..6, 0u32..6, any::<u64>(), 1u32..3, any::<bool>(), any::<bool>());
    let generated = generated.prop_map(|(hosts, findings, seed, networks, glossary_first, flat)| {
        let options = Options {
            hosts,
            findings,
            qids: 12,
            seed,
            networks,
            duplicates: 30,
            ipv6: 20,
            unexplained: 20,
            longest_result: 100,
            glossary_first,
            flat,
            ..Options::default()
        };
        let mut xml = Vec::new();
        Generated::new(options).unwrap().write_to(&mut xml).unwrap();
        String::from_utf8(xml).unwrap()
    });
    // The other reader takes no blank line before the declaration.
    let own = [
        include_str!("../../../tests/reports/oddities.xml")
            .trim_start()
            .to_owned(),
        include_str!("../../../tests/reports/scan.xml").trim_start().to_owned(),
    ];
    prop_oneof![2 => generated, 1 => prop::sample::select(own.to_vec())]
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_report_a_reading_of_the_whole_tree_finds_the_same(
        report in reports(),
        changes in prop::collection::vec(change(), 0..8),
    ) {
        compare(&changes.iter().fold(report, changed));
    }
}
