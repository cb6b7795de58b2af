//! What is known of hosts and batches so far.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::import::record::Failure;
use crate::qualys::{HostBatch, HostListing};
use crate::report::{Remarks, Report};

/// Batches in a row of which nothing arrives, or isn't explained, before the import is given up.
const FAILED: usize = 3;

/// What is known so far.
#[derive(Default)]
pub(super) struct HostSourceState {
    pub(super) listing: Option<Arc<HostListing>>,
    /// Batches that aren't begun.
    pub(super) pending: VecDeque<HostBatch>,
    /// The records that nobody asks for, until the first batch reports them.
    pub(super) not_asked_for: Option<Report>,
    /// When the latest batch was obtained: since then nothing is wanted of Qualys.
    pub(super) resting: Option<Instant>,
    /// The last address of what was obtained.
    pub(super) reached: Option<IpAddr>,
    /// Deliveries that were begun.
    pub(super) deliveries: usize,
    /// No further batch is begun.
    pub(super) ended: bool,
    /// Nothing more can be delivered.
    pub(super) undeliverable: bool,
    /// Batches in a row of which nothing arrived.
    pub(super) failed_batches: usize,
    /// Times in a row that the KnowledgeBase couldn't be asked.
    pub(super) failed_look_ups: usize,
    /// Hosts that aren't imported, as their batch failed or wasn't begun.
    pub(super) missing: u64,
    /// The calls that are needed were compared with those that are left.
    pub(super) calls_compared: bool,
    /// What the user should know, and was logged.
    pub(super) warnings: Vec<String>,
    pub(super) remarks: Remarks,
    /// The worst failure of a batch beside which others arrived.
    pub(super) failure: Option<Failure>,
}

/// Batches that arrived and aren't explained yet.
#[derive(Default)]
pub(super) struct HeldBatches {
    pub(super) reports: Vec<Report>,
    pub(super) hosts: u64,
}

impl HostSourceState {
    /// Hosts of batches that aren't begun.
    pub(super) fn hosts_left(&self) -> u64 {
        self.pending.iter().map(|batch| batch.len() as u64).sum()
    }

    /// Whether no further batch is begun.
    pub(super) fn has_ended(&self) -> bool {
        self.ended || self.failed_batches.max(self.failed_look_ups) >= FAILED
    }
}
