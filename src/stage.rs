//! The stages of an import: the names that code, logs, spans, metrics, the page and the documentation share.

use std::fmt;

/// Makes the enum of stages and their names, from one table.
macro_rules! stages {
    ($($(#[$about:meta])* $stage:ident $name:literal;)*) => {
        /// A stage of an import.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Stage {
            $($(#[$about])* $stage,)*
        }

        impl Stage {
            /// Every stage, in the order of an import.
            pub const ALL: [Stage; 13] = [$(Stage::$stage),*];

            /// Its name in text: `tidy up`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Stage::$stage => $name,)*
                }
            }
        }
    };
}

stages! {
    /// Checks the configuration, opens certificates and prepares both connections.
    Configure "configure";
    /// Asks Qualys for the report of a template, or adopts one.
    Launch "launch";
    /// Polls until the report is finished.
    Wait "wait";
    /// Asks Qualys for the hosts in scope.
    List "list";
    /// Downloads the report, or a batch of detections, and parses it meanwhile.
    Download "download";
    /// Asks the KnowledgeBase for QIDs that aren't known yet.
    LookUp "look up";
    /// Parses a report file.
    Parse "parse";
    /// Joins what several templates report of one host.
    Merge "merge";
    /// Decides what will be sent.
    Select "select";
    /// Sends commands to the Management Center.
    Send "send";
    /// Writes commands into a file.
    Write "write";
    /// Counts commands without sending them.
    Plan "plan";
    /// Deletes reports at Qualys that nobody will use.
    TidyUp "tidy up";
}

impl Stage {
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
