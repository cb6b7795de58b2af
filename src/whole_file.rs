//! A file that appears whole or not at all.
//!
//! It is written without a name, takes its own only when it is complete and on disk, and goes when anything fails, even
//! when the process is killed. What had the name before stays until then. A link stays one, and what isn't a file, as a
//! pipe, is written to as it is.
//!
//! The mode of a file of ours that is replaced stays, within what its [`Readers`] allow. A file of somebody else is
//! replaced by one of ours, with the mode of a new one: whoever put it there doesn't decide who reads what we write.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, fcntl_getfl, fcntl_setfl, linkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::{Builder, NamedTempFile};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// What tells of findings: which host is vulnerable to what isn't for everybody on a machine.
    OwnerAndGroup,
    /// What other programs' users read, and holds nothing confidential.
    Everybody,
}

impl Readers {
    /// The mode of new files. The process' umask takes away what it takes away of a confidential one.
    pub(crate) fn mode(self) -> u32 {
        match self {
            Readers::OwnerAndGroup => 0o640,
            Readers::Everybody => 0o644,
        }
    }

    /// What remains of the mode of a file of ours that is replaced.
    fn kept(self, former: u32) -> u32 {
        match self {
            Readers::OwnerAndGroup => former & 0o770,
            Readers::Everybody => former & 0o777,
        }
    }
}

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
    /// once.
    pub(crate) fn create(path: &Path, readers: Readers) -> io::Result<Self> {
        // The name of a folder, though it may not be there.
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let path = followed(path)?;
        let former = match fs::metadata(&path) {
            Ok(former) if former.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(former) if is_written_itself(&path, &former) => {
                let temporary = Temporary::Itself(as_it_is(&path)?);
                return Ok(WholeFile { path, temporary });
            }
            former => former.ok(),
        };
        if former.as_ref().is_some_and(|former| is_kept_from_us(&path, former)) {
            return Err(planted());
        }
        let temporary = beside(&path, readers.mode())?;
        let file = temporary.as_file();
        match former.filter(|former| former.uid() == geteuid().as_raw()) {
            Some(former) => {
                let mut mode = readers.kept(former.mode());
                // To another group than before, the rights of that group aren't given.
                if file.metadata()?.gid() != former.gid() && fchown(file, None, Some(former.gid())).is_err() {
                    mode &= !0o070;
                }
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            None if readers == Readers::Everybody => file.set_permissions(Permissions::from_mode(readers.mode()))?,
            None => {}
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
fn beside(path: &Path, mode: u32) -> io::Result<Temporary> {
    Ok(match unnamed(folder(path), mode) {
        Ok(file) => Temporary::Unnamed(file),
        Err(_) => {
            let named = temporary_name()
                .permissions(Permissions::from_mode(mode))
                .tempfile_in(folder(path));
            Temporary::Named(named?)
        }
    })
}

/// What has to be writable for `path` to be written: its folder, or itself where nothing can take its place.
pub(crate) fn place(path: &Path) -> PathBuf {
    let path = followed(path).unwrap_or_else(|_| path.to_owned());
    match is_stream(&path) {
        true => path,
        false => folder(&path).to_owned(),
    }
}

/// Whether there is something that nothing can take the place of: a pipe, a device, or what a process has open.
pub(crate) fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|former| !former.is_dir() && is_written_itself(path, &former))
}

/// Whether a path leads to this process' standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    let names = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    let same = || {
        let (found, stdout) = (fs::metadata(path).ok()?, fs::metadata("/proc/self/fd/1").ok()?);
        // Many have a terminal or /dev/null open.
        let shared = found.file_type().is_char_device();
        Some(!shared && (found.dev(), found.ino()) == (stdout.dev(), stdout.ino()))
    };
    names.iter().any(|name| path == Path::new(name)) || same().unwrap_or_default()
}

/// Names of what a process has open, whatever that is. Files of people may stand beside them, as in `/dev/shm`.
const OPEN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

fn is_open(path: &Path) -> bool {
    OPEN.iter().any(|name| path.starts_with(name))
}

/// Whether nothing can take the place of what is there: it is no file, or has no name of its own.
fn is_written_itself(path: &Path, former: &Metadata) -> bool {
    !former.is_file() || is_open(path)
}

/// Links that are followed, at most, as the kernel does.
const LINKS: usize = 40;

/// The path that the links at the end of `path` lead to, whether there is anything or not.
///
/// # Errors
/// There are links without end, or one that another user has put into a folder which everybody may write to.
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let link = match fs::symlink_metadata(&path) {
            Ok(link) if link.is_symlink() && !is_open(&path) => link,
            _ => return Ok(path),
        };
        if is_kept_from_us(&path, &link) {
            return Err(planted());
        }
        path = folder(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("there are links that lead to each other"))
}

/// Whether something belongs to another user, in a folder where only its owner may replace it.
fn is_kept_from_us(path: &Path, found: &Metadata) -> bool {
    let us = geteuid();
    let others = |found: &Metadata| found.uid() != us.as_raw();
    let sticky = |folder: &Metadata| folder.mode() & 0o1000 != 0 && others(folder);
    others(found)
        && fs::metadata(folder(path)).is_ok_and(|folder| sticky(&folder))
        && !(us.is_root() && found.is_file())
}

fn planted() -> io::Error {
    let sentence = "it belongs to another user, in a folder that everybody may write to";
    io::Error::new(io::ErrorKind::PermissionDenied, sentence)
}

/// A pipe that nobody reads is an error, rather than waited for.
pub(crate) fn as_it_is(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().append(true).custom_flags(flags).open(path);
    let nobody = |error: io::Error| match error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) {
        true => io::Error::new(error.kind(), "nobody reads what is written there"),
        false => error,
    };
    let file = opened.map_err(nobody)?;
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

/// The folder that a file stands in.
pub(crate) fn folder(path: &Path) -> &Path {
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
    fn a_file_that_is_replaced_keeps_its_mode_within_what_its_readers_allow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Output.csv");
        let written = |readers| {
            WholeFile::create(&path, readers).unwrap().finish().unwrap();
            fs::metadata(&path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(
            written(Readers::OwnerAndGroup) & 0o137,
            0,
            "a new one is for its owner and group"
        );
        for (former, readers, mode) in [
            (0o644, Readers::OwnerAndGroup, 0o640),
            (0o666, Readers::OwnerAndGroup, 0o660),
            (0o600, Readers::OwnerAndGroup, 0o600),
            (0o644, Readers::Everybody, 0o644),
            (0o600, Readers::Everybody, 0o600),
        ] {
            fs::set_permissions(&path, Permissions::from_mode(former)).unwrap();
            assert_eq!(written(readers), mode, "{former:o}");
        }
    }

    /// Only root can make files of others.
    #[test]
    fn a_file_of_somebody_else_is_replaced_by_one_of_ours() {
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Output.csv");
        for (mode, sticky) in [(0o666, true), (0o600, true), (0o666, false)] {
            fs::write(&path, "planted").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            fchown(File::open(&path).unwrap(), Some(1234), Some(1234)).unwrap();
            let of_folder = if sticky { 0o1777 } else { 0o755 };
            fs::set_permissions(folder.path(), Permissions::from_mode(of_folder)).unwrap();
            write(&path, "ours").unwrap();
            let found = fs::metadata(&path).unwrap();
            assert_eq!((found.uid(), found.mode() & 0o137), (0, 0), "{mode:o}");
        }
    }

    /// Only root can make links of others.
    #[test]
    fn a_link_that_somebody_has_planted_is_not_followed() {
        if !geteuid().is_root() {
            return;
        }
        let shared = tempfile::tempdir().unwrap();
        let (link, target) = (shared.path().join("Output.csv"), shared.path().join("target"));
        fs::write(&target, "before").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(1234), None).unwrap();
        fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).unwrap();
        std::os::unix::fs::chown(shared.path(), Some(4321), None).unwrap();
        let refused = write(&link, "after").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read_to_string(&target).unwrap(), "before");
    }

    fn write(path: &Path, text: &str) -> io::Result<()> {
        let file = WholeFile::create(path, Readers::OwnerAndGroup)?;
        file.as_file().write_all(text.as_bytes())?;
        file.finish()
    }

    #[test]
    fn a_folder_takes_no_text_whether_it_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "before").unwrap();
        for name in ["", "new/", "file/"] {
            let refused = write(&folder.path().join(name), "after").unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::IsADirectory, "{name}");
        }
        assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "before");
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
        fs::remove_file(&path).unwrap();
        write(&link, "anew").unwrap();
        assert!(link.is_symlink(), "though it led nowhere");
        assert_eq!(fs::read_to_string(&path).unwrap(), "anew");
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
