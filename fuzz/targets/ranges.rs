//! What people write as values: addresses, networks, numbers, words, durations, URLs, names.

#![no_main]

use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use qualys_connector::config::TemplateIds;
use qualys_connector::config::settings;
use qualys_connector::host_input::command::{Domain, Name};
use qualys_connector::host_input::trust::Trust;
use qualys_connector::report::selection::{Kinds, Networks, Qids, Ranges, Statuses};

fuzz_target!(|text: &str| {
    again::<Ranges>(text);
    again::<Qids>(text);
    again::<Networks>(text);
    again::<Kinds>(text);
    again::<Statuses>(text);
    again::<TemplateIds>(text);
    again::<Domain>(text);
    again::<Name>(text);
    let _ = text.parse::<Trust>().map_err(|error| error.to_string());
    if let Ok(ranges) = text.parse::<Ranges>() {
        contained(text, &ranges);
    }
    for setting in settings::all() {
        if let Err(reason) = setting.check(text) {
            assert!(!reason.is_empty(), "{}", setting.key);
        }
    }
});

/// What is written out is read as the same.
fn again<T: FromStr<Err: Display> + Display + Debug + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => {
            let shown = value.to_string();
            // Of nothing there is nothing to show.
            if !shown.is_empty() {
                match shown.parse::<T>() {
                    Ok(again) => assert_eq!(again, value, "{shown}"),
                    Err(error) => panic!("{shown}: {error}"),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Every address that stands in the text alone is in the ranges, and no other is but by a range.
fn contained(text: &str, ranges: &Ranges) {
    let words: Vec<&str> = text
        .split([',', ' ', '\n', '\t', '\r'])
        .filter(|word| !word.is_empty())
        .collect();
    let addresses: Vec<IpAddr> = words.iter().filter_map(|word| word.parse().ok()).collect();
    assert!(addresses.iter().all(|address| ranges.contains(*address)), "{ranges}");
    if addresses.len() == words.len() && !words.is_empty() {
        for other in ["192.0.2.77", "10.0.0.1", "::1", "255.255.255.255", "0.0.0.0", "::"] {
            let other = other.parse().unwrap();
            assert_eq!(ranges.contains(other), addresses.contains(&other), "{ranges}");
        }
    }
}
