//! Damaged and hostile reports: always an answer, never a wrong one.

use super::*;
use proptest::prelude::*;

const ODDITIES: &str = include_str!("../../../tests/reports/oddities.xml");
const SCAN: &str = include_str!("../../../tests/reports/scan.xml");

#[test]
fn a_report_cut_off_anywhere_is_never_used() {
    for whole in [ODDITIES, SCAN] {
        let end = whole.rfind("</").unwrap() + whole[whole.rfind("</").unwrap()..].find('>').unwrap();
        for cut in 0..=end {
            let error = refused(&whole.as_bytes()[..cut]);
            let blank = whole.as_bytes()[..cut].trim_ascii().is_empty();
            match error {
                Error::Empty(bytes) => assert!(blank && bytes == cut as u64),
                Error::CutOff(reached) => assert_eq!(reached.bytes, cut as u64),
                other => panic!("cut at {cut}: {other}"),
            }
        }
        assert!(parse(&whole.as_bytes()[..=end], &EVERYTHING, &Progress::default()).is_ok());
    }
}

#[test]
fn it_says_how_far_a_cut_off_report_went() {
    let cut = ODDITIES.find("<IP>2001:db8::5").unwrap();
    let error = refused(&ODDITIES.as_bytes()[..cut]);
    assert_eq!(
        error.to_string(),
        format!("the report is cut off after {cut} bytes and 6 hosts, the last 2001:db8::7; get it again")
    );
    assert_eq!(
        crate::problem::Problem::kind(&error),
        crate::problem::Kind::ReportUnusable
    );
}

/// Pieces of reports, in an order that makes no sense.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = ODDITIES
        .split_inclusive('>')
        .chain(SCAN.split_inclusive('>'))
        .map(String::from);
    prop::collection::vec(prop::sample::select(pieces.collect::<Vec<_>>()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes[..], &EVERYTHING, &Progress::default());
    }

    #[test]
    fn no_order_of_elements_is_too_odd(text in pieces()) {
        for xml in [text.clone(), report(&text, ""), report("", &text), format!("<SCAN>{text}</SCAN>")] {
            if let Ok(report) = parse(xml.as_bytes(), &EVERYTHING, &Progress::default()) {
                counts(&all().apply(report));
            }
        }
    }

    #[test]
    fn damage_is_refused_or_counted(place in 0..ODDITIES.len(), byte: u8) {
        let mut bytes = ODDITIES.as_bytes().to_vec();
        bytes[place] = byte;
        if let Ok(report) = parse(&bytes[..], &EVERYTHING, &Progress::default()) {
            counts(&all().apply(report));
        }
    }
}
