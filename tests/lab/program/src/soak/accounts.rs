//! The summary's accounting: whatever was read is told of, once.

use std::collections::BTreeSet;

use connector_lab::accounts::{self, Numbers};
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
    accounts::check(&summary)?;
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
    if template.get("frames").is_none() {
        return Ok(Accounts {
            findings_selected: Some(selected),
            ..whole
        });
    }
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
