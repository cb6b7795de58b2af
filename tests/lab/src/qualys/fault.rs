//! What goes wrong, where and when: the switches for everything that happens in the field.
//!
//! This module says which faults strike a request; what they do to it is done where answers are made and sent.

mod grammar;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::action::Action;
use super::options::Reply;

pub use self::grammar::FaultError;
pub(super) use self::grammar::{help, parse_status};

/// One thing that goes wrong: `[done-]NAME[=ARGUMENT][@ACTION[/ID][:WHEN]]`, as in `status=503@list:1-3`.
///
/// `done-`: the action is carried out, only its answer is lost. ID: only requests count whose `ids` name this host or QID, by
/// itself or in a range. WHEN counts the requests of that action: `2`, `2-4` or `2-`; always, when it's left out. The names are
/// listed by `connector-lab qualys --help`.
#[derive(Debug, Clone)]
pub struct Fault {
    text: String,
    effect: Effect,
    at: Action,
    /// Only where this one is asked for.
    id: Option<u64>,
    first: u32,
    last: u32,
    seen: Arc<AtomicU32>,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Another answer, or none, in the place of the right one.
    Instead {
        what: Instead,
        /// The action is carried out all the same.
        done: bool,
    },
    /// The answer begins late.
    Delay(Duration),
    /// The report ends early, its transfer doesn't.
    Truncate(Truncate),
    /// The transfer of the answer.
    Transfer(Transfer),
    /// The connection ends when so many bytes of the answer have left, encryption and head included.
    Wire(u64),
    /// The action is carried out twice; the second answer is sent.
    Twice,
    /// From the answer on, connections are refused for so long.
    Refuse(Duration),
    /// What becomes of a report that is launched.
    Fate(Fate),
    /// Which certificate a connection is shown.
    Certificate(Certificate),
    /// The clock that the Date header tells of is so many seconds ahead, or behind.
    Clock(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Instead {
    Code(Reply),
    Throttled { seconds: u32 },
    Busy { calls: u32 },
    Status { status: u16, retry_after: Option<String> },
    Empty,
    Html,
    Redirect(String),
    ErrorReport,
    WrongRoot(String),
    Close,
    Reset,
    Hang,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Truncate {
    /// Before it's compressed: what arrives is sound gzip.
    Report(u64),
    /// After it's compressed: what arrives is gzip without an end.
    Encoded(u64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Transfer {
    /// The connection ends after so many bytes; the length that was announced says otherwise.
    Cut(u64),
    /// The connection ends inside a chunked answer.
    CutChunked(u64),
    /// The answer's end is the connection's end, as in HTTP/1.0: nothing tells that it was cut.
    CutClose(u64),
    /// The connection is reset after so many bytes.
    Reset(u64),
    /// Nothing more comes after so many bytes, and the connection stays.
    Hang(u64),
    /// So many bytes a second.
    Drip(u64),
    /// The length that is announced, whatever comes.
    Length(u64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fate {
    /// It ends in this state.
    Ends(String),
    /// While it's made, its state has this name.
    Passes(String),
    /// It's never finished.
    RunsForever,
    /// The list never shows it.
    Unlisted,
    /// When it's finished, fetch says so many times that it isn't.
    LateFetch(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificate {
    /// Issued by a CA that nobody knows.
    Foreign,
    Expired,
    /// Issued for another host.
    OtherName,
    /// As good as the usual one, but another: what is shown after a renewal.
    Renewed,
}

/// All faults of a running Qualys.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Fault>>);

/// What strikes one request.
#[derive(Debug, Default)]
pub(super) struct Struck {
    /// As they were typed.
    pub(super) names: Vec<String>,
    pub(super) effects: Vec<Effect>,
}

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(faults))
    }

    pub(super) fn replace(&self, faults: Vec<Fault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Counts a request of this action, and says what strikes it; `asks_for` says whether it's about a host or a QID.
    pub(super) fn strike(&self, action: Action, asks_for: impl Fn(u64) -> bool) -> Struck {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = Struck::default();
        let concerns = |fault: &&Fault| fault.concerns(action) && fault.id.is_none_or(&asks_for);
        for fault in faults.iter().filter(concerns) {
            let number = fault.seen.fetch_add(1, Ordering::Relaxed) + 1;
            if (fault.first..=fault.last).contains(&number) {
                struck.names.push(fault.text.clone());
                struck.effects.push(fault.effect.clone());
            }
        }
        struck
    }
}

impl Fault {
    fn concerns(&self, action: Action) -> bool {
        self.at == action || (self.at == Action::Any && action != Action::Connection)
    }
}

impl Struck {
    /// What is answered instead, and whether the action is carried out all the same.
    pub(super) fn instead(&self) -> Option<(&Instead, bool)> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Instead { what, done } => Some((what, *done)),
            _ => None,
        })
    }

    /// Whether the action is carried out, whatever becomes of its answer.
    pub(super) fn is_carried_out(&self) -> bool {
        self.twice() || self.instead().is_none_or(|(_, done)| done)
    }

    pub(super) fn delay(&self) -> Duration {
        let delays = self.effects.iter().filter_map(|effect| match effect {
            Effect::Delay(delay) => Some(*delay),
            _ => None,
        });
        delays.sum()
    }

    pub(super) fn truncations(&self) -> impl Iterator<Item = Truncate> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Truncate(truncate) => Some(*truncate),
            _ => None,
        })
    }

    pub(super) fn transfers(&self) -> Vec<Transfer> {
        let transfers = self.effects.iter().filter_map(|effect| match effect {
            Effect::Transfer(transfer) => Some(*transfer),
            _ => None,
        });
        transfers.collect()
    }

    /// How many bytes may leave before the connection ends.
    pub(super) fn wire(&self) -> Option<u64> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Wire(bytes) => Some(*bytes),
            _ => None,
        })
    }

    pub(super) fn twice(&self) -> bool {
        self.effects.contains(&Effect::Twice)
    }

    /// How long connections are refused from now on.
    pub(super) fn refuse(&self) -> Option<Duration> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Refuse(length) => Some(*length),
            _ => None,
        })
    }

    pub(super) fn fates(&self) -> Vec<Fate> {
        let fates = self.effects.iter().filter_map(|effect| match effect {
            Effect::Fate(fate) => Some(fate.clone()),
            _ => None,
        });
        fates.collect()
    }

    /// Seconds that Qualys' clock is ahead of the right time.
    pub(super) fn clock(&self) -> Option<i64> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Clock(seconds) => Some(*seconds),
            _ => None,
        })
    }

    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Certificate(certificate) => Some(*certificate),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: &str, actions: &[Action]) -> Vec<bool> {
        let faults = Faults::new(vec![fault.parse().unwrap()]);
        actions
            .iter()
            .map(|&action| !faults.strike(action, |_| false).effects.is_empty())
            .collect()
    }

    #[test]
    fn a_fault_counts_the_requests_of_its_action_only() {
        use Action::{Connection, Fetch, List};
        assert_eq!(
            strikes("reset@list:2", &[List, Fetch, List, List]),
            [false, false, true, false]
        );
        assert_eq!(
            strikes("reset@list:2-", &[List, List, Fetch, List]),
            [false, true, false, true]
        );
        assert_eq!(
            strikes("reset@any:1-2", &[Connection, List, Fetch, List]),
            [false, true, true, false]
        );
        assert_eq!(strikes("reset", &[Connection, List]), [false, true]);
        assert_eq!(strikes("cut=10", &[List, Fetch]), [false, true]);
    }

    #[test]
    fn a_fault_of_a_host_counts_the_requests_for_that_host_only() {
        let faults = Faults::new(vec!["status=504@detections/7:2-".parse().unwrap()]);
        let strikes = |action, ids: &[u64]| !faults.strike(action, |id| ids.contains(&id)).effects.is_empty();
        assert!(!strikes(Action::Detections, &[6, 7]), "the first one passes");
        assert!(!strikes(Action::Detections, &[6, 8]));
        assert!(!strikes(Action::HostList, &[7]));
        assert!(strikes(Action::Detections, &[7]));
        assert!(strikes(Action::Detections, &[1, 7, 8]));
    }
}
