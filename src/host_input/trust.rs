//! Trust: how the Management Center proves that it is the right one.
//!
//! A Management Center's certificate comes from a CA of its own and carries whatever name it pleases, so what
//! browsers do can't be done: either the chain leads to a CA that we were given, or the certificate itself is pinned.
//! Only that step is replaced here; that the server holds the key of its certificate is proven by the handshake's
//! signature in every mode, by the same code as ever.
//!
//! [`client_config`] turns identity and trust into the configuration of a TLS client, [`connect`] does the
//! handshake, and any failure of it is one sentence, [`HandshakeError`]. Sessions and frames are
//! not known here.

use std::borrow::Cow;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use thiserror::Error;

use crate::host_input::identity::{Fingerprint, FingerprintError, Identity};
use crate::problem::{Kind, Problem};

mod authority;
mod ca_file;
mod handshake;
mod refused;
mod verifier;

use authority::Authority;
pub use authority::AuthorityError;
pub use ca_file::{CaFileError, CaFileFault};
pub use handshake::{HandshakeError, HandshakeFault, connect, presented};
pub use refused::{Distrust, Refused};
use verifier::{Rule, Verifier};

/// `management_center.trust`: which server certificate is taken for the Management Center's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// `pkcs12`: one that was issued by a CA in our PKCS12 file, whatever name it carries, but not to a client: whoever
    /// holds the PKCS12 file of any client could answer in the Management Center's place.
    #[default]
    Pkcs12,
    /// `fingerprint:SHA256[,SHA256…]`: one of these, whoever issued it, to whom, and however old it is; only one with our
    /// own key is refused even so. Several, so that the next certificate can be pinned before it is installed.
    Fingerprints(Vec<Fingerprint>),
    /// `ca_file:PATH[,name:NAME]`: one that was issued by a CA in this file, not to a client, and for this name if one is
    /// given.
    CaFile {
        /// Certificates in PEM, or one in DER.
        path: PathBuf,
        /// Name or address that the server certificate must be for; `None`: any.
        name: Option<ServerName<'static>>,
    },
    /// `insecure`: any. Whoever is between us and the Management Center can read and change the import, so the
    /// caller warns at every run.
    Insecure,
}

/// Why a text is no [`Trust`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustError {
    /// None of the four words.
    #[error(
        "{0:?} is not a way to trust; write pkcs12, fingerprint:SHA256, ca_file:PATH, ca_file:PATH,name:NAME or insecure"
    )]
    Unknown(String),
    /// One of the fingerprints is none.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
    /// `ca_file:` with nothing behind it.
    #[error("ca_file: needs the path of a file, as in ca_file:/etc/qualys-connector/ca.pem")]
    Path,
    /// What follows `,name:` can't stand in a certificate.
    #[error("{0:?} is neither a host name nor an address")]
    Name(String),
}

/// Why identity and trust give no configuration. None of it is cured by another attempt.
#[derive(Debug, Error)]
pub enum ClientConfigError {
    /// The file of CA certificates has none.
    #[error(transparent)]
    CaFile(#[from] CaFileError),
    /// A CA certificate can't be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl Problem for ClientConfigError {
    fn kind(&self) -> Kind {
        Kind::TrustSetting
    }

    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self {
            ClientConfigError::Authority(_) => "pin the server's instead, management_center.trust=fingerprint:SHA256",
            ClientConfigError::CaFile(error) => match error.fault {
                CaFileFault::Unreadable(_) | CaFileFault::TooLong => "correct the path in management_center.trust",
                CaFileFault::NoCertificate => {
                    "management_center.trust=ca_file: needs CA certificates in PEM, or one in DER"
                }
            },
        };
        remedy.into()
    }
}

impl FromStr for Trust {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        match text.split_once(':') {
            None if text == "pkcs12" => Ok(Trust::Pkcs12),
            None if text == "insecure" => Ok(Trust::Insecure),
            Some(("fingerprint", list)) => {
                let fingerprints = list.split(',').map(|one| one.trim().parse());
                Ok(Trust::Fingerprints(fingerprints.collect::<Result<_, _>>()?))
            }
            Some(("ca_file", rest)) => {
                let (path, name) = match rest.rsplit_once(",name:") {
                    Some((path, name)) => (path, Some(name)),
                    None => (rest, None),
                };
                if path.is_empty() {
                    return Err(TrustError::Path);
                }
                let name = name
                    .map(|name| ServerName::try_from(name.to_owned()).map_err(|_| TrustError::Name(name.to_owned())));
                Ok(Trust::CaFile {
                    path: path.into(),
                    name: name.transpose()?,
                })
            }
            _ => Err(TrustError::Unknown(text.to_owned())),
        }
    }
}

/// The configuration of a TLS client that shows `identity` and believes what `trust` says.
///
/// It is used for every connection of a run, and each of them proves itself anew: sessions are not resumed.
pub fn client_config(identity: &Identity, trust: &Trust) -> Result<Arc<ClientConfig>, ClientConfigError> {
    let rule = match trust {
        Trust::Pkcs12 => Rule::IssuedBy(Authority::all(identity.authorities())?, None),
        Trust::CaFile { path, name } => Rule::IssuedBy(Authority::all(&ca_file::read(path)?)?, name.clone()),
        Trust::Fingerprints(fingerprints) => Rule::OneOf(fingerprints.clone()),
        Trust::Insecure => Rule::Any,
    };
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(
        rule,
        identity.certificate().public_key,
        provider.signature_verification_algorithms,
    );
    #[expect(
        clippy::expect_used,
        reason = "ring has cipher suites for both versions, and no other provider is asked"
    )]
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified_key())));
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn every_way_to_trust_is_read() {
        let pinned = |times| Trust::Fingerprints(vec![FINGERPRINT.parse().unwrap(); times]);
        let issued_by = |path: &str, name: Option<&'static str>| Trust::CaFile {
            path: path.into(),
            name: name.map(|name| name.try_into().unwrap()),
        };
        for (text, trust) in [
            ("pkcs12", Trust::default()),
            ("insecure", Trust::Insecure),
            (&format!("fingerprint:{FINGERPRINT}"), pinned(1)),
            (&format!("fingerprint: {FINGERPRINT} , {FINGERPRINT}"), pinned(2)),
            ("ca_file:/etc/ca, of ours.pem", issued_by("/etc/ca, of ours.pem", None)),
            (
                "ca_file:C:/ca.pem,name:fmc.example.org",
                issued_by("C:/ca.pem", Some("fmc.example.org")),
            ),
            ("ca_file:ca.pem,name:192.0.2.1", issued_by("ca.pem", Some("192.0.2.1"))),
            (
                "ca_file:ca.pem,name:2001:db8::1",
                issued_by("ca.pem", Some("2001:db8::1")),
            ),
        ] {
            assert_eq!(text.parse(), Ok(trust));
        }
    }

    #[test]
    fn what_is_no_way_to_trust_says_what_is() {
        let why = |text: &str| text.parse::<Trust>().unwrap_err().to_string();
        insta::assert_snapshot!(why("none"), @r#""none" is not a way to trust; write pkcs12, fingerprint:SHA256, ca_file:PATH, ca_file:PATH,name:NAME or insecure"#);
        insta::assert_snapshot!(why("pkcs12:client.p12"), @r#""pkcs12:client.p12" is not a way to trust; write pkcs12, fingerprint:SHA256, ca_file:PATH, ca_file:PATH,name:NAME or insecure"#);
        insta::assert_snapshot!(why("fingerprint:"), @"a SHA-256 fingerprint has 64 hexadecimal digits, this one has 0");
        insta::assert_snapshot!(why(&format!("fingerprint:{FINGERPRINT},ab")), @"a SHA-256 fingerprint has 64 hexadecimal digits, this one has 2");
        insta::assert_snapshot!(why("ca_file:"), @"ca_file: needs the path of a file, as in ca_file:/etc/qualys-connector/ca.pem");
        insta::assert_snapshot!(why("ca_file:ca.pem,name:not a name"), @r#""not a name" is neither a host name nor an address"#);
    }
}
