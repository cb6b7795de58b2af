//! Dates of the two years before the report.

use std::time::{Duration, UNIX_EPOCH};

use super::Options;
use super::random::Random;

/// When every generated report says that it was made.
pub(super) const GENERATED: &str = "2026-01-15T06:00:00Z";
const GENERATED_SECONDS: u64 = 1_768_456_800;
const TWO_YEARS: u32 = 2 * 365 * 86_400;
const DATES: usize = 1024;

/// A store of dates, oldest first: writing out a date takes longer than copying it.
#[derive(Debug)]
pub(crate) struct Dates(Vec<String>);

impl Dates {
    pub(super) fn new(options: &Options) -> Self {
        let random = &mut Random::new(options.seed, u64::MAX - 2);
        let mut ages: Vec<u32> = (0..DATES).map(|_| random.below(TWO_YEARS)).collect();
        ages.sort_unstable_by(|one, other| other.cmp(one));
        let date = |age| UNIX_EPOCH + Duration::from_secs(GENERATED_SECONDS - u64::from(age));
        let text = |age| humantime::format_rfc3339_seconds(date(age)).to_string();
        Self(ages.into_iter().map(text).collect())
    }

    pub(super) fn any(&self, random: &mut Random) -> &str {
        random.pick::<String>(&self.0)
    }

    /// Two dates, the earlier one first.
    pub(crate) fn pair(&self, random: &mut Random) -> (&str, &str) {
        let (one, other) = (self.any(random), self.any(random));
        (one.min(other), one.max(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_date_is_later_than_the_report() {
        assert_eq!(
            humantime::parse_rfc3339(GENERATED),
            Ok(UNIX_EPOCH + Duration::from_secs(GENERATED_SECONDS))
        );
        let Dates(dates) = Dates::new(&Options::default());
        assert!(dates.is_sorted() && dates.last().unwrap().as_str() <= GENERATED);
    }
}
