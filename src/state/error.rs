//! Why a state can't be used.

use std::io;
use std::path::{Path, PathBuf};

use crate::problem::{Kind, Problem};

/// Why a state can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another run has it.
    #[error("{}: another run is using it", .0.display())]
    Locked(PathBuf),
    /// A later program wrote it.
    #[error("it is of version {version}, which this program doesn't know")]
    Newer {
        /// The version that it names.
        version: u32,
    },
    /// It isn't what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The operating system says no.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Error::File {
            path: path.to_owned(),
            source,
        }
    }

    /// Names the file, where that isn't known yet.
    pub(super) fn of(self, path: &Path) -> Self {
        match self {
            Error::Locked(_) => Error::Locked(path.to_owned()),
            Error::File { source, .. } => Error::file(path, source),
            other => other,
        }
    }
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Error::Locked(PathBuf::new()),
            // What is no database at all.
            redb::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
                Error::Damaged(source.to_string())
            }
            redb::Error::Io(source) => Error::file(Path::new(""), source),
            redb::Error::UpgradeRequired(version) => Error::Damaged(format!("format {version} of its library")),
            other => Error::Damaged(other.to_string()),
        }
    }
}

macro_rules! from {
    ($($kind:ident)*) => {$(
        impl From<redb::$kind> for Error {
            fn from(error: redb::$kind) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}

from! { DatabaseError StorageError TransactionError TableError CommitError }

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::Locked(_) => Kind::StateLocked,
            Error::Newer { .. } => Kind::StateNewer,
            Error::Damaged(_) => Kind::StateDamaged,
            Error::File { .. } => Kind::StateUnusable,
        }
    }
}
