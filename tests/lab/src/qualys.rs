//! The lab's Qualys: the report share and the old calls, over HTTPS, with their times, limits and faults.
//!
//! It answers as the recorded and documented service does, and enforces what that enforces: logins, header and slash,
//! methods and parameters, rate and concurrency per subscription. Reports are generated while they are sent. What goes
//! wrong in the field is a [`Fault`] away.
//!
//! Sources: qualys-api.md sections 1.2 to 1.4, 2 and 3 (each with its certainty). Guesses, all of them switchable or
//! named where they stand: the code of a full storage (1920), of a missing `X-Requested-With` (1903), of deleting or
//! cancelling an unknown report (1905), of an expired session (2000); that fetch takes gzip; what is inside a zip; the
//! root of a report whose template isn't a scan template.
//!
//! Durations of [`Options`] are Qualys' own; everything a client sees is divided by [`Options::speed`], waits that it
//! is told included. So an hour's limit is over in a minute, and a client needs no other clock than its own.

mod accounts;
mod action;
mod answer;
mod body;
mod call;
mod certificate;
mod clock;
mod codes;
mod detections;
mod door;
mod encode;
mod fault;
mod journal;
mod legacy;
mod library;
mod limits;
mod options;
pub mod program;
mod server;
mod service;
mod session;
mod share;
mod storage;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::action::Action;
pub use self::detections::{Oddity, Right};
pub use self::fault::{Fault, FaultError};
pub use self::journal::{Credentials, Request};
pub use self::options::{LimitHeaders, Limits, Options, Reply, ReportFile, Template, Times};
pub use self::server::Connections;
pub use self::storage::StoredReport;

use self::certificate::Authority;
use self::journal::Journal;
use self::service::Service;

/// Where the certificate of the lab's own CA is written.
const CA: &str = "ca.pem";
/// Where the address is written, last of all: whoever sees it can connect.
const ADDRESS: &str = "address";
/// Where requests are written, a line each.
const REQUESTS: &str = "requests.jsonl";

/// Why the lab's Qualys doesn't start.
#[derive(Debug, Error)]
pub enum Error {
    /// Its address can't be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file of its folder can't be written, or the report to serve can't be read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The report to generate makes no sense.
    #[error(transparent)]
    Report(#[from] crate::report::Error),
    /// Time can't stand still or run backwards.
    #[error("the speed has to be above 0, not {0}")]
    Speed(f64),
    /// No certificate could be made.
    #[error("no certificate could be issued: {0}")]
    Certificate(#[from] certificate::Error),
}

/// A running Qualys. It ends when it's dropped.
pub struct Qualys {
    address: SocketAddr,
    service: Arc<Service>,
    folder: Folder,
    server: JoinHandle<()>,
}

/// Where its files are.
#[derive(Debug)]
enum Folder {
    Given(PathBuf),
    Own(tempfile::TempDir),
}

impl Qualys {
    /// Starts it on the current runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let folder = Folder::new(options.dir.clone())?;
        let path = |name: &str| folder.path().join(name);
        let listener = TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|source| Error::Listen {
            address: options.listen,
            source,
        })?;
        let address = listener.local_addr().map_err(|source| Error::Listen {
            address: options.listen,
            source,
        })?;
        // Whoever waits for the address must not find an earlier one.
        match std::fs::remove_file(path(ADDRESS)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::File {
                    path: path(ADDRESS),
                    source,
                });
            }
            _ => {}
        }
        let authority = Authority::new(&options.names)?;
        write(&path(CA), authority.ca_pem())?;
        let journal = Journal::new(&path(REQUESTS)).map_err(|source| Error::File {
            path: path(REQUESTS),
            source,
        })?;
        let service = Arc::new(Service::new(options, journal)?);
        let server = tokio::spawn(server::serve(listener, authority, Arc::clone(&service)));
        let fresh = path(&format!(".{ADDRESS}"));
        write(&fresh, &address.to_string())?;
        std::fs::rename(&fresh, path(ADDRESS)).map_err(|source| Error::File { path: fresh, source })?;
        Ok(Self {
            address,
            service,
            folder,
            server,
        })
    }

    /// The base of its API.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the CA that issued its own, as PEM.
    pub fn ca_pem_path(&self) -> PathBuf {
        self.folder.path().join(CA)
    }

    /// What it was asked so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.service.journal.requests()
    }

    /// What is in its storage.
    pub fn reports(&self) -> Vec<StoredReport> {
        self.service.stored()
    }

    /// Who connected so far.
    pub fn connections(&self) -> Connections {
        self.service.connections()
    }

    /// Puts a report into its storage as if it had been launched that long ago; returns its id.
    pub fn leave(&self, title: &str, template: u64, age: Duration) -> Result<u64, Error> {
        self.service.leave(title, template, age)
    }

    /// From now on these faults happen, counted from now, and no others.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.service.faults.replace(faults);
    }

    /// From now on Qualys knows another estate, as after scans: by host list and detections at once, by reports as far as
    /// they are launched after this.
    ///
    /// # Errors
    /// Options that make no sense; nothing has changed then.
    pub fn set_estate(&self, options: crate::report::Options) -> Result<(), Error> {
        self.service.set_estate(options)
    }

    /// Moves its clock ahead, for limits, sessions, builds and storage. Answers under way don't notice.
    pub fn advance(&self, by: Duration) {
        self.service.clock.advance(by);
    }

    /// Ends it: connections are dropped.
    pub async fn stop(mut self) {
        self.server.abort();
        // An aborted task ends with an error that says so.
        let _ = (&mut self.server).await;
    }
}

impl fmt::Debug for Qualys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qualys")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Qualys {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Folder {
    fn new(given: Option<PathBuf>) -> Result<Self, Error> {
        match given {
            Some(path) => match std::fs::create_dir_all(&path) {
                Ok(()) => Ok(Self::Given(path)),
                Err(source) => Err(Error::File { path, source }),
            },
            None => match tempfile::tempdir() {
                Ok(folder) => Ok(Self::Own(folder)),
                Err(source) => Err(Error::File {
                    path: std::env::temp_dir(),
                    source,
                }),
            },
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Own(folder) => folder.path(),
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}
