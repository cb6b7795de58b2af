//! Canaries: secrets that are easy to find again, in whatever form they come out.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// With all that URLs, JSON, XML, YAML and shells write otherwise.
pub(crate) const QUALYS: &str = r#"canary-q-p@ss "w%rd" <&> ö'\+/="#;
pub(crate) const QUALYS_PROXY: &str = r#"canary-qp "p%&<ö\+/"#;
pub(crate) const QUALYS_TOKEN: &str = r#"canary-qt"%&<\+/="#;
pub(crate) const COOKIE: &str = "canary-cookie%&<+/";
pub(crate) const PKCS12: &str = r#"canary-p12 "p%&<ö\+/"#;
pub(crate) const PUSH: &str = r#"canary-push "p%&<ö\+/"#;
pub(crate) const PUSH_PROXY: &str = r#"canary-pp "p%&<ö\+/"#;
pub(crate) const PUSH_TOKEN: &str = r#"canary-pt"%&<\+/="#;
/// At a proxy that only the environment names.
pub(crate) const ENVIRONMENT_PROXY: &str = r#"canary-ep "p%&<ö\+/"#;
pub(crate) const OTLP: &str = "canary-otlp%2B/";

static TURN: AtomicUsize = AtomicUsize::new(0);

/// A secret as services, proxies and libraries write it, and in what they write it.
pub(crate) fn written(user: &str, secret: &str) -> String {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let pair = STANDARD.encode(format!("{user}:{secret}"));
    let (spaced, alone) = (form.replace('+', "%20"), STANDARD.encode(secret));
    let json = serde_json::Value::from(secret);
    let bytes = |each: fn(u8) -> String| secret.bytes().map(each).collect::<String>();
    let (lower, doubled) = (
        bytes(|byte| format!("%{byte:02x}")),
        bytes(|byte| format!("%25{byte:02X}")),
    );
    let entities: String = secret.chars().map(|c| format!("&#{};", c as u32)).collect();
    let units: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let torn: String = secret.chars().map(|c| format!("{c}\u{200b}")).collect();
    let wide = secret.replace(' ', " \t ");
    // Each comes first in some answer, since only the beginning of an answer is shown.
    let mut all = [
        secret.to_owned(),
        format!("user={user}&password={form}"),
        spaced,
        json.to_string(),
        format!("Basic {pair}"),
        alone,
        format!("Bearer {secret}"),
        lower,
        doubled,
        entities,
        units,
        torn,
        wide,
    ];
    let turn = TURN.fetch_add(1, Ordering::Relaxed) % all.len();
    all.rotate_left(turn);
    all.join(" | ")
}

/// All secrets that a request holds, each as [`written`].
pub(crate) fn told(request: &str) -> String {
    let mut told = Vec::new();
    for line in request.lines() {
        let (name, value) = line.split_once(": ").unwrap_or(("", line));
        let (kind, proof) = value.split_once(' ').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "authorization" | "proxy-authorization" if kind == "Basic" => {
                let pair = STANDARD.decode(proof).map(|pair| String::from_utf8(pair).unwrap());
                // That to a collector is none.
                let pair = pair.unwrap_or_else(|_| format!(":{proof}"));
                let (user, secret) = pair.split_once(':').unwrap();
                told.push(written(user, secret));
            }
            "authorization" => told.push(written("", proof)),
            "cookie" => told.push(written("", value.split_once('=').unwrap().1)),
            "x-key" => told.push(written("", value)),
            _ => {}
        }
    }
    let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let form = url::form_urlencoded::parse(body.as_bytes());
    told.extend(
        form.filter(|(name, _)| name == "password")
            .map(|(_, secret)| written("dirk_g", &secret)),
    );
    told.join(" ")
}

/// Where a text holds a canary, in the clear or in any encoding; some of what stands around it.
pub(crate) fn leak(text: &[u8]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let clear = [
        "canary",
        "63616e617279",
        "%63%61%6e",
        "%2563%2561%256e",
        "&#99;&#97;&#110;",
        "\\u0063\\u0061\\u006e",
        "c\u{200b}a\u{200b}n",
        "99, 97, 110, 97, 114",
    ]
    .map(str::to_owned);
    let found = clear.iter().find_map(|form| position(&lower, form));
    // Base64 has three ways to write it, depending on what stands before.
    let encoded = (0..3).map(|before| {
        let encoded = STANDARD.encode(format!("{}canary", "x".repeat(before)));
        encoded[[0, 2, 3][before]..[8, 9, 11][before]].to_owned()
    });
    let at = found.or_else(|| encoded.into_iter().find_map(|form| position(text, &form)))?;
    let around = &text[at.saturating_sub(80)..text.len().min(at + 80)];
    Some(String::from_utf8_lossy(around).into_owned())
}

fn position(text: &[u8], form: &str) -> Option<usize> {
    text.windows(form.len()).position(|window| window == form.as_bytes())
}

#[test]
fn a_canary_is_found_in_every_form() {
    for secret in [
        QUALYS,
        QUALYS_PROXY,
        QUALYS_TOKEN,
        COOKIE,
        PKCS12,
        PUSH,
        PUSH_PROXY,
        PUSH_TOKEN,
        ENVIRONMENT_PROXY,
        OTLP,
    ] {
        for form in written("dirk_g", secret).split(" | ") {
            assert!(leak(form.as_bytes()).is_some(), "{form}");
        }
    }
    for user in ["", "a", "ab", "abc"] {
        assert!(leak(STANDARD.encode(format!("{user}{QUALYS}")).as_bytes()).is_some());
    }
    assert_eq!(leak(b"[redacted]"), None);
}
