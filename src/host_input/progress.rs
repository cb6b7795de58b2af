//! Progress: how far a delivery is, for observers.

/// The numbers of a [`Delivery`](super::delivery::Delivery) at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Hosts that there are to deliver.
    pub hosts: u64,
    /// Hosts acknowledged in full.
    pub hosts_acknowledged: u64,
    /// Hosts of which something was refused.
    pub hosts_refused: u64,
}
