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
    /// Why, or what was done; nothing where nobody but the caller is to know.
    told: Option<String>,
}

impl Ending {
    pub(super) fn new(exit: Exit, told: impl Into<String>) -> Self {
        let told = Some(told.into());
        Ending { exit, told }
    }

    /// Ended by an error.
    pub(super) fn failed<E: Error + ?Sized>(error: &E, exit: Exit) -> Self {
        Ending::new(exit, error.to_string())
    }

    /// Ended without an import: no line is left.
    pub(super) fn untold(exit: Exit) -> Self {
        Ending { exit, told: None }
    }

    /// Leaves the line in `file`, if that is there. A line that can't be left is no failure of the import.
    pub(super) fn leave(&self, file: &Path) {
        let Some(told) = &self.told else { return };
        // Nothing is created, and nothing that could keep us waiting is opened, such as a pipe.
        if !fs::metadata(file).is_ok_and(|found| found.is_file()) {
            return;
        }
        let opened = OpenOptions::new().write(true).truncate(true).open(file);
        if let Err(error) = opened.and_then(|mut file| file.write_all(self.line(told).as_bytes())) {
            debug!("{} can't be written: {error}", file.display());
        }
    }

    fn line(&self, told: &str) -> String {
        let mut line = format!("{}: {told}", self.exit).replace(char::is_control, " ");
        if line.len() > LONGEST {
            line.truncate(line.floor_char_boundary(LONGEST - '…'.len_utf8()));
            line.push('…');
        }
        line
    }
}

impl From<&Mistakes> for Ending {
    fn from(mistakes: &Mistakes) -> Self {
        let sentences: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        Ending::new(mistakes.exit(), sentences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ending` leaves in a file that is there, holding a longer line of an earlier container.
    fn left(ending: &Ending) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "x".repeat(2 * LONGEST)).unwrap();
        ending.leave(file.path());
        fs::read_to_string(file.path()).unwrap()
    }

    #[test]
    fn it_is_one_line_that_kubernetes_takes() {
        let ending = Ending::new(Exit::Credentials, "a\nb");
        assert_eq!(left(&ending), "77 (credentials or a certificate were refused): a b");
        let long = left(&Ending::new(Exit::Bug, "é".repeat(LONGEST)));
        assert!(
            (LONGEST - 2..=LONGEST).contains(&long.len()) && long.ends_with("é…"),
            "{}",
            long.len()
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let ending = Ending::new(Exit::Success, "7 hosts");
        ending.leave(&folder.path().join("termination-log"));
        ending.leave(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_import_leaves_the_file_alone() {
        assert_eq!(left(&Ending::untold(Exit::Success)), "x".repeat(2 * LONGEST));
    }
}
