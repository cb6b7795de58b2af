//! StateStore: what is remembered between runs, where `state.dir` is set.
//!
//! It is one file, `state.redb`, an [embedded database](redb) in which each change is whole or not there, also after a power
//! cut, and which is locked while it is in use. It holds addresses and times, and what the KnowledgeBase says of QIDs: no
//! secret, and no finding of a host.
//!
//! | table | key | value |
//! |---|---|---|
//! | `header` | `header` | [`StateHeader`] as JSON |
//! | `ipv4` | address as a number | whether `AddHost` was sent for it |
//! | `ipv6` | address as a number | the same |
//! | `knowledge` | QID | what the KnowledgeBase says of it, as JSON |
//!
//! | module | is the home of |
//! |---|---|
//! | `header` | which import it is of, and its last runs |
//! | `hosts` | addresses that may hold results of this import |
//! | `knowledge` | entries of the KnowledgeBase |
//! | `settings`, `share` | what the configuration says of it |
//! | `error` | why it can't be used |
//!
//! Nothing here knows what an import is: it keeps what it is given.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase as _, StorageBackend, TableDefinition, WriteTransaction};

use crate::mutex::locked;

mod error;
mod header;
mod hosts;
mod knowledge;
mod settings;
mod share;

pub use error::Error;
pub use header::{CutRun, PastRun, StateHeader, seconds, time};
pub use settings::Settings;
pub use share::{Share, ShareError};

/// The version of what the tables hold.
pub const VERSION: u32 = 1;
/// The file in the folder.
const FILE: &str = "state.redb";
/// Bytes of the file that are held in memory, at most.
const CACHE: usize = 2 << 20;

const HEADER: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("header");

/// The memory of one import, open and locked.
#[derive(Debug)]
pub struct StateStore {
    path: PathBuf,
    database: Database,
    header: Mutex<StateHeader>,
}

/// The file in a folder.
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

impl StateStore {
    /// Opens what is remembered in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// It can't be read or written, another run has it, or it is of a newer version. What is [damaged](Error::Damaged) stays
    /// where it is until it is [set aside](set_aside).
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let created = DirBuilder::new().mode(0o750).create(dir);
        match created {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Error::file(dir, error)),
            _ => {}
        }
        let path = file(dir);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o640);
        let opened = options.open(&path).map_err(|error| Error::file(&path, error))?;
        StateStore::of(path, opened)
    }

    /// The same, for whoever only looks; `None` if nothing is remembered.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn look(dir: &Path) -> Result<Option<Self>, Error> {
        let path = file(dir);
        // The lock needs a file that may be written.
        match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&path, error)),
            Ok(opened) => StateStore::of(path, opened).map(Some),
        }
    }

    fn of(path: PathBuf, opened: File) -> Result<Self, Error> {
        match FileBackend::new(opened) {
            Ok(backend) => StateStore::on(path, backend),
            Err(error) => Err(Error::from(error).of(&path)),
        }
    }

    fn on(path: PathBuf, backend: impl StorageBackend) -> Result<Self, Error> {
        let is_new = backend.len().map_err(|error| Error::file(&path, error))? == 0;
        let read = || {
            let mut database = Builder::new().set_cache_size(CACHE).create_with_backend(backend)?;
            if !is_new && !database.check_integrity()? {
                return Err(Error::Damaged("its checksums don't fit".to_owned()));
            }
            let header = read_header(&database)?;
            Ok((database, header))
        };
        // A database that is damaged in an unforeseen place may end in a panic of its library.
        let read =
            catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(Error::Damaged("it can't be read".to_owned())));
        let (database, header) = read.map_err(|error| error.of(&path))?;
        Ok(StateStore {
            path,
            database,
            header: header.into(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Which import it is of, and its last runs.
    pub fn header(&self) -> StateHeader {
        locked(&self.header).clone()
    }

    /// Changes what is known of the import.
    ///
    /// # Errors
    /// It can't be written.
    pub fn change(&self, change: impl FnOnce(&mut StateHeader)) -> Result<(), Error> {
        let mut header = self.header();
        change(&mut header);
        self.write(|transaction| write_header(transaction, &header))?;
        *locked(&self.header) = header;
        Ok(())
    }

    /// Makes a change, whole or not at all.
    fn write<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>) -> Result<T, Error> {
        let write = || {
            let transaction = self.database.begin_write()?;
            let changed = change(&transaction)?;
            transaction.commit()?;
            Ok::<_, redb::Error>(changed)
        };
        write().map_err(|error| Error::from(error).of(&self.path))
    }
}

/// Removes what is remembered in a folder; says whether there was something.
///
/// # Errors
/// Another run has it, or it can't be removed.
pub fn forget(dir: &Path) -> Result<bool, Error> {
    let path = file(dir);
    match StateStore::look(dir) {
        Ok(None) => return Ok(false),
        Err(error @ (Error::Locked(_) | Error::File { .. })) => return Err(error),
        // What can't be read may go, too.
        Ok(Some(_)) | Err(_) => {}
    }
    fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
    Ok(true)
}

/// Renames a file that is damaged, for whoever wants to look at it; gives its new name.
///
/// # Errors
/// It can't be renamed.
pub fn set_aside(dir: &Path) -> Result<PathBuf, Error> {
    let (path, aside) = (file(dir), dir.join(format!("{FILE}.damaged")));
    fs::rename(&path, &aside).map_err(|error| Error::file(&path, error))?;
    Ok(aside)
}

/// What is known of the import; written where nothing is.
fn read_header(database: &Database) -> Result<StateHeader, Error> {
    let known = match database.begin_read()?.open_table(HEADER) {
        Ok(table) => table.get("header")?.map(|json| json.value().to_vec()),
        Err(redb::TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(json) = known else {
        let header = StateHeader::default();
        let transaction = database.begin_write()?;
        write_header(&transaction, &header)?;
        hosts::create(&transaction)?;
        knowledge::create(&transaction)?;
        transaction.commit()?;
        return Ok(header);
    };
    match header::version(&json) {
        Some(version) if version > VERSION => Err(Error::Newer { version }),
        _ => serde_json::from_slice(&json).map_err(|error| Error::Damaged(error.to_string())),
    }
}

fn write_header(transaction: &WriteTransaction, header: &StateHeader) -> Result<(), redb::Error> {
    let json = serde_json::to_vec(header).unwrap_or_default();
    transaction.open_table(HEADER)?.insert("header", json.as_slice())?;
    Ok(())
}

#[cfg(test)]
mod tests;
