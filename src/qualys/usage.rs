//! Usage: what a run asked of Qualys, counted for the summary and for metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::problem::{Kind, Reason};
use crate::stage::Stage;

/// Classes of HTTP status codes; `none`: there was no answer.
pub const CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "none"];

/// Counts of one run, over all its templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests by stage and by how they ended: `ok`, or the [label](crate::problem::Row::label) of the problem.
    pub requests: BTreeMap<(Stage, &'static str), u64>,
    /// Requests by stage and by the class of their answer's status: one of [`CLASSES`].
    pub answers: BTreeMap<(Stage, &'static str), u64>,
    /// Time spent waiting, by reason.
    pub waited: BTreeMap<Reason, Duration>,
    /// Requests that were made again after a fault, by stage.
    pub retries: BTreeMap<Stage, u64>,
    /// Reports launched.
    pub launched: u64,
    /// Reports taken over from an earlier attempt.
    pub adopted: u64,
    /// Reports deleted, left-overs included.
    pub deleted: u64,
    /// Calls that the subscription's limits left, by stage, as the last answer said.
    pub left: BTreeMap<Stage, u64>,
    /// Hosts in scope, where a list of them was asked for.
    pub listed: Option<u64>,
    /// Bytes of reports, after HTTP's own compression.
    pub bytes: u64,
}

impl Usage {
    /// Requests in all.
    pub fn calls(&self) -> u64 {
        self.requests.values().sum()
    }

    pub(super) fn count(&mut self, stage: Stage, label: &'static str) {
        *self.requests.entry((stage, label)).or_default() += 1;
    }

    /// Counts the status of an answer, or why there was none.
    pub(super) fn answer(&mut self, stage: Stage, status: Result<u16, Kind>) {
        let class = match status {
            Ok(..300) => "2xx",
            Ok(300..400) | Err(Kind::Redirected) => "3xx",
            Ok(400..500) | Err(Kind::ProxyLogin) => "4xx",
            Ok(500..) => "5xx",
            Err(_) => "none",
        };
        *self.answers.entry((stage, class)).or_default() += 1;
    }

    pub(super) fn left(&mut self, stage: Stage, calls: u64) {
        self.left.insert(stage, calls);
    }

    pub(super) fn wait(&mut self, reason: Reason, wait: Duration) {
        *self.waited.entry(reason).or_default() += wait;
    }

    pub(super) fn retry(&mut self, stage: Stage) {
        *self.retries.entry(stage).or_default() += 1;
    }
}
