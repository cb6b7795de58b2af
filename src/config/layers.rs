//! Layers: a module reads each, and here they are laid over each other.
//!
//! figment does that: it nests the keys and lets the later assignment win. All that it is given of an assignment is its
//! number. Values and origins stay outside, since figment would retype, copy and print values, and knows no lines of files.

use figment::Figment;
use secrecy::{ExposeSecret, SecretString};

use super::assignment::Assignment;
use super::origin::{Assigned, Effective, Origin};
use super::setting::Setting;
use super::settings;

pub(super) mod environment;
pub(super) mod file;
pub(super) mod mounted_secrets;
pub(super) mod yaml;

/// Everything that is assigned to settings.
#[derive(Debug, Default)]
pub(super) struct Layers {
    figment: Figment,
    assigned: Vec<Assigned>,
}

impl Layers {
    /// The weakest layer: the defaults.
    pub(super) fn new() -> Self {
        let mut layers = Layers::default();
        for setting in settings::all().filter(|setting| !setting.default.is_empty()) {
            layers.add(Assignment::to(setting, setting.default, Origin::Default));
        }
        layers
    }

    /// Lays an assignment over all earlier ones.
    ///
    /// An empty value says "not set" and brings the default back: charts and shell scripts write it so. Only the
    /// value of a secret may be empty.
    pub(super) fn add(&mut self, assignment: Assignment) {
        let Assignment { setting, text, origin } = assignment;
        let key_and_number = (setting.key, self.assigned.len());
        self.figment = std::mem::take(&mut self.figment).merge(key_and_number);
        self.assigned
            .push(match text.expose_secret().is_empty() && !setting.secret {
                true => Assigned {
                    text: Some(setting.default)
                        .filter(|text| !text.is_empty())
                        .map(SecretString::from),
                    origin: Origin::Empty(Box::new(origin)),
                },
                false => Assigned {
                    text: Some(text),
                    origin,
                },
            });
    }

    /// What holds for each setting that any layer names.
    pub(super) fn effective(self) -> Effective {
        let mut assigned: Vec<_> = self.assigned.into_iter().map(Some).collect();
        let mut take = |setting: &'static Setting| {
            let number: usize = self.figment.extract_inner(setting.key).ok()?;
            Some((setting.key, assigned.get_mut(number)?.take()?))
        };
        settings::all().filter_map(&mut take).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assign(layers: &mut Layers, key: &str, text: &str, origin: Origin) {
        layers.add(Assignment::new(key, text, origin).unwrap());
    }

    fn value(effective: &Effective, key: &str) -> Option<(Option<String>, String)> {
        let assigned = effective.get(key)?;
        let text = assigned.text.as_ref().map(|text| text.expose_secret().to_owned());
        Some((text, assigned.origin.to_string()))
    }

    #[test]
    fn the_last_layer_wins_and_says_where_it_is() {
        let mut layers = Layers::new();
        let port = "management_center.port";
        let defaults = Layers::new().effective();
        assert_eq!(value(&defaults, port), Some((Some("8307".into()), "default".into())));
        assign(
            &mut layers,
            port,
            "1",
            Origin::Variable("QC_MANAGEMENT_CENTER__PORT".into()),
        );
        assign(&mut layers, port, "2", Origin::Option("--port"));
        let effective = layers.effective();
        assert_eq!(
            value(&effective, port),
            Some((Some("2".into()), "option --port".into()))
        );
        assert_eq!(value(&effective, "csv.file"), None);
    }

    #[test]
    fn an_empty_value_brings_the_default_back_but_a_secret_may_be_empty() {
        let mut layers = Layers::new();
        for key in [
            "management_center.port",
            "csv.file",
            "management_center.pkcs12_password",
        ] {
            assign(&mut layers, key, "1", Origin::Option("--set"));
            assign(&mut layers, key, "", Origin::Variable("QC".into()));
        }
        let empty = || "QC (empty)".to_owned();
        let effective = layers.effective();
        assert_eq!(
            value(&effective, "management_center.port"),
            Some((Some("8307".into()), empty()))
        );
        assert_eq!(value(&effective, "csv.file"), Some((None, empty())));
        assert_eq!(
            value(&effective, "management_center.pkcs12_password"),
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
                assign(&mut layers, key, text, Origin::Option("--set"));
                assert_eq!(value(&layers.effective(), key).unwrap().0.as_deref(), Some(text));
            }
        }
    }
}
