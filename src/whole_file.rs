//! A file that appears whole or not at all.
//!
//! It is written under a temporary name beside its own, takes that only when it is complete and on disk, and goes when
//! anything fails. What had the name before stays until then.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// As any new file: the process' umask takes away what it takes away.
pub(crate) const USUAL: u32 = 0o666;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    temporary: NamedTempFile,
}

impl WholeFile {
    /// Creates the file under its temporary name, so that a folder which can't be written to is found at once.
    pub(crate) fn create(path: &Path, mode: u32) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let temporary = tempfile::Builder::new()
            .prefix(".")
            .suffix(".partial")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder(path))?;
        Ok(WholeFile {
            path: path.to_owned(),
            temporary,
        })
    }

    /// What is written to.
    pub(crate) fn as_file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Puts the file on disk and gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.temporary.as_file().sync_all()?;
        self.temporary.persist(&self.path).map_err(|error| error.error)?;
        File::open(folder(&self.path))?.sync_all()
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
