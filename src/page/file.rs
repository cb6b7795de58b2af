//! The page's file: it takes its name only when it is complete and on disk.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::problem::{Kind, Problem};
use crate::whole_file::{Readers, WholeFile};

/// Why there is no page. The import is independent of it.
#[derive(Debug, Error)]
pub enum Error {
    /// No file can be created in the folder, or the name is a folder's.
    #[error("the page {} can't be created: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed half way.
    #[error("the page {} can't be written: {source} (page.file)", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::Create { .. } => Kind::CannotCreate,
            Error::Write { .. } => Kind::CannotWrite,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Error::Create { .. } => "check that its folder exists and may be written to (page.file)".into(),
            Error::Write { .. } => self.kind().row().remedy.into(),
        }
    }
}

/// A page that isn't written yet.
#[derive(Debug)]
pub struct PageFile {
    path: PathBuf,
    file: WholeFile,
}

impl PageFile {
    /// Creates the file without its name.
    ///
    /// # Errors
    /// It can't be created.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        match WholeFile::create(&path, Readers::OwnerAndGroup) {
            Ok(file) => Ok(PageFile { path, file }),
            Err(source) => Err(Error::Create { path, source }),
        }
    }

    /// Writes the page, in the place of an earlier one.
    ///
    /// # Errors
    /// It can't be written. Nothing is left of it, and an earlier page stays.
    pub fn write(self, page: &str) -> Result<(), Error> {
        let PageFile { path, file } = self;
        let written = file.as_file().write_all(page.as_bytes());
        written
            .and_then(|()| file.finish())
            .map_err(|source| Error::Write { path, source })
    }
}
