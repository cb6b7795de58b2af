//! Values: the field that a row sets, parsed once, with the place that it comes from.

use secrecy::ExposeSecret as _;

use super::error::{ConfigError, Errors, Reported};
use super::origin::{Assigned, Effective, Origin};
use super::row::SettingRow;
use super::setting::Setting;

/// What is known of a setting.
#[derive(Debug)]
pub(super) struct Value<T> {
    setting: &'static Setting,
    /// `None`: it has neither a value nor a default.
    parsed: Result<Option<T>, Reported>,
    origin: Option<Origin>,
}

impl<T: Clone> Value<T> {
    /// Parses what holds for a setting, or reports why that is no value.
    pub(super) fn read(
        setting: &'static Setting,
        row: SettingRow<T>,
        effective: &Effective,
        errors: &mut Errors,
    ) -> Self {
        let assigned = effective.get(setting.key);
        let mut parse = |assigned: &Assigned| {
            let Some(text) = &assigned.text else { return Ok(None) };
            let text = text.expose_secret();
            (row.parse)(text).map(Some).map_err(|reason| {
                errors.report(ConfigError::Value {
                    origin: assigned.origin.clone(),
                    setting,
                    value: (!setting.hides(text)).then(|| text.to_owned()),
                    reason,
                })
            })
        };
        Value {
            setting,
            parsed: assigned.map_or(Ok(None), &mut parse),
            origin: assigned.map(|assigned| assigned.origin.clone()),
        }
    }

    /// The value, if it is there and right.
    pub(super) fn get(&self) -> Option<T> {
        self.parsed.clone().ok().flatten()
    }

    /// The value of a setting that need not have one.
    pub(super) fn optional(&self) -> Result<Option<T>, Reported> {
        self.parsed.clone()
    }

    /// The value of a setting that must have one; reports that it is missing.
    pub(super) fn required(&self, errors: &mut Errors) -> Result<T, Reported> {
        self.optional()?
            .ok_or_else(|| errors.report(ConfigError::Missing(self.setting)))
    }

    /// Whether there is a value, right or wrong.
    pub(super) fn is_set(&self) -> bool {
        !matches!(self.parsed, Ok(None))
    }

    /// Where the value stands, if there is one.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref().filter(|_| self.is_set())
    }

    /// The name of the setting, if somebody set it: it isn't just the default.
    pub(super) fn given(&self) -> Option<&'static str> {
        let origin = self.origin().filter(|origin| !matches!(origin, Origin::Default));
        origin.map(|_| self.key())
    }

    /// The name of the setting.
    pub(super) fn key(&self) -> &'static str {
        self.setting.key
    }
}
