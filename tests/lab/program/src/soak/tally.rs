//! What came of all imports, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::child::Ended;
use super::draw::Import;
use super::oracle::Hosts;

/// Peaks of memory may differ so much between the first and the last quarter, in per cent.
const SPREAD: u64 = 15;

/// Counts of everything.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) broken: u64,
    imports: u64,
    again: u64,
    endings: BTreeMap<String, u64>,
    kinds: BTreeMap<String, u64>,
    hosts: Hosts,
    /// Peaks of memory, in bytes, in the order of the imports.
    memory: Vec<u64>,
    /// Descriptors of the connector, at most.
    most_open: usize,
    /// Descriptors of the lab, after each import.
    open: Vec<usize>,
    seconds: Vec<f64>,
}

impl Tally {
    pub(super) fn import(&mut self, import: &Import, runs: &[Ended]) {
        self.imports += 1;
        for kind in import.kinds() {
            *self.kinds.entry(kind).or_default() += 1;
        }
        for ended in runs {
            *self.endings.entry(ended.how()).or_default() += 1;
            // One that was killed at once tells nothing.
            if ended.code == Some(0) {
                self.memory.push(ended.peak);
            }
            self.most_open = self.most_open.max(ended.descriptors);
            self.seconds.push(ended.took.as_secs_f64());
        }
    }

    pub(super) fn hosts(&mut self, hosts: &Hosts) {
        self.hosts.new += hosts.new;
        self.hosts.old += hosts.old;
        self.hosts.joined += hosts.joined;
        self.hosts.refused += hosts.refused;
    }

    pub(super) fn again(&mut self) {
        self.again += 1;
    }

    pub(super) fn descriptors(&mut self, open: usize) {
        self.open.push(open);
    }

    /// What has grown from import to import, if anything has.
    pub(super) fn growth(&self) -> Option<String> {
        let quarter = self.memory.len() / 4;
        let (first, last) = (
            self.memory.get(..quarter)?,
            self.memory.get(self.memory.len() - quarter..)?,
        );
        let (first, last) = (middle(first), middle(last));
        if last * 100 > first * (100 + SPREAD) {
            return Some(format!("memory grew from {} to {}", megabytes(first), megabytes(last)));
        }
        let quarter = self.open.len() / 4;
        let first = self.open.get(..quarter)?.iter().max()?;
        let last = self.open.get(self.open.len() - quarter..)?.iter().min()?;
        (last > first).then(|| format!("descriptors of the lab grew from {first} to {last}"))
    }

    pub(super) fn table(&self) -> String {
        let mut table = "| what | figure |\n|---|---|\n".to_owned();
        let mut row = |what: &str, figure: String| {
            // Writing to a text can't fail.
            let _ = writeln!(table, "| {what} | {figure} |");
        };
        row("imports", self.imports.to_string());
        row("run again after a failure, all with success", self.again.to_string());
        for (ending, count) in &self.endings {
            row(ending, count.to_string());
        }
        for (kind, count) in &self.kinds {
            row(kind, count.to_string());
        }
        let Hosts {
            new,
            old,
            joined,
            refused,
        } = self.hosts;
        row("hosts as the report means them", new.to_string());
        row("hosts as they were, told as not sent or refused", old.to_string());
        row("hosts in part, told as refused, or killed before", refused.to_string());
        row(
            "hosts with old and new findings, of a connection that was lost",
            joined.to_string(),
        );
        row(
            "imports that broke a promise (silent losses among them)",
            self.broken.to_string(),
        );
        let mut memory = self.memory.clone();
        memory.sort_unstable();
        if let (Some(least), Some(most)) = (memory.first(), memory.last()) {
            let [least, median, most] = [*least, middle(&memory), *most].map(megabytes);
            row("memory: least, median, most", format!("{least}, {median}, {most}"));
        }
        row("descriptors of the connector, at most", self.most_open.to_string());
        let ends = self.open.first().zip(self.open.last());
        let (first, last) = ends.map_or((0, 0), |(first, last)| (*first, *last));
        row("descriptors of the lab: first, last", format!("{first}, {last}"));
        let longest = self.seconds.iter().copied().fold(0.0, f64::max);
        row(
            "seconds: all, longest",
            format!("{:.0}, {longest:.1}", self.seconds.iter().sum::<f64>()),
        );
        table
    }
}

fn middle(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(memory: impl Iterator<Item = u64>, open: impl Iterator<Item = usize>) -> Tally {
        Tally {
            memory: memory.collect(),
            open: open.collect(),
            ..Tally::default()
        }
    }

    #[test]
    fn growth_is_seen_and_noise_is_not() {
        let steady = tally(
            (0..40).map(|i| 10_000_000 + i % 3 * 300_000),
            (0..40).map(|i| 20 + i % 3),
        );
        assert_eq!(steady.growth(), None);
        let memory = tally((0..40).map(|i| 10_000_000 + i * 100_000), (0..40).map(|_| 20));
        assert!(memory.growth().unwrap().starts_with("memory grew"));
        let descriptors = tally((0..40).map(|_| 10_000_000), (0..40).map(|i| 20 + i / 8));
        assert!(descriptors.growth().unwrap().starts_with("descriptors"));
    }
}
