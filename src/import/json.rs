//! The record for machines, as one object.
//!
//! A part that is delivered by itself has all its numbers in its entry of `templates`. What several parts have together
//! stands under `merged`.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that is assigned to is made, and nothing but an object or nothing stands where a key is put"
)]

use serde_json::{Map, Value, json};

use super::count::{Count, Outcome, Totals, Unit};
use super::plan::{COMMANDS_PER_SECOND, Plan, estimate};
use super::record::{BatchRecord, Destination, Failure, PartRecord, Record};
use super::stages::Stages;

impl Record {
    /// One line of JSON.
    pub fn json(&self) -> String {
        let mut object = json!({
            "exit": self.exit.code(),
            "meaning": self.meaning(),
            "seconds": self.duration.as_secs_f64(),
            "templates_not_begun": self.not_begun,
        });
        if let Some(remembered) = self.remembered {
            object["remembered"] = remembered.into();
        }
        let mut templates = Vec::new();
        for batch in &self.batches {
            match batch.parts.as_slice() {
                [only] => templates.push(of_single(batch, only)),
                several => {
                    templates.extend(several.iter().map(of_part));
                    object["merged"] = of_several(batch);
                }
            }
        }
        object["templates"] = templates.into();
        object.to_string()
    }
}

fn of_part(part: &PartRecord) -> Value {
    let mut object = json!({
        "template": part.name,
        "title": part.title,
        "generated": part.generated.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
        "bytes": part.totals.get(Unit::Bytes, Outcome::Read),
        "stages": stages(&part.stages),
        "remarks": part.warnings,
        "exit": part.exit().code(),
        "error": sentence(part.failure.as_ref()),
        "hosts": {},
        "findings": {},
    });
    insert(&mut object, &part.totals);
    object
}

fn of_single(batch: &BatchRecord, part: &PartRecord) -> Value {
    let mut object = of_part(part);
    let warnings: Vec<_> = part.warnings.iter().chain(&batch.warnings).collect();
    object["remarks"] = json!(warnings);
    object["exit"] = batch.exit().code().into();
    object["error"] = json!(sentence(batch.worst().map(|(_, failure)| failure)));
    of_batch(&mut object, batch);
    object
}

fn of_several(batch: &BatchRecord) -> Value {
    let names = batch.parts.iter().filter(|part| part.is_read());
    let mut object = json!({
        "templates": names.map(|part| part.name.as_str()).collect::<Vec<_>>(),
        "stages": stages(&batch.stages),
        "remarks": batch.warnings,
        "exit": batch.exit().code(),
        "error": sentence(batch.failure.as_ref()),
    });
    of_batch(&mut object, batch);
    object
}

/// What became of hosts and findings.
fn of_batch(object: &mut Value, batch: &BatchRecord) {
    if batch.totals.is_selected() {
        // Also where nothing is left out.
        object["hosts"]["left_out"] = json!({});
        object["findings"]["left_out"] = json!({});
    }
    match &batch.destination {
        Destination::ManagementCenter if batch.totals.is_delivered() => {
            let refusals = batch.refusals.iter();
            let refusals = refusals.map(|(host, reason)| json!({ "host": host, "reason": reason }));
            object["refusals"] = refusals.collect();
        }
        Destination::ManagementCenter => {}
        Destination::File(file) => object["file"] = file.as_str().into(),
        Destination::Plan(plan) => object["plan"] = of_plan(plan, &batch.totals),
    }
    if batch.totals.find(Unit::Hosts, Outcome::Left).is_some() {
        let left = batch.left.iter().map(|address| address.to_string());
        object["left_hosts"] = left.collect::<Vec<_>>().into();
    }
    insert(object, &batch.totals);
}

fn of_plan(plan: &Plan, totals: &Totals) -> Value {
    let (quick, slow) = estimate(totals);
    let mut object = json!({
        "add_host": plan.add_host,
        "hosts": plan.hosts,
        "host_limit": plan.host_limit,
        "exceeds_host_limit": plan.exceeds_limit(),
        "estimate": {
            "seconds_if_quick": quick.as_secs(),
            "seconds_if_slow": slow.as_secs(),
            "commands_per_second": [COMMANDS_PER_SECOND.0, COMMANDS_PER_SECOND.1],
        },
    });
    for (Count(unit, outcome), value) in totals.iter() {
        let (unit, name, value) = (unit.name(), outcome.name(), Value::from(value));
        match outcome {
            Outcome::Severity(_) => object["by_severity"][name] = value,
            Outcome::Kind(_) => object["by_kind"][name] = value,
            Outcome::TooLong => object[name] = value,
            Outcome::Planned => object[unit] = value,
            planned if planned.is_planned() => object[name][unit] = value,
            _ => {}
        }
    }
    object
}

/// Puts each count in its place.
fn insert(object: &mut Value, totals: &Totals) {
    for (Count(unit, outcome), value) in totals.iter() {
        let (name, value) = (outcome.name(), Value::from(value));
        match (unit, outcome) {
            (Unit::Bytes, _) | (_, Outcome::Severity(_) | Outcome::Kind(_)) => {}
            (_, planned) if planned.is_planned() => {}
            (Unit::Frames | Unit::Connections, _) => object[unit.name()] = value,
            (_, Outcome::LeftOut(_)) => object[unit.name()]["left_out"][name] = value,
            _ => object[unit.name()][name] = value,
        }
    }
}

fn stages(stages: &Stages) -> Value {
    let took = stages.iter();
    let took = took.map(|passed| (passed.stage.to_string(), json!(passed.took.as_secs_f64())));
    took.collect::<Map<_, _>>().into()
}

fn sentence(failure: Option<&Failure>) -> Option<&str> {
    failure.map(|failure| failure.sentence.as_str())
}
