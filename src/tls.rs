//! TLS to servers of the web, Qualys' or a Pushgateway: which certificates are trusted.
//!
//! The roots of the web are compiled in, so that an image without a CA bundle works; the system's bundle is added where
//! there is one (SSL_CERT_FILE and SSL_CERT_DIR name another), and a file that a setting names comes on top, for private
//! CAs and inspecting proxies. Nothing switches the verification off. The Management Center has rules of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tracing::{debug, warn};

use crate::input_file::{self, FileKind};
use crate::printable::Text;

/// Names of a certificate that an error repeats.
const MOST_NAMES: usize = 5;

/// Why a file of certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", Text::of_path(path))]
pub(crate) struct CertificatesError {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) problem: String,
}

/// The configuration of a TLS client that trusts the web's roots, the system's and those in `ca_file`.
#[expect(
    clippy::expect_used,
    reason = "ring has cipher suites for both versions, and no other provider is asked"
)]
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, CertificatesError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3");
    Ok(builder.with_root_certificates(roots(ca_file)?).with_no_client_auth())
}

/// Why a handshake failed, with both names where they don't match.
pub(crate) fn cause(error: &Error) -> Text {
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, presented }) => {
            // rustls spells them as their types are written in Rust: DnsName("example.com").
            let plain = |name: &String| match name.split_once('(') {
                Some((_, name)) => name.trim_end_matches(')').trim_matches('"').to_owned(),
                None => name.clone(),
            };
            let names: Vec<_> = presented.iter().take(MOST_NAMES).map(plain).collect();
            let names = match (names.join(", "), presented.len()) {
                (_, 0) => "no name".to_owned(),
                (names, ..=MOST_NAMES) => names,
                (names, all) => format!("{names} and {} more names", all - MOST_NAMES),
            };
            Text::of(format!("its certificate is for {names}, not for {}", expected.to_str()))
        }
        other => Text::of(other.to_string()),
    }
}

/// Whether the name in a certificate is what is wrong.
pub(crate) fn is_about_a_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        error,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    )
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, CertificatesError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let (added, ignored) = roots.add_parsable_certificates(of_system());
    debug!(added, ignored, "the system's certificates are trusted");
    if let Some(path) = ca_file {
        for certificate in certificates(path)? {
            roots
                .add(certificate)
                .map_err(|error| bad(path, format!("a certificate in it is invalid: {error}")))?;
        }
    }
    Ok(roots)
}

/// The certificates that this system trusts. Its files are looked at before a library reads them: what never ends, or is no
/// file, is left out, and said if a variable names it.
pub(crate) fn of_system() -> Vec<CertificateDer<'static>> {
    let named = |name| {
        std::env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let (file, folder) = (named("SSL_CERT_FILE"), named("SSL_CERT_DIR"));
    if let Some(file) = &file
        && let Err(problem) = is_bundle(file)
    {
        warn!(
            "SSL_CERT_FILE: {}: {problem}; only the roots that are built in are trusted",
            file.display()
        );
        return Vec::new();
    }
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        match file.is_some() || folder.is_some() {
            true => warn!(%error, "SSL_CERT_FILE or SSL_CERT_DIR can't be read in full"),
            false => debug!(%error, "the system's certificates can't be read in full"),
        }
    }
    system.certs
}

/// Bytes of a bundle of certificates, at most; that of an operating system has a quarter of a MiB.
const LONGEST_BUNDLE: u64 = 16 << 20;

fn is_bundle(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err("it is not a file".to_owned()),
        Ok(found) if found.len() > LONGEST_BUNDLE => Err("it is larger than 16 MiB".to_owned()),
        // The library says what is wrong with it.
        _ => Ok(()),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificatesError> {
    let text = input_file::read(path, FileKind::Regular).map_err(|error| bad(path, error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(bad(path, "there is no PEM certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(bad(path, error)),
    }
}

fn bad(path: &Path, problem: impl ToString) -> CertificatesError {
    CertificatesError {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_match_are_both_named() {
        let mismatch = |presented: &[&str]| {
            cause(&Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                expected: "qualysapi.qualys.com".try_into().unwrap(),
                presented: presented.iter().map(ToString::to_string).collect(),
            }))
            .to_string()
        };
        insta::assert_snapshot!(mismatch(&["DnsName(\"a.example\")", "IpAddress(192.0.2.1)"]), @"its certificate is for a.example, 192.0.2.1, not for qualysapi.qualys.com");
        insta::assert_snapshot!(mismatch(&[]), @"its certificate is for no name, not for qualysapi.qualys.com");
        insta::assert_snapshot!(mismatch(&["DnsName(\"x\u{1b}[2J\")"; 7]), @r"its certificate is for x\u{1b}[2J, x\u{1b}[2J, x\u{1b}[2J, x\u{1b}[2J, x\u{1b}[2J and 2 more names, not for qualysapi.qualys.com");
    }

    #[test]
    fn the_webs_roots_are_trusted_even_where_the_system_has_none() {
        let roots = roots(None).unwrap();
        assert!(roots.len() >= webpki_roots::TLS_SERVER_ROOTS.len());
    }

    #[test]
    fn a_ca_file_that_is_missing_or_holds_no_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let problem = |path: &Path| {
            client_config(Some(path))
                .unwrap_err()
                .to_string()
                .replace(&*path.to_string_lossy(), "ca.pem")
        };
        assert!(problem(&path).starts_with("ca.pem: "), "{}", problem(&path));
        std::fs::write(&path, "nothing").unwrap();
        assert_eq!(problem(&path), "ca.pem: there is no PEM certificate in it");
    }
}
