//! The summary for people.

use std::fmt::{self, Write};

use super::{BatchSummary, Outcome, Summary, TemplateSummary};
use crate::import::text::{CLEAN, grouped, hosts, noun, number, plural, row, took};

/// Refused hosts that are named; the line for machines names more.
const NAMED: usize = 10;

pub(super) fn write(summary: &Summary, out: &mut String) -> fmt::Result {
    for batch in &summary.batches {
        of_batch(batch, out)?;
    }
    if summary.not_begun > 0 {
        let templates = plural(summary.not_begun as u64, "template wasn't", "templates weren't");
        writeln!(out, "{templates} begun")?;
    }
    write!(
        out,
        "{} ({}) in {}",
        summary.exit.code(),
        summary.meaning(),
        took(summary.duration)
    )
}

fn of_batch(batch: &BatchSummary, out: &mut String) -> fmt::Result {
    let several = batch.templates.len() > 1;
    for template in &batch.templates {
        of_template(template, several, out)?;
    }
    if several {
        writeln!(out, "{} together", batch.name())?;
    }
    numbers(batch, out)?;
    for remark in &batch.remarks {
        writeln!(out, "  {:<13}{remark}", "note")?;
    }
    outcome(batch, out)?;
    if let Some(failure) = &batch.failure {
        writeln!(out, "  {:<13}{}", "failed", failure.sentence)?;
    }
    Ok(())
}

/// Which report it is; how much was read of it stands here only `if_several` have all else together.
fn of_template(template: &TemplateSummary, if_several: bool, out: &mut String) -> fmt::Result {
    write!(out, "{}", template.name)?;
    if let Some(title) = &template.title {
        write!(out, "  {title}")?;
    }
    if let Some(generated) = template.generated {
        write!(out, ", generated {}", humantime::format_rfc3339_seconds(generated))?;
    }
    writeln!(out)?;
    if let (Some(read), true) = (template.read, if_several) {
        row(out, "read", read.hosts, read.findings, "")?;
    }
    for remark in &template.remarks {
        writeln!(out, "  {:<13}{remark}", "note")?;
    }
    if let Some(failure) = &template.failure {
        writeln!(out, "  {:<13}{}", "failed", failure.sentence)?;
    }
    Ok(())
}

fn numbers(batch: &BatchSummary, out: &mut String) -> fmt::Result {
    let Some(counts) = &batch.counts else { return Ok(()) };
    row(out, "read", counts.hosts_read, counts.findings_read, "")?;
    let cve = format!(" ({} with a CVE)", grouped(counts.with_cve));
    row(out, "selected", counts.hosts_selected, counts.findings_selected, &cve)?;
    if counts.hosts_clean > 0 {
        line(out, "clean", counts.hosts_clean, "host", CLEAN)?;
    }
    for (reason, count) in counts.hosts_left_out.iter() {
        line(out, "left out", count, "host", reason.reason())?;
    }
    for (reason, count) in counts.findings_left_out.iter() {
        line(out, "left out", count, "finding", reason.reason())?;
    }
    Ok(())
}

fn outcome(batch: &BatchSummary, out: &mut String) -> fmt::Result {
    match &batch.outcome {
        Outcome::Nothing => Ok(()),
        Outcome::Sent(delivery) => {
            let frames = format!(", {}", plural(delivery.frames, "frame", "frames"));
            let acknowledged = delivery.hosts_acknowledged - delivery.hosts_cleared;
            row(
                out,
                "acknowledged",
                acknowledged,
                delivery.findings_acknowledged,
                &frames,
            )?;
            cleared(out, delivery.hosts_cleared)?;
            if delivery.hosts_not_sent() > 0 {
                let (hosts, findings) = (delivery.hosts_not_sent(), delivery.findings_not_sent());
                row(out, "not sent", hosts, findings, "")?;
            }
            if delivery.hosts_refused > 0 {
                row(out, "refused", delivery.hosts_refused, delivery.findings_refused, "")?;
            }
            for (host, reason) in delivery.refusals.iter().take(NAMED) {
                writeln!(out, "  {:<13}{host}: {reason}", "")?;
            }
            match delivery.hosts_refused.saturating_sub(NAMED as u64) {
                0 => Ok(()),
                more => writeln!(out, "  {:<13}and {} more", "", hosts(more)),
            }
        }
        Outcome::Written(file, written) => {
            let rest = format!(" to {file}");
            row(out, "written", written.hosts - written.cleared, written.findings, &rest)?;
            cleared(out, written.cleared)
        }
        Outcome::Planned(plan) => plan.text(out, batch.counts.as_ref()),
    }
}

fn cleared(out: &mut String, cleared: u64) -> fmt::Result {
    match cleared {
        0 => Ok(()),
        cleared => number(out, "cleared", cleared, "host"),
    }
}

/// A number of things and what there is to say of them.
fn line(out: &mut String, what: &str, number: u64, thing: &str, why: &str) -> fmt::Result {
    writeln!(
        out,
        "  {what:<13}{:>11} {}: {why}",
        grouped(number),
        noun(number, thing)
    )
}
