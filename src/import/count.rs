//! Counts: everything that a run counts, one row each.
//!
//! A row says what the count is called, which units it counts, and where it stands in the equations that keep anything
//! from being lost in silence:
//!
//! | equation | of hosts and of findings |
//! |---|---|
//! | selection | `read = selected + clean + left out` |
//! | delivery | `selected + to clear = acknowledged + cleared + refused + not sent` |
//!
//! In a file, what is written stands in the place of what is acknowledged; in a plan, what would be sent. Text, JSON,
//! metrics, spans and the page are views that go over these rows: a new count is a row here, and a value where it is counted.

use std::collections::BTreeMap;

use Equation::{Delivery, Selection};
use Unit::{Bytes, Commands, Connections, Findings, Frames, Hosts};

use crate::report::selection::Word as _;
use crate::report::{Kind, LeftOut};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Hosts; entries of hosts, where a report is read.
    Hosts,
    /// Findings.
    Findings,
    /// Host Input commands.
    Commands,
    /// Frames of commands.
    Frames,
    /// Connections to the Management Center.
    Connections,
    /// Bytes of XML, or of commands.
    Bytes,
}

impl Unit {
    /// Its name in JSON, metrics and spans.
    pub const fn name(self) -> &'static str {
        match self {
            Hosts => "hosts",
            Findings => "findings",
            Commands => "commands",
            Frames => "frames",
            Connections => "connections",
            Bytes => "bytes",
        }
    }
}

/// An equation between counts: a whole and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equation {
    /// What is read is selected, clean or left out.
    Selection,
    /// What is selected is delivered, refused or not sent.
    Delivery,
}

macro_rules! outcomes {
    ($($(#[$doc:meta])* $outcome:ident $name:literal [$($unit:ident)*] [$($whole:ident)?] = [$($part:ident)?];)*) => {
        /// What became of what is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Outcome {
            $($(#[$doc])* $outcome,)*
            /// Left out by the selection.
            LeftOut(LeftOut),
            /// Selected, of this severity; 0 where the report doesn't tell.
            Severity(u8),
            /// Selected, of this kind.
            Kind(Kind),
        }

        impl Outcome {
            /// Every outcome that isn't one of many reasons, severities or kinds, in the order in which they are shown.
            pub const ALL: &[Outcome] = &[$(Outcome::$outcome),*];

            /// Its name in JSON, metrics and spans.
            pub fn name(self) -> &'static str {
                match self {
                    $(Outcome::$outcome => $name,)*
                    Outcome::LeftOut(reason) => reason.label(),
                    Outcome::Severity(severity) => severity_name(severity),
                    Outcome::Kind(kind) => kind_name(kind),
                }
            }

            /// The units that are counted.
            pub const fn units(self) -> &'static [Unit] {
                match self {
                    $(Outcome::$outcome => &[$($unit),*],)*
                    Outcome::LeftOut(_) => &[Hosts, Findings],
                    Outcome::Severity(_) | Outcome::Kind(_) => &[Findings],
                }
            }

            /// The equation of which it is the whole, or a part of it.
            const fn whole_of(self) -> Option<Equation> {
                match self {
                    $($(Outcome::$outcome => Some($whole),)?)*
                    _ => None,
                }
            }

            /// The equation of which it is a part.
            pub const fn part_of(self) -> Option<Equation> {
                match self {
                    $($(Outcome::$outcome => Some($part),)?)*
                    Outcome::LeftOut(_) => Some(Selection),
                    _ => None,
                }
            }
        }
    };
}

outcomes! {
    // outcome    name          units                                whole of      part of
    /// In the reports.
    Read "read" [Hosts Findings Bytes] [Selection] = [];
    /// Passed the selection.
    Selected "selected" [Hosts Findings] [Delivery] = [Selection];
    /// Selected, and can raise an event's impact.
    WithCve "with_cve" [Findings] [] = [];
    /// Selected, and can't raise an event's impact.
    WithoutCve "without_cve" [Findings] [] = [];
    /// Nothing open, something fixed.
    Clean "clean" [Hosts] [] = [Selection];
    /// Clean, and to be cleared.
    ToClear "to_clear" [Hosts] [Delivery] = [];
    /// Sent to the Management Center; what was sent again counts again.
    Sent "sent" [Commands Frames Connections Bytes] [] = [];
    /// Acknowledged by the Management Center.
    Acknowledged "acknowledged" [Hosts Findings Commands] [] = [Delivery];
    /// Written into a file.
    Written "written" [Hosts Findings Commands Bytes] [] = [Delivery];
    /// Listed by Qualys and not imported, as a batch failed or wasn't begun.
    Missing "missing" [Hosts] [] = [];
    /// Known from earlier runs.
    Known "known" [Hosts] [] = [];
    /// Known from earlier runs, and in scope no more.
    Left "left" [Hosts] [] = [];
    /// Hosts that left and were cleared, or would be; they are among those.
    LeftCleared "left_cleared" [Hosts] [] = [];
    /// Hosts that left and were deleted.
    Deleted "deleted" [Hosts] [] = [];
    /// Earlier results removed.
    Cleared "cleared" [Hosts] [] = [Delivery];
    /// Neither acknowledged nor refused.
    NotSent "not_sent" [Hosts Findings] [] = [Delivery];
    /// Refused by the Management Center.
    Refused "refused" [Hosts Findings Commands] [] = [Delivery];
    /// In a plan: earlier results would give way.
    Replaced "replaced" [Hosts Findings] [] = [Delivery];
    /// In a plan: earlier results would stay beside the new ones.
    Merged "merged" [Hosts Findings] [] = [Delivery];
    /// In a plan: earlier results would be removed.
    PlannedClear "cleared" [Hosts] [] = [Delivery];
    /// In a plan: longer than a frame may be.
    TooLong "too_long" [Findings] [] = [Delivery];
    /// In a plan: what would be sent.
    Planned "planned" [Commands Frames Bytes] [] = [];
}

impl Outcome {
    /// Whether it is of a plan, so that nothing of it happened.
    pub const fn is_planned(self) -> bool {
        use Outcome::{Merged, Planned, PlannedClear, Replaced, TooLong};
        matches!(self, Replaced | Merged | PlannedClear | TooLong | Planned)
    }
}

/// Severities from the highest to 0, the one that a report doesn't tell.
pub const SEVERITIES: [u8; 6] = [5, 4, 3, 2, 1, 0];

const fn severity_name(severity: u8) -> &'static str {
    match severity {
        1 => "1",
        2 => "2",
        3 => "3",
        4 => "4",
        5 => "5",
        _ => "unknown",
    }
}

fn kind_name(kind: Kind) -> &'static str {
    let named = Kind::ALL.iter().find(|(known, _)| *known == kind);
    named.map_or("unknown", |(_, name)| name)
}

/// How many there are of a unit with an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(pub Unit, pub Outcome);

/// The values of counts. A count that isn't known has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<Count, u64>);

impl Totals {
    /// The value of a count, if it is known.
    pub fn find(&self, unit: Unit, outcome: Outcome) -> Option<u64> {
        self.0.get(&Count(unit, outcome)).copied()
    }

    /// The value of a count; 0 where it isn't known.
    pub fn get(&self, unit: Unit, outcome: Outcome) -> u64 {
        self.find(unit, outcome).unwrap_or_default()
    }

    /// Every count that is known, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (Count, u64)> {
        self.0.iter().map(|(count, value)| (*count, *value))
    }

    /// Why some of `unit` were left out, and how many for each reason.
    pub fn left_out(&self, unit: Unit) -> impl Iterator<Item = (LeftOut, u64)> {
        self.iter().filter_map(move |(count, value)| match count {
            Count(of, Outcome::LeftOut(reason)) if of == unit => Some((reason, value)),
            _ => None,
        })
    }

    /// Whether a selection was made.
    pub fn is_selected(&self) -> bool {
        self.find(Hosts, Outcome::Selected).is_some()
    }

    /// Whether a delivery was begun.
    pub fn is_delivered(&self) -> bool {
        let mut counts = self.0.keys();
        counts.any(|Count(_, outcome)| outcome.part_of() == Some(Delivery))
    }

    /// What reached the place where it goes.
    pub fn arrived(&self, unit: Unit) -> u64 {
        use Outcome::{Acknowledged, Merged, Replaced, Written};
        let arrived = [Acknowledged, Written, Replaced, Merged];
        arrived.into_iter().map(|outcome| self.get(unit, outcome)).sum()
    }

    /// Hosts whose earlier results were removed.
    pub fn cleared(&self) -> u64 {
        self.get(Hosts, Outcome::Cleared) + self.get(Hosts, Outcome::PlannedClear)
    }

    /// Adds to a count, which is known from now on.
    pub fn add(&mut self, unit: Unit, outcome: Outcome, value: u64) {
        *self.0.entry(Count(unit, outcome)).or_default() += value;
    }

    /// Adds all counts of another one.
    pub fn join(&mut self, other: &Totals) {
        for (Count(unit, outcome), value) in other.iter() {
            self.add(unit, outcome, value);
        }
    }

    /// The equations that don't hold, each with its unit, its whole and its parts: none, unless there is a bug.
    pub fn contradictions(&self) -> Vec<(Unit, Equation, u64, u64)> {
        let sum = |unit, is: &dyn Fn(Outcome) -> bool| {
            let values = self
                .iter()
                .filter(|(Count(of, outcome), _)| *of == unit && is(*outcome));
            values.map(|(_, value)| value).sum::<u64>()
        };
        let known = [
            (Selection, self.is_selected()),
            (Delivery, self.is_selected() && self.is_delivered()),
        ];
        let known = known.into_iter().filter(|(_, known)| *known);
        let all = known.flat_map(|(equation, _)| [Hosts, Findings].map(|unit| (unit, equation)));
        let all = all.map(|(unit, equation)| {
            let whole = sum(unit, &|outcome| outcome.whole_of() == Some(equation));
            let parts = sum(unit, &|outcome| outcome.part_of() == Some(equation));
            (unit, equation, whole, parts)
        });
        all.filter(|(.., whole, parts)| whole != parts).collect()
    }
}

impl FromIterator<(Count, u64)> for Totals {
    fn from_iter<I: IntoIterator<Item = (Count, u64)>>(values: I) -> Self {
        Totals(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_on_the_way_is_found() {
        use Outcome::{Acknowledged, Clean, NotSent, Read, Selected, ToClear};
        let mut totals = Totals::from_iter([
            (Count(Hosts, Read), 5),
            (Count(Hosts, Selected), 3),
            (Count(Hosts, Clean), 1),
            (Count(Hosts, Outcome::LeftOut(LeftOut::Duplicate)), 1),
        ]);
        assert_eq!(totals.contradictions(), []);
        totals.join(&Totals::from_iter([
            (Count(Hosts, ToClear), 1),
            (Count(Hosts, Acknowledged), 3),
            (Count(Hosts, NotSent), 0),
        ]));
        assert_eq!(totals.contradictions(), [(Hosts, Delivery, 4, 3)]);
        totals.join(&Totals::from_iter([
            (Count(Hosts, NotSent), 1),
            (Count(Findings, Read), 1),
        ]));
        assert_eq!(totals.contradictions(), [(Findings, Selection, 1, 0)]);
    }

    #[test]
    fn each_count_has_a_name_of_its_own() {
        let counts = Outcome::ALL
            .iter()
            .flat_map(|outcome| outcome.units().iter().map(move |unit| (unit, outcome)));
        let names = counts.map(|(unit, outcome)| (outcome.is_planned(), unit.name(), outcome.name()));
        let all: Vec<_> = names.collect();
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), different.len(), "{all:?}");
    }
}
