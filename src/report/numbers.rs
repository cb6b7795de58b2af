//! Sets of numbers as users write them: QIDs and Qualys' networks.

use std::fmt;
use std::str::FromStr;

use super::intervals::Intervals;

/// `selection.qids` and `selection.exclude_qids`: `38173, 100000-100010`, separated by commas or white space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qids(Intervals<u32>);

/// `selection.networks`: numbers of Qualys' networks, or `all`. Addresses of different networks may overlap; hosts of
/// one address in several chosen networks become one host, since a Management Center's domain knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(Intervals<u32>);

/// The network of every subscription that never asked for more.
pub(super) const DEFAULT_NETWORK: u32 = 0;

/// In the place of a network whose number can't be read. It can't be asked for but by `all`.
pub(super) const NO_NETWORK: u32 = u32::MAX;

/// Why a text is no set of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Neither a number nor a range of numbers.
    #[error("'{given}' is no {name}; write {example}")]
    Unreadable {
        /// What is written.
        given: String,
        /// What the numbers stand for.
        name: &'static str,
        /// How it may look.
        example: &'static str,
    },
    /// A range that ends before it begins.
    #[error("{given} ends before it begins; did you mean {last}-{first}?")]
    Backwards {
        /// The range as written.
        given: String,
        /// What is written first.
        first: u32,
        /// What is written last.
        last: u32,
    },
    /// Nothing is written where something must be.
    #[error("no network is named; write 0 for the default network, or all")]
    NoNetwork,
}

impl Qids {
    /// Whether `qid` is one of them.
    pub fn contains(&self, qid: u32) -> bool {
        self.0.contains(qid)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Networks {
    /// Whether `network` is one of them.
    pub fn contains(&self, network: u32) -> bool {
        self.0.contains(network)
    }

    /// Their numbers one by one; `None` if the default network is among them, or they are more than a few.
    pub fn few(&self) -> Option<String> {
        const FEW: usize = 100;
        let networks = self.0.iter().flat_map(|(first, last)| first..=last);
        let numbers: Vec<String> = networks.take(FEW + 1).map(|network| network.to_string()).collect();
        (!self.contains(DEFAULT_NETWORK) && numbers.len() <= FEW).then(|| numbers.join(","))
    }
}

impl Default for Networks {
    fn default() -> Self {
        Networks(Intervals::from_iter([(DEFAULT_NETWORK, DEFAULT_NETWORK)]))
    }
}

impl FromStr for Qids {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        numbers(text, "QID or range of QIDs", "38173 or 100000-100010").map(Qids)
    }
}

impl FromStr for Networks {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Networks(Intervals::from_iter([(0, u32::MAX)])));
        }
        let networks = numbers(text, "number of a network", "0 for the default network, 12, or all")?;
        if networks.is_empty() {
            return Err(NumberError::NoNetwork);
        }
        Ok(Networks(networks))
    }
}

fn numbers(text: &str, name: &'static str, example: &'static str) -> Result<Intervals<u32>, NumberError> {
    Intervals::read(text, |item| {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let unreadable = || NumberError::Unreadable {
                given: item.to_owned(),
                name,
                example,
            };
            digits.then(|| text.parse().ok()).flatten().ok_or_else(unreadable)
        };
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(NumberError::Backwards {
                given: item.to_owned(),
                first,
                last,
            });
        }
        Ok((first, last))
    })
}

fn write(intervals: &Intervals<u32>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, (first, last)) in intervals.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        if first == last {
            write!(f, "{separator}{first}")?;
        } else {
            write!(f, "{separator}{first}-{last}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Qids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(&self.0, f)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.iter().eq([(0, u32::MAX)]) {
            return f.write_str("all");
        }
        write(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_are_the_default_one_unless_named() {
        assert!(Networks::default().contains(0) && !Networks::default().contains(7));
        let networks: Networks = "0, 7".parse().unwrap();
        assert!(networks.contains(0) && networks.contains(7) && !networks.contains(1));
        let all: Networks = " All ".parse().unwrap();
        assert!(all.contains(0) && all.contains(u32::MAX));
        assert_eq!((networks.to_string(), all.to_string()), ("0, 7".into(), "all".into()));
    }

    #[test]
    fn a_mistake_is_answered_with_an_example() {
        let refused = |text: &str| text.parse::<Qids>().unwrap_err();
        insta::assert_snapshot!(refused("38173, QID-5"), @"'QID-5' is no QID or range of QIDs; write 38173 or 100000-100010");
        insta::assert_snapshot!(refused("+5"), @"'+5' is no QID or range of QIDs; write 38173 or 100000-100010");
        insta::assert_snapshot!(refused("9 - 5"), @"9-5 ends before it begins; did you mean 5-9?");
        insta::assert_snapshot!("".parse::<Networks>().unwrap_err(), @"no network is named; write 0 for the default network, or all");
    }

    proptest! {
        #[test]
        fn qids_agree_with_a_naive_reading(items in prop::collection::vec((0u32..200, 0u32..20), 0..8), qid in 0u32..250) {
            let text = items.iter().map(|(first, more)| match more {
                0 => first.to_string(),
                more => format!("{first}-{}", first + more),
            }).collect::<Vec<_>>().join(",");
            let qids: Qids = text.parse().unwrap();
            prop_assert_eq!(qids.contains(qid), items.iter().any(|(first, more)| (*first..=first + more).contains(&qid)));
            prop_assert_eq!(qids.to_string().parse(), Ok(qids));
        }
    }
}
