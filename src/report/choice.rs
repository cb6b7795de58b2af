//! Choices: which of a few words a user wants.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use super::finding::{Kind, Status};

/// `selection.kinds`: `confirmed`, `potential`, `information`, or `all`.
pub type Kinds = Choice<Kind>;

/// `selection.statuses`: `new`, `active`, `reopened` (also `re-opened`), `fixed`, or `all`.
pub type Statuses = Choice<Status>;

/// Some of the words of `T`, at least one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice<T> {
    bits: u8,
    words: PhantomData<T>,
}

/// A type of few values, each with a word that users write.
pub trait Word: Copy + PartialEq + 'static {
    /// What one such value is called in errors.
    const NAME: &'static str;
    /// Every value and its word.
    const ALL: &'static [(Self, &'static str)];
    /// What is chosen where nothing is written.
    const DEFAULT: &'static [Self];
}

impl Word for Kind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(Self, &'static str)] = &[
        (Kind::Confirmed, "confirmed"),
        (Kind::Potential, "potential"),
        (Kind::Information, "information"),
    ];
    const DEFAULT: &'static [Self] = &[Kind::Confirmed, Kind::Potential];
}

impl Word for Status {
    const NAME: &'static str = "status";
    const ALL: &'static [(Self, &'static str)] = &[
        (Status::New, "new"),
        (Status::Active, "active"),
        (Status::Reopened, "reopened"),
        (Status::Fixed, "fixed"),
    ];
    const DEFAULT: &'static [Self] = &[Status::New, Status::Active, Status::Reopened];
}

/// Why a text is no [`Choice`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// Nothing is written.
    #[error("no {name} is named; use {words} or all, separated by commas")]
    Empty {
        /// What is chosen from.
        name: &'static str,
        /// The words there are.
        words: String,
    },
    /// A word that isn't one of the few.
    #[error("'{given}' is no {name}; use {words} or all, separated by commas")]
    Unknown {
        /// The word.
        given: String,
        /// What is chosen from.
        name: &'static str,
        /// The words there are.
        words: String,
    },
}

impl<T: Word> Choice<T> {
    /// Exactly these.
    pub fn of(values: &[T]) -> Self {
        let chosen = |(index, (value, _)): (usize, &(T, _))| u8::from(values.contains(value)) << index;
        Choice {
            bits: T::ALL.iter().enumerate().map(chosen).sum(),
            words: PhantomData,
        }
    }

    /// Whether `value` is one of them.
    pub fn contains(self, value: T) -> bool {
        self.iter().any(|chosen| chosen == value)
    }

    fn iter(self) -> impl Iterator<Item = T> {
        let chosen = move |&(index, _): &(usize, _)| self.bits >> index & 1 == 1;
        T::ALL.iter().enumerate().filter(chosen).map(|(_, (value, _))| *value)
    }
}

impl<T: Word> Default for Choice<T> {
    fn default() -> Self {
        Choice::of(T::DEFAULT)
    }
}

impl<T: Word> FromStr for Choice<T> {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let words = || T::ALL.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ");
        let mut values = Vec::new();
        for given in text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()) {
            let plain = given.to_ascii_lowercase().replace('-', "");
            match T::ALL.iter().find(|(_, word)| *word == plain) {
                Some((value, _)) => values.push(*value),
                None if plain == "all" => values.extend(T::ALL.iter().map(|(value, _)| *value)),
                None => {
                    return Err(ChoiceError::Unknown {
                        given: given.to_owned(),
                        name: T::NAME,
                        words: words(),
                    });
                }
            }
        }
        if values.is_empty() {
            return Err(ChoiceError::Empty {
                name: T::NAME,
                words: words(),
            });
        }
        Ok(Choice::of(&values))
    }
}

impl<T: Word> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chosen = T::ALL.iter().filter(|(value, _)| self.contains(*value));
        f.write_str(&chosen.map(|(_, word)| *word).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Word> fmt::Debug for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Choice({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write_is_understood_and_written_back() {
        let kinds = |text: &str| text.parse::<Kinds>().map(|kinds| kinds.to_string());
        assert_eq!(kinds("Confirmed,potential").unwrap(), "confirmed, potential");
        assert_eq!(kinds(" information ").unwrap(), "information");
        assert_eq!(kinds("all").unwrap(), "confirmed, potential, information");
        assert_eq!(Kinds::default().to_string(), "confirmed, potential");
        let statuses = |text: &str| text.parse::<Statuses>().map(|statuses| statuses.to_string());
        assert_eq!(statuses("Re-Opened fixed").unwrap(), "reopened, fixed");
        assert_eq!(Statuses::default().to_string(), "new, active, reopened");
    }

    #[test]
    fn every_choice_comes_back_as_it_was() {
        for bits in 1..16 {
            let chosen = Status::ALL
                .iter()
                .enumerate()
                .filter(|(index, _)| bits >> index & 1 == 1);
            let choice = Choice::of(&chosen.map(|(_, (status, _))| *status).collect::<Vec<_>>());
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn another_word_is_answered_with_the_words_there_are() {
        insta::assert_snapshot!(
            "confirmed, vuln".parse::<Kinds>().unwrap_err(),
            @"'vuln' is no kind; use confirmed, potential, information or all, separated by commas"
        );
        insta::assert_snapshot!(
            " , ".parse::<Statuses>().unwrap_err(),
            @"no status is named; use new, active, reopened, fixed or all, separated by commas"
        );
    }
}
