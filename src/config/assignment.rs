//! Assignments: what a layer says about a setting. All layers speak in them.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::ConfigError;
use super::origin::Origin;
use super::setting::Setting;
use super::settings;

/// What one layer says about one setting.
#[derive(Debug)]
pub struct Assignment {
    pub(super) setting: &'static Setting,
    /// The value as it was written. Any of them could be a secret in the wrong place, so all are kept as one.
    pub(super) text: SecretString,
    pub(super) origin: Origin,
}

impl Assignment {
    /// Assigns to the setting of this key.
    ///
    /// # Errors
    ///
    /// No setting has this key.
    pub fn new(key: &str, text: impl Into<SecretString>, origin: Origin) -> Result<Self, ConfigError> {
        match settings::find(key) {
            Some(setting) => Ok(Assignment::to(setting, text, origin)),
            None => Err(ConfigError::Unknown {
                nearest: settings::nearest(key).map(|setting| setting.key.to_owned()),
                given: key.to_owned(),
                origin,
            }),
        }
    }

    /// Assigns to a setting.
    pub(super) fn to(setting: &'static Setting, text: impl Into<SecretString>, origin: Origin) -> Self {
        let text = text.into();
        Assignment { setting, text, origin }
    }

    /// The setting.
    pub fn setting(&self) -> &'static Setting {
        self.setting
    }

    /// The file that a secret stands in.
    pub(super) fn secret_file(&self) -> Option<&Path> {
        let (Origin::File { path, .. } | Origin::VariableFile { path, .. } | Origin::Secret(path)) = &self.origin
        else {
            return None;
        };
        (self.setting.secret && !self.text.expose_secret().is_empty()).then_some(path)
    }
}
