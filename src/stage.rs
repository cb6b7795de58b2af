//! The stages of an import: the names that code, logs, spans, metrics, the page and the documentation share.

use std::fmt;

/// A stage of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Checks the configuration, opens certificates and prepares both connections.
    Configure,
    /// Asks Qualys for the report of a template, or adopts one.
    Launch,
    /// Polls until the report is finished.
    Wait,
    /// Asks Qualys for the hosts in scope.
    List,
    /// Downloads the report, or a batch of detections, and parses it meanwhile.
    Download,
    /// Asks the KnowledgeBase for QIDs that aren't known yet.
    LookUp,
    /// Parses a report file.
    Parse,
    /// Joins what several templates report of one host.
    Merge,
    /// Decides what will be sent.
    Select,
    /// Sends commands to the Management Center.
    Send,
    /// Writes commands into a file.
    Write,
    /// Counts commands without sending them.
    Plan,
    /// Deletes reports at Qualys that nobody will use.
    TidyUp,
}

impl Stage {
    /// Every stage, in the order of an import.
    pub const ALL: [Stage; 13] = [
        Stage::Configure,
        Stage::Launch,
        Stage::Wait,
        Stage::List,
        Stage::Download,
        Stage::LookUp,
        Stage::Parse,
        Stage::Merge,
        Stage::Select,
        Stage::Send,
        Stage::Write,
        Stage::Plan,
        Stage::TidyUp,
    ];

    /// Its name in text: `tidy up`.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Configure => "configure",
            Stage::Launch => "launch",
            Stage::Wait => "wait",
            Stage::List => "list",
            Stage::Download => "download",
            Stage::LookUp => "look up",
            Stage::Parse => "parse",
            Stage::Merge => "merge",
            Stage::Select => "select",
            Stage::Send => "send",
            Stage::Write => "write",
            Stage::Plan => "plan",
            Stage::TidyUp => "tidy up",
        }
    }

    /// Its name as the value of a metric's label: `tidy_up`.
    pub const fn label(self) -> &'static str {
        match self {
            Stage::TidyUp => "tidy_up",
            Stage::LookUp => "look_up",
            stage => stage.name(),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
