//! The record for people.

use std::fmt::{self, Write};

use super::count::{Equation, Outcome, Totals, Unit};
use super::numbers::{CLEAN, grouped, hosts, noun, plural, took};
use super::record::{BatchRecord, Destination, Failure, PartRecord, Record};

/// Refused hosts that are named; JSON names more.
const NAMED: usize = 10;

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for batch in &self.batches {
            of_batch(f, batch)?;
        }
        if self.not_begun > 0 {
            let templates = plural(self.not_begun as u64, "template wasn't", "templates weren't");
            writeln!(f, "{templates} begun")?;
        }
        write!(
            f,
            "{} ({}) in {}",
            self.exit.code(),
            self.meaning(),
            took(self.duration)
        )
    }
}

fn of_batch(out: &mut impl Write, batch: &BatchRecord) -> fmt::Result {
    let several = batch.parts.len() > 1;
    for part in &batch.parts {
        of_part(out, part, several)?;
    }
    if several {
        writeln!(out, "{} together", batch.name())?;
    }
    let totals = &batch.totals;
    selection(out, totals)?;
    notes(out, &batch.warnings)?;
    left(out, batch)?;
    match &batch.destination {
        Destination::ManagementCenter => {
            let frames = format!(
                ", {}",
                plural(totals.get(Unit::Frames, Outcome::Sent), "frame", "frames")
            );
            delivery(out, totals, &frames)?;
            refusals(out, batch)?;
        }
        Destination::File(file) => delivery(out, totals, &format!(" to {file}"))?,
        Destination::Plan(plan) => {
            delivery(out, totals, "")?;
            for (what, sentence) in plan.lines(totals) {
                line(out, what, &sentence)?;
            }
        }
    }
    failed(out, batch.failure.as_ref())
}

/// Which report it is; how much was read of it stands here only `if_several` have all else together.
fn of_part(out: &mut impl Write, part: &PartRecord, if_several: bool) -> fmt::Result {
    write!(out, "{}", part.name)?;
    if let Some(title) = &part.title {
        write!(out, "  {title}")?;
    }
    if let Some(generated) = part.generated {
        write!(out, ", generated {}", humantime::format_rfc3339_seconds(generated))?;
    }
    writeln!(out)?;
    if if_several && part.is_read() {
        row(out, &part.totals, Outcome::Read, "")?;
    }
    notes(out, &part.warnings)?;
    failed(out, part.failure.as_ref())
}

/// What was read, selected and left out.
fn selection(out: &mut impl Write, totals: &Totals) -> fmt::Result {
    if !totals.is_selected() {
        return Ok(());
    }
    row(out, totals, Outcome::Read, "")?;
    let cve = format!(
        " ({} with a CVE)",
        grouped(totals.get(Unit::Findings, Outcome::WithCve))
    );
    row(out, totals, Outcome::Selected, &cve)?;
    if let clean @ 1.. = totals.get(Unit::Hosts, Outcome::Clean) {
        number(out, "clean", clean, "host", &format!(": {CLEAN}"))?;
    }
    for (unit, one) in [(Unit::Hosts, "host"), (Unit::Findings, "finding")] {
        for (reason, count) in totals.left_out(unit) {
            number(out, "left out", count, one, &format!(": {}", reason.reason()))?;
        }
    }
    Ok(())
}

/// Hosts that left, and the first of them.
fn left(out: &mut impl Write, batch: &BatchRecord) -> fmt::Result {
    let totals = &batch.totals;
    let (Some(left @ 1..), known) = (
        totals.find(Unit::Hosts, Outcome::Left),
        totals.get(Unit::Hosts, Outcome::Known),
    ) else {
        return Ok(());
    };
    let known = grouped(known);
    number(
        out,
        "left",
        left,
        "host",
        &format!(" of {known} known from earlier runs: in scope no more"),
    )?;
    if let deleted @ 1.. = totals.get(Unit::Hosts, Outcome::Deleted) {
        number(out, "deleted", deleted, "host", "")?;
    }
    // A plan is made to see them.
    let named = match batch.destination {
        Destination::Plan(_) => batch.left.len(),
        _ => NAMED.min(batch.left.len()),
    };
    for address in batch.left.iter().take(named) {
        line(out, "", &address.to_string())?;
    }
    match left.saturating_sub(named as u64) {
        0 => Ok(()),
        more => line(out, "", &format!("and {} more", hosts(more))),
    }
}

/// What became of what was selected; the numbers of what arrived end with `rest`.
fn delivery(out: &mut impl Write, totals: &Totals, rest: &str) -> fmt::Result {
    let outcomes = Outcome::ALL
        .iter()
        .filter(|outcome| outcome.part_of() == Some(Equation::Delivery));
    for outcome in outcomes {
        match (totals.find(Unit::Hosts, *outcome), outcome) {
            (Some(_), Outcome::Acknowledged | Outcome::Written) => row(out, totals, *outcome, rest)?,
            (Some(hosts @ 1..), outcome) => match outcome.units() {
                [Unit::Hosts] => number(out, label(*outcome), hosts, "host", "")?,
                _ => row(out, totals, *outcome, "")?,
            },
            _ => {}
        }
    }
    Ok(())
}

fn refusals(out: &mut impl Write, batch: &BatchRecord) -> fmt::Result {
    for (host, reason) in batch.refusals.iter().take(NAMED) {
        line(out, "", &format!("{host}: {reason}"))?;
    }
    match batch
        .totals
        .get(Unit::Hosts, Outcome::Refused)
        .saturating_sub(NAMED as u64)
    {
        0 => Ok(()),
        more => line(out, "", &format!("and {} more", hosts(more))),
    }
}

fn notes(out: &mut impl Write, warnings: &[String]) -> fmt::Result {
    warnings.iter().try_for_each(|warning| line(out, "note", warning))
}

fn failed(out: &mut impl Write, failure: Option<&Failure>) -> fmt::Result {
    failure.map_or(Ok(()), |failure| line(out, "failed", &failure.sentence))
}

/// The word that a line of numbers begins with.
pub(super) fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not sent",
        Outcome::Replaced => "replaces",
        Outcome::Merged => "merges",
        Outcome::PlannedClear => "clears",
        outcome => outcome.name(),
    }
}

fn line(out: &mut impl Write, what: &str, sentence: &str) -> fmt::Result {
    writeln!(out, "  {what:<13}{sentence}")
}

/// Hosts and findings in columns.
fn row(out: &mut impl Write, totals: &Totals, outcome: Outcome, rest: &str) -> fmt::Result {
    let [hosts, findings] = [Unit::Hosts, Unit::Findings].map(|unit| totals.get(unit, outcome));
    writeln!(
        out,
        "  {:<13}{:>11} {:<5} {:>13} {}{rest}",
        label(outcome),
        grouped(hosts),
        noun(hosts, "host"),
        grouped(findings),
        noun(findings, "finding"),
    )
}

/// A number of things in the column of hosts.
fn number(out: &mut impl Write, what: &str, number: u64, thing: &str, rest: &str) -> fmt::Result {
    writeln!(out, "  {what:<13}{:>11} {}{rest}", grouped(number), noun(number, thing))
}
