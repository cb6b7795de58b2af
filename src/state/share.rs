//! Shares: parts of a whole in percent.

use std::str::FromStr;

/// A part in percent, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u8);

/// Why a text is no [`Share`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no part in percent, as 10%")]
pub struct ShareError(String);

impl Share {
    /// Whether so many are no more than this part of all.
    pub fn allows(self, some: u64, all: u64) -> bool {
        u128::from(some) * 100 <= u128::from(all) * u128::from(self.0)
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let number = text.trim().strip_suffix('%').map(str::trim_end);
        let number = number.and_then(|number| number.parse().ok());
        let share = number.filter(|number| *number <= 100).map(Share);
        share.ok_or_else(|| ShareError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_in_percent() {
        let ten: Share = "10%".parse().unwrap();
        assert!(ten.allows(1, 10) && !ten.allows(2, 10) && !ten.allows(1, 9) && ten.allows(0, 0));
        assert!("0%".parse::<Share>().unwrap().allows(0, 5));
        assert!("100 %".parse::<Share>().unwrap().allows(5, 5));
        for text in ["", "10", "101%", "-1%", "x%", "1.5%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        insta::assert_snapshot!("10".parse::<Share>().unwrap_err(), @"'10' is no part in percent, as 10%");
    }
}
