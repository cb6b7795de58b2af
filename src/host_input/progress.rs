//! Progress: how far a delivery is, for whoever watches it.

use super::delivery::Delivery;

/// The numbers of a [`Delivery`] at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Hosts that there are to deliver.
    pub hosts: u64,
    /// Hosts acknowledged in full.
    pub hosts_acknowledged: u64,
    /// Hosts of which something was refused.
    pub hosts_refused: u64,
    /// Findings acknowledged.
    pub findings_acknowledged: u64,
    /// Findings refused.
    pub findings_refused: u64,
    /// Frames of commands sent.
    pub frames: u64,
    /// Commands sent; those sent again count again.
    pub commands_sent: u64,
    /// Commands that answers acknowledge.
    pub commands_acknowledged: u64,
    /// Connections opened.
    pub connections: u64,
}

impl From<&Delivery> for Progress {
    fn from(delivery: &Delivery) -> Self {
        Progress {
            hosts: delivery.hosts as u64,
            hosts_acknowledged: delivery.hosts_acknowledged,
            hosts_refused: delivery.hosts_refused,
            findings_acknowledged: delivery.findings_acknowledged,
            findings_refused: delivery.findings_refused,
            frames: delivery.frames,
            commands_sent: delivery.commands_sent,
            commands_acknowledged: delivery.commands_acknowledged,
            connections: delivery.connections,
        }
    }
}
