//! Filters: what a report's template leaves out, as far as the report's appendix says it.
//!
//! A host whose open findings the template leaves out looks clean. So a filter that may leave out what the selection asks
//! for keeps every host of the report from being clean, and so does one in words that nobody here knows.
//!
//! Certain, by samples: the lines of `FILTER_SUMMARY`, `VULN_LISTS` and `SELECTIVE_VULNS` of a template with a search list.
//! Likely: the other elements beside them, which name further QIDs. A guess: `Complete` in the place of a search list.
//!
//! Two kinds of filters are passed over. What a user ignores or has disabled, and what Qualys holds for not exploitable on
//! the host (kernels and services that don't run, by configuration), counts as absent by the user's own will. And no sample
//! shows how severities are written, nor does a line about a kind tell whether the other kinds are there; both belong to a
//! vulnerability, so a host never loses by them what the same template reported of it before.

use std::collections::BTreeSet;

use super::finding::Status;
use super::selection::{Selection, Statuses};
use super::text;

/// Lines that aren't understood and are kept, at most.
const LINES: usize = 8;
/// Characters of one that a sentence repeats.
const SHOWN: usize = 80;

/// What may be missing from a report because its template leaves it out.
#[derive(Debug, Default)]
pub(super) struct Filters {
    /// Statuses of which no finding is in it, apart from fixed ones.
    statuses: BTreeSet<Status>,
    /// Everything else, in words.
    others: BTreeSet<Box<str>>,
}

impl Filters {
    /// Reads a `FILTER_SUMMARY`: lines of `name:value`, where the value may also follow in the next line.
    pub(super) fn summary(&mut self, text: &str) {
        let mut shown: Vec<Statuses> = Vec::new();
        let mut name = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let value = match line.split_once(':') {
                Some((before, value)) => {
                    name = before.trim();
                    value.trim()
                }
                None => line,
            };
            let understood = match name.to_ascii_lowercase().as_str() {
                // The value follows, or what follows is of a kind of findings.
                _ if value.is_empty() => true,
                "status" => value.parse().map(|statuses| shown.push(statuses)).is_ok(),
                "state" => value
                    .split(',')
                    .any(|state| state.trim().eq_ignore_ascii_case("active")),
                "display non-running kernels"
                | "exclude non-running kernels"
                | "exclude non-running services"
                | "exclude qids not exploitable due to configuration" => {
                    ["on", "off"].iter().any(|word| word.eq_ignore_ascii_case(value))
                }
                "included operating systems" => value.eq_ignore_ascii_case("all operating systems"),
                _ => false,
            };
            if !understood {
                self.add(&format!("{name}: {value}"));
            }
        }
        if !shown.is_empty() {
            let open = [Status::New, Status::Active, Status::Reopened].into_iter();
            let missing = open.filter(|status| !shown.iter().any(|shown| shown.contains(*status)));
            self.statuses.extend(missing);
        }
    }

    /// Reads `VULN_LISTS`.
    pub(super) fn search_lists(&mut self, titles: &str) {
        if !titles.is_empty() && !titles.eq_ignore_ascii_case("complete") {
            self.add(&format!("search list {titles}"));
        }
    }

    /// Reads whatever else says something of the template.
    pub(super) fn other(&mut self, qids: &str) {
        if !qids.is_empty() {
            self.add(&format!("other filters {qids}"));
        }
    }

    /// Nobody says what the report was asked for.
    pub(super) fn unknown_request(&mut self) {
        self.add("a saved answer doesn't say which findings were asked for");
    }

    fn add(&mut self, words: &str) {
        if self.others.len() < LINES {
            self.others.insert(text::shown(words, SHOWN).into());
        }
    }

    /// Adds what another report leaves out.
    pub(super) fn join(&mut self, other: Filters) {
        self.statuses.extend(other.statuses);
        self.others.extend(other.others);
    }

    /// What may be missing of what the selection asks for, in words.
    pub(super) fn missing(&self, selection: &Selection) -> Option<String> {
        let asked = self
            .statuses
            .iter()
            .copied()
            .filter(|status| selection.statuses.contains(*status));
        let statuses = asked.map(|status| format!("no status {}", Statuses::of(&[status])));
        let others = self.others.iter().map(|words| words.to_string());
        let all: Vec<_> = statuses.chain(others).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
