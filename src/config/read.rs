//! Values of settings, as the sections need them.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::layers::Layers;
use super::mistake::Mistake;
use super::settings::{self, SETTINGS, Setting};
use super::value::{self, Syntax};

/// Reads settings by their keys. A key that has no value, or a wrong one, reads as nothing.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a Layers);

/// Every value that its setting can't have.
pub(super) fn wrong_values(layers: &Layers) -> Vec<Mistake> {
    let wrong = |setting: &'static Setting| {
        let given = layers.get(setting)?;
        let text = given.text?.expose_secret();
        let reason = match setting.syntax.check(text) {
            // An empty password is no password, wherever it was cut off. That of the certificate may be empty.
            Ok(()) if text.is_empty() && setting.key == "qualys.password" => "it is empty".into(),
            Ok(()) => return None,
            Err(reason) => reason,
        };
        Some(Mistake::Value {
            origin: given.origin,
            setting,
            value: (setting.shown(text) == text).then(|| text.to_owned()),
            reason,
        })
    };
    SETTINGS.iter().filter_map(wrong).collect()
}

impl<'a> Reader<'a> {
    pub(super) fn given(self, key: &str) -> Option<&'a str> {
        self.0.text(setting(key)?).map(|text| text.expose_secret())
    }

    /// Whether there is any value, right or wrong.
    pub(super) fn is_set(self, key: &str) -> bool {
        self.given(key).is_some()
    }

    pub(super) fn text(self, key: &str) -> Option<String> {
        self.given(key).map(str::to_owned)
    }

    pub(super) fn secret(self, key: &str) -> Option<SecretString> {
        self.0.text(setting(key)?).cloned()
    }

    pub(super) fn path(self, key: &str) -> Option<PathBuf> {
        self.given(key).map(PathBuf::from)
    }

    pub(super) fn boolean(self, key: &str) -> Option<bool> {
        value::boolean(self.given(key)?).ok()
    }

    pub(super) fn duration(self, key: &str) -> Option<Duration> {
        value::duration(self.given(key)?).ok()
    }

    pub(super) fn url(self, key: &str) -> Option<Url> {
        match setting(key)?.syntax {
            Syntax::Url(schemes) => value::url(self.given(key)?, schemes).ok(),
            Syntax::Platform => value::platform(self.given(key)?).ok(),
            _ => None,
        }
    }

    pub(super) fn host(self, key: &str) -> Option<String> {
        value::host(self.given(key)?).ok()
    }

    pub(super) fn word<T: ValueEnum>(self, key: &str) -> Option<T> {
        value::word(self.given(key)?).ok()
    }

    pub(super) fn parsed<T: FromStr>(self, key: &str) -> Option<T> {
        self.given(key)?.parse().ok()
    }
}

/// Keys are written in this module's callers only.
fn setting(key: &str) -> Option<&'static Setting> {
    let found = settings::find(key);
    debug_assert!(found.is_some(), "{key} is not in the table of settings");
    found
}
