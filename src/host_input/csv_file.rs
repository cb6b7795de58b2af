//! A CSV file of commands, in the place of a Management Center.
//!
//! It appears whole or not at all. It can be given to `nmimport`, or to Cisco's reference client.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::packing::{Blocks, count};
use crate::problem::{Kind, Problem};
use crate::whole_file::{Readers, WholeFile};

/// Why a CSV file couldn't be written. Nothing is left of it.
#[derive(Debug, Error)]
pub enum Error {
    /// The folder doesn't take a file.
    #[error("can't create {}: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The name belongs to a folder.
    #[error("can't create {}: it is a folder", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
    },
    /// Writing failed half way.
    #[error("can't write {}: {source}", path.display())]
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
            Error::Create { .. } | Error::Folder { .. } => Kind::CannotCreate,
            Error::Write { .. } => Kind::CannotWrite,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Error::Create { .. } => "check that the folder exists and may be written to (csv.file)".into(),
            Error::Folder { .. } => "csv.file names a file".into(),
            Error::Write { .. } => self.kind().row().remedy.into(),
        }
    }
}

/// `out/424242_Output.csv` for `out/Output.csv`, as the Perl connector names the files of several templates.
pub(crate) fn of_template(base: &Path, template: &str) -> PathBuf {
    let name = base
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    base.with_file_name(format!("{template}_{name}"))
}

/// What was written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CsvWritten {
    /// Hosts, cleared ones included.
    pub hosts: u64,
    /// Those of them that are cleared.
    pub cleared: u64,
    /// Findings.
    pub findings: u64,
    /// Commands, those of the header included.
    pub commands: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A file that is being written.
#[derive(Debug)]
pub struct CsvFile {
    path: PathBuf,
    file: WholeFile,
}

impl CsvFile {
    /// Creates the file under its temporary name, so that a folder which can't be written to is found at once.
    pub fn create(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Err(Error::Folder { path: path.to_owned() });
        }
        let file = WholeFile::create(path, Readers::OwnerAndGroup).map_err(|source| Error::Create {
            path: path.to_owned(),
            source,
        })?;
        Ok(CsvFile {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes all hosts, puts the file on disk and gives it its name.
    pub fn write(self, blocks: &impl Blocks) -> Result<CsvWritten, Error> {
        let CsvFile { path, file } = self;
        let failed = |source| Error::Write { path, source };
        let written = write(file.as_file(), blocks).and_then(|written| file.finish().map(|()| written));
        let written = written.map_err(failed)?;
        (0..blocks.len()).for_each(|index| blocks.imported(index));
        Ok(written)
    }
}

fn write(file: &File, blocks: &impl Blocks) -> io::Result<CsvWritten> {
    let mut out = BufWriter::with_capacity(256 * 1024, file);
    let mut written = CsvWritten::default();
    let mut put = |lines: &[u8]| {
        written.commands += count(lines);
        written.bytes += lines.len() as u64;
        out.write_all(lines)
    };
    put(blocks.header())?;
    put(blocks.prologue())?;
    let mut lines = Vec::new();
    let (mut hosts, mut cleared, mut findings) = (0, 0, 0);
    for index in 0..blocks.len() {
        lines.clear();
        let host = blocks.write(index, usize::MAX, &mut lines);
        findings += host.findings;
        cleared += u64::from(host.clears);
        hosts += 1;
        put(&lines)?;
    }
    out.flush()?;
    Ok(CsvWritten {
        hosts,
        cleared,
        findings,
        ..written
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_templates_get_files_of_their_own() {
        let named = |base: &str, template| of_template(Path::new(base), template);
        assert_eq!(named("Output.csv", "424242"), Path::new("424242_Output.csv"));
        assert_eq!(named("/a/b.csv", "1"), Path::new("/a/1_b.csv"));
    }
}
