//! Certificates: the lab's own CA, what it issued for this server, a renewed one, and three that aren't to be trusted.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;

use super::fault::Certificate;

/// Names that the certificate is always good for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why no certificate could be made: a name that is none, or no randomness.
#[derive(Debug, Error)]
pub enum Error {
    /// From the maker of certificates.
    #[error(transparent)]
    Issue(#[from] rcgen::Error),
    /// From TLS.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// The CA with all that it issued.
pub(super) struct Authority {
    ca_pem: String,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    renewed: Arc<ServerConfig>,
    foreign: Arc<ServerConfig>,
}

impl Authority {
    /// Makes a new CA, and certificates for localhost and these names.
    pub(super) fn new(names: &[String]) -> Result<Self, Error> {
        let all: Vec<String> = NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(names.iter().cloned())
            .collect();
        let (ca_pem, ca) = authority("Lab CA for Qualys")?;
        let (_, foreign) = authority("CA that nobody knows")?;
        let fresh = || CertificateParams::new(all.clone());
        let mut expired = fresh()?;
        expired.not_before = date_time_ymd(2020, 1, 1);
        expired.not_after = date_time_ymd(2021, 1, 1);
        Ok(Self {
            good: server(fresh()?, &ca)?,
            expired: server(expired, &ca)?,
            other_name: server(CertificateParams::new(vec!["other.example".to_owned()])?, &ca)?,
            renewed: server(fresh()?, &ca)?,
            foreign: server(fresh()?, &foreign)?,
            ca_pem,
        })
    }

    /// The CA's certificate.
    pub(super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What a connection is shown.
    pub(super) fn server(&self, fault: Option<Certificate>) -> Arc<ServerConfig> {
        Arc::clone(match fault {
            None => &self.good,
            Some(Certificate::Expired) => &self.expired,
            Some(Certificate::Foreign) => &self.foreign,
            Some(Certificate::OtherName) => &self.other_name,
            Some(Certificate::Renewed) => &self.renewed,
        })
    }
}

fn authority(name: &str) -> Result<(String, Issuer<'static, KeyPair>), Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}

fn server(params: CertificateParams, issuer: &Issuer<'static, KeyPair>) -> Result<Arc<ServerConfig>, Error> {
    let key = KeyPair::generate()?;
    let certificate: CertificateDer<'static> = params.signed_by(&key, issuer)?.into();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
