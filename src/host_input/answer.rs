//! Answers: what the Management Center says of a frame of commands.
//!
//! It answers each frame with text. Success is the line `Done processing N commands.` (certain); N leaves out
//! `SetDomain`, `SetSource` and `SetSourceType` (likely). A line that its parser can't read is dropped without a
//! word, so only the number shows it. All other text is about errors, in words that may differ between
//! versions; so words are matched loosely, and nothing is ignored.

use super::Replies;
use crate::printable::Text;

pub mod texts;

/// Words that occur only in error answers.
const ERROR_WORDS: [&str; 12] = [
    "fail",
    "error",
    "wrong",
    "must ",
    "is not ",
    "not found",
    "can not",
    "cannot",
    "unable",
    "invalid",
    "refuse",
    "denied",
];

/// Characters of a remark that are kept: the Management Center chooses them, and they go into logs.
const REMARK_LENGTH: usize = 200;
/// Remarks of one answer that are kept.
const REMARKS: usize = 20;

/// One answer, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// N of `Done processing N commands.`
    pub done: Option<u64>,
    /// Every other line.
    pub remarks: Vec<String>,
}

/// What an answer means for the commands of its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every command was understood, and no remark is about an error.
    Accepted,
    /// Commands were lost.
    Refused(RefusedCommands),
}

/// What was lost of a frame, as far as its answer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCommands {
    /// How many commands; `None`: it isn't known, so all of them count.
    pub commands: Option<u64>,
    /// In the Management Center's words, or in ours where it has none.
    pub reason: String,
}

impl Answer {
    /// Reads the text of an answer.
    pub fn read(text: &[u8]) -> Self {
        let mut answer = Answer::default();
        let mut more = 0;
        for line in String::from_utf8_lossy(text).lines() {
            let line = line.trim();
            let done = done(line);
            if let Some(done) = done {
                // Several such lines have not been seen; together they would cover the frame.
                answer.done = Some(answer.done.unwrap_or(0).saturating_add(done));
            }
            // An error may follow the number.
            if !line.is_empty() && (done.is_none() || is_about_an_error(line)) {
                // A remark about an error is always kept, so that the verdict sees it.
                let first_error = || is_about_an_error(line) && answer.error().is_none();
                if answer.remarks.len() < REMARKS || first_error() {
                    answer.remarks.push(remark(line));
                } else {
                    more += 1;
                }
            }
        }
        if more > 0 {
            answer.remarks.push(format!("({more} lines more)"));
        }
        answer
    }

    /// Compares the answer with the `expected` number of commands.
    pub fn judge(&self, expected: u64, replies: Replies) -> Verdict {
        let error = self.error().cloned();
        let refused = |commands, reason| Verdict::Refused(RefusedCommands { commands, reason });
        match (self.done, error) {
            (Some(done), None) if done == expected => Verdict::Accepted,
            // The error may be about commands that the number counts.
            (_, Some(error)) => refused(None, error),
            (Some(done), None) => refused(
                Some(done.abs_diff(expected)),
                format!("{done} of {expected} commands were understood"),
            ),
            (None, None) if replies == Replies::Lenient => Verdict::Accepted,
            (None, None) => refused(
                None,
                match self.remarks.first() {
                    Some(remark) => format!("the answer doesn't say how many commands were processed: {remark}"),
                    None => "the answer is empty".to_owned(),
                },
            ),
        }
    }

    /// No remark is about an error.
    pub(super) fn accepts(&self) -> bool {
        self.error().is_none()
    }

    /// The first remark about an error.
    fn error(&self) -> Option<&String> {
        self.remarks.iter().find(|remark| is_about_an_error(remark))
    }
}

/// N of a line `Done processing N commands.`
fn done(line: &str) -> Option<u64> {
    let number = line.strip_prefix("Done processing ")?.split(' ').next()?;
    number.parse().ok()
}

fn is_about_an_error(remark: &str) -> bool {
    error_at(remark).is_some()
}

/// The position of the first word about an error.
fn error_at(remark: &str) -> Option<usize> {
    let remark = remark.to_ascii_lowercase();
    ERROR_WORDS.iter().filter_map(|word| remark.find(word)).min()
}

/// What is kept of a line: its beginning, or the words about an error further on.
fn remark(line: &str) -> String {
    let kept = readable(line);
    match error_at(line).and_then(|at| line.get(at..)) {
        Some(error) if !is_about_an_error(&kept) => readable(&format!("… {error}")),
        _ => kept,
    }
}

/// A line of the Management Center, fit for a log.
pub(super) fn readable(line: &str) -> String {
    Text::bounded(line.as_bytes(), REMARK_LENGTH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str, expected: u64) -> Verdict {
        Answer::read(text.as_bytes()).judge(expected, Replies::Strict)
    }

    fn reason(text: &str, expected: u64) -> (Option<u64>, String) {
        match verdict(text, expected) {
            Verdict::Refused(refusal) => (refusal.commands, refusal.reason),
            Verdict::Accepted => panic!("accepted: {text}"),
        }
    }

    #[test]
    fn the_documented_success() {
        assert_eq!(verdict("Done processing 4 commands.\n", 4), Verdict::Accepted);
        assert_eq!(
            verdict("Welcome\nDone processing 4 commands.\r\n", 4),
            Verdict::Accepted
        );
    }

    #[test]
    fn a_silently_dropped_line_shows_in_the_number() {
        assert_eq!(
            reason("Done processing 3 commands.\n", 4),
            (Some(1), "3 of 4 commands were understood".to_owned())
        );
        assert_eq!(reason("Done processing 6 commands.\n", 4).0, Some(2));
    }

    #[test]
    fn every_documented_trouble_is_seen() {
        for text in [
            "[AddHost]: Must set source application",
            "Global\\X is not in the certificate domain",
            "Global is not a leaf domain",
            "Failed to find map Qualys",
            "Failed to recognize IP address/MAC address",
            "x is not a valid address",
            "Failed to Execute Command: AddHost,x",
            "Wrong protocol TCP entered",
            "CSV Error: can not find the header cve_ids",
            "Wrong command syntax on Vuln ID 7",
            "Failure to Run Scan API: AddScanResult 192.0.2.1 3",
        ] {
            assert_eq!(
                reason(&format!("{text}\nDone processing 4 commands.\n"), 4),
                (None, text.to_owned())
            );
            assert_eq!(reason(text, 4), (None, text.to_owned()));
            assert_eq!(
                reason(&format!("{text}\nDone processing 3 commands.\n"), 4),
                (None, text.to_owned())
            );
        }
    }

    #[test]
    fn trouble_in_the_line_of_the_number_is_seen() {
        let line = "Done processing 4 commands. Failed to Execute Command: AddHost, x";
        assert_eq!(reason(line, 4), (None, line.to_owned()));
        assert_eq!(reason(line, 5), (None, line.to_owned()));
    }

    #[test]
    fn trouble_far_behind_in_a_line_is_seen() {
        for length in [REMARK_LENGTH - 4, REMARK_LENGTH, 100_000] {
            let text = format!("{} Failed at last\nDone processing 4 commands.\n", "x".repeat(length));
            let seen = reason(&text, 4).1;
            assert!(
                seen.ends_with("Failed at last") && seen.chars().count() <= REMARK_LENGTH,
                "{seen}"
            );
        }
    }

    #[test]
    fn trouble_is_found_behind_any_number_of_remarks() {
        let text = format!(
            "{}Failed at last\n{}Done processing 4 commands.\n",
            "Hello\n".repeat(50),
            "Bye\n".repeat(9)
        );
        assert_eq!(reason(&text, 4), (None, "Failed at last".to_owned()));
        let remarks = Answer::read(text.as_bytes()).remarks;
        assert_eq!(
            (remarks.len(), remarks.last().map(String::as_str)),
            (22, Some("(39 lines more)"))
        );
    }

    #[test]
    fn an_answer_in_other_words_is_refused_unless_leniency_is_asked_for() {
        assert_eq!(reason("", 4), (None, "the answer is empty".to_owned()));
        assert_eq!(
            reason("4 Befehle verarbeitet\u{7}", 4).1,
            "the answer doesn't say how many commands were processed: 4 Befehle verarbeitet\\u{7}"
        );
        let lenient = |text: &str| Answer::read(text.as_bytes()).judge(4, Replies::Lenient);
        assert_eq!(lenient("4 Befehle verarbeitet"), Verdict::Accepted);
        assert!(matches!(lenient("Failed"), Verdict::Refused(_)));
        assert!(matches!(lenient("Done processing 3 commands."), Verdict::Refused(_)));
    }
}
