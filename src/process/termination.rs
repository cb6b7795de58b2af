//! How an invocation ended: its exit code, and the termination message that Kubernetes shows (`kubectl describe pod`).
//!
//! Kubernetes mounts a file for that message. Without such a file, none is written.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use tracing::debug;

use crate::config::ConfigErrors;
use crate::exit::Exit;
use crate::import::Record;
use crate::printable::{one_line, shortened};
use crate::problem::Problem;

/// Longest termination message that Kubernetes takes, in bytes.
const LONGEST: usize = 4096;

/// How an invocation ended.
#[derive(Debug)]
pub(super) struct Termination {
    /// What the process ends with.
    pub(super) exit: Exit,
    /// What that means here.
    meaning: &'static str,
    /// Why, or what was done; none for commands that leave no termination message.
    message: Option<String>,
}

impl Termination {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = Some(message.into());
        Termination {
            exit,
            meaning: exit.meaning(),
            message,
        }
    }

    /// Ended with a record, by its exit code or a worse one.
    pub(super) fn of(record: &Record, exit: Exit) -> Self {
        let ending = Termination::new(exit, record.line().to_string());
        match exit == record.exit {
            true => Termination {
                meaning: record.meaning(),
                ..ending
            },
            false => ending,
        }
    }

    /// Ended by a problem.
    pub(super) fn failed(problem: &impl Problem) -> Self {
        Termination::new(problem.kind().exit(), problem.sentence())
    }

    /// Ended without an import: no termination message is left.
    pub(super) fn silent(exit: Exit) -> Self {
        Termination {
            message: None,
            ..Termination::new(exit, "")
        }
    }

    /// Writes the termination message to `file`, if that exists and holds nothing but an earlier message. A message that can't
    /// be written is no failure of the import.
    pub(super) fn leave(&self, file: Option<&Path>) {
        let (Some(message), Some(file)) = (&self.message, file) else {
            return;
        };
        // No file is created, and nothing is opened that could block, such as a pipe.
        if !fs::metadata(file).is_ok_and(|found| found.is_file()) {
            return;
        }
        if let Err(error) = replace(file, &self.line(message)) {
            debug!("{} can't be written: {error}", file.display());
        }
    }

    fn line(&self, message: &str) -> String {
        let line = format!("{} ({}): {message}", self.exit.code(), self.meaning);
        shortened(one_line(&line), LONGEST)
    }
}

/// Replaces the message of an earlier run. A file with anything else belongs to somebody.
fn replace(file: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(file)?;
    let mut former = String::new();
    let read = (&file).take(2 * LONGEST as u64).read_to_string(&mut former);
    if read.is_err() || !is_replaceable(&former) {
        return Err(io::Error::other("it holds something else than an outcome"));
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(line.as_bytes())
}

/// Whether a text is empty, or begins as our messages do in any version: `75 (try again later): `.
fn is_replaceable(text: &str) -> bool {
    let ours = || {
        let (code, rest) = text.split_once(" (")?;
        let (meaning, _) = rest.split_once("): ")?;
        Some(code.parse::<u8>().is_ok() && !meaning.contains(['\n', '(']) && text.lines().count() == 1)
    };
    text.trim().is_empty() || text.len() <= LONGEST && ours().unwrap_or_default()
}

impl From<&ConfigErrors> for Termination {
    fn from(errors: &ConfigErrors) -> Self {
        let sentences: Vec<_> = errors.iter().map(|error| error.sentence()).collect();
        Termination::new(errors.kind().exit(), sentences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ending` leaves in a file that is there, holding a longer line of an earlier container.
    fn left(ending: &Termination) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("0 (all imported): {}", "x".repeat(LONGEST - 18))).unwrap();
        ending.leave(Some(file.path()));
        fs::read_to_string(file.path()).unwrap()
    }

    #[test]
    fn what_is_somebodys_file_stays() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long = "x".repeat(2 * LONGEST);
        let texts = ["<REPORT/>", "7\n", "0 (all imported): a\nb", "x (y): z", &long];
        for text in texts {
            fs::write(file.path(), text).unwrap();
            Termination::new(Exit::Success, "7 hosts").leave(Some(file.path()));
            assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
        }
        for text in ["", "\n", "69 (in other words): x"] {
            fs::write(file.path(), text).unwrap();
            Termination::new(Exit::Success, "7 hosts").leave(Some(file.path()));
            assert_eq!(fs::read_to_string(file.path()).unwrap(), "0 (all imported): 7 hosts");
        }
    }

    #[test]
    fn it_is_one_line_that_kubernetes_takes() {
        let ending = Termination::new(Exit::Credentials, "a\nb");
        assert_eq!(left(&ending), "77 (credentials or a certificate were refused): a b");
        let long = left(&Termination::new(Exit::Bug, "é".repeat(LONGEST)));
        assert!(
            (LONGEST - 2..=LONGEST).contains(&long.len()) && long.ends_with("é…"),
            "{}",
            long.len()
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let ending = Termination::new(Exit::Success, "7 hosts");
        ending.leave(Some(&folder.path().join("termination-log")));
        ending.leave(Some(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_import_leaves_the_file_alone() {
        assert_eq!(left(&Termination::silent(Exit::Success)).len(), LONGEST);
    }
}
