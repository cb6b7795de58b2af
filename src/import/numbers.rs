//! Numbers as people read them.

use std::time::Duration;

/// What makes a host clean.
pub const CLEAN: &str =
    "listed whole; something that the selection asks for is fixed, nothing that it asks for is open";

/// A number with its thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun: `1 host`, `1,234 hosts`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{} {many}", grouped(number)),
    }
}

/// So many hosts.
pub fn hosts(number: u64) -> String {
    plural(number, "host", "hosts")
}

/// So many findings.
pub fn findings(number: u64) -> String {
    plural(number, "finding", "findings")
}

/// The word for one thing, or for several.
pub(super) fn noun(number: u64, one: &str) -> String {
    match number {
        1 => one.to_owned(),
        _ => format!("{one}s"),
    }
}

/// Bytes with a unit: `725.6 kB`.
pub fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A duration that may be short: milliseconds below a second.
pub fn brief(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "< 1 ms".to_owned(),
        milliseconds @ 1..1000 => format!("{milliseconds} ms"),
        _ => took(duration),
    }
}

/// A duration: tenths of seconds below a minute, whole seconds above.
pub fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => humantime::format_duration(Duration::from_secs(seconds)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(hosts), ["0 hosts", "1 host", "2 hosts"]);
        assert_eq!([1, 1000].map(findings), ["1 finding", "1,000 findings"]);
    }

    #[test]
    fn bytes_and_durations_have_a_unit_that_fits() {
        assert_eq!(
            [999, 725_632, 64_000_000, 4_300_000_000].map(amount),
            ["999 bytes", "725.6 kB", "64.0 MB", "4.3 GB"]
        );
        assert_eq!(took(Duration::from_millis(1250)), "1.2 s");
        assert_eq!(took(Duration::from_millis(90_900)), "1m 30s");
        assert_eq!(
            [0, 40, 1250].map(|milliseconds| brief(Duration::from_millis(milliseconds))),
            ["< 1 ms", "40 ms", "1.2 s"]
        );
    }
}
