//! How the values of settings are written, and what they say.
//!
//! Every value is text until it is read here. A value is used as it stands: nothing is trimmed or retyped.

use std::net::IpAddr;
use std::time::Duration;

use clap::ValueEnum;
use url::{Host, Url};

use crate::http::is_this_machine;
use crate::qualys::platforms::{self, PLATFORMS};

/// How the values of a setting are written.
#[derive(Debug, Clone, Copy)]
pub enum Syntax {
    /// Any text.
    Text,
    /// The path of a file.
    Path,
    /// Name or address of a computer, without a port.
    Host,
    /// Yes or no, in any of the usual words.
    Boolean,
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// A length of time with its unit, as in `5m`.
    Duration {
        /// Whether zero has a meaning.
        zero: bool,
    },
    /// An address with one of these schemes.
    Url(&'static [&'static str]),
    /// The name of one of Qualys' platforms, or an address of an API.
    Platform,
    /// One of a few words.
    Words {
        /// The words.
        words: fn() -> Vec<String>,
        /// The words and their other spellings.
        spellings: fn() -> Vec<String>,
        /// Says why a text is none of them; it knows their other spellings too.
        check: fn(&str) -> Result<(), String>,
    },
    /// A form that the type of the setting defines.
    Form {
        /// The form in words.
        expected: &'static str,
        /// Whether the form is a list, so that a YAML list is as good as commas.
        list: bool,
        /// An item of the list as a regular expression, for editors; empty: only `check` knows. Letters stand for themselves in
        /// any case.
        item: &'static str,
        /// Says why a text isn't of the form.
        check: fn(&str) -> Result<(), String>,
    },
}

impl Syntax {
    /// A version number, as it stands in paths.
    pub(super) const VERSION: Syntax = Syntax::Form {
        expected: "a version",
        list: false,
        item: "",
        check: version,
    };

    /// Says why a text is no value of this syntax.
    pub fn check(&self, text: &str) -> Result<(), String> {
        match self {
            Syntax::Text | Syntax::Path => Ok(()),
            Syntax::Host => host(text).map(drop),
            Syntax::Boolean => boolean(text).map(drop),
            Syntax::Number(least, most) => number(text, *least, *most),
            Syntax::Duration { zero } => duration(text).and_then(|length| {
                if length.is_zero() && !zero {
                    Err("no time at all".into())
                } else {
                    Ok(())
                }
            }),
            Syntax::Url(schemes) => url(text, schemes).map(drop),
            Syntax::Platform => platform(text).map(drop),
            Syntax::Words { check, .. } | Syntax::Form { check, .. } => check(text),
        }
    }

    /// Whether what [`check`](Self::check) says is enough to know what would be right.
    pub(super) fn explains_itself(&self) -> bool {
        matches!(self, Syntax::Form { .. } | Syntax::Text)
    }

    /// What a value looks like, as in "expected …".
    pub fn expected(&self) -> String {
        match self {
            Syntax::Text => "a text".into(),
            Syntax::Path => "a path".into(),
            Syntax::Host => "a name or an address".into(),
            Syntax::Boolean => "y or n (also yes, true, 1, on, no, false, 0, off)".into(),
            Syntax::Number(least, most) => format!("a number from {least} to {most}"),
            Syntax::Duration { .. } => "a time with its unit (s, m, h, d)".into(),
            Syntax::Url(schemes) => {
                let schemes: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
                format!("an address that begins with {}", one_of(&schemes))
            }
            Syntax::Platform => {
                let names = PLATFORMS.map(|platform| platform.name);
                format!(
                    "a platform ({}) or an address that begins with https://",
                    one_of(&names)
                )
            }
            Syntax::Words { words, .. } => one_of(&words()),
            Syntax::Form { expected, .. } => (*expected).into(),
        }
    }

    /// The words that a value may be; empty where there are others.
    pub fn words(&self) -> Vec<String> {
        match self {
            Syntax::Words { words, .. } => words(),
            _ => Vec::new(),
        }
    }

    /// Whether several values, separated by commas, are one value.
    pub fn is_list(&self) -> bool {
        matches!(self, Syntax::Form { list: true, .. })
    }
}

/// The names of an enum whose values are words, for [`Syntax::Words`].
pub(super) fn words<T: ValueEnum>() -> Vec<String> {
    let names = T::value_variants().iter().filter_map(T::to_possible_value);
    names.map(|word| word.get_name().to_owned()).collect()
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

/// Says why a text is none of those names.
pub(super) fn is_word<T: ValueEnum>(text: &str) -> Result<(), String> {
    word::<T>(text).map(drop)
}

/// Reads the words that people say yes and no with.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "1" | "on" => Ok(true),
        "n" | "no" | "f" | "false" | "0" | "off" => Ok(false),
        _ => Err("neither yes nor no".into()),
    }
}

fn number(text: &str, least: u64, most: u64) -> Result<(), String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a whole number".into());
    }
    match text.parse::<u64>() {
        Ok(number) if number < least => Err("too small".into()),
        Ok(number) if number <= most => Ok(()),
        // Digits that are no u64 are too many.
        _ => Err("too large".into()),
    }
}

fn version(text: &str) -> Result<(), String> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split('.').all(number) {
        true => Ok(()),
        false => Err("a version is numbers with dots between them, as in 2.0".into()),
    }
}

/// Longest time that a setting can ask for: a year. No clock has a name for the end of much longer ones.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads a length of time, as `30s`, `5m` or `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration > LONGEST => Err("longer than a year".to_owned()),
        read => read.map_err(|error| error.to_string()),
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

/// `a`, `a or b`, `a, b or c`.
fn one_of(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
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
        assert_eq!(number("8307", 1, 65_535), Ok(()));
        for wrong in ["", "0", "65536", "-1", "+1", " 1", "1e3", "99999999999999999999999"] {
            assert!(number(wrong, 1, 65_535).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zero_time_is_refused_where_it_means_nothing() {
        let check = |zero, text| Syntax::Duration { zero }.check(text);
        assert_eq!(check(false, "30s"), Ok(()));
        assert_eq!(check(true, "0"), Ok(()));
        assert!(check(false, "0s").is_err());
        assert!(check(false, "30").is_err());
        assert!(check(false, "").is_err());
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
        for known in PLATFORMS {
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
