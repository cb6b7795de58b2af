//! The summary for machines, as one object.
//!
//! A template that is delivered by itself has all its numbers in its entry of `templates`. What several templates have
//! together stands under `merged`.

use serde_json::{Map, Value, json};

use super::{BatchSummary, Failure, Outcome, Stages, Summary, TemplateSummary};
use crate::report::Tally;

pub(super) fn of(summary: &Summary) -> Value {
    let mut templates = Vec::new();
    let mut merged = None;
    for batch in &summary.batches {
        match batch.templates.as_slice() {
            [only] => templates.push(of_single(batch, only)),
            several => {
                templates.extend(several.iter().map(|template| Value::Object(of_template(template))));
                merged = Some(of_merged(batch));
            }
        }
    }
    let mut object = json!({
        "exit": summary.exit.code(),
        "meaning": summary.meaning(),
        "seconds": summary.duration.as_secs_f64(),
        "templates": templates,
        "templates_not_begun": summary.not_begun,
    });
    if let (Some(object), Some(merged)) = (object.as_object_mut(), merged) {
        object.insert("merged".into(), merged);
    }
    object
}

fn of_template(template: &TemplateSummary) -> Map<String, Value> {
    let mut object = object(json!({
        "template": template.name,
        "title": template.title,
        "generated": template.generated.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
        "bytes": template.bytes,
        "stages": stages(&template.stages),
        "remarks": template.remarks,
        "exit": template.exit().code(),
        "error": sentence(template.failure.as_ref()),
        "hosts": {},
        "findings": {},
    }));
    if let Some(read) = template.read {
        object.insert("hosts".into(), json!({ "read": read.hosts }));
        object.insert("findings".into(), json!({ "read": read.findings }));
    }
    object
}

fn of_single(batch: &BatchSummary, template: &TemplateSummary) -> Value {
    let mut object = of_template(template);
    let remarks: Vec<_> = template.remarks.iter().chain(&batch.remarks).collect();
    object.insert("remarks".into(), json!(remarks));
    object.insert("exit".into(), batch.exit().code().into());
    let failure = batch.worst().map(|(_, failure)| failure);
    object.insert("error".into(), json!(sentence(failure)));
    object.append(&mut numbers(batch));
    object.into()
}

fn of_merged(batch: &BatchSummary) -> Value {
    let names = batch.templates.iter().filter(|template| template.read.is_some());
    let mut object = object(json!({
        "templates": names.map(|template| template.name.as_str()).collect::<Vec<_>>(),
        "stages": stages(&batch.stages),
        "remarks": batch.remarks,
        "exit": batch.exit().code(),
        "error": sentence(batch.failure.as_ref()),
    }));
    object.append(&mut numbers(batch));
    object.into()
}

/// What became of hosts and findings.
fn numbers(batch: &BatchSummary) -> Map<String, Value> {
    let (mut hosts, mut findings, mut rest) = (Map::new(), Map::new(), Map::new());
    if let Some(counts) = &batch.counts {
        hosts.insert("read".into(), counts.hosts_read.into());
        hosts.insert("selected".into(), counts.hosts_selected.into());
        hosts.insert("clean".into(), counts.hosts_clean.into());
        hosts.insert("left_out".into(), reasons(&counts.hosts_left_out));
        hosts.insert("to_clear".into(), batch.to_clear.into());
        findings.insert("read".into(), counts.findings_read.into());
        findings.insert("selected".into(), counts.findings_selected.into());
        findings.insert("with_cve".into(), counts.with_cve.into());
        findings.insert("without_cve".into(), counts.without_cve().into());
        findings.insert("left_out".into(), reasons(&counts.findings_left_out));
    }
    match &batch.outcome {
        Outcome::Nothing => {}
        Outcome::Sent(delivery) => {
            let acknowledged = delivery.hosts_acknowledged - delivery.hosts_cleared;
            hosts.insert("acknowledged".into(), acknowledged.into());
            hosts.insert("cleared".into(), delivery.hosts_cleared.into());
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
            hosts.insert("written".into(), (written.hosts - written.cleared).into());
            hosts.insert("cleared".into(), written.cleared.into());
            findings.insert("written".into(), written.findings.into());
            rest.insert("file".into(), file.as_str().into());
            rest.insert("commands".into(), json!({ "written": written.commands }));
        }
        Outcome::Planned(plan) => {
            rest.insert("plan".into(), plan.json(batch.counts.as_ref()));
        }
    }
    // What was read of a template stays where nothing more is known.
    if batch.counts.is_some() || !hosts.is_empty() {
        rest.insert("hosts".into(), hosts.into());
        rest.insert("findings".into(), findings.into());
    }
    rest
}

fn stages(stages: &Stages) -> Value {
    let took = stages
        .iter()
        .map(|passed| (passed.stage.to_string(), json!(passed.took.as_secs_f64())));
    took.collect::<Map<_, _>>().into()
}

fn sentence(failure: Option<&Failure>) -> Option<&str> {
    failure.map(|failure| failure.sentence.as_str())
}

fn reasons(tally: &Tally) -> Value {
    tally
        .iter()
        .map(|(reason, count)| (reason.label().to_owned(), Value::from(count)))
        .collect::<Map<_, _>>()
        .into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
