//! TLS to a collector: the same trust and the same identity over HTTP and over gRPC.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tonic::transport::{ClientTlsConfig, Identity};
use zeroize::Zeroizing;

use super::environment::ExporterSettings;
use crate::input_file::{self, FileKind};
use crate::tls;

/// For HTTP.
pub(super) fn http(plan: &ExporterSettings) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(plan.certificate.as_deref())?);
    let Some((key, certificate)) = &plan.identity else {
        return Ok(config.with_no_client_auth());
    };
    let chain = certificates("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate)?;
    let name = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
    let key = PrivateKeyDer::from_pem_slice(&read(name, key)?).map_err(|error| bad(name, key, error))?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("OTEL_EXPORTER_OTLP_CLIENT_KEY and its certificate can't be used: {error}"))
}

/// For gRPC.
pub(super) fn grpc(plan: &ExporterSettings) -> Result<ClientTlsConfig, String> {
    let config = ClientTlsConfig::new().trust_anchors(roots(plan.certificate.as_deref())?.roots);
    let Some((key, certificate)) = &plan.identity else {
        return Ok(config);
    };
    Ok(config.identity(Identity::from_pem(
        &*read("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate)?,
        &*read("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)?,
    )))
}

/// The CAs of `only`, else those of the web and of this system.
fn roots(only: Option<&Path>) -> Result<RootCertStore, String> {
    const NAME: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
    let Some(path) = only else {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        roots.add_parsable_certificates(tls::of_system());
        return Ok(roots);
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(NAME, path)? {
        roots.add(certificate).map_err(|error| bad(NAME, path, error))?;
    }
    Ok(roots)
}

fn certificates(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(name, path)?).collect();
    match found {
        Ok(found) if found.is_empty() => Err(bad(name, path, "there is no PEM certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(bad(name, path, error)),
    }
}

fn read(name: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    input_file::read(path, FileKind::Regular).map_err(|error| bad(name, path, error))
}

fn bad(name: &str, path: &Path, problem: impl ToString) -> String {
    format!("{name}: {}: {}", path.display(), problem.to_string())
}
