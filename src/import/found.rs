//! What stages count: the numbers of reports, selections and deliveries, by the names of the [counts](super::count).

use super::commands::HostCommands;
use super::count::{Count, Outcome, SEVERITIES, Totals, Unit};
use super::left_commands::LeftCommands;
use super::runner::Found;
use crate::host_input::command::Closing;
use crate::host_input::counting::first_frame;
use crate::host_input::csv_file::CsvWritten;
use crate::host_input::delivery::Delivery;
use crate::host_input::packing::{Blocks, Packer, Written as WrittenBlock, count};
use crate::qualys::{Finished, Launched};
use crate::report::selection::Word as _;
use crate::report::{Kind, Report, Selected};

use Outcome::{
    Acknowledged, Clean, Cleared, Deleted, LeftOut, Merged, NotSent, Planned, PlannedClear, Read, Refused, Replaced,
    Selected as Chosen, Sent, TooLong, WithCve, WithoutCve, Written,
};
use Unit::{Bytes, Commands, Connections, Findings, Frames, Hosts};

impl Found for Launched {}

impl Found for Finished<'_> {}

impl Found for Report {
    fn counts(&self) -> Totals {
        let about = self.about();
        Totals::from_iter([
            (Count(Bytes, Read), about.bytes),
            (Count(Hosts, Read), about.hosts),
            (Count(Findings, Read), about.findings),
        ])
    }
}

impl Found for Selected {
    fn counts(&self) -> Totals {
        let counts = self.counts();
        let numbers = [
            (Count(Hosts, Read), counts.hosts_read),
            (Count(Hosts, Chosen), counts.hosts_selected),
            (Count(Hosts, Clean), counts.hosts_clean),
            (Count(Findings, Read), counts.findings_read),
            (Count(Findings, Chosen), counts.findings_selected),
            (Count(Findings, WithCve), counts.with_cve),
            (Count(Findings, WithoutCve), counts.without_cve()),
        ];
        let left_out = [(Hosts, &counts.hosts_left_out), (Findings, &counts.findings_left_out)];
        let left_out = left_out.into_iter().flat_map(|(unit, tally)| {
            tally
                .iter()
                .map(move |(reason, count)| (Count(unit, LeftOut(reason)), count))
        });
        let severities = counts.by_severity.into_iter().zip(SEVERITIES.into_iter().rev());
        let severities = severities.map(|(count, severity)| (Count(Findings, Outcome::Severity(severity)), count));
        let kinds = counts.by_kind.into_iter().zip(Kind::ALL);
        let kinds = kinds.map(|(count, (kind, _))| (Count(Findings, Outcome::Kind(*kind)), count));
        numbers
            .into_iter()
            .chain(left_out)
            .chain(severities)
            .chain(kinds)
            .collect()
    }
}

/// What became of a delivery to the Management Center.
pub(super) fn sent(delivery: &Delivery) -> Totals {
    let acknowledged = delivery.hosts_acknowledged - delivery.hosts_cleared;
    let numbers = [
        (Count(Hosts, Acknowledged), acknowledged),
        (Count(Hosts, Cleared), delivery.hosts_cleared),
        (Count(Hosts, Refused), delivery.hosts_refused),
        (Count(Hosts, NotSent), delivery.hosts_not_sent()),
        (Count(Findings, Acknowledged), delivery.findings_acknowledged),
        (Count(Findings, Refused), delivery.findings_refused),
        (Count(Findings, NotSent), delivery.findings_not_sent()),
    ];
    numbers.into_iter().chain(traffic(delivery)).collect()
}

/// What became of hosts that were to be deleted, their results being cleared already.
pub(super) fn deleted(delivery: &Delivery) -> Totals {
    let deleted = (Count(Hosts, Deleted), delivery.hosts_acknowledged);
    traffic(delivery).into_iter().chain([deleted]).collect()
}

fn traffic(delivery: &Delivery) -> [(Count, u64); 6] {
    [
        (Count(Commands, Sent), delivery.commands_sent),
        (Count(Commands, Acknowledged), delivery.commands_acknowledged),
        (Count(Commands, Refused), delivery.commands_refused),
        (Count(Frames, Sent), delivery.frames),
        (Count(Connections, Sent), delivery.connections),
        (Count(Bytes, Sent), delivery.bytes),
    ]
}

/// What was written into a file.
pub(super) fn written(written: &CsvWritten) -> Totals {
    Totals::from_iter([
        (Count(Hosts, Written), written.hosts - written.cleared),
        (Count(Hosts, Cleared), written.cleared),
        (Count(Findings, Written), written.findings),
        (Count(Commands, Written), written.commands),
        (Count(Bytes, Written), written.bytes),
    ])
}

/// What would be sent, in frames of at most `max_frame` bytes: packed by the code that packs for a Management Center.
pub(super) fn planned(commands: &HostCommands<'_>, max_frame: u32) -> Totals {
    let prologue = commands.prologue();
    let mut totals = Totals::from_iter([
        (Count(Frames, Planned), 1),
        (Count(Bytes, Planned), first_frame(commands).len() as u64),
    ]);
    if !prologue.is_empty() {
        let bytes = commands.header().len() + prologue.len();
        totals.add(Frames, Planned, 1);
        totals.add(Commands, Planned, count(prologue));
        totals.add(Bytes, Planned, bytes as u64);
    }
    for outcome in Outcome::ALL.iter().filter(|outcome| outcome.is_planned()) {
        outcome.units().iter().for_each(|unit| totals.add(*unit, *outcome, 0));
    }
    plan_frames(commands, max_frame, &mut totals, |totals, host, written| {
        let too_long = u64::from(written.shortened.results);
        totals.add(Findings, TooLong, too_long);
        let outcome = match commands.closing(host) {
            Some(Closing::Replace) => Replaced,
            Some(Closing::Merge) => Merged,
            Some(Closing::Clear) | None => return totals.add(Hosts, PlannedClear, 1),
        };
        totals.add(Hosts, outcome, 1);
        totals.add(Findings, outcome, written.findings - too_long);
    });
    totals
}

/// What would be sent about hosts that left.
pub(super) fn planned_to_leave(commands: &LeftCommands<'_>, max_frame: u32) -> Totals {
    let mut totals = Totals::default();
    plan_frames(commands, max_frame, &mut totals, |totals, _, written| {
        totals.add(Hosts, PlannedClear, written.clears.into());
    });
    totals
}

/// Packs without sending; `closed` counts each host.
fn plan_frames(
    commands: &impl Blocks,
    max_frame: u32,
    totals: &mut Totals,
    closed: impl Fn(&mut Totals, usize, WrittenBlock),
) {
    let mut packer = Packer::new(commands, 0..commands.len(), max_frame as usize);
    while let Some(frame) = packer.pack() {
        totals.add(Frames, Planned, 1);
        totals.add(Commands, Planned, frame.commands);
        totals.add(Bytes, Planned, frame.payload.len() as u64);
        for (host, written) in frame.closed {
            closed(totals, host, written);
        }
    }
}
