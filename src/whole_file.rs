//! A file that appears whole or not at all.
//!
//! It is written without a name, takes its own only when it is complete and on disk, and goes when anything fails, even
//! when the process is killed. What had the name before stays until then, and its mode stays altogether: whoever gave the
//! file to more readers, or to fewer, did so on purpose. A link stays one, and what isn't a file, as a pipe, is written to as
//! it is.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, fcntl_getfl, fcntl_setfl, linkat};
use tempfile::{Builder, NamedTempFile};

/// The mode of new files that tell of findings: which host is vulnerable to what isn't for everybody on a machine. The
/// process' umask takes away what it takes away.
pub(crate) const CONFIDENTIAL: u32 = 0o640;

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
    /// A pipe or a device, which nothing can take the place of.
    Itself(File),
}

impl WholeFile {
    /// Creates the file without a name, or under a temporary one, so that a folder which can't be written to is found at
    /// once. `mode` is for a name that nothing has yet.
    pub(crate) fn create(path: &Path, mode: u32) -> io::Result<Self> {
        let former = fs::metadata(path);
        let (path, temporary) = match &former {
            Ok(former) if former.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(former) if is_written_itself(path, former) => (path.to_owned(), Temporary::Itself(as_it_is(path)?)),
            Ok(_) => beside(fs::canonicalize(path)?, mode)?,
            Err(_) => beside(path.to_owned(), mode)?,
        };
        if let (Ok(former), Temporary::Unnamed(_) | Temporary::Named(_)) = (former, &temporary) {
            temporary.as_file().set_permissions(former.permissions())?;
        }
        Ok(WholeFile { path, temporary })
    }

    /// What is written to.
    pub(crate) fn as_file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Puts the file on disk and gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        if let Temporary::Itself(_) = self.temporary {
            return Ok(());
        }
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
            Temporary::Itself(_) => {}
        }
        File::open(folder)?.sync_all()
    }
}

impl Temporary {
    fn as_file(&self) -> &File {
        match self {
            Temporary::Unnamed(file) | Temporary::Itself(file) => file,
            Temporary::Named(file) => file.as_file(),
        }
    }
}

/// A file that will take the place of `path`.
fn beside(path: PathBuf, mode: u32) -> io::Result<(PathBuf, Temporary)> {
    let temporary = match unnamed(folder(&path), mode) {
        Ok(file) => Temporary::Unnamed(file),
        Err(_) => {
            let named = temporary_name()
                .permissions(Permissions::from_mode(mode))
                .tempfile_in(folder(&path));
            Temporary::Named(named?)
        }
    };
    Ok((path, temporary))
}

/// What has to be writable for `path` to be written: its folder, or itself where nothing can take its place.
pub(crate) fn place(path: &Path) -> PathBuf {
    match fs::metadata(path) {
        Ok(former) if is_written_itself(path, &former) => path.to_owned(),
        Ok(_) => folder(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())).to_owned(),
        Err(_) => folder(path).to_owned(),
    }
}

/// Names of what a process has open, whatever that is. Files of people may stand beside them, as in `/dev/shm`.
const OPEN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// Whether nothing can take the place of what is there: it is no file, or has no name of its own.
fn is_written_itself(path: &Path, former: &Metadata) -> bool {
    !former.is_file() || OPEN.iter().any(|name| path.starts_with(name))
}

/// A pipe that nobody reads is an error, rather than waited for.
fn as_it_is(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().append(true).custom_flags(flags).open(path)?;
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// A file without a name, if it can be given one later.
fn unnamed(folder: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::TMPFILE.bits().cast_signed())
        .mode(mode)
        .open(folder)?;
    // Where there is no /proc, there is no way to it.
    fs::metadata(descriptor(&file))?;
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

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

    fn write(path: &Path, text: &str) -> io::Result<()> {
        let file = WholeFile::create(path, CONFIDENTIAL)?;
        file.as_file().write_all(text.as_bytes())?;
        file.finish()
    }

    #[test]
    fn a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (link, path) = (folder.path().join("link"), folder.path().join("real"));
        std::os::unix::fs::symlink("real", &link).unwrap();
        fs::write(&path, "before").unwrap();
        write(&link, "after").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(write(&path, "nobody reads").is_err());
        let reading = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path)
        });
        // The reader has come when the pipe can be opened.
        while write(&path, "all of it").is_err() {}
        assert_eq!(reading.join().unwrap().unwrap(), "all of it");
        assert!(!path.is_file() && path.exists());
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            let folder = tempfile::tempdir_in(memory).unwrap();
            let path = folder.path().join("Output.csv");
            for text in ["before", "after"] {
                write(&path, text).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), text);
            }
        }
        write(Path::new("/dev/null"), "nothing").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}
