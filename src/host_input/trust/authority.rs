//! The CAs that a chain may lead to.

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, RootCertStore};
use thiserror::Error;

use super::refused::words;
use crate::host_input::identity::{Certificate, Fingerprint};

/// A CA that is trusted.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) der: CertificateDer<'static>,
    pub(super) certificate: Certificate,
    /// This CA alone, so that a chain tells which one it leads to.
    pub(super) anchor: RootCertStore,
}

/// A CA certificate that no chain can lead to, as webpki can't parse it: with an extension that stands there twice,
/// for instance.
#[derive(Debug, Error)]
#[error("the CA certificate {fingerprint} can't be used ({why})")]
pub struct AuthorityError {
    /// Which certificate.
    pub fingerprint: Fingerprint,
    /// What TLS has against it.
    pub why: String,
}

impl Authority {
    pub(super) fn all(certificates: &[CertificateDer<'static>]) -> Result<Vec<Self>, AuthorityError> {
        certificates.iter().map(Self::new).collect()
    }

    fn new(der: &CertificateDer<'static>) -> Result<Self, AuthorityError> {
        let unusable = |error| AuthorityError {
            fingerprint: Fingerprint::of(der),
            why: words(error),
        };
        let mut anchor = RootCertStore::empty();
        anchor.add(der.clone()).map_err(unusable)?;
        Ok(Self {
            certificate: Certificate::parse(der).map_err(|_| unusable(CertificateError::BadEncoding.into()))?,
            der: der.clone(),
            anchor,
        })
    }
}
