//! The accounts of a summary: whatever was read is told of, once.

use serde_json::Value;

/// Holds a summary of the connector (`--summary json`) against the equations that it promises.
///
/// # Errors
/// The first one that doesn't hold.
pub fn check(summary: &Value) -> Result<(), String> {
    let templates = summary.get("templates").and_then(Value::as_array);
    let templates: Vec<_> = templates.into_iter().flatten().collect();
    for template in &templates {
        add_up(template)?;
    }
    let Some(merged) = summary.get("merged") else {
        return Ok(());
    };
    add_up(merged)?;
    for what in ["hosts", "findings"] {
        let read: u64 = templates
            .iter()
            .filter_map(|template| Numbers::of(template, what).get("read"))
            .sum();
        match Numbers::of(merged, what).get("read") {
            Some(whole) if whole != read => return Err(format!("of {what}, {read} were read, and {whole} merged")),
            _ => {}
        }
    }
    Ok(())
}

/// The numbers of what is delivered in one piece.
fn add_up(delivery: &Value) -> Result<(), String> {
    let (hosts, findings) = (Numbers::of(delivery, "hosts"), Numbers::of(delivery, "findings"));
    if hosts.get("selected").is_none() {
        return Ok(());
    }
    hosts.add_up(&["read"], &["selected", "clean", "left_out"])?;
    findings.add_up(&["read"], &["selected", "left_out"])?;
    if delivery.get("frames").is_some() {
        let told = ["acknowledged", "cleared", "refused", "not_sent"];
        hosts.add_up(&["selected", "to_clear"], &told)?;
        findings.add_up(&["selected"], &["acknowledged", "refused", "not_sent"])?;
    }
    if delivery.get("file").is_some() {
        hosts.add_up(&["selected", "to_clear"], &["written", "cleared"])?;
        findings.add_up(&["selected"], &["written"])?;
    }
    if let Some(plan) = delivery.get("plan") {
        let number = |pointer: &str| plan.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        let planned = number("/replaced/hosts") + number("/merged/hosts") + number("/cleared/hosts");
        hosts.are(&["selected", "to_clear"], planned, "planned")?;
        let planned = number("/replaced/findings") + number("/merged/findings") + number("/too_long");
        findings.are(&["selected"], planned, "planned")?;
    }
    Ok(())
}

/// Hosts or findings of a summary.
#[derive(Debug)]
pub struct Numbers<'a> {
    what: &'a str,
    numbers: &'a Value,
}

impl<'a> Numbers<'a> {
    /// `hosts` or `findings` of an entry of `templates`, or of `merged`.
    pub fn of(delivery: &'a Value, what: &'a str) -> Self {
        let numbers = delivery.get(what).unwrap_or(&Value::Null);
        Self { what, numbers }
    }

    /// A number, or the sum of what stands under this name.
    pub fn get(&self, name: &str) -> Option<u64> {
        match self.numbers.get(name)? {
            Value::Object(reasons) => Some(reasons.values().filter_map(Value::as_u64).sum()),
            number => number.as_u64(),
        }
    }

    fn sum(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.get(name)).sum()
    }

    fn add_up(&self, whole: &[&str], parts: &[&str]) -> Result<(), String> {
        self.are(whole, self.sum(parts), &parts.join(" + "))
    }

    fn are(&self, whole: &[&str], parts: u64, told: &str) -> Result<(), String> {
        match self.sum(whole) {
            sum if sum == parts => Ok(()),
            sum => Err(format!(
                "{} don't add up: {} are {sum}, {told} are {parts}",
                self.what,
                whole.join(" + ")
            )),
        }
    }
}
