//! Input files: small ones, read whole and within a bound.
//!
//! A pipe that nobody fills and a device that never ends look like files. They are refused where they make no sense, and
//! never fill the memory where they do.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// Bytes that such a file may have: far more than any configuration, token or list of CAs.
pub(crate) const LIMIT: usize = 1024 * 1024;

/// What reading needs beyond a file's length to find its end.
const SPARE: usize = 64;

/// What may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A regular file, at the end of whatever links: what is read more than once, or by a library.
    Regular,
    /// Also a pipe, such as a shell's `<(…)`. It is waited for until it ends, so never on the thread that hears signals.
    Stream,
}

/// Reads a whole file. What it held is wiped from memory when the bytes are dropped.
///
/// # Errors
/// What the system says; [`ErrorKind::IsADirectory`], [`ErrorKind::FileTooLarge`]; or that it is no file, where one is asked
/// for.
pub(crate) fn read(path: &Path, kind: FileKind) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut options = OpenOptions::new();
    if kind == FileKind::Regular {
        // Opening a pipe would wait for whoever writes it.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.read(true).open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if kind == FileKind::Regular && !found.is_file() {
        return Err(io::Error::other("it is not a file but a pipe or a device"));
    }
    // A buffer that has to grow leaves what it held behind.
    let length = found.len().min(LIMIT as u64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(LIMIT) + SPARE));
    // One byte more than allowed tells a full file from one that is too large.
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.len() > LIMIT {
        true => Err(io::Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB")),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::fs::write(&file, vec![b'x'; LIMIT]).unwrap();
        for kind in [FileKind::Regular, FileKind::Stream] {
            assert_eq!(read(&file, kind).unwrap().len(), LIMIT);
            assert_eq!(read(folder.path(), kind).unwrap_err().kind(), ErrorKind::IsADirectory);
            assert_eq!(
                read(&folder.path().join("none"), kind).unwrap_err().kind(),
                ErrorKind::NotFound
            );
        }
        std::fs::write(&file, vec![b'x'; LIMIT + 1]).unwrap();
        for (path, kind) in [
            (&*file, FileKind::Regular),
            (&file, FileKind::Stream),
            (Path::new("/dev/zero"), FileKind::Stream),
        ] {
            assert_eq!(read(path, kind).unwrap_err().kind(), ErrorKind::FileTooLarge);
        }
        for path in [&*pipe, Path::new("/dev/zero"), Path::new("/dev/null")] {
            let said = read(path, FileKind::Regular).unwrap_err().to_string();
            assert_eq!(said, "it is not a file but a pipe or a device");
        }
    }
}
