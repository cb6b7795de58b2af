//! The TLS handshake, and what its failures mean to an operator.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, PeerIncompatible};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::refused::Refused;
use crate::host_input::identity::Certificate;
use crate::problem::{Kind, Problem};

/// Why there is no TLS connection to the Management Center, or no longer.
#[derive(Debug, Error)]
#[error("{server} {fault}")]
pub struct HandshakeError {
    /// Name or address of the server, as it is configured.
    pub server: String,
    /// What went wrong.
    pub fault: HandshakeFault,
}

/// What went wrong with TLS, as the predicate of a sentence whose subject is the server.
#[derive(Debug, Error)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at most, and it is passed on in a box"
)]
pub enum HandshakeFault {
    /// Its certificate is not the one we trust.
    #[error(transparent)]
    Untrusted(#[from] Refused),
    /// It presents a certificate without being able to sign with its key: an impostor, hardly a mistake.
    #[error("does not hold the private key of the certificate that it presents")]
    Impostor,
    /// It refuses the certificate of our PKCS12 file.
    #[error("refuses our client certificate ({alert:?})")]
    ClientRefused {
        /// How it says so.
        alert: AlertDescription,
    },
    /// What it sends is not TLS.
    #[error("does not speak TLS")]
    NotTls,
    /// It knows nothing newer than TLS 1.1.
    #[error("speaks only versions of TLS older than 1.2, which are not secure")]
    OldTls,
    /// It can do none of our ciphers, key exchanges or signatures; RSA key exchange alone, for instance.
    #[error("has no secure way of TLS in common with us ({0})")]
    NothingInCommon(rustls::Error),
    /// The connection ended before TLS was ready. A Management Center may do so with a client that connects from
    /// another address than the registered one (likely).
    #[error("closed the connection during the TLS handshake")]
    Closed,
    /// TLS failed in another way.
    #[error("fails in TLS: {0}")]
    Tls(rustls::Error),
    /// The connection failed under TLS.
    #[error("can't be reached: {0}")]
    Io(io::Error),
}

/// Opens TLS on a connection. `server` is the name or address as it is configured.
///
/// Under TLS 1.3 a server that refuses our certificate says so only after this has succeeded, at the first read:
/// ask [`HandshakeError::of`] about its error. There is no time limit here.
pub async fn connect(
    stream: TcpStream,
    config: Arc<ClientConfig>,
    server: &str,
) -> Result<TlsStream<TcpStream>, HandshakeError> {
    let handshake = async {
        // The name only tells the server whom we look for; what can't be a name there goes without.
        let name = match ServerName::try_from(server.to_owned()) {
            Ok(name) => name,
            Err(_) => ServerName::from(stream.peer_addr()?.ip()),
        };
        TlsConnector::from(config).connect(name, stream).await
    };
    handshake.await.map_err(|error| {
        HandshakeError::of(server, &error).unwrap_or_else(|| HandshakeError {
            server: server.to_owned(),
            fault: match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    HandshakeFault::Closed
                }
                _ => HandshakeFault::Io(error),
            },
        })
    })
}

/// The facts of the certificate that the server presented.
pub fn presented(stream: &TlsStream<TcpStream>) -> Option<Certificate> {
    let (_, connection) = stream.get_ref();
    Certificate::parse(connection.peer_certificates()?.first()?).ok()
}

impl HandshakeError {
    /// What an error of reading or writing means, if it is one of TLS; `None` if it is the connection's own.
    pub fn of(server: &str, error: &io::Error) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(Self {
            server: server.to_owned(),
            fault: HandshakeFault::of(error),
        })
    }
}

impl Problem for HandshakeError {
    fn kind(&self) -> Kind {
        match self.fault {
            HandshakeFault::Untrusted(_) | HandshakeFault::Impostor => Kind::ServerUntrusted,
            HandshakeFault::ClientRefused { .. } => Kind::ClientRefused,
            HandshakeFault::NotTls
            | HandshakeFault::OldTls
            | HandshakeFault::NothingInCommon(_)
            | HandshakeFault::Tls(_) => Kind::NoCommonTls,
            HandshakeFault::Closed | HandshakeFault::Io(_) => Kind::HandshakeFailed,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match &self.fault {
            HandshakeFault::Untrusted(refused) => refused.remedy().into(),
            HandshakeFault::ClientRefused { alert } => advice(*alert).into(),
            HandshakeFault::NotTls => "is management_center.port the port of Host Input (8307)?".into(),
            HandshakeFault::OldTls | HandshakeFault::NothingInCommon(_) => "update the Management Center".into(),
            _ => self.kind().row().remedy.into(),
        }
    }
}

impl HandshakeFault {
    fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(error)) => match error.0.downcast_ref() {
                Some(refused) => Self::Untrusted(Refused::clone(refused)),
                None => Self::Tls(CertificateError::Other(error.clone()).into()),
            },
            rustls::Error::InvalidCertificate(CertificateError::BadSignature) => Self::Impostor,
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::OldTls,
            rustls::Error::AlertReceived(alert) if is_about_certificates(*alert) => {
                Self::ClientRefused { alert: *alert }
            }
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
            ) => Self::NothingInCommon(error.clone()),
            error => Self::Tls(error.clone()),
        }
    }
}

/// Whether an alert of the server speaks of the only certificate that it was shown: ours.
fn is_about_certificates(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate
    )
}

fn advice(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => {
            "another Management Center issued it; use the PKCS12 file of a client that was made on this one"
        }
        AlertDescription::CertificateRevoked | AlertDescription::AccessDenied => {
            "the client may have been deleted there; make a new one and use its PKCS12 file"
        }
        AlertDescription::CertificateExpired => {
            "it expired, by the clock there; make a new client and use its PKCS12 file"
        }
        _ => "make a new client there and use its PKCS12 file",
    }
}
