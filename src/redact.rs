//! Redaction: strangers' words, without the secrets that they may repeat.
//!
//! An error page of a service, or of a proxy before it, can hold the request that it is about: the header with the
//! password, or the form of a login. What of it is shown passes through here first.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::Url;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

const REDACTED: &str = "[redacted]";

/// So many characters of a secret, at the end of words that were cut, are no coincidence.
const TELLING: usize = 4;

/// What must not be shown: every secret of a conversation, in each form that an answer may hold it in.
pub(crate) struct Secrets(Vec<Zeroizing<String>>);

impl Secrets {
    /// Secrets, each with the user that it goes along with in basic authentication, if any.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let secrets = secrets.into_iter();
        let mut forms: Vec<_> = secrets
            .filter(|(_, secret)| !secret.is_empty())
            .flat_map(|(user, secret)| forms(user, secret))
            .collect();
        // What is a part of something longer must not tear that apart.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Secrets(forms)
    }

    /// The words without them.
    pub(crate) fn redact(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for form in &self.0 {
            words = words.replace(form.as_str(), REDACTED);
        }
        let whole = words.trim_end_matches('…');
        let begun = self
            .0
            .iter()
            .map(|form| beginning(whole, form))
            .max()
            .unwrap_or_default();
        if begun > 0 {
            words.truncate(whole.len() - begun);
            words.push_str(REDACTED);
        }
        words
    }
}

/// A secret as it is, and as URLs, forms, JSON, XML and headers write it.
fn forms(user: &str, secret: &str) -> Vec<Zeroizing<String>> {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let pair = Zeroizing::new(format!("{user}:{secret}"));
    // An address of nothing but a path, which is encoded less than a form.
    let path = Url::parse("x://x").ok().map(|mut url| {
        url.set_path(secret);
        url.path().trim_start_matches('/').to_owned()
    });
    let json = serde_json::Value::from(secret).to_string();
    let forms = [
        secret.to_owned(),
        path.unwrap_or_default(),
        form.replace('+', "%20"),
        form,
        json.trim_matches('"').to_owned(),
        quick_xml::escape::escape(secret).into_owned(),
        quick_xml::escape::partial_escape(secret).into_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD_NO_PAD.encode(pair.as_bytes()),
        URL_SAFE_NO_PAD.encode(pair.as_bytes()),
    ];
    let forms = forms.into_iter().filter(|form| !form.is_empty());
    forms.map(Zeroizing::new).collect()
}

/// How many bytes at the end of `words` are the beginning of `form`, where that is telling.
fn beginning(words: &str, form: &str) -> usize {
    let ends = form.char_indices().map(|(end, _)| end).skip(TELLING);
    ends.filter(|end| form.get(..*end).is_some_and(|begun| words.ends_with(begun)))
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact(user: &str, secret: &str, words: &str) -> String {
        Secrets::new([(user, secret)]).redact(words)
    }

    #[test]
    fn a_secret_is_found_in_each_form() {
        let secret = "p@ss \"w\\rd\" <&> ö/+";
        for form in forms("dirk_g", secret) {
            assert_eq!(
                redact("dirk_g", secret, &format!("you sent {}!", *form)),
                "you sent [redacted]!"
            );
        }
        let words = "Authorization: Basic ZGlya19nOmQwbnRwQG4xYw==";
        assert_eq!(
            redact("dirk_g", "d0ntp@n1c", words),
            "Authorization: Basic [redacted]=="
        );
    }

    #[test]
    fn what_was_cut_off_is_found_too() {
        for (words, left) in [
            ("not d0ntp@…", "not [redacted]"),
            ("not d0nt", "not [redacted]"),
            ("not d0n…", "not d0n…"),
            ("nothing…", "nothing…"),
        ] {
            assert_eq!(redact("", "d0ntp@n1c", words), left);
        }
    }

    #[test]
    fn without_secrets_words_stay_as_they_are() {
        assert_eq!(redact("dirk_g", "", "Bad Login/Password"), "Bad Login/Password");
        assert_eq!(Secrets::new([]).redact("[a]"), "[a]");
    }

    proptest! {
        #[test]
        fn no_secret_is_left_in_any_words(before in "\\PC{0,9}", secret in "[0-9\u{e9}\u{1f600}&\"]{4,9}", after in "\\PC{0,9}") {
            let words = redact("u", &secret, &format!("{before}{secret}{after}"));
            prop_assert!(!words.contains(&secret), "{words}");
        }
    }
}
