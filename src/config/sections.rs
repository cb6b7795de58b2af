//! Sections: a file holds what there is to know of one. Its rows, how they contradict each other, and the module's
//! settings that are made of their values.
//!
//! A new setting is a row of its section's file, and what is done with its value. A new section is a file and a line in
//! the list below.

use secrecy::SecretString;
use url::Url;

use super::contradiction::Contradiction;
use super::error::{ConfigError, Errors, Reported};
use super::origin::Effective;
use super::setting::Setting;
use super::templates::TemplateIds;
use super::value::Value;
use super::{SinkSettings, SourceSettings};
use crate::http::{Endpoint, Proxy};

/// Declares a section as rows. A row's doc comment is the setting's help, its name the key, its type the type of the field that
/// takes the value; the rest is a [`SettingRow`](super::row::SettingRow). Each row becomes an entry of the table of
/// [`settings`](super::settings) and a field of the section, so the two can't differ.
macro_rules! section {
    (
        $(#[$about:meta])*
        $section:ident $name:literal {
            $( $(#[doc = $help:literal])+ $field:ident $(as $key:literal)?: $type:ty = $row:expr; )+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        pub(in crate::config) struct $section {
            $( $(#[doc = $help])+ pub(in crate::config) $field: $crate::config::value::Value<$type>, )+
        }

        impl $section {
            /// The section's part of the table.
            pub(in crate::config) const SETTINGS: &'static [$crate::config::setting::Setting] = &[
                $( section!(@setting $name $($help)+, $field $($key)?, $type, $row) ),+
            ];

            /// Parses its values.
            pub(in crate::config) fn read(
                effective: &$crate::config::origin::Effective,
                errors: &mut $crate::config::error::Errors,
            ) -> Self {
                $section {
                    $( $field: $crate::config::value::Value::read(
                        const { &section!(@setting $name $($help)+, $field $($key)?, $type, $row) },
                        $row,
                        effective,
                        errors,
                    ), )+
                }
            }
        }
    };
    (@setting $name:literal $($help:literal)+, $field:ident $($key:literal)?, $type:ty, $row:expr) => {
        $crate::config::row::SettingRow::<$type>::setting(
            $row,
            concat!($name, ".", section!(@key $field $($key)?)),
            concat!($($help),+).trim_ascii_start(),
            |text| { let row: $crate::config::row::SettingRow<$type> = $row; (row.parse)(text).map(drop) },
        )
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}

mod commands;
pub(super) mod detections;
pub(super) mod log;
mod management_center;
mod output;
mod pushgateway;
pub(super) mod qualys;
mod report;
mod selection;
mod state;
mod telemetry;

/// Lists the sections, in the order in which they are shown.
macro_rules! sections {
    ($( $field:ident: $section:path, )+) => {
        /// What is known of every setting.
        #[derive(Debug)]
        pub(super) struct Sections {
            $( pub(super) $field: $section, )+
        }

        impl Sections {
            /// Parses every value, and reports what is none.
            pub(super) fn read(effective: &Effective, errors: &mut Errors) -> Self {
                Sections { $( $field: <$section>::read(effective, errors), )+ }
            }
        }

        /// The table of settings.
        pub(super) const SECTIONS: &[&[Setting]] = &[ $( <$section>::SETTINGS, )+ ];
    };
}

sections! {
    qualys: qualys::QualysSection,
    detections: detections::DetectionsSection,
    report: report::ReportSection,
    selection: selection::SelectionSection,
    commands: commands::CommandsSection,
    management_center: management_center::ManagementCenterSection,
    csv: output::CsvSection,
    page: output::PageSection,
    state: state::StateSection,
    log: log::LogSection,
    telemetry: telemetry::TelemetrySection,
    pushgateway: pushgateway::PushgatewaySection,
}

impl Sections {
    /// Where reports come from.
    pub(super) fn source(&self, errors: &mut Errors) -> Result<SourceSettings, Reported> {
        let knowledge_base = self.knowledge_base(errors)?;
        match self.report.file.optional()? {
            Some(report) => Ok(SourceSettings::File { report, knowledge_base }),
            None if self.asks_for_detections() => {
                let (qualys, detections) = (self.qualys(errors), self.detections(errors));
                Ok(SourceSettings::Detections {
                    qualys: qualys?,
                    detections: detections?,
                })
            }
            None => {
                let (settings, templates) = (self.qualys(errors), self.qualys.templates(errors));
                Ok(SourceSettings::Qualys {
                    settings: settings?,
                    templates: templates?,
                    at_once: self.qualys.reports_at_once.required(errors)?,
                })
            }
        }
    }

    /// Where commands go to.
    pub(super) fn sink(&self, errors: &mut Errors) -> Result<SinkSettings, Reported> {
        match self.csv.file.optional()? {
            Some(file) => Ok(SinkSettings::Csv {
                file,
                by_template: self.has_csv_files(),
            }),
            None => {
                let settings = self.management_center.settings(ConfigError::NoSink, errors)?;
                Ok(SinkSettings::ManagementCenter(settings))
            }
        }
    }

    /// Whether each template has a CSV file of its own: there are several, even if this invocation imports one of them only.
    pub(super) fn has_csv_files(&self) -> bool {
        let several = |ids: TemplateIds| ids.into_vec().len() > 1;
        !self.report.file.is_set() && self.qualys.template_ids.get().is_some_and(several)
    }
}

/// The settings of a proxy.
struct ProxyOf<'a> {
    url: &'a Value<Url>,
    username: &'a Value<String>,
    password: &'a Value<SecretString>,
}

impl ProxyOf<'_> {
    /// The proxy on the way to an address, if settings name one. One that can't be used is reported, also when the
    /// environment names it.
    fn on_the_way_to(&self, to: &Value<Url>, login: bool, errors: &mut Errors) -> Result<Option<Proxy>, Reported> {
        let proxy = match self.url.optional()? {
            Some(url) => Some(Proxy {
                url,
                username: self.username.optional()?,
                password: self.password.optional()?,
            }),
            None => None,
        };
        let url = to.required(errors)?;
        let endpoint = Endpoint {
            url: &url,
            key: to.key(),
            proxy: proxy.as_ref(),
            proxy_key: self.url.key(),
            login,
        };
        match endpoint.via() {
            Ok(_) => Ok(proxy),
            Err(error) => Err(errors.report(Contradiction::Proxy(error.to_string()))),
        }
    }
}
