//! The layer of mounted secrets: a directory with a file for each setting, named by its key (`qualys.password`).
//!
//! Kubernetes mounts a Secret so. The files are symbolic links into a hidden directory that is exchanged as a whole
//! when the Secret changes; hidden names are left alone, links are followed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::environment::{SECRETS_DIR, Surroundings};
use crate::config::assignment::Assignment;
use crate::config::error::{ConfigError, quoted};
use crate::config::origin::Origin;
use crate::config::small_file;
use crate::input_file::FileKind;

/// What the directory says, file by file.
pub(in crate::config) fn layer(surroundings: &Surroundings) -> Vec<Result<Assignment, ConfigError>> {
    let Some(given) = surroundings.path(SECRETS_DIR) else {
        return Vec::new();
    };
    match names(&surroundings.directory.join(&given)) {
        Ok(names) => names
            .iter()
            .map(|name| assignment(&surroundings.directory, &given, name))
            .collect(),
        Err(error) => vec![Err(ConfigError::Unreadable {
            origin: Some(Origin::Variable(SECRETS_DIR.into())),
            path: given,
            reason: error.into(),
        })],
    }
}

/// The names in a directory that aren't hidden, sorted.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        // A name that isn't UTF-8 is no key, and is named as far as it can be.
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn assignment(directory: &Path, given: &Path, name: &str) -> Result<Assignment, ConfigError> {
    let path = given.join(name);
    let text =
        small_file::read(&directory.join(&path), FileKind::Regular).map_err(|reason| ConfigError::Unreadable {
            origin: Some(Origin::Variable(SECRETS_DIR.into())),
            path: PathBuf::from(quoted(&path.to_string_lossy())),
            reason,
        })?;
    Assignment::new(name, small_file::value(&text), Origin::Secret(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use secrecy::ExposeSecret as _;

    use super::*;

    /// Layers of this directory, its own path cut out.
    fn said(directory: &Path) -> String {
        let line = |assignment: Result<Assignment, ConfigError>| match assignment {
            Ok(it) => format!("{} = {:?} ({})", it.setting.key, it.text.expose_secret(), it.origin),
            Err(error) => crate::problem::Problem::sentence(&error),
        };
        let surroundings = Surroundings::new([(SECRETS_DIR, "secrets")], directory);
        layer(&surroundings)
            .into_iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_mounted_secret_of_kubernetes_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = directory.path().join("secrets");
        let version = secrets.join("..2026_01_01_00_00_00.1");
        fs::create_dir_all(&version).unwrap();
        symlink("..2026_01_01_00_00_00.1", secrets.join("..data")).unwrap();
        for (key, value) in [("qualys.password", "a'b\"c\n"), ("qualys.user_id", "0123")] {
            fs::write(version.join(key), value).unwrap();
            symlink(format!("..data/{key}"), secrets.join(key)).unwrap();
        }
        insta::assert_snapshot!(said(directory.path()), @r#"
        qualys.password = "a'b\"c" (secrets/qualys.password)
        qualys.user_id = "0123" (secrets/qualys.user_id)
        "#);
    }

    #[test]
    fn what_is_no_setting_is_named() {
        let directory = tempfile::tempdir().unwrap();
        insta::assert_snapshot!(said(directory.path()), @"QC_SECRETS_DIR: secrets can't be read: No such file or directory (os error 2)");
        let secrets = directory.path().join("secrets");
        fs::create_dir_all(secrets.join("kubernetes.io")).unwrap();
        fs::write(secrets.join("qualys.pasword"), "hunter2").unwrap();
        fs::write(secrets.join("password"), "hunter2").unwrap();
        fs::write(secrets.join("qualys.password"), b"caf\xe9").unwrap();
        symlink("nowhere", secrets.join("qualys.user_id")).unwrap();
        insta::assert_snapshot!(said(directory.path()), @r"
        QC_SECRETS_DIR: secrets/kubernetes.io can't be read: is a directory
        secrets/password: there is no setting 'password'; did you mean qualys.password?
        QC_SECRETS_DIR: secrets/qualys.password can't be read: it is not UTF-8 text (byte 4 is the first that isn't)
        secrets/qualys.pasword: there is no setting 'qualys.pasword'; did you mean qualys.password?
        QC_SECRETS_DIR: secrets/qualys.user_id can't be read: No such file or directory (os error 2)
        ");
    }
}
