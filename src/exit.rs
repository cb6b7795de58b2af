//! Exit codes: what a scheduler, a pod failure policy or a shell script learns of an import.
//!
//! The numbers are those of `sysexits.h`; 128 + signal number for the two ways to interrupt.

use std::fmt;

/// Makes the enum of exits, and what is known of each, from one table.
macro_rules! exits {
    ($($(#[$about:meta])* $exit:ident = $code:literal $label:literal {
        meaning: $meaning:literal,
        try_again: $try_again:literal,
        remedy: $remedy:expr,
    })*) => {
        /// How an invocation ended.
        ///
        /// Declared in the order of their weight: with several templates the [worst](Ord) one wins.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Exit {
            $($(#[$about])* $exit,)*
        }

        impl Exit {
            /// Every way to end, in the order of their weight.
            pub const ALL: [Exit; 13] = [$(Exit::$exit),*];

            /// The number that the process ends with.
            pub fn code(self) -> u8 {
                match self {
                    $(Exit::$exit => $code,)*
                }
            }

            /// A word for machines, the same in spans and metrics.
            pub fn label(self) -> &'static str {
                match self {
                    $(Exit::$exit => $label,)*
                }
            }

            /// What the code means, in the words of the documentation.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Exit::$exit => $meaning,)*
                }
            }

            /// Whether to run it again, in the words of the documentation.
            pub fn try_again(self) -> &'static str {
                match self {
                    $(Exit::$exit => $try_again,)*
                }
            }

            /// What to do about it.
            pub fn remedy(self) -> &'static str {
                match self {
                    $(Exit::$exit => $remedy,)*
                }
            }
        }
    };
}

exits! {
    /// Everything that passed the selection was acknowledged, or written to the CSV file.
    #[default]
    Success = 0 "success" {
        meaning: "all imported",
        try_again: "",
        remedy: "nothing",
    }
    /// Not now: throttled, or the report is still running at the deadline. Come back later.
    TryAgain = 75 "try_again" {
        meaning: "try again later",
        try_again: "yes, later",
        remedy: "run again later; the next run goes on with the report that is being made. If it stays so, raise \
                 qualys.deadline or run less often",
    }
    /// A far end stayed unavailable.
    Unavailable = 69 "unavailable" {
        meaning: "a far end stayed unavailable",
        try_again: "yes",
        remedy: "run qualys-connector check, which finds the step that fails",
    }
    /// The report can't be used: cut off, of the wrong kind, or not a report.
    Report = 65 "report" {
        meaning: "the report can't be used",
        try_again: "with another report",
        remedy: "look at the report: was it cut off, is it a scan report in XML? Ask Qualys for it again, or take \
                 another template",
    }
    /// The output file can't be created.
    CannotCreate = 73 "cannot_create" {
        meaning: "the output file can't be created",
        try_again: "after mending it",
        remedy: "look at the folder that the error names: does it exist, and may it be written to?",
    }
    /// Reading or writing failed half way.
    Io = 74 "io" {
        meaning: "reading or writing failed",
        try_again: "after mending it",
        remedy: "look at the file that the error names, and whether the disk is full",
    }
    /// The Management Center broke the protocol, or refused commands.
    Protocol = 76 "protocol" {
        meaning: "the Management Center broke the protocol or refused commands",
        try_again: "after looking at the summary",
        remedy: "look at the refused hosts in the summary; what the Management Center said of them, explain explains",
    }
    /// Credentials or a certificate were refused.
    Credentials = 77 "credentials" {
        meaning: "credentials or a certificate were refused",
        try_again: "no: accounts get locked",
        remedy: "run qualys-connector check, which finds what is refused; don't repeat it blindly",
    }
    /// The configuration is wrong.
    Config = 78 "config" {
        meaning: "the configuration is wrong",
        try_again: "no",
        remedy: "read the errors, which name every mistake and its place; config lists every setting",
    }
    /// The command line is wrong.
    Usage = 64 "usage" {
        meaning: "the command line is wrong",
        try_again: "no",
        remedy: "read the error and correct the command line (--help)",
    }
    /// Our bug.
    Bug = 70 "bug" {
        meaning: "a bug in qualys-connector",
        try_again: "no; please report it",
        remedy: "please report it, with the log at --level 3",
    }
    /// Interrupted by SIGINT.
    Interrupted = 130 "interrupted" {
        meaning: "interrupted",
        try_again: "yes",
        remedy: INTERRUPTED,
    }
    /// Ended by SIGTERM.
    Terminated = 143 "interrupted" {
        meaning: "terminated",
        try_again: "yes",
        remedy: INTERRUPTED,
    }
}

/// What to do about an interruption, whoever caused it.
const INTERRUPTED: &str = "run again: sending goes on, and nothing is imported twice";

impl Exit {
    /// Whether all was done.
    pub fn is_success(self) -> bool {
        self == Exit::Success
    }

    /// Whether another run may succeed without anybody doing anything.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Exit::TryAgain | Exit::Unavailable | Exit::Interrupted | Exit::Terminated
        )
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_schedulers_rely_on() {
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 75, 69, 65, 73, 74, 76, 77, 78, 64, 70, 130, 143]);
    }

    #[test]
    fn the_worst_of_several_templates_wins() {
        assert_eq!(Exit::Success.max(Exit::TryAgain), Exit::TryAgain);
        assert_eq!(Exit::Credentials.max(Exit::Unavailable), Exit::Credentials);
        assert!(Exit::ALL.is_sorted());
    }
}
