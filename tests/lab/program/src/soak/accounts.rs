//! The summary's accounting: whatever was read is told of, once.

use std::collections::BTreeSet;

use connector_lab::accounts::{self, Numbers};
use serde_json::Value;

use super::child::Ended;

/// What a summary tells of what was delivered in one piece: of all templates together, or of one.
#[derive(Debug, Default, Clone)]
pub(super) struct Accounts {
    /// How it ended.
    pub(super) code: Option<i32>,
    /// The templates whose reports were obtained.
    pub(super) obtained: BTreeSet<u64>,
    /// There is a summary: the import came to its own end.
    pub(super) whole: bool,
    /// Something was sent.
    pub(super) sent: bool,
    /// Of several runs one sent nothing: nobody knows how many hosts that concerns.
    pub(super) silent: bool,
    pub(super) findings_selected: Option<u64>,
    pub(super) hosts_refused: u64,
    pub(super) hosts_not_sent: u64,
    /// Nothing showed whether hosts were replaced, and that is said.
    pub(super) flush_is_unseen: bool,
    /// Hosts that are named as refused.
    pub(super) refused: BTreeSet<String>,
}

impl Accounts {
    /// What several runs tell, each of which imported a part of the hosts.
    pub(super) fn join(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one? + other?);
        Self {
            code: match (self.code, other.code) {
                (Some(one), Some(other)) => Some(one.max(other)),
                _ => None,
            },
            obtained: &self.obtained | &other.obtained,
            whole: self.whole && other.whole,
            sent: self.sent || other.sent,
            silent: self.silent || other.silent || !(self.sent && other.sent),
            findings_selected: sum(self.findings_selected, other.findings_selected),
            hosts_refused: self.hosts_refused + other.hosts_refused,
            hosts_not_sent: self.hosts_not_sent + other.hosts_not_sent,
            flush_is_unseen: self.flush_is_unseen || other.flush_is_unseen,
            refused: &self.refused | &other.refused,
        }
    }
}

/// Reads the summary, if the import lived to write it: what it tells of these templates together.
///
/// # Errors
/// When it contradicts the exit code, or its numbers don't add up.
pub(super) fn read(ended: &Ended, templates: &[u64]) -> Result<Accounts, String> {
    if ended.code.is_none() {
        return Ok(Accounts::default());
    }
    let summary: Value =
        serde_json::from_str(&ended.stdout).map_err(|error| format!("standard output is no summary: {error}"))?;
    if summary.get("exit").and_then(Value::as_i64) != ended.code.map(i64::from) {
        return Err("the summary tells another exit code".to_owned());
    }
    accounts::check(&summary)?;
    let mut accounts = Accounts {
        whole: true,
        code: ended.code,
        ..Accounts::default()
    };
    let entries = summary.get("templates").and_then(Value::as_array);
    let entries: Vec<&Value> = entries.into_iter().flatten().collect();
    let of = |entry: &Value| entry.get("template").and_then(Value::as_str)?.parse().ok();
    let ours = |entry: &&Value| of(entry).is_some_and(|id: u64| templates.contains(&id));
    let read = |entry: &&Value| entry.pointer("/hosts/read").is_some();
    accounts.obtained = entries.iter().copied().filter(read).filter_map(of).collect();
    let entry = match (summary.get("merged"), templates) {
        (Some(merged), _) => merged,
        // A report file, which has no number.
        (None, []) => entries.first().copied().unwrap_or(&Value::Null),
        (None, _) => match entries.iter().copied().find(ours) {
            // What one template has by itself says also how that ended.
            Some(entry) if templates.len() == 1 => {
                let code = entry.get("exit").and_then(Value::as_i64);
                accounts.code = code.and_then(|code| i32::try_from(code).ok());
                entry
            }
            Some(entry) => entry,
            None => return Ok(accounts),
        },
    };
    let (hosts, findings) = (Numbers::of(entry, "hosts"), Numbers::of(entry, "findings"));
    let Some(selected) = findings.get("selected") else {
        return Ok(accounts);
    };
    accounts.findings_selected = Some(selected);
    if entry.get("frames").is_none() {
        return Ok(accounts);
    }
    let remarks = entry.get("remarks").and_then(Value::as_array);
    let mut remarks = remarks.into_iter().flatten().filter_map(Value::as_str);
    let refusals = entry.get("refusals").and_then(Value::as_array);
    let named = refusals
        .into_iter()
        .flatten()
        .filter_map(|refusal| refusal.get("host")?.as_str());
    Ok(Accounts {
        sent: true,
        flush_is_unseen: remarks.any(|remark| remark.contains("doesn't count ScanFlush")),
        hosts_refused: hosts.get("refused").unwrap_or(0),
        hosts_not_sent: hosts.get("not_sent").unwrap_or(0) + hosts.get("missing").unwrap_or(0),
        refused: named.map(str::to_owned).collect(),
        ..accounts
    })
}
