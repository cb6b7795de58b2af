//! What a connection has said about scan results and the Management Center hasn't stored yet.
//!
//! Grouped by scanner and address (likely). Results wait for the next ScanFlush or ScanUpdate, deletes for the next
//! ScanUpdate; the end of the connection is a ScanUpdate (certain).

use std::collections::HashMap;
use std::net::IpAddr;

use super::network_map::Protocol;
use super::results::{NameNumber, StoredResult};

/// One connection's pending scan commands.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    batches: Vec<Batch>,
    places: HashMap<(NameNumber, IpAddr), usize>,
    deletes: Vec<Delete>,
}

/// Results of one scanner for one host.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) scanner: NameNumber,
    pub(crate) address: IpAddr,
    pub(crate) results: Vec<StoredResult>,
}

/// A `DeleteScanResult`. What is empty or absent isn't a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delete {
    pub(crate) address: IpAddr,
    pub(crate) scanners: Vec<String>,
    pub(crate) ids: Vec<String>,
    pub(crate) port: Option<u16>,
    pub(crate) proto: Option<Protocol>,
}

impl Queue {
    /// Adds a result. Without one, the batch begins all the same, and a flush of it leaves the host without results.
    pub(crate) fn add(&mut self, scanner: NameNumber, address: IpAddr, result: Option<StoredResult>) {
        let last = self.batches.len().wrapping_sub(1);
        let is_last = |batch: &Batch| batch.scanner == scanner && batch.address == address;
        let place = match self.batches.last() {
            Some(batch) if is_last(batch) => last,
            _ => *self.places.entry((scanner, address)).or_insert(self.batches.len()),
        };
        match self.batches.get_mut(place) {
            Some(batch) => batch.results.extend(result),
            None => self.batches.push(Batch {
                scanner,
                address,
                results: result.into_iter().collect(),
            }),
        }
    }

    pub(crate) fn delete(&mut self, delete: Delete) {
        self.deletes.push(delete);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.deletes.is_empty()
    }

    /// The results, in the order in which their batches began.
    pub(crate) fn take_batches(&mut self) -> Vec<Batch> {
        self.places.clear();
        std::mem::take(&mut self.batches)
    }

    pub(crate) fn take_deletes(&mut self) -> Vec<Delete> {
        std::mem::take(&mut self.deletes)
    }
}
