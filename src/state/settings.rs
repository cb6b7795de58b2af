//! What the configuration says of the memory between runs.

use std::path::PathBuf;
use std::time::Duration;

use super::Share;

/// The memory of one import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `state.dir`.
    pub dir: PathBuf,
    /// Where hosts are held and what their results are filed under, as a text.
    pub destination: String,
    /// A digest of the settings that decide about hosts and findings.
    pub decisive: String,
    /// This import alone asks for every host in scope, rather than for one of several parts.
    pub is_whole: bool,
    /// `commands.max_cleared`: hosts that left are cleared if they are no more than this part of the known ones.
    pub max_cleared: Share,
    /// `commands.delete_left_hosts`: hosts that left are deleted too, of those that this import created.
    pub delete_left_hosts: bool,
    /// `qualys.adopt_within`: how old a run that was cut short may be to go on with it; zero: never.
    pub resume_within: Duration,
}
