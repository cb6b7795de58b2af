//! A file that appears whole or not at all.
//!
//! It is written under a temporary name beside its own, takes that only when it is complete and on disk, and goes when
//! anything fails. What had the name before stays until then, and its mode stays altogether: whoever gave the file to
//! more readers, or to fewer, did so on purpose.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The mode of new files that tell of findings: which host is vulnerable to what isn't for everybody on a machine. The
/// process' umask takes away what it takes away.
pub(crate) const CONFIDENTIAL: u32 = 0o640;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    temporary: NamedTempFile,
}

impl WholeFile {
    /// Creates the file under its temporary name, so that a folder which can't be written to is found at once. `mode`
    /// is for a name that nothing has yet.
    pub(crate) fn create(path: &Path, mode: u32) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let temporary = tempfile::Builder::new()
            .prefix(".")
            .suffix(".partial")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder(path))?;
        if let Ok(former) = fs::metadata(path) {
            temporary.as_file().set_permissions(former.permissions())?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Output.csv");
        let written = || {
            WholeFile::create(&path, CONFIDENTIAL).unwrap().finish().unwrap();
            fs::metadata(&path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(written() & 0o137, 0, "a new one is for its owner and group");
        for mode in [0o644, 0o600] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(written(), mode);
        }
    }
}
