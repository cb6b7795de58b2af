//! The page's file: it takes its name only when it is complete and on disk.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::problem::{Kind, Problem};
use crate::whole_file::{Readers, WholeFile};

/// Why there is no page. The import has nothing to do with it.
#[derive(Debug, Error)]
pub enum Error {
    /// The folder doesn't take a file, or the name belongs to a folder.
    #[error("the page {} can't be created: {source}; check that its folder exists and may be written to (page.file)", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed half way.
    #[error("the page {} can't be written: {source}; what was written has been removed (page.file)", path.display())]
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
    /// Where there can be none.
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
    /// Nothing is left of a page that can't be written, and an earlier one stays.
    pub fn write(self, page: &str) -> Result<(), Error> {
        let PageFile { path, file } = self;
        let written = file.as_file().write_all(page.as_bytes());
        written
            .and_then(|()| file.finish())
            .map_err(|source| Error::Write { path, source })
    }
}
