//! The way to a Management Center, one step at a time, for the preflight: it goes as far as the opening frames and sends
//! no command, so nothing changes there.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;

use super::connection::{Connection, connect, resolve, secure};
use super::identity::Certificate;
use super::{Error, Settings, trust};

pub use super::connection::Unreached;

/// Every address of `management_center.server` that may be tried.
///
/// # Errors
/// The name doesn't resolve, or not to an address of the family that is asked for.
pub async fn addresses(settings: &Settings) -> Result<Vec<SocketAddr>, Error> {
    resolve(settings).await
}

/// A connection without TLS.
#[derive(Debug)]
pub struct Reached {
    /// The address that answered.
    pub peer: SocketAddr,
    /// Where the connection comes from, as this machine sees it.
    pub from: Option<SocketAddr>,
    stream: TcpStream,
}

/// A connection over which both ends have proven themselves, as far as TLS shows by then.
#[derive(Debug)]
pub struct Secured {
    /// The certificate that the Management Center presented.
    pub certificate: Option<Certificate>,
    peer: SocketAddr,
    stream: TlsStream<TcpStream>,
}

impl Reached {
    /// Connects to the first address that answers.
    ///
    /// # Errors
    /// None does.
    pub async fn new(settings: &Settings, addresses: Vec<SocketAddr>) -> Result<Self, Unreached> {
        let (stream, peer) = connect(settings, addresses).await?;
        Ok(Reached {
            peer,
            from: stream.local_addr().ok(),
            stream,
        })
    }

    /// The TLS handshake.
    ///
    /// # Errors
    /// One of the ends doesn't trust the other, or it isn't TLS.
    pub async fn secure(self, settings: &Settings, tls: &Arc<ClientConfig>) -> Result<Secured, Error> {
        let stream = secure(settings, tls, self.stream, self.peer).await?;
        Ok(Secured {
            certificate: trust::presented(&stream),
            peer: self.peer,
            stream,
        })
    }
}

impl Secured {
    /// Exchanges the opening frames and ends the connection. Gives the bytes that a frame may have.
    ///
    /// # Errors
    /// The client, its certificate or the protocol's version is refused, or it isn't Host Input.
    pub async fn introduce(self, settings: &Settings) -> Result<u32, Error> {
        let connection = Connection::introduced(settings, self.stream, self.peer).await?;
        let maximum = connection.maximum;
        connection.close().await?;
        Ok(maximum)
    }
}
