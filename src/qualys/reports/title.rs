//! Title: what makes a report recognisable as this import's, to whoever comes after us.
//!
//! A killed pod's successor knows nothing but its own configuration. So the title carries the import's name
//! (`telemetry.import`), the template, and a hash over what else decides whether a report is this import's: user,
//! version of the API, where the findings go, and whether the report is to be kept. Same configuration, same title. What is
//! selected of a report isn't part of it: a report is the same whatever is selected, and two imports into one place under
//! one name would undo each other's work with reports of their own, too. A
//! report of any other title is nobody's business here: it is neither adopted nor deleted. That holds for those of
//! version 0.1.0 too, whose titles had no name; Qualys deletes them after some days.

use std::fmt;

use super::list::Report;
use crate::qualys::{Settings, fnv_1a};

const NAME: &str = "qualys-connector";

/// A name is longer; the hash is over all of it.
const LONGEST_NAME: usize = 40;

/// The title of a template's report: at most 95 of the 128 characters that Qualys takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title {
    /// The report template.
    pub(super) template: u64,
    text: String,
}

impl Title {
    pub(super) fn new(settings: &Settings, template: u64) -> Self {
        let decisive = [
            &template.to_string(),
            &settings.import,
            &settings.user_id,
            &settings.api_version,
            &settings.destination,
            &settings.keep_report.to_string(),
        ];
        let key = fnv_1a(decisive.into_iter().flat_map(|part| part.bytes().chain([0])));
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        };
        let name: String = settings.import.chars().take(LONGEST_NAME).map(plain).collect();
        Title {
            template,
            text: format!("{NAME} {name} {template} {key:016x}"),
        }
    }

    /// Whether the report carries this title.
    pub(super) fn is_on(&self, report: &Report) -> bool {
        report.title.trim() == self.text
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        crate::qualys::testing::settings("https://qualysapi.qualys.com")
    }

    #[test]
    fn a_title_stays_the_same_from_version_to_version() {
        let title = Title::new(&settings(), 424_242).to_string();
        assert_eq!(title, "qualys-connector default 424242 2f50f6ba52e2e53d");
        let longest = Settings {
            import: "Zürich, main\u{202e} site ".repeat(9),
            ..settings()
        };
        let longest = Title::new(&longest, u64::MAX).to_string();
        assert!(longest.len() <= 128 && longest.is_ascii(), "{longest}");
        assert!(longest.starts_with("qualys-connector Z-rich--main--site-"), "{longest}");
    }

    #[test]
    fn whatever_decides_is_in_it() {
        let ours = settings();
        let others = [
            Settings {
                import: "berlin".into(),
                ..settings()
            },
            Settings {
                user_id: "zaphod".into(),
                ..settings()
            },
            Settings {
                api_version: "3.0".into(),
                ..settings()
            },
            Settings {
                destination: "192.0.2.9:8307".into(),
                ..settings()
            },
            Settings {
                keep_report: true,
                ..settings()
            },
        ];
        for other in others {
            assert_ne!(Title::new(&other, 1), Title::new(&ours, 1), "{other:?}");
        }
        assert_ne!(Title::new(&ours, 1), Title::new(&ours, 2));
    }
}
