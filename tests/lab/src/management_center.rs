//! A Management Center's Host Input, as far as public sources tell what it does.
//!
//! It is written from those sources alone and shares no code with the product, so that other people's clients can be
//! run against it, too. What is certain, likely or a guess stands beside the code and in the README.

mod address;
mod answer;
mod center;
mod connection;
mod credentials;
mod digest;
mod domain;
mod fault;
mod file;
mod hostinputd;
mod hosts;
mod http;
mod keys;
mod line;
mod network_map;
mod options;
mod pkcs12;
pub mod program;
mod queue;
mod results;
mod tls;
mod transcript;
mod uuid;
mod wire;
mod x509;

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::address::AddressList;
use self::center::Center;
use self::credentials::Credentials;
pub use self::credentials::CredentialsError;
pub use self::fault::{AnswerFault, FaultError, Faults, ServerCertificate, VersionRefusal};
use self::hostinputd::Hostinputd;
pub use self::hostinputd::{FlushScope, FrameSummary, UnknownHosts};
pub use self::hosts::AtHostLimit;
pub use self::keys::KeyError;
pub use self::network_map::{
    Counters, Host, NetworkMap, OperatingSystem, Protocol, ScanResult, Scanner, ScannerResults, SourceType, Violations,
};
pub use self::options::Options;
pub use self::pkcs12::Pkcs12Error;
pub use self::tls::TlsError;
use self::transcript::Transcript;
pub use self::transcript::{Close, Event, What};
pub use self::x509::Validity;

/// A running Management Center. Stops when it is dropped; [`ManagementCenter::stop`] does so in good order.
pub struct ManagementCenter {
    address: SocketAddr,
    http_address: Option<SocketAddr>,
    center: Arc<Center>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
    http: Option<JoinHandle<()>>,
    /// Removed at the end, if nobody named a directory.
    _temporary: Option<TempDir>,
}

/// Why it doesn't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The directory can't be used.
    #[error("{}: {error}", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Nobody can listen there.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// `--discovered` isn't a list of addresses.
    #[error("--discovered: \"{0}\" isn't an address, a CIDR block or a range")]
    Discovered(String),
    /// No credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ManagementCenter {
    /// Issues (or finds) the credentials and listens.
    ///
    /// # Errors
    /// When the directory, the addresses or the credentials can't be used.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (dir, temporary) = directory(options.dir.as_deref())?;
        let in_dir = |error| StartError::Directory {
            path: dir.clone(),
            error,
        };
        // A file that says "ready" before it is would be worse than none.
        match std::fs::remove_file(dir.join("address")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(in_dir(error)),
            _ => {}
        }
        let transcript = Transcript::create(&dir.join("transcript.jsonl")).map_err(in_dir)?;
        let mut daemon = Hostinputd::new(&options);
        for list in &options.discovered {
            let list = AddressList::parse(list).map_err(|part| StartError::Discovered(part.to_owned()))?;
            daemon.discover(&list);
        }
        let credentials = make_credentials(dir.clone(), options.clone()).await?;
        let listener = listen(options.listen, options.receive_buffer)?;
        let address = listener.local_addr().map_err(in_dir)?;
        let http_listener = match options.http {
            Some(address) => Some(listen(address, None)?),
            None => None,
        };
        let http_address = http_listener.as_ref().and_then(|listener| listener.local_addr().ok());

        let center = Arc::new(Center::new(options, dir.clone(), credentials, daemon, transcript)?);
        let stop = watch::Sender::new(false);
        let listening = tokio::spawn(accept(listener, Arc::clone(&center), stop.subscribe()));
        let http = http_listener.map(|listener| tokio::spawn(http::serve(listener, Arc::clone(&center))));
        let text = format!("{address}\n");
        file::write(&dir.join("address"), file::PUBLIC, text.as_bytes()).map_err(in_dir)?;
        Ok(Self {
            address,
            http_address,
            center,
            stop,
            listening,
            http,
            _temporary: temporary,
        })
    }

    /// Where it listens for clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers HTTP, if it was told to.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http_address
    }

    /// Its directory: `client.pkcs12`, `ca.pem`, `address`, `network-map.json`, `transcript.jsonl`.
    pub fn dir(&self) -> &Path {
        &self.center.dir
    }

    /// The file that a client needs.
    pub fn pkcs12(&self) -> PathBuf {
        self.dir().join("client.pkcs12")
    }

    /// What it knows now. What a client has sent but not flushed isn't in it until the connection has ended; see
    /// [`ManagementCenter::idle`].
    pub fn network_map(&self) -> NetworkMap {
        self.center.network_map()
    }

    /// What happened so far.
    pub fn transcript(&self) -> Vec<Event> {
        self.center.transcript.events()
    }

    /// Waits until no connection is open, and what was pending on the last one has taken effect.
    pub async fn idle(&self) {
        self.center.idle().await;
    }

    /// Changes the faults for connections that begin from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.center.set_faults(faults);
    }

    /// Deletes the registered client, as an administrator does: from now on it is turned away.
    pub fn delete_client(&self) {
        self.center.delete_client();
    }

    /// Stops: ends all connections, lets what is pending take effect, writes `network-map.json` a last time.
    pub async fn stop(self) -> NetworkMap {
        // Whoever listens is about to see it, or is gone already.
        let _ = self.stop.send(true);
        if let Err(error) = self.listening.await {
            tracing::warn!(%error, "the listening task failed");
        }
        if let Some(http) = self.http {
            http.abort();
        }
        self.center.write_network_map().await;
        self.center.network_map()
    }
}

async fn accept(listener: TcpListener, center: Arc<Center>, stop: watch::Receiver<bool>) {
    let address = listener.local_addr();
    let mut faults = center.changing_faults();
    let mut connections = JoinSet::new();
    let mut accepted = 0;
    let mut listener = Some(listener);
    loop {
        let refuses = faults
            .borrow_and_update()
            .refuse_connections_after
            .is_some_and(|after| accepted >= after);
        // Whoever knocks while it refuses hears from the system that nobody is there.
        listener = match (listener, &address) {
            (_, _) if refuses => None,
            (None, Ok(address)) => listen(*address, center.options.receive_buffer)
                .inspect_err(|error| tracing::warn!(%error, "nobody listens any more"))
                .ok(),
            (listener, _) => listener,
        };
        let knock = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        let socket = tokio::select! {
            () = stopped(stop.clone()) => break,
            _ = faults.changed() => continue,
            accepted = knock => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match socket {
            Ok((socket, peer)) => {
                accepted += 1;
                connections.spawn(connection::serve(
                    Arc::clone(&center),
                    socket,
                    peer,
                    stopped(stop.clone()),
                ));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits until the Management Center is stopped or dropped.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that it was dropped.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn directory(named: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), StartError> {
    match named {
        Some(path) => match std::fs::create_dir_all(path) {
            Ok(()) => Ok((path.to_owned(), None)),
            Err(error) => Err(StartError::Directory {
                path: path.to_owned(),
                error,
            }),
        },
        // As a client's owner keeps it: nobody else reads the certificate.
        None => match tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
        {
            Ok(temporary) => Ok((temporary.path().to_owned(), Some(temporary))),
            Err(error) => Err(StartError::Directory {
                path: std::env::temp_dir(),
                error,
            }),
        },
    }
}

/// Making keys takes a second of computing.
async fn make_credentials(dir: PathBuf, options: Options) -> Result<Credentials, CredentialsError> {
    let made = tokio::task::spawn_blocking(move || Credentials::open_or_create(&dir, &options));
    match made.await {
        Ok(credentials) => credentials,
        Err(error) => Err(KeyError::Unusable(error.to_string()).into()),
    }
}

/// Connections inherit the size of the receive buffer, if one is given.
fn listen(address: SocketAddr, receive_buffer: Option<u32>) -> Result<TcpListener, StartError> {
    let socket = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        socket.set_reuseaddr(true)?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind(address)?;
        socket.listen(1024)
    };
    socket().map_err(|error| StartError::Listen { address, error })
}
