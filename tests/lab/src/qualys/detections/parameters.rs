//! What a call asks for: numbers, lists, dates, switches.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::qualys::answer::Refused;
use crate::qualys::call::Call;
use crate::qualys::clock::Clock;
use crate::qualys::share::invalid;

/// Refuses what Qualys doesn't know, and what it knows and the lab doesn't simulate.
pub(super) fn check(call: &Call, simulated: &[&str], known: &[&str]) -> Result<(), Refused> {
    for name in call.parameters.keys().map(String::as_str) {
        if simulated.contains(&name) || matches!(name, "action" | "echo_request" | "output_format") {
            continue;
        }
        return Err(match known.contains(&name) {
            true => Refused::new(1905, format!("The lab doesn't simulate {name}")),
            false => Refused::new(1901, format!("Unrecognized parameter(s): {name}")),
        });
    }
    match call.parameter("output_format") {
        None | Some("XML") => Ok(()),
        Some(_) => Err(Refused::new(1905, "The lab answers in XML only")),
    }
}

pub(super) fn number(call: &Call, name: &str) -> Result<Option<u64>, Refused> {
    call.parameter(name)
        .map(|text| text.trim().parse().map_err(|_| invalid(name)))
        .transpose()
}

/// `1` or `0`.
pub(super) fn switch(call: &Call, name: &str, default: bool) -> Result<bool, Refused> {
    match call.parameter(name) {
        None => Ok(default),
        Some("1") => Ok(true),
        Some("0") => Ok(false),
        Some(_) => Err(invalid(name)),
    }
}

/// A moment, by the lab's clock. Qualys takes a day alone too.
pub(super) fn moment(call: &Call, name: &str, clock: &Clock) -> Result<Option<Duration>, Refused> {
    let Some(text) = call.parameter(name) else {
        return Ok(None);
    };
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let date = humantime::parse_rfc3339(&whole).map_err(|_| invalid(name))?;
    Ok(Some(clock.time(date)))
}

/// Numbers and `low-high` ranges, with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    pub(super) fn of(call: &Call, name: &str) -> Result<Option<Self>, Refused> {
        call.parameter(name)
            .map(|text| Self::parse(text, plain, name))
            .transpose()
    }

    pub(super) fn of_addresses(call: &Call, name: &str) -> Result<Option<Self>, Refused> {
        call.parameter(name)
            .map(|text| Self::parse(text, address, name))
            .transpose()
    }

    fn parse(text: &str, read: fn(&str) -> Option<u64>, name: &str) -> Result<Self, Refused> {
        let range = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            read(low.trim())
                .zip(read(high.trim()))
                .filter(|(low, high)| low <= high)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(|part| range(part.trim())).collect();
        let mut ranges = ranges.ok_or_else(|| invalid(name))?;
        ranges.sort_unstable();
        Ok(Self(ranges))
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        let after = self.0.partition_point(|(low, _)| *low <= number);
        // Ranges may overlap, so the nearest one below needn't be the one that reaches so far.
        self.0.iter().take(after).rev().any(|(_, high)| number <= *high)
    }

    /// The least number from `from` on that is inside.
    pub(super) fn next(&self, from: u64) -> Option<u64> {
        if self.contains(from) {
            return Some(from);
        }
        let after = self.0.partition_point(|(low, _)| *low <= from);
        self.0.get(after).map(|(low, _)| *low)
    }
}

fn plain(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn address(text: &str) -> Option<u64> {
    text.parse::<Ipv4Addr>()
        .ok()
        .map(|address| u64::from(address.to_bits()))
}

/// Words with commas between them, compared without case and hyphen.
pub(super) fn words<'a>(call: &'a Call, name: &str) -> Option<Vec<&'a str>> {
    call.parameter(name)
        .map(|text| text.split(',').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_hold_what_they_say() {
        let ranges = Ranges::parse("7, 1-3,2-9,20", plain, "ids").unwrap();
        let inside: Vec<u64> = (0..25).filter(|number| ranges.contains(*number)).collect();
        assert_eq!(inside, [1, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
        assert_eq!(
            [ranges.next(0), ranges.next(10), ranges.next(21)],
            [Some(1), Some(20), None]
        );
        for garbage in ["", "1,,2", "x", "3-1", "1-"] {
            assert!(Ranges::parse(garbage, plain, "ids").is_err(), "{garbage}");
        }
        let addresses = Ranges::parse("10.0.0.1-10.0.0.9", address, "ips").unwrap();
        assert!(addresses.contains(u64::from(Ipv4Addr::new(10, 0, 0, 5).to_bits())));
    }
}
