//! Files that are either whole or not there.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Readable by everyone: another user, in another container, is to use it.
pub(crate) const PUBLIC: u32 = 0o644;
/// For the lab itself.
pub(crate) const PRIVATE: u32 = 0o600;

/// Puts `bytes` at `path` in one step.
pub(crate) fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    write_with(path, mode, |file| file.write_all(bytes))
}

/// Puts what `content` writes at `path` in one step.
pub(crate) fn write_with(
    path: &Path,
    mode: u32,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let permissions = Permissions::from_mode(mode);
    let file = builder.permissions(permissions.clone()).tempfile_in(directory)?;
    // Once more, because the mode at creation is subject to the umask.
    file.as_file().set_permissions(permissions)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 16, file);
    content(&mut buffered)?;
    let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
