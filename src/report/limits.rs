//! Limits: how much of a report is kept, and what a report of Qualys never holds.
//!
//! Memory follows the hosts, findings and vulnerabilities that are kept, so each of them counts here with what it costs
//! until the import ends. The figures are estimates, rounded up.

/// Bytes that are kept of one report, or of several that are merged. The largest estate that a Management Center holds
/// (600,000 hosts, 24 million findings) needs 75 MB of them.
pub const MEMORY: usize = 512 << 20;

/// CVE ids that are kept of one QID, and as many Bugtraq ids: some more than a frame to the Management Center holds.
pub const REFERENCES: usize = 4096;

/// Bytes of vulnerabilities that are described before the first host is listed. Qualys lists hosts first.
pub const DESCRIBED_FIRST: usize = 64 << 20;

/// Bytes of vulnerabilities that no host has had so far, once hosts are listed. Qualys describes few of them.
pub const DESCRIBED_IN_VAIN: usize = 1 << 20;

/// Elements inside each other; real reports have nine.
pub(super) const DEPTH: usize = 64;

/// An entry of a host, findings aside.
pub(super) const HOST: usize = 24;
/// A finding unlike all before it, host aside.
pub(super) const FINDING: usize = 48;
/// A QID that hosts have, described or not: its row in the tables of every later stage.
pub(super) const QID: usize = 512;
/// The severity that the findings of a QID name.
pub(super) const SEVERITY: usize = 16;
/// What a text costs besides its bytes.
pub(super) const TEXT: usize = 32;
