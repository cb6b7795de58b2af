use std::fmt::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::select;
use url::form_urlencoded::byte_serialize;

use super::*;

/// What is left of words, which are shown as they are otherwise.
fn redact(secret: &str, words: &[u8]) -> String {
    without([secret], words, Look::Everything, |words| {
        String::from_utf8_lossy(words).into_owned()
    })
}

type Encoding = (&'static str, fn(&str) -> String);

fn bytes(text: &str, write: impl Fn(&mut String, u8) -> std::fmt::Result) -> String {
    let mut out = String::new();
    text.bytes().for_each(|byte| write(&mut out, byte).unwrap());
    out
}

fn units(text: &str, write: impl Fn(&mut String, u16) -> std::fmt::Result) -> String {
    let mut out = String::new();
    text.encode_utf16().for_each(|unit| write(&mut out, unit).unwrap());
    out
}

fn chars(text: &str, write: impl Fn(&mut String, char) -> std::fmt::Result) -> String {
    let mut out = String::new();
    text.chars().for_each(|c| write(&mut out, c).unwrap());
    out
}

const ENCODINGS: [Encoding; 28] = [
    ("none", str::to_owned),
    ("form", |text| byte_serialize(text.as_bytes()).collect()),
    ("percent", |text| {
        byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    }),
    ("lower percent", |text| {
        bytes(text, |out, byte| match byte.is_ascii_alphanumeric() {
            true => write!(out, "{}", char::from(byte)),
            false => write!(out, "%{byte:02x}"),
        })
    }),
    ("every byte in percent", |text| {
        bytes(text, |out, byte| write!(out, "%{byte:02x}"))
    }),
    ("old scripts", |text| {
        units(text, |out, unit| write!(out, "%u{unit:04X}"))
    }),
    ("path", |text| {
        let mut url = Url::parse("x://x").unwrap();
        url.set_path(text);
        url.path().to_owned()
    }),
    ("JSON", |text| serde_json::Value::from(text).to_string()),
    ("JSON in ASCII", |text| {
        units(text, |out, unit| write!(out, "\\u{unit:04x}"))
    }),
    ("Rust", |text| format!("{text:?}")),
    ("Rust in ASCII", |text| text.escape_unicode().to_string()),
    ("C", |text| bytes(text, |out, byte| write!(out, "\\x{byte:02X}"))),
    ("octal", |text| bytes(text, |out, byte| write!(out, "\\{byte:03o}"))),
    ("escaped punctuation", |text| {
        chars(text, |out, c| match c.is_ascii_punctuation() || c == ' ' {
            true => write!(out, "\\{c}"),
            false => write!(out, "{c}"),
        })
    }),
    ("XML", |text| quick_xml::escape::escape(text).into_owned()),
    ("HTML", |text| htmlize::escape_all_quotes(text).into_owned()),
    ("decimal entities", |text| {
        chars(text, |out, c| write!(out, "&#{};", c as u32))
    }),
    ("hexadecimal entities", |text| {
        chars(text, |out, c| write!(out, "&#x{:06X};", c as u32))
    }),
    ("base64", |text| STANDARD.encode(text)),
    ("base64 of a login", |text| {
        STANDARD_NO_PAD.encode(format!("dirk_g:{text}"))
    }),
    ("base64 for addresses", |text| URL_SAFE.encode(text)),
    ("base64 of a longer login for addresses", |text| {
        URL_SAFE_NO_PAD.encode(format!("dirk:{text}:x"))
    }),
    ("wrapped base64", |text| {
        let encoded = STANDARD.encode(text);
        let lines: Vec<_> = encoded
            .as_bytes()
            .chunks(7)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        lines.join("\r\n")
    }),
    ("hexadecimal", |text| bytes(text, |out, byte| write!(out, "{byte:02x}"))),
    ("quoted-printable", |text| {
        bytes(text, |out, byte| write!(out, "={byte:02X}"))
    }),
    ("doubled blanks", |text| text.replace(' ', " \n\u{a0} ")),
    ("zero width", |text| {
        chars(text, |out, c| write!(out, "{c}\u{200b}\u{202e}"))
    }),
    ("doubled quotes", |text| text.replace('"', "\"\"").replace('\'', "''")),
];

fn encoding() -> impl Strategy<Value = Encoding> {
    select(ENCODINGS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_secret_is_shown_in_any_chain_of_two_encodings_and_any_surroundings(
        secret in "[a-zA-Z0-9]{2}[ -~\u{e9}\u{1f600}]{7,20}[a-z]",
        inner in encoding(),
        outer in encoding(),
        before in "\\PC{0,9}",
        after in "\\PC{0,9}",
    ) {
        let encoded = outer.1(&inner.1(&secret));
        let words = format!("{before}{encoded}{after}");
        let shown = redact(&secret, words.as_bytes());
        prop_assert!(!shown.contains(&secret), "{}, {}: {shown}", inner.0, outer.0);
        prop_assert!(!shown.contains(&encoded), "{}, {}: {shown}", inner.0, outer.0);
        prop_assert!(shown.contains(REDACTED));
    }

    #[test]
    fn a_short_secret_is_not_shown_in_any_encoding(secret in "[ -~\u{e9}\u{1f600}]{0,8}[a-z]", encoding in encoding()) {
        let encoded = encoding.1(&secret);
        let shown = redact(&secret, format!("you sent ({encoded})!").as_bytes());
        // A secret such as `[r` is a part of what stands in its place.
        let by_chance = encoded.len() < 2 || REDACTED.contains(&encoded);
        prop_assert!(!shown.contains(&encoded) || by_chance, "{}: {shown}", encoding.0);
    }

    #[test]
    fn words_without_a_secret_stay_as_they_are(words in "\\PC{0,99}") {
        prop_assert_eq!(redact("\u{1f600}k3y\u{1f600}", words.as_bytes()), words);
    }
}

#[test]
fn every_chain_of_two_encodings_is_undone_and_nothing_else_is_cut_out() {
    let secret = "p@ss  \"w\\rd\" <&> ö/+'$";
    for (inner, encode) in ENCODINGS {
        for (outer, encode_again) in ENCODINGS {
            let encoded = encode_again(&encode(secret));
            let shown = redact(secret, format!("you sent ({encoded})!").as_bytes());
            // Quotes belong to the encoding, and a login's user may be shown.
            assert!(
                shown.starts_with("you sent (") && shown.ends_with(")!"),
                "{inner}, {outer}: {shown}"
            );
            assert!(
                shown.contains(REDACTED) && !shown.contains(&encoded),
                "{inner}, {outer}: {shown}"
            );
        }
    }
}

/// Encodings that write nothing but printable characters, so that another one may stand around them again and again.
fn wrapping() -> impl Strategy<Value = Encoding> {
    let plain = [
        "percent",
        "lower percent",
        "every byte in percent",
        "old scripts",
        "JSON in ASCII",
        "Rust in ASCII",
        "C",
        "octal",
        "XML",
        "decimal entities",
        "hexadecimal entities",
        "base64",
        "base64 for addresses",
        "hexadecimal",
        "quoted-printable",
    ];
    let wrapping: Vec<_> = ENCODINGS.into_iter().filter(|(name, _)| plain.contains(name)).collect();
    assert_eq!(wrapping.len(), plain.len());
    select(wrapping)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_secret_is_shown_under_any_number_of_encodings(
        secret in "[a-zA-Z0-9]{2}[ -~\u{e9}\u{1f600}]{7,9}[a-z]",
        inner in encoding(),
        outer in prop::collection::vec(wrapping(), 2..6),
        before in "[a-z ]{0,9} ",
        after in " [a-z ]{0,9}",
    ) {
        let names: Vec<_> = outer.iter().map(|(name, _)| *name).collect();
        let encoded = outer.iter().fold(inner.1(&secret), |text, (_, encode)| encode(&text));
        let words = format!("{before}{encoded}{after}");
        prop_assume!(words.len() <= super::super::WINDOW);
        let shown = redact(&secret, words.as_bytes());
        prop_assert!(shown.contains(REDACTED), "{}, {names:?}: {shown}", inner.0);
        prop_assert!(!shown.contains(&encoded), "{}, {names:?}: {shown}", inner.0);
    }
}

#[test]
fn words_of_more_layers_than_can_be_looked_at_are_not_shown() {
    let layers = |count: usize| format!("%{}41 d0ntp", "25".repeat(count));
    assert_eq!(
        redact("d0ntp@n1c", layers(100).as_bytes()),
        layers(100).replace("d0ntp", REDACTED)
    );
    assert_eq!(redact("d0ntp@n1c", layers(5000).as_bytes()), REDACTED);
}

#[test]
fn titles_are_looked_into_under_layers_and_descriptions_in_the_clear() {
    let secret = "p@ss  \"w\\rd\" <&>";
    let shown = |words: &str, look| {
        without([secret], words.as_bytes(), look, |words| {
            String::from_utf8_lossy(words).into_owned()
        })
    };
    for (name, encode) in ENCODINGS {
        let percent = bytes(&encode(secret), |out, byte| write!(out, "%{byte:02x}"));
        let encoded = STANDARD.encode(percent);
        assert!(shown(&encode(secret), Look::Layers).contains(REDACTED), "{name}");
        assert!(shown(&encoded, Look::Layers).contains(REDACTED), "{name}");
    }
    for (words, left) in [
        (format!("<{secret}>"), "<[redacted]>"),
        ("cDRzcyB3b3Jk".to_owned(), "cDRzcyB3b3Jk"),
        // What may stand there by chance.
        (secret[2..].to_owned(), &secret[2..]),
        (secret[..6].to_owned(), &secret[..6]),
    ] {
        assert_eq!(shown(&words, Look::Clear), left);
    }
}

#[test]
fn a_page_with_many_encodings_is_shown() {
    let words =
        "&lt;a href=&quot;/x?y=%2520&amp;z=Zm9yYmlkZGVu&quot;&gt;caf\\u00e9 =3D 4142434445464748494a4b4c&lt;/a&gt; ";
    let page = words.repeat(super::super::WINDOW / words.len());
    assert_eq!(redact("d0ntp@n1c", page.as_bytes()), page);
}

#[test]
fn a_login_in_base64_goes_whole() {
    let words = b"Authorization: Basic ZGlya19nOmQwbnRwQG4xYw== (refused)";
    assert_eq!(redact("d0ntp@n1c", words), "Authorization: Basic [redacted] (refused)");
}

#[test]
fn what_was_cut_off_is_found_too() {
    for (words, left) in [
        ("not d0ntp@…", "not [redacted]…"),
        ("not d0nt", "not [redacted]"),
        ("not d0ntp%40...", "not [redacted]..."),
        ("not d0n…", "not d0n…"),
        ("ntp@n1c is wrong", "[redacted] is wrong"),
        ("nothing…", "nothing…"),
    ] {
        assert_eq!(redact("d0ntp@n1c", words.as_bytes()), left);
    }
}

#[test]
fn an_encoding_before_unicode_is_known() {
    assert_eq!(redact("gr\u{fc}n-panik", b"<gr\xfcn-panik>"), "<[redacted]>");
    assert_eq!(redact("gr\u{fc}n-panik", b"<gr%FCn-panik>"), "<[redacted]>");
    let wide: Vec<u8> = "d0ntp@n1c".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!redact("d0ntp@n1c", &wide).contains("d\0"));
}

#[test]
fn short_and_odd_secrets_do_no_harm() {
    assert_eq!(redact("", b"Bad Login/Password"), "Bad Login/Password");
    assert_eq!(
        without([], b"[a]", Look::Everything, |words| String::from_utf8_lossy(words)
            .into_owned()),
        "[a]"
    );
    assert_eq!(redact("red", b"red"), REDACTED);
    assert_eq!(redact("  ", b"a  b"), "a[redacted]b");
    assert_eq!(redact("aa", b"aaaaa"), "[redacted][redacted]a");
}

/// 300 ms without optimisation, on a busy machine some seconds.
#[test]
fn hostile_words_cost_no_more_than_their_length_allows() {
    let secrets: Vec<_> = (0..12).map(|n| format!("d0ntp@n1c-{n}")).collect();
    let everything = "%25%32%35&amp;#x26;\\u005cu0041=3D41QUJDREVGR0hJSktM4142434445464748+\"\"\r\n";
    for pattern in [everything, "A", "%", "&", "&#", "\\", "41", "=\n", "\0A", " "] {
        let words = pattern.repeat(super::super::WINDOW / pattern.len());
        let begun = Instant::now();
        without(
            secrets.iter().map(String::as_str),
            words.as_bytes(),
            Look::Everything,
            |_| String::new(),
        );
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{pattern}: {:?}",
            begun.elapsed()
        );
    }
}
