//! TLS as the Management Center offers it: a server certificate of its InternalCA (likely), and a client certificate
//! of the same CA required (certain). Versions 1.2 and 1.3 (likely).

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use super::credentials::Credentials;
use super::keys::KeyPair;

/// Why TLS can't be offered.
#[derive(Debug, Error)]
#[error("TLS can't be offered: {0}")]
pub struct TlsError(String);

/// Accepts clients with a certificate of the InternalCA.
pub(crate) fn acceptor(
    credentials: &Credentials,
    (server, key): (&CertificateDer<'static>, &KeyPair),
    tls13: bool,
) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(credentials.ca.clone()).map_err(failed)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(failed)?;
    let versions: &[_] = match tls13 {
        true => &[&rustls::version::TLS13, &rustls::version::TLS12],
        false => &[&rustls::version::TLS12],
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(failed)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server.clone()], private(key))
        .map_err(failed)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.pkcs8().to_vec()).into()
}

fn failed(error: impl std::fmt::Display) -> TlsError {
    TlsError(error.to_string())
}
