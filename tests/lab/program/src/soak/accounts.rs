//! The summary's accounting: whatever was read is told of, once.

use std::collections::BTreeSet;

use serde_json::Value;

use super::child::Ended;

/// What a summary tells.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// There is a summary: the import came to its own end.
    pub(super) whole: bool,
    /// Something was sent.
    pub(super) sent: bool,
    pub(super) findings_selected: Option<u64>,
    pub(super) hosts_refused: u64,
    pub(super) hosts_not_sent: u64,
    /// Hosts that are named as refused.
    pub(super) refused: BTreeSet<String>,
}

/// Reads the summary, if the import lived to write it.
///
/// # Errors
/// When it contradicts the exit code, or its numbers don't add up.
pub(super) fn read(ended: &Ended) -> Result<Accounts, String> {
    if ended.code.is_none() {
        return Ok(Accounts::default());
    }
    let summary: Value =
        serde_json::from_str(&ended.stdout).map_err(|error| format!("standard output is no summary: {error}"))?;
    if summary.get("exit").and_then(Value::as_i64) != ended.code.map(i64::from) {
        return Err("the summary tells another exit code".to_owned());
    }
    let whole = Accounts {
        whole: true,
        ..Accounts::default()
    };
    let Some(template) = summary.pointer("/templates/0") else {
        return Ok(whole);
    };
    let (hosts, findings) = (Numbers::of(template, "hosts"), Numbers::of(template, "findings"));
    let Some(selected) = findings.get("selected") else {
        return Ok(whole);
    };
    hosts.add_up("read", &["selected", "clean", "left_out"])?;
    findings.add_up("read", &["selected", "left_out"])?;
    if template.get("frames").is_none() {
        return Ok(Accounts {
            findings_selected: Some(selected),
            ..whole
        });
    }
    findings.add_up("selected", &["acknowledged", "refused", "not_sent"])?;
    let refusals = template.get("refusals").and_then(Value::as_array);
    let named = refusals
        .into_iter()
        .flatten()
        .filter_map(|refusal| refusal.get("host")?.as_str());
    Ok(Accounts {
        sent: true,
        findings_selected: Some(selected),
        hosts_refused: hosts.get("refused").unwrap_or(0),
        hosts_not_sent: hosts.get("not_sent").unwrap_or(0),
        refused: named.map(str::to_owned).collect(),
        ..whole
    })
}

/// Hosts or findings of a summary.
struct Numbers<'a> {
    what: &'a str,
    numbers: &'a Value,
}

impl<'a> Numbers<'a> {
    fn of(template: &'a Value, what: &'a str) -> Self {
        let numbers = template.get(what).unwrap_or(&Value::Null);
        Self { what, numbers }
    }

    /// A number, or the sum of what stands under this name.
    fn get(&self, name: &str) -> Option<u64> {
        match self.numbers.get(name)? {
            Value::Object(reasons) => Some(reasons.values().filter_map(Value::as_u64).sum()),
            number => number.as_u64(),
        }
    }

    fn add_up(&self, whole: &str, parts: &[&str]) -> Result<(), String> {
        let sum: u64 = parts.iter().filter_map(|part| self.get(part)).sum();
        match self.get(whole) {
            Some(number) if number == sum => Ok(()),
            number => Err(format!(
                "{} don't add up: {whole} is {number:?}, {} are {sum}",
                self.what,
                parts.join(" + ")
            )),
        }
    }
}
