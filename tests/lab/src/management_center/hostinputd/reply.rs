//! The text that answers a frame.
//!
//! `Done processing N commands.` is certain. What N counts is likely: every command that was understood, except
//! SetSource, SetSourceType and SetDomain. Wordings of errors are likely at best: match them loosely. That a command
//! which failed counts, and one whose line is lost doesn't, is a guess.

use std::fmt::{Display, Write};

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Reply {
    text: String,
    /// What comes after the line that counts.
    after: String,
    processed: u64,
    refused: bool,
}

/// Why a command did nothing. The text is one or more lines of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is understood, and fails; the answer repeats its fields.
    Execution(String),
    /// Its line is lost.
    Lost(String),
    /// It is refused together with the rest of the frame.
    Refusal(String),
}

impl Reply {
    pub(super) fn processed(&self) -> u64 {
        self.processed
    }

    /// Whether the rest of the frame is skipped.
    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }

    pub(super) fn count(&mut self) {
        self.processed += 1;
    }

    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    pub(super) fn line(&mut self, line: impl Display) {
        write_line(&mut self.text, line);
    }

    /// A line behind the one that counts.
    pub(super) fn line_after(&mut self, line: impl Display) {
        write_line(&mut self.after, line);
    }

    pub(super) fn into_text(mut self) -> String {
        if !self.refused {
            let processed = self.processed;
            self.line(format_args!("Done processing {processed} commands."));
        }
        self.text + &self.after
    }
}

fn write_line(text: &mut String, line: impl Display) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_stands_between_failures_of_commands_and_of_scans() {
        let mut reply = Reply::default();
        reply.count();
        reply.line_after("Failure to Run Scan API: ScanFlush, 192.0.2.1, 2");
        reply.line("Failed to Execute Command: AddHost, x");
        assert_eq!(
            reply.into_text(),
            "Failed to Execute Command: AddHost, x\nDone processing 1 commands.\n\
             Failure to Run Scan API: ScanFlush, 192.0.2.1, 2\n"
        );
    }

    #[test]
    fn a_refused_frame_has_no_count() {
        let mut reply = Reply::default();
        reply.count();
        reply.line("Failed to find map x");
        reply.refuse();
        assert_eq!(reply.into_text(), "Failed to find map x\n");
    }
}
