//! A plan: what a delivery would send, counted without sending it.
//!
//! The frames are those that the Management Center would get, packed by the same code. What it already holds isn't known.

use std::time::Duration;

use super::count::{Outcome, SEVERITIES, Totals, Unit};
use super::numbers::{amount, findings, grouped, hosts, plural};
use crate::report::Kind;
use crate::report::selection::Word as _;

/// Commands that a Management Center takes in a second, when it is quick and when it is slow. An assumption: nothing
/// public tells, and it depends on the appliance and its load.
pub(super) const COMMANDS_PER_SECOND: (u64, u64) = (2_000, 200);

/// What is known of a plan besides its counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plan {
    /// Hosts that the network map lacks would be added to it.
    pub add_host: bool,
    /// Hosts with findings, those of earlier batches included and each counted once.
    pub hosts: u64,
    /// Hosts that the network map holds, at most; when that is known.
    pub host_limit: Option<u32>,
    /// The longest time that sending may take.
    pub deadline: Duration,
}

impl Plan {
    /// Whether there are more hosts than the network map holds; unknown without a limit.
    pub fn exceeds_limit(&self) -> Option<bool> {
        self.host_limit.map(|limit| self.hosts > u64::from(limit))
    }

    /// All of a plan but how many hosts are replaced, merged and cleared: lines, each with its first word.
    pub fn lines(&self, totals: &Totals) -> Vec<(&'static str, String)> {
        let get = |unit, outcome| totals.get(unit, outcome);
        let severities = SEVERITIES.map(Outcome::Severity).into_iter();
        let severities = severities.map(|severity| match severity {
            Outcome::Severity(0) => ("of unknown severity".to_owned(), severity),
            severity => (format!("of severity {}", severity.name()), severity),
        });
        let kinds = Kind::ALL
            .iter()
            .map(|(kind, name)| (name.to_string(), Outcome::Kind(*kind)));
        let mut lines = vec![("severity", list(totals, severities)), ("kind", list(totals, kinds))];
        if get(Unit::Hosts, Outcome::Replaced) + get(Unit::Hosts, Outcome::Merged) > 0 {
            let missing = match self.add_host {
                true => "those that the network map lacks are added",
                false => "those that the network map lacks are ignored (commands.add_host=n)",
            };
            lines.push(("hosts", missing.to_owned()));
        }
        if let too_long @ 1.. = get(Unit::Findings, Outcome::TooLong) {
            let sentence = format!("{}: longer than a frame may be", findings(too_long));
            lines.push(("can't send", sentence));
        }
        if let Some(limit) = self.host_limit {
            let over = match (self.add_host, self.exceeds_limit()) {
                (false, _) => "; none is added (commands.add_host=n)",
                (true, Some(true)) => ": too many, it drops hosts or refuses new ones",
                (true, _) => ", besides those that it holds already",
            };
            let sentence = format!("{} of {}{over}", grouped(self.hosts), hosts(limit.into()));
            lines.push(("host limit", sentence));
        }
        let planned = [Unit::Commands, Unit::Frames, Unit::Bytes].map(|unit| get(unit, Outcome::Planned));
        let [commands, frames, bytes] = planned;
        let commands = plural(commands, "command", "commands");
        let frames = plural(frames, "frame", "frames");
        lines.push(("sends", format!("{commands} in {frames}, {}", amount(bytes))));
        let (quick, slow) = estimate(totals);
        let late = match slow > self.deadline {
            true => "; the slow one ends after management_center.deadline",
            false => "",
        };
        let (fast_rate, slow_rate) = (grouped(COMMANDS_PER_SECOND.0), grouped(COMMANDS_PER_SECOND.1));
        lines.push((
            "takes",
            format!(
                "{} to {}, if it does {fast_rate} to {slow_rate} commands a second (an assumption){late}",
                humantime::format_duration(quick),
                humantime::format_duration(slow)
            ),
        ));
        lines
    }
}

/// How long sending takes, if the Management Center is quick and if it is slow.
pub(super) fn estimate(totals: &Totals) -> (Duration, Duration) {
    let (quick, slow) = COMMANDS_PER_SECOND;
    let commands = totals.get(Unit::Commands, Outcome::Planned);
    let at = |rate| Duration::from_secs(commands.div_ceil(rate));
    (at(quick), at(slow))
}

/// Those that occur, as `12 of severity 5, 3 of severity 4`.
fn list(totals: &Totals, named: impl Iterator<Item = (String, Outcome)>) -> String {
    let listed: Vec<_> = named
        .map(|(name, outcome)| (name, totals.get(Unit::Findings, outcome)))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", grouped(count)))
        .collect();
    match listed.is_empty() {
        true => "none".to_owned(),
        false => listed.join(", "),
    }
}
