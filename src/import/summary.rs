//! The summary: what an import did, template by template; for people, and as one line for machines.

use std::fmt::{self, Write};
use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};
use tracing::{Instrument, error};

use super::error::Error;
use super::plan::Plan;
use super::progress::Progress;
use super::stop::Stop;
use super::text::{grouped, took};
use super::told::Told;
use crate::exit::Exit;
use crate::host_input::csv_file::CsvWritten;
use crate::host_input::delivery::Delivery;
use crate::qualys;
use crate::report::{Breakdown, Counts, Report, Tally};
use crate::telemetry::spans;

mod line;

/// Refused hosts that are named in the text; the line for machines names more.
const NAMED: usize = 10;

/// What an import did.
#[derive(Debug)]
pub struct Summary {
    /// One entry for each template that was begun, in order.
    pub templates: Vec<TemplateSummary>,
    /// Templates that weren't begun, since the import was told to stop or Qualys refuses the login.
    pub not_begun: usize,
    /// How the process ends.
    pub exit: Exit,
    /// What was asked of Qualys.
    pub usage: qualys::Usage,
    /// When the client certificate expires; once it was opened.
    pub certificate_expires: Option<SystemTime>,
    /// From the first stage to the last.
    pub duration: Duration,
}

/// What became of one template, or of a report file.
#[derive(Debug, Default)]
pub struct TemplateSummary {
    /// Template id, or the file.
    pub name: String,
    /// The title that the report carries.
    pub title: Option<String>,
    /// When Qualys made the report.
    pub generated: Option<SystemTime>,
    /// Bytes of XML.
    pub bytes: u64,
    /// What was read, selected and left out; once the report was read.
    pub counts: Option<Counts>,
    /// What was selected, broken down; only where somebody asks for it.
    pub breakdown: Option<Breakdown>,
    /// What is odd in the report.
    pub remarks: Vec<String>,
    /// What became of it in the end.
    pub outcome: Outcome,
    /// Stages that were passed, and how long each took.
    pub stages: Vec<(&'static str, Duration)>,
    /// Why it isn't imported, or not in full.
    pub error: Option<(Exit, String)>,
    /// The stage in which that happened; `None` when nothing happened, or before the first stage.
    pub(super) failed_stage: Option<&'static str>,
    progress: Progress,
}

/// Where the findings went.
#[derive(Debug, Default)]
pub enum Outcome {
    /// Nowhere: it didn't come so far.
    #[default]
    Nothing,
    /// To the Management Center.
    Sent(Box<Delivery>),
    /// Into a CSV file.
    Written(String, CsvWritten),
    /// Nowhere, since it was only planned.
    Planned(Box<Plan>),
}

impl TemplateSummary {
    /// The summary of a template of which nothing is known yet.
    pub(super) fn begin(name: String, progress: &Progress) -> Self {
        progress.template(&name);
        TemplateSummary {
            name,
            progress: progress.clone(),
            ..TemplateSummary::default()
        }
    }

    /// Where the stages write how far they are.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Runs the work of a stage, remembers how long it took, and lets it tell what came of it.
    pub(super) async fn stage<T: Told>(&mut self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        self.progress.enter(stage);
        let span = spans::stage(stage);
        let result = work.instrument(span.clone()).await;
        span.in_scope(|| result.tell(&span));
        self.progress.leave();
        // A stage may be gone through twice; the latest is the last.
        let before = self.stages.iter().position(|(name, _)| *name == stage);
        let before = before.map(|place| self.stages.remove(place).1);
        self.stages.push((stage, before.unwrap_or_default() + begun.elapsed()));
        result
    }

    /// Takes note of why it isn't imported, or not in full, and says so.
    pub fn fail(&mut self, failure: &Error, stop: &Stop) {
        // Nothing fails between two stages, but something may before the first.
        let stage = self.stages.last().map(|(stage, _)| *stage);
        let told = stop.exit().filter(|_| failure.exit() == Exit::Terminated);
        let exit = told.unwrap_or(failure.exit());
        error!(exit = exit.code(), stage, "{failure}");
        self.error = Some((exit, failure.to_string()));
        self.failed_stage = self.stages.last().map(|(stage, _)| *stage);
    }

    /// Takes note of which report it is.
    pub fn describe(&mut self, report: &Report) {
        let about = report.about();
        self.title.clone_from(&about.title);
        self.generated = about.generated;
        self.bytes = about.bytes;
        self.remarks.extend(report.remarks().sentences());
    }

    /// Takes note of what was selected and what wasn't.
    pub fn count(&mut self, counts: &Counts) {
        self.progress.select(counts);
        self.counts = Some(counts.clone());
    }

    /// How the process would end if this were its only template.
    pub fn exit(&self) -> Exit {
        self.error.as_ref().map_or(Exit::Success, |(exit, _)| *exit)
    }

    fn json(&self) -> Value {
        let mut object = json!({
            "template": self.name,
            "title": self.title,
            "generated": self.generated.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
            "bytes": self.bytes,
            "stages": self.stages.iter().map(|(stage, took)| (stage.to_string(), json!(took.as_secs_f64()))).collect::<Map<_, _>>(),
            "remarks": self.remarks,
            "exit": self.exit().code(),
            "error": self.error.as_ref().map(|(_, text)| text),
        });
        let mut hosts = Map::new();
        let mut findings = Map::new();
        if let Some(counts) = &self.counts {
            hosts.insert("read".into(), counts.hosts_read.into());
            hosts.insert("selected".into(), counts.hosts_selected.into());
            hosts.insert("clean".into(), counts.hosts_clean.into());
            hosts.insert("left_out".into(), reasons(&counts.hosts_left_out));
            findings.insert("read".into(), counts.findings_read.into());
            findings.insert("selected".into(), counts.findings_selected.into());
            findings.insert("with_cve".into(), counts.with_cve.into());
            findings.insert("without_cve".into(), counts.without_cve().into());
            findings.insert("left_out".into(), reasons(&counts.findings_left_out));
        }
        let mut rest = Map::new();
        match &self.outcome {
            Outcome::Nothing => {}
            Outcome::Sent(delivery) => {
                hosts.insert("acknowledged".into(), delivery.hosts_acknowledged.into());
                hosts.insert("refused".into(), delivery.hosts_refused.into());
                hosts.insert("not_sent".into(), delivery.hosts_not_sent().into());
                findings.insert("acknowledged".into(), delivery.findings_acknowledged.into());
                findings.insert("refused".into(), delivery.findings_refused.into());
                findings.insert("not_sent".into(), delivery.findings_not_sent().into());
                rest.insert("frames".into(), delivery.frames.into());
                rest.insert("connections".into(), delivery.connections.into());
                rest.insert(
                    "commands".into(),
                    json!({ "sent": delivery.commands_sent, "acknowledged": delivery.commands_acknowledged }),
                );
                let refusals = delivery
                    .refusals
                    .iter()
                    .map(|(host, reason)| json!({ "host": host, "reason": reason }));
                rest.insert("refusals".into(), refusals.collect());
            }
            Outcome::Written(file, written) => {
                hosts.insert("written".into(), written.hosts.into());
                findings.insert("written".into(), written.findings.into());
                rest.insert("file".into(), file.as_str().into());
                rest.insert("commands".into(), json!({ "written": written.commands }));
            }
            Outcome::Planned(plan) => {
                rest.insert("plan".into(), plan.json(self.counts.as_ref()));
            }
        }
        if let Some(object) = object.as_object_mut() {
            object.insert("hosts".into(), hosts.into());
            object.insert("findings".into(), findings.into());
            object.append(&mut rest);
        }
        object
    }

    fn text(&self, out: &mut String) -> fmt::Result {
        write!(out, "{}", self.name)?;
        if let Some(title) = &self.title {
            write!(out, "  {title}")?;
        }
        if let Some(generated) = self.generated {
            write!(out, ", generated {}", humantime::format_rfc3339_seconds(generated))?;
        }
        writeln!(out)?;
        if let Some(counts) = &self.counts {
            row(out, "read", counts.hosts_read, counts.findings_read, "")?;
            let cve = format!(" ({} with a CVE)", grouped(counts.with_cve));
            row(out, "selected", counts.hosts_selected, counts.findings_selected, &cve)?;
            if counts.hosts_clean > 0 {
                writeln!(
                    out,
                    "  {:<13}{:>11} hosts, all of their findings are fixed",
                    "clean",
                    grouped(counts.hosts_clean)
                )?;
            }
            for (reason, count) in counts.hosts_left_out.iter() {
                writeln!(
                    out,
                    "  {:<13}{:>11} hosts: {}",
                    "left out",
                    grouped(count),
                    reason.reason()
                )?;
            }
            for (reason, count) in counts.findings_left_out.iter() {
                writeln!(
                    out,
                    "  {:<13}{:>11} findings: {}",
                    "left out",
                    grouped(count),
                    reason.reason()
                )?;
            }
        }
        for remark in &self.remarks {
            writeln!(out, "  {:<13}{remark}", "note")?;
        }
        match &self.outcome {
            Outcome::Nothing => {}
            Outcome::Sent(delivery) => {
                let frames = format!(", {} frames", grouped(delivery.frames));
                row(
                    out,
                    "acknowledged",
                    delivery.hosts_acknowledged,
                    delivery.findings_acknowledged,
                    &frames,
                )?;
                if delivery.hosts_not_sent() > 0 {
                    row(
                        out,
                        "not sent",
                        delivery.hosts_not_sent(),
                        delivery.findings_not_sent(),
                        "",
                    )?;
                }
                if delivery.hosts_refused > 0 {
                    row(out, "refused", delivery.hosts_refused, delivery.findings_refused, "")?;
                }
                for (host, reason) in delivery.refusals.iter().take(NAMED) {
                    writeln!(out, "  {:<13}{host}: {reason}", "")?;
                }
                let more = delivery.hosts_refused.saturating_sub(NAMED as u64);
                if more > 0 {
                    writeln!(out, "  {:<13}and {} hosts more", "", grouped(more))?;
                }
            }
            Outcome::Written(file, written) => {
                row(out, "written", written.hosts, written.findings, &format!(" to {file}"))?;
            }
            Outcome::Planned(plan) => plan.text(out, self.counts.as_ref())?,
        }
        if let Some((_, error)) = &self.error {
            writeln!(out, "  {:<13}{error}", "failed")?;
        }
        Ok(())
    }
}

impl Summary {
    /// One line to read: why it failed, and what was imported.
    pub fn line(&self) -> impl fmt::Display {
        line::Line(self)
    }

    /// What the exit code means here.
    pub fn meaning(&self) -> &'static str {
        let planned = |template: &TemplateSummary| matches!(template.outcome, Outcome::Planned(_));
        match self.exit {
            Exit::Success if self.templates.iter().any(planned) => "planned, nothing was sent",
            exit => exit.meaning(),
        }
    }

    /// The stage of the failure that decided how the process ends; where it failed before any stage, `configure`.
    pub(super) fn failed_stage(&self) -> &'static str {
        let worst = self.templates.iter().max_by_key(|template| template.exit());
        worst.and_then(|worst| worst.failed_stage).unwrap_or("configure")
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        json!({
            "exit": self.exit.code(),
            "meaning": self.meaning(),
            "seconds": self.duration.as_secs_f64(),
            "templates": self.templates.iter().map(TemplateSummary::json).collect::<Vec<_>>(),
            "templates_not_begun": self.not_begun,
        })
        .to_string()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for template in &self.templates {
            template.text(&mut out)?;
        }
        if self.not_begun > 0 {
            writeln!(out, "{} templates weren't begun", self.not_begun)?;
        }
        write!(
            out,
            "{} ({}) in {}",
            self.exit.code(),
            self.meaning(),
            took(self.duration)
        )?;
        f.write_str(&out)
    }
}

fn row(out: &mut String, what: &str, hosts: u64, findings: u64, rest: &str) -> fmt::Result {
    writeln!(
        out,
        "  {what:<13}{:>11} hosts {:>13} findings{rest}",
        grouped(hosts),
        grouped(findings)
    )
}

fn reasons(tally: &Tally) -> Value {
    tally
        .iter()
        .map(|(reason, count)| (reason.label().to_owned(), Value::from(count)))
        .collect::<Map<_, _>>()
        .into()
}
