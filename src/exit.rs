//! Exit codes: what a scheduler, a pod failure policy or a shell script learns of an import.
//!
//! The numbers are those of `sysexits.h`; 128 + signal number for the two ways to interrupt.

use std::fmt;

/// How an invocation ended.
///
/// Declared in the order of their weight: with several templates the [worst](Ord) one wins.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Everything that passed the selection was acknowledged, or written to the CSV file.
    #[default]
    Success,
    /// Not now: throttled, or the report is still running at the deadline. Come back later.
    TryAgain,
    /// A far end stayed unavailable.
    Unavailable,
    /// The report can't be used: cut off, of the wrong kind, or not a report.
    Report,
    /// The output file can't be created.
    CannotCreate,
    /// Reading or writing failed half way.
    Io,
    /// The Management Center broke the protocol, or refused commands.
    Protocol,
    /// Credentials or a certificate were refused.
    Credentials,
    /// The configuration is wrong.
    Config,
    /// The command line is wrong.
    Usage,
    /// Our bug.
    Bug,
    /// Interrupted by SIGINT.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
}

impl Exit {
    /// Every way to end, in the order of their weight.
    pub const ALL: [Exit; 13] = [
        Exit::Success,
        Exit::TryAgain,
        Exit::Unavailable,
        Exit::Report,
        Exit::CannotCreate,
        Exit::Io,
        Exit::Protocol,
        Exit::Credentials,
        Exit::Config,
        Exit::Usage,
        Exit::Bug,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Usage => 64,
            Exit::Report => 65,
            Exit::Unavailable => 69,
            Exit::Bug => 70,
            Exit::CannotCreate => 73,
            Exit::Io => 74,
            Exit::TryAgain => 75,
            Exit::Protocol => 76,
            Exit::Credentials => 77,
            Exit::Config => 78,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

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

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Exit::Success => "nothing",
            Exit::Usage => "read the error and correct the command line (--help)",
            Exit::Report => {
                "look at the report: was it cut off, is it a scan report in XML? Ask Qualys for it again, or take \
                 another template"
            }
            Exit::Unavailable => "run qualys-connector check, which finds the step that fails",
            Exit::Bug => "please report it, with the log at --level 3",
            Exit::CannotCreate => "look at the folder that the error names: does it exist, and may it be written to?",
            Exit::Io => "look at the file that the error names, and whether the disk is full",
            Exit::TryAgain => {
                "run again later; the next run goes on with the report that is being made. If it stays so, raise \
                 qualys.deadline or run less often"
            }
            Exit::Protocol => {
                "look at the refused hosts in the summary; what the Management Center said of them, explain explains"
            }
            Exit::Credentials => "run qualys-connector check, which finds what is refused; don't repeat it blindly",
            Exit::Config => "read the errors, which name every mistake and its place; config lists every setting",
            Exit::Interrupted | Exit::Terminated => "run again: sending goes on, and nothing is imported twice",
        }
    }

    /// Whether to run it again, in the words of the documentation.
    pub fn try_again(self) -> &'static str {
        match self {
            Exit::Success => "",
            Exit::TryAgain => "yes, later",
            Exit::Unavailable | Exit::Interrupted | Exit::Terminated => "yes",
            Exit::Report => "with another report",
            Exit::CannotCreate | Exit::Io => "after mending it",
            Exit::Protocol => "after looking at the summary",
            Exit::Credentials => "no: accounts get locked",
            Exit::Usage | Exit::Config => "no",
            Exit::Bug => "no; please report it",
        }
    }

    /// A word for machines, the same in spans and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Exit::Success => "success",
            Exit::Usage => "usage",
            Exit::Report => "report",
            Exit::Unavailable => "unavailable",
            Exit::Bug => "bug",
            Exit::CannotCreate => "cannot_create",
            Exit::Io => "io",
            Exit::TryAgain => "try_again",
            Exit::Protocol => "protocol",
            Exit::Credentials => "credentials",
            Exit::Config => "config",
            Exit::Interrupted | Exit::Terminated => "interrupted",
        }
    }

    /// What the code means, in the words of the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Success => "all imported",
            Exit::Usage => "the command line is wrong",
            Exit::Report => "the report can't be used",
            Exit::Unavailable => "a far end stayed unavailable",
            Exit::Bug => "a bug in qualys-connector",
            Exit::CannotCreate => "the output file can't be created",
            Exit::Io => "reading or writing failed",
            Exit::TryAgain => "try again later",
            Exit::Protocol => "the Management Center broke the protocol or refused commands",
            Exit::Credentials => "credentials or a certificate were refused",
            Exit::Config => "the configuration is wrong",
            Exit::Interrupted => "interrupted",
            Exit::Terminated => "terminated",
        }
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
