//! A plan: what a delivery would send, counted without sending it.
//!
//! The frames are the ones that a Management Center would get, packed by the same code. What it holds already isn't
//! known, since nobody asks it.

use std::fmt::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::commands::HostCommands;
use super::text::{amount, findings, grouped, hosts, number, plural, row};
use crate::host_input::command::Closing;
use crate::host_input::counting::first_frame;
use crate::host_input::packing::{Blocks, Packer, count};
use crate::report::selection::Word;
use crate::report::{Counts, Kind};

/// Commands that a Management Center takes in a second, when it is quick and when it is slow. An assumption: nothing
/// public tells, and it depends on the appliance and its load.
const COMMANDS_PER_SECOND: (u64, u64) = (2_000, 200);

/// What would be sent of one template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Hosts whose results would give way to the new ones.
    pub replaced: Share,
    /// Hosts whose results would stay beside the new ones.
    pub merged: Share,
    /// Hosts whose results would be removed.
    pub cleared: u64,
    /// Hosts that the network map lacks would be added to it.
    pub add_host: bool,
    /// Hosts with findings, those of earlier templates included and each counted once.
    pub hosts: u64,
    /// Hosts that the network map holds, at most; when that is known.
    pub host_limit: Option<u32>,
    /// Findings whose command is longer than a frame may be.
    pub too_long: u64,
    /// Frames, if the Management Center takes frames of the configured size.
    pub frames: u64,
    /// Commands in them, those of the header not counted.
    pub commands: u64,
    /// Bytes of commands.
    pub bytes: u64,
    /// The longest time that sending may take.
    pub deadline: Duration,
}

/// Some hosts and the findings that are told of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Hosts.
    pub hosts: u64,
    /// Findings.
    pub findings: u64,
}

impl Plan {
    /// Packs `commands` into frames of at most `max_frame` bytes and counts them.
    pub(super) fn of(commands: &HostCommands<'_>, max_frame: u32) -> Self {
        let mut plan = Plan {
            frames: 1,
            commands: count(commands.prologue()),
            bytes: first_frame(commands).len() as u64,
            ..Plan::default()
        };
        let mut packer = Packer::new(commands, 0..commands.len(), max_frame as usize);
        while let Some(frame) = packer.pack() {
            plan.frames += 1;
            plan.commands += frame.commands;
            plan.bytes += frame.payload.len() as u64;
            for (host, written) in frame.closed {
                let missing = u64::from(written.shortened.results);
                plan.too_long += missing;
                let share = match commands.closing(host) {
                    Some(Closing::Replace) => &mut plan.replaced,
                    Some(Closing::Merge) => &mut plan.merged,
                    Some(Closing::Clear) | None => {
                        plan.cleared += 1;
                        continue;
                    }
                };
                share.hosts += 1;
                share.findings += written.findings - missing;
            }
        }
        plan
    }

    /// How long sending takes, if the Management Center is quick and if it is slow.
    pub fn estimate(&self) -> (Duration, Duration) {
        let (quick, slow) = COMMANDS_PER_SECOND;
        let at = |rate| Duration::from_secs(self.commands.div_ceil(rate));
        (at(quick), at(slow))
    }

    /// Whether more hosts are told of than the network map holds; nobody knows without a limit.
    pub fn exceeds_limit(&self) -> Option<bool> {
        self.host_limit.map(|limit| self.hosts > u64::from(limit))
    }

    pub(super) fn json(&self, counts: Option<&Counts>) -> Value {
        let (quick, slow) = self.estimate();
        let share = |share: &Share| json!({ "hosts": share.hosts, "findings": share.findings });
        let severities = counts.map(|counts| {
            let named = SEVERITIES.into_iter().zip(counts.by_severity.into_iter().rev());
            named
                .map(|(name, count)| (name.to_owned(), count.into()))
                .collect::<serde_json::Map<_, _>>()
        });
        let kinds = counts.map(|counts| {
            let named = kinds(counts);
            named
                .map(|(name, count)| (name.to_owned(), count.into()))
                .collect::<serde_json::Map<_, _>>()
        });
        json!({
            "replaced": share(&self.replaced),
            "merged": share(&self.merged),
            "cleared": { "hosts": self.cleared },
            "add_host": self.add_host,
            "by_severity": severities,
            "by_kind": kinds,
            "too_long": self.too_long,
            "frames": self.frames,
            "commands": self.commands,
            "bytes": self.bytes,
            "hosts": self.hosts,
            "host_limit": self.host_limit,
            "exceeds_host_limit": self.exceeds_limit(),
            "estimate": {
                "seconds_if_quick": quick.as_secs(),
                "seconds_if_slow": slow.as_secs(),
                "commands_per_second": [COMMANDS_PER_SECOND.0, COMMANDS_PER_SECOND.1],
            },
        })
    }

    pub(super) fn text(&self, out: &mut String, counts: Option<&Counts>) -> fmt::Result {
        for (what, share) in [("replaces", self.replaced), ("merges", self.merged)] {
            if share.hosts > 0 {
                row(out, what, share.hosts, share.findings, "")?;
            }
        }
        if self.cleared > 0 {
            number(out, "clears", self.cleared, "host")?;
        }
        for (what, sentence) in self.lines(counts) {
            writeln!(out, "  {what:<13}{sentence}")?;
        }
        Ok(())
    }

    /// What there is to say besides how many hosts are replaced, merged and cleared: a word for each line, and the line.
    pub fn lines(&self, counts: Option<&Counts>) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if let Some(counts) = counts {
            let named = SEVERITIES.into_iter().zip(counts.by_severity.into_iter().rev());
            let severities = named.map(|(name, count)| match name {
                "unknown" => ("of unknown severity".to_owned(), count),
                name => (format!("of severity {name}"), count),
            });
            lines.push(("severity", list(severities)));
            lines.push((
                "kind",
                list(kinds(counts).map(|(name, count)| (name.to_owned(), count))),
            ));
        }
        if self.replaced.hosts + self.merged.hosts > 0 {
            let missing = match self.add_host {
                true => "those that the network map lacks are added",
                false => "those that the network map lacks are ignored (commands.add_host=n)",
            };
            lines.push(("hosts", missing.to_owned()));
        }
        if self.too_long > 0 {
            let sentence = format!("{}: longer than a frame may be", findings(self.too_long));
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
        let commands = plural(self.commands, "command", "commands");
        let frames = plural(self.frames, "frame", "frames");
        lines.push(("sends", format!("{commands} in {frames}, {}", amount(self.bytes))));
        let (quick, slow) = self.estimate();
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

/// What severities are called, from the highest to the one that a report doesn't tell.
const SEVERITIES: [&str; 6] = ["5", "4", "3", "2", "1", "unknown"];

fn kinds(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    let all = Kind::ALL.iter();
    all.filter_map(|(kind, name)| Some((*name, *counts.by_kind.get(*kind as usize)?)))
}

/// Those that occur, as `12 of severity 5, 3 of severity 4`.
fn list(named: impl Iterator<Item = (String, u64)>) -> String {
    let named = named.filter(|(_, count)| *count > 0);
    let listed: Vec<_> = named
        .map(|(name, count)| format!("{} {name}", grouped(count)))
        .collect();
    match listed.is_empty() {
        true => "none".to_owned(),
        false => listed.join(", "),
    }
}
