//! Mark: the title that makes a report recognisable as ours, to whoever comes after us.
//!
//! A killed pod's successor knows nothing but its own configuration. So the title carries the template and a run key:
//! a hash over what decides the content of the report. Same configuration, same key; anything else is not ours.

use std::fmt;

use crate::qualys::Settings;

const NAME: &str = "qualys-connector";

/// The title of a report that we launched: at most 55 of the 128 characters that Qualys takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The report template.
    pub(super) template: u64,
    run_key: u64,
}

impl Mark {
    pub(super) fn new(settings: &Settings, template: u64) -> Self {
        let decisive = [&template.to_string(), &settings.user_id, &settings.api_version];
        let run_key = decisive
            .into_iter()
            .flat_map(|part| part.bytes().chain([0]))
            .fold(FNV_OFFSET, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
            });
        Mark { template, run_key }
    }

    /// Reads a title. `None`: somebody else's report, or one that was launched with other settings.
    pub(super) fn parse(settings: &Settings, title: &str) -> Option<Self> {
        let template = title.strip_prefix(NAME)?.split_whitespace().next()?.parse().ok()?;
        let ours = Mark::new(settings, template);
        (ours.to_string() == title.trim()).then_some(ours)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} {} {:016x}", self.template, self.run_key)
    }
}

// FNV-1a, 64 bits: a hash that is the same in every version of every program, which std's is not.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        crate::qualys::testing::settings("https://qualysapi.qualys.com")
    }

    #[test]
    fn a_title_is_read_back_and_stays_the_same_from_version_to_version() {
        let title = Mark::new(&settings(), 424_242).to_string();
        assert_eq!(title, "qualys-connector 424242 8e694e96e337f781");
        assert_eq!(Mark::parse(&settings(), &title), Some(Mark::new(&settings(), 424_242)));
        assert!(Mark::new(&settings(), u64::MAX).to_string().len() <= 128);
    }

    #[test]
    fn reports_of_others_are_not_ours() {
        let ours = Mark::new(&settings(), 424_242).to_string();
        let other = Settings {
            user_id: "zaphod".into(),
            ..settings()
        };
        assert_eq!(Mark::parse(&other, &ours), None);
        for title in [
            "",
            "Weekly report",
            "qualys-connector",
            "qualys-connector 424242",
            "qualys-connector 424242 0",
        ] {
            assert_eq!(Mark::parse(&settings(), title), None, "{title}");
        }
        assert_eq!(Mark::parse(&settings(), &ours.replace("424242", "424243")), None);
    }
}
