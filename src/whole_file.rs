//! A file that appears whole or not at all.
//!
//! It is written without a name, takes its own only when it is complete and on disk, and goes when anything fails, even
//! when the process is killed. What had the name before stays until then.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, linkat};
use tempfile::{Builder, NamedTempFile};

/// As any new file: the process' umask takes away what it takes away.
pub(crate) const USUAL: u32 = 0o666;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    temporary: Temporary,
}

#[derive(Debug)]
enum Temporary {
    /// It is gone as soon as the process is, however that ends.
    Unnamed(File),
    /// Where the file system knows no other.
    Named(NamedTempFile),
}

impl WholeFile {
    /// Creates the file without a name, or under a temporary one, so that a folder which can't be written to is found at
    /// once.
    pub(crate) fn create(path: &Path, mode: u32) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let temporary = match unnamed(folder(path), mode) {
            Ok(file) => Temporary::Unnamed(file),
            Err(_) => {
                let named = temporary_name()
                    .permissions(Permissions::from_mode(mode))
                    .tempfile_in(folder(path));
                Temporary::Named(named?)
            }
        };
        Ok(WholeFile {
            path: path.to_owned(),
            temporary,
        })
    }

    /// What is written to.
    pub(crate) fn as_file(&self) -> &File {
        match &self.temporary {
            Temporary::Unnamed(file) => file,
            Temporary::Named(file) => file.as_file(),
        }
    }

    /// Puts the file on disk and gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.as_file().sync_all()?;
        let folder = folder(&self.path);
        match self.temporary {
            Temporary::Unnamed(file) => {
                // A link takes no name that is in use, a renaming does.
                let link = |name: &Path| Ok(linkat(CWD, descriptor(&file), CWD, name, AtFlags::SYMLINK_FOLLOW)?);
                let named = temporary_name().make_in(folder, link)?;
                named.persist(&self.path).map_err(|error| error.error)?;
            }
            Temporary::Named(file) => drop(file.persist(&self.path).map_err(|error| error.error)?),
        }
        File::open(folder)?.sync_all()
    }
}

/// A file without a name, if it can be given one later.
fn unnamed(folder: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::TMPFILE.bits().cast_signed())
        .mode(mode)
        .open(folder)?;
    // Where there is no /proc, there is no way to it.
    std::fs::metadata(descriptor(&file))?;
    Ok(file)
}

fn descriptor(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn temporary_name() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".").suffix(".partial");
    builder
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
