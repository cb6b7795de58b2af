//! Secrets that lie open: files with passwords or keys that every user of the machine can read.
//!
//! That is a warning and doesn't stop an import: it is the default mode of secrets in Kubernetes, and of the old tool's
//! files. Links are followed, and a folder that others can't enter protects what is in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A warning for each of these files that is exposed.
pub(super) fn warnings<'a>(files: impl IntoIterator<Item = &'a Path>) -> Vec<String> {
    let exposed = files.into_iter().filter_map(|file| Some((file.display(), mode(file)?)));
    exposed
        .map(|(file, mode)| {
            format!(
                "{file} holds a secret, and every user of this machine can read it (mode {mode:04o}); take that from \
                 them: chmod o-rwx {file}, in Kubernetes defaultMode: 0440"
            )
        })
        .collect()
}

/// The mode of a file that others can read.
fn mode(file: &Path) -> Option<u32> {
    let file = fs::canonicalize(file).ok()?;
    let found = fs::metadata(&file).ok()?;
    let mode = found.permissions().mode() & 0o7777;
    let folders = file.ancestors().skip(1);
    let reached = folders
        .filter_map(|folder| fs::metadata(folder).ok())
        .all(|folder| folder.permissions().mode() & 0o001 != 0);
    (found.is_file() && reached && mode & 0o004 != 0).then_some(mode)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_others_can_read_is_exposed() {
        // Where everybody may look, unlike in some people's TMPDIR.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
        fs::write(&secret, "hunter2").unwrap();
        symlink("secret", &link).unwrap();
        let allow = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        for (of_folder, of_file, exposed) in [
            (0o755, 0o644, true),
            (0o755, 0o604, true),
            (0o711, 0o644, true),
            (0o755, 0o640, false),
            (0o755, 0o600, false),
            (0o750, 0o644, false),
            (0o700, 0o666, false),
        ] {
            allow(folder.path(), of_folder);
            allow(&secret, of_file);
            assert_eq!(mode(&secret), exposed.then_some(of_file), "{of_folder:o} {of_file:o}");
            assert_eq!(mode(&link), mode(&secret));
        }
        assert_eq!(mode(&folder.path().join("missing")), None);
        assert_eq!(mode(Path::new("/dev/zero")), None);
    }
}
