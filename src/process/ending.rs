//! How an invocation ended: the exit code, and the line that is left for Kubernetes to show (`kubectl describe pod`).
//!
//! Kubernetes mounts a file for that line, the termination message. Where there is no such file, nothing is left.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use tracing::debug;

use crate::config::Mistakes;
use crate::exit::Exit;

/// What Kubernetes takes of a termination message, in bytes.
const LONGEST: usize = 4096;

/// How an invocation ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// What the process ends with.
    pub(super) exit: Exit,
    /// Why, or what was done; empty where the exit code says it all.
    told: String,
}

impl Ending {
    pub(super) fn new(exit: Exit, told: impl Into<String>) -> Self {
        let told = told.into();
        Ending { exit, told }
    }

    /// Leaves the line in `file`, if that is there. A line that can't be left is no failure of the import.
    pub(super) fn leave(&self, file: &Path) {
        // Nothing is created, and nothing that could keep us waiting is opened, such as a pipe.
        if !fs::metadata(file).is_ok_and(|found| found.is_file()) {
            return;
        }
        let opened = OpenOptions::new().write(true).truncate(true).open(file);
        if let Err(error) = opened.and_then(|mut file| file.write_all(self.line().as_bytes())) {
            debug!("{} can't be written: {error}", file.display());
        }
    }

    fn line(&self) -> String {
        let mut line = match self.told.as_str() {
            "" => self.exit.to_string(),
            told => format!("{}: {told}", self.exit),
        };
        line = line.replace(char::is_control, " ");
        if line.len() > LONGEST {
            line.truncate(line.floor_char_boundary(LONGEST - '…'.len_utf8()));
            line.push('…');
        }
        line
    }
}

impl From<Exit> for Ending {
    fn from(exit: Exit) -> Self {
        Ending::new(exit, "")
    }
}

impl From<&Mistakes> for Ending {
    fn from(mistakes: &Mistakes) -> Self {
        let sentences: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        Ending::new(mistakes.exit(), sentences.join("; "))
    }
}

impl Ending {
    /// Ended by an error.
    pub(super) fn failed<E: Error + ?Sized>(error: &E, exit: Exit) -> Self {
        Ending::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_that_kubernetes_takes() {
        let ending = Ending::new(Exit::Credentials, "a\nb");
        assert_eq!(ending.line(), "77 (credentials or a certificate were refused): a b");
        assert_eq!(Ending::from(Exit::Success).line(), "0 (all imported)");
        let long = Ending::new(Exit::Bug, "é".repeat(LONGEST)).line();
        assert!(
            (LONGEST - 2..=LONGEST).contains(&long.len()) && long.ends_with("é…"),
            "{}",
            long.len()
        );
    }

    #[test]
    fn what_the_file_held_goes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "a line of an earlier container, longer than ours").unwrap();
        Ending::from(Exit::TryAgain).leave(file.path());
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "75 (try again later)");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        Ending::from(Exit::Success).leave(&folder.path().join("termination-log"));
        Ending::from(Exit::Success).leave(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
