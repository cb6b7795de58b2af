//! Parsers of values. A value is used as it stands: nothing is trimmed or retyped.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::SecretString;
use url::{Host, Url};

use crate::http::is_this_machine;
use crate::qualys::{ChangeWindow, platforms};

/// The names of an enum whose values are words, for [`Syntax::Words`](super::syntax::Syntax::Words).
pub(super) fn words<T: ValueEnum>() -> Vec<String> {
    T::value_variants().iter().map(name).collect()
}

/// Those names and their other spellings.
pub(super) fn spellings<T: ValueEnum>() -> Vec<String> {
    let words = T::value_variants().iter().filter_map(T::to_possible_value);
    words
        .flat_map(|word| word.get_name_and_aliases().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Reads one of those names, or another spelling of one. Capitals don't matter.
pub(super) fn word<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| "not one of the words".into())
}

/// How an enum's value is written.
pub(super) fn name<T: ValueEnum>(value: &T) -> String {
    let word = value.to_possible_value();
    word.map(|word| word.get_name().to_owned()).unwrap_or_default()
}

/// Reads the words that people say yes and no with.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "1" | "on" => Ok(true),
        "n" | "no" | "f" | "false" | "0" | "off" => Ok(false),
        _ => Err("neither yes nor no".into()),
    }
}

/// Reads a whole number within bounds.
pub(super) fn number<const LEAST: u64, const MOST: u64, T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a whole number".into());
    }
    match text.parse::<u64>() {
        Ok(number) if number < LEAST => Err("too small".into()),
        Ok(number) if number <= MOST => number.try_into().map_err(|_| "too large".into()),
        // Digits that are no u64 are too many.
        _ => Err("too large".into()),
    }
}

/// Reads a form that a type defines.
pub(super) fn form<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Reads a password. An empty one is none, wherever it was cut off.
pub(super) fn password(text: &str) -> Result<SecretString, String> {
    match text {
        "" => Err("it is empty".into()),
        text => Ok(text.into()),
    }
}

/// Reads a version.
pub(super) fn version(text: &str) -> Result<String, String> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split('.').all(number) {
        true => Ok(text.to_owned()),
        false => Err("a version is numbers with dots between them, as in 2.0".into()),
    }
}

/// Longest time that a setting can ask for: a year. No clock has a name for the end of much longer ones.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads a length of time that isn't zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_zero(text)? {
        Duration::ZERO => Err("no time at all".into()),
        duration => Ok(duration),
    }
}

/// Reads a length of time, as `30s`, `5m` or `1h 30m`.
pub(super) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration > LONGEST => Err("longer than a year".to_owned()),
        read => read.map_err(|error| error.to_string()),
    }
}

/// Reads `last`, or a length of time that isn't zero.
pub(super) fn change_window(text: &str) -> Result<ChangeWindow, String> {
    match text.eq_ignore_ascii_case("last") {
        true => Ok(ChangeWindow::SinceLast),
        false => duration(text).map(ChangeWindow::Within),
    }
}

/// Reads an absolute address. User and password have settings of their own and are refused in it. Plain HTTP will do
/// on this machine.
pub(super) fn url(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => "no address".to_owned(),
        error => error.to_string(),
    })?;
    let plain = url.scheme() == "http" && is_this_machine(&url);
    if !plain && !schemes.contains(&url.scheme()) {
        return Err(format!("it begins with {}:", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user or a password, which have settings of their own".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it holds more than server, port and path".into());
    }
    match url.port() {
        Some(0) => Err("port 0 means \"any port\", so nothing can be reached there".into()),
        _ => Ok(url),
    }
}

/// Reads the name of a platform, or the address of an API.
pub(super) fn platform(text: &str) -> Result<Url, String> {
    let address = platforms::find(text).map_or(text, |platform| platform.api);
    url(address, &["https"])
}

/// The base of Qualys' API in an address that may go on to one of its calls, as in files of the old tool.
pub(super) fn api_base(mut url: Url) -> Url {
    let segments = url.path_segments().into_iter().flatten();
    let base: Vec<_> = segments
        .take_while(|segment| !matches!(*segment, "api" | "msp" | ""))
        .collect();
    let base = base.join("/");
    url.set_path(&base);
    url
}

/// Reads the name or address of a computer. An IPv6 address may stand in brackets.
pub(super) fn host(text: &str) -> Result<String, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    if text.contains('/') {
        return Err("it is more than that".into());
    }
    match Host::parse(text) {
        Ok(Host::Ipv6(address)) => Ok(address.to_string()),
        Ok(Host::Ipv4(address)) => Ok(address.to_string()),
        Ok(Host::Domain(name)) => Ok(name),
        Err(_) if text.contains(':') => Err("the port has a setting of its own".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_in_every_spelling_of_the_old_guide_and_of_yaml() {
        for yes in ["y", "Y", "yes", "YES", "t", "true", "True", "1", "on"] {
            assert_eq!(boolean(yes), Ok(true), "{yes}");
        }
        for no in ["n", "N", "no", "f", "false", "FALSE", "0", "off"] {
            assert_eq!(boolean(no), Ok(false), "{no}");
        }
        for neither in ["", " y", "2", "ja"] {
            assert!(boolean(neither).is_err(), "{neither}");
        }
    }

    #[test]
    fn a_time_that_no_clock_can_add_is_refused() {
        assert_eq!(duration("366 days"), Ok(LONGEST));
        for text in ["367 days", "18446744073709551615s", "584542046090 years"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_digits_within_their_bounds() {
        let number = number::<1, 65_535, u16>;
        assert_eq!(number("8307"), Ok(8307));
        for wrong in ["", "0", "65536", "-1", "+1", " 1", "1e3", "99999999999999999999999"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zero_time_is_refused_where_it_means_nothing() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration_or_zero("0"), Ok(Duration::ZERO));
        for text in ["0s", "30", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_say_what_is_wrong_with_them() {
        let refused = |text| url(text, &["http", "https"]).unwrap_err();
        assert_eq!(
            refused("https://192.168.1.100:0"),
            "port 0 means \"any port\", so nothing can be reached there"
        );
        assert_eq!(refused("https://192.168.1.100:65536"), "invalid port number");
        assert_eq!(refused("socks5://proxy"), "it begins with socks5:");
        assert_eq!(
            refused("http://zaphod:t0w3L@proxy:3128"),
            "it holds a user or a password, which have settings of their own"
        );
        assert_eq!(refused("proxy:3128"), "it begins with proxy:");
        assert!(url("https://192.168.1.100:65535", &["https"]).is_ok());
    }

    #[test]
    fn qualys_is_the_same_with_and_without_a_path() {
        let base = |text| api_base(url(text, &["https"]).unwrap()).to_string();
        for text in [
            "https://q",
            "https://q/",
            "https://q/msp/asset_data_report.php",
            "https://q/api/2.0/fo/",
        ] {
            assert_eq!(base(text), "https://q/", "{text}");
        }
        assert_eq!(base("https://q/tenant/"), "https://q/tenant");
        assert_eq!(base("http://127.0.0.1:8080"), "http://127.0.0.1:8080/");
        assert!(url("http://q", &["https"]).is_err());
    }

    #[test]
    fn a_platform_is_named_or_addressed() {
        for known in platforms::PLATFORMS {
            let address = platform(known.api).unwrap();
            assert_eq!(platform(known.name), Ok(address.clone()));
            assert_eq!(platform(&known.name.to_ascii_lowercase()), Ok(address));
        }
        assert_eq!(
            platform("https://qualysapi.example").unwrap().as_str(),
            "https://qualysapi.example/"
        );
        assert_eq!(platform("EU9").unwrap_err(), "no address");
        assert_eq!(
            platform("http://qualysapi.example").unwrap_err(),
            "it begins with http:"
        );
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_more() {
        assert_eq!(host("10.10.10.10").unwrap(), "10.10.10.10");
        assert_eq!(host("2001:db8::1").unwrap(), "2001:db8::1");
        assert_eq!(host("[2001:db8::1]").unwrap(), "2001:db8::1");
        assert_eq!(host("fmc.example.com").unwrap(), "fmc.example.com");
        assert_eq!(host("fmc:8307").unwrap_err(), "the port has a setting of its own");
        assert_eq!(host("https://fmc").unwrap_err(), "it is more than that");
        assert!(host("fm c").is_err());
        assert!(host("").is_err());
    }
}
