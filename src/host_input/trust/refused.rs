//! A server certificate that is not accepted, and why.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::{CertificateError, OtherError};
use thiserror::Error;

use crate::host_input::identity::{Certificate, date};

/// A certificate that was presented and refused, as the predicate of a sentence whose subject is the server.
///
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("presents a certificate ({}) {why}", certificate.name())]
pub struct Refused {
    /// The certificate.
    pub certificate: Certificate,
    /// What is wrong with it.
    pub why: Distrust,
}

impl Refused {
    /// The setting that accepts this very certificate, so that whoever has compared the fingerprint needs to look nowhere
    /// else; but not where it is a client's, which nobody should accept.
    pub(super) fn remedy(&self) -> String {
        match self.why {
            Distrust::Client | Distrust::Own => {
                "find out who answers at that address, and who holds that client's PKCS12 \
                                               file; nothing was sent"
                    .to_owned()
            }
            _ => format!(
                "if it is your Management Center's (compare it there), trust it with \
                 management_center.trust=fingerprint:{}",
                self.certificate.fingerprint
            ),
        }
    }
}

/// Why a server certificate is refused, as a clause about the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Distrust {
    /// Another CA issued it: another Management Center's, or that of somebody in between.
    #[error("that is unknown: no trusted CA issued it")]
    UnknownIssuer,
    /// The PKCS12 file holds the client's certificate alone.
    #[error("that is unknown: the PKCS12 file holds no CA certificate to check it with")]
    NoAuthority,
    /// Other fingerprints are pinned: the certificate was renewed, or somebody is in between.
    #[error("that is unknown: its fingerprint is not a trusted one")]
    NotPinned,
    /// The right CA issued it, to one of its clients: that client answers in the Management Center's place.
    #[error("that was issued to a Host Input client, not to a Management Center")]
    Client,
    /// Its key is ours: whoever answers holds a copy of our PKCS12 file.
    #[error("with the key of this client's own PKCS12 file")]
    Own,
    /// The right CA issued it, for somebody else than management_center.trust names.
    #[error("for {}, not for {expected}", names(presented))]
    WrongName {
        /// The name in management_center.trust.
        expected: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// Its time is over.
    #[error("that expired on {}", date(*.0))]
    Expired(SystemTime),
    /// Its time has not come; more often it is our clock that is wrong.
    #[error("that is valid only from {} (check this machine's clock)", date(*.0))]
    NotYetValid(SystemTime),
    /// It is right itself, but the time of the CA that issued it is over.
    #[error("whose CA expired on {}", date(*.0))]
    AuthorityExpired(SystemTime),
    /// Anything else that TLS has against it, such as a signature with SHA-1.
    #[error("that can't be used ({0})")]
    Unusable(String),
}

/// The way out of rustls: an error of the verifier that [`HandshakeError`](super::HandshakeError) finds again.
impl From<Refused> for rustls::Error {
    fn from(refused: Refused) -> Self {
        CertificateError::Other(OtherError(Arc::new(refused))).into()
    }
}

fn names(names: &[String]) -> String {
    match names {
        [] => "no name at all".to_owned(),
        names => names.join(", "),
    }
}

/// What rustls has against a certificate, in words where it has a name of code.
pub(super) fn words(error: rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => "it is signed with an algorithm that is unknown or no longer secure".to_owned(),
        rustls::Error::InvalidCertificate(CertificateError::Other(error)) => error.to_string(),
        rustls::Error::InvalidCertificate(error) => error.to_string(),
        error => error.to_string(),
    }
}
