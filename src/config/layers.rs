//! The layers laid over each other: which of them wins for a setting, and where its value stands.
//!
//! figment decides and remembers that. What it merges are the numbers of assignments; their texts stay outside, in
//! the one type for secrets, so that nothing can retype, trim or print them on the way.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use secrecy::{ExposeSecret, SecretString};

use super::origin::{Assignment, Origin};
use super::settings::{SETTINGS, Setting};

/// Everything that was said about settings.
#[derive(Debug, Default)]
pub(super) struct Layers {
    figment: Figment,
    texts: Vec<SecretString>,
}

/// What the strongest layer says about a setting.
pub(super) struct Given<'a> {
    /// The value; nothing for a setting that has neither value nor default.
    pub(super) text: Option<&'a SecretString>,
    /// Where it stands, as [`Origin`] writes it.
    pub(super) origin: String,
}

impl Layers {
    /// The weakest layer: the defaults.
    pub(super) fn new() -> Self {
        let mut layers = Layers::default();
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            layers.add(Assignment {
                setting,
                text: setting.default.into(),
                origin: Origin::Default,
            });
        }
        layers
    }

    /// Lays an assignment over all earlier ones.
    ///
    /// An empty value says "not set" and brings the default back: charts and shell scripts write it so. Only the
    /// value of a secret may be empty.
    pub(super) fn add(&mut self, assignment: Assignment) {
        let Assignment { setting, text, origin } = assignment;
        let emptied = text.expose_secret().is_empty() && !setting.secret;
        let layer = Layer {
            key: setting.key,
            number: self.texts.len(),
            origin: match emptied {
                true => format!("{origin} (empty)"),
                false => origin.to_string(),
            },
        };
        self.texts.push(if emptied { setting.default.into() } else { text });
        self.figment = std::mem::take(&mut self.figment).merge(layer);
    }

    /// What holds for a setting; nothing if no layer names it.
    pub(super) fn get(&self, setting: &Setting) -> Option<Given<'_>> {
        let number = self.figment.find_value(setting.key).ok()?.to_u128()?;
        let text = self.texts.get(usize::try_from(number).ok()?)?;
        let set = setting.secret || !text.expose_secret().is_empty();
        Some(Given {
            text: set.then_some(text),
            origin: self.figment.find_metadata(setting.key)?.name.to_string(),
        })
    }

    /// The value that holds for a setting, if it has one.
    pub(super) fn text(&self, setting: &Setting) -> Option<&SecretString> {
        self.get(setting)?.text
    }
}

/// One assignment, as figment takes it.
struct Layer {
    key: &'static str,
    number: usize,
    origin: String,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = figment::util::nest(self.key, Value::from(self.number));
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::find;

    fn say(layers: &mut Layers, key: &str, text: &str, origin: Origin) {
        layers.add(Assignment::new(key, text, origin).unwrap());
    }

    fn hear(layers: &Layers, key: &str) -> Option<(Option<String>, String)> {
        let given = layers.get(find(key).unwrap())?;
        Some((given.text.map(|text| text.expose_secret().to_owned()), given.origin))
    }

    #[test]
    fn the_last_layer_wins_and_says_where_it_is() {
        let mut layers = Layers::new();
        let port = "management_center.port";
        assert_eq!(hear(&layers, port), Some((Some("8307".into()), "default".into())));
        say(
            &mut layers,
            port,
            "1",
            Origin::Variable("QC_MANAGEMENT_CENTER__PORT".into()),
        );
        say(&mut layers, port, "2", Origin::Option("--port"));
        assert_eq!(hear(&layers, port), Some((Some("2".into()), "option --port".into())));
        assert_eq!(hear(&layers, "csv.file"), None);
    }

    #[test]
    fn an_empty_value_brings_the_default_back_but_a_secret_may_be_empty() {
        let mut layers = Layers::new();
        for key in [
            "management_center.port",
            "csv.file",
            "management_center.pkcs12_password",
        ] {
            say(&mut layers, key, "1", Origin::Option("--set"));
            say(&mut layers, key, "", Origin::Variable("QC".into()));
        }
        let empty = || "QC (empty)".to_owned();
        assert_eq!(
            hear(&layers, "management_center.port"),
            Some((Some("8307".into()), empty()))
        );
        assert_eq!(hear(&layers, "csv.file"), Some((None, empty())));
        assert_eq!(
            hear(&layers, "management_center.pkcs12_password"),
            Some((Some(String::new()), "QC".into()))
        );
    }

    #[test]
    fn texts_come_out_as_they_went_in() {
        for text in [
            "0123", "true", " x ", "a'b\"c", "1e5", "[a", "{x: 1}", "a,b", "\"q\"", "\n", "é",
        ] {
            for key in ["qualys.password", "qualys.user_id"] {
                let mut layers = Layers::new();
                say(&mut layers, key, text, Origin::Option("--set"));
                assert_eq!(hear(&layers, key).unwrap().0.as_deref(), Some(text));
            }
        }
    }
}
