//! Identity: the client certificate that the Management Center issued, read from its PKCS12 file.
//!
//! It holds what TLS needs (certificate chain and private key), the CA certificates of the same file, which
//! [`trust`](super::trust) checks the Management Center with, and the facts that people and metrics want. It
//! speaks no TLS and writes nothing, no temporary file either.
//!
//! What the file looks like is certain for one genuine file of a public test suite: the client's certificate and
//! the InternalCA under RC2-40, then the key under 3DES, all of it under an SHA-1 MAC with a single iteration.
//!
//! The bytes of the key stay in the two libraries that must see them, p12-keystore while the file is read and ring
//! as long as the identity lives; neither of them overwrites what it frees. Nothing here keeps or shows a copy.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::input_file::{self, FileKind};
use crate::problem::{self, Problem};

mod certificate;
mod pkcs12;

use certificate::is_self_issued;
pub use certificate::{Certificate, Fingerprint, FingerprintError, date};

/// A client certificate with its key, and the CA certificates that came with them.
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    certified_key: Arc<CertifiedKey>,
    authorities: Vec<CertificateDer<'static>>,
}

/// Why a file gives no [`Identity`].
#[derive(Debug, Error)]
#[error("{} {fault}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: IdentityFault,
}

/// What is wrong with a PKCS12 file, as the predicate of a sentence whose subject is the file.
#[derive(Debug, Error)]
pub enum IdentityFault {
    /// There is no such file; most often a volume that isn't mounted, or a typing mistake.
    #[error("does not exist")]
    Missing,
    /// The name is a directory's; a mounted secret is one.
    #[error("is a directory")]
    Directory,
    /// The operating system doesn't let us read it.
    #[error("can't be read: {0}")]
    Unreadable(io::Error),
    /// Far more bytes than a certificate and its key have.
    #[error("is larger than 1 MiB, so it is not the PKCS12 file of a client")]
    TooLong,
    /// PEM text: certificate and key as other programs want them.
    #[error("is PEM text, not PKCS12")]
    Pem,
    /// The bytes are no PKCS12 container, or not the whole of one.
    #[error("is not a whole PKCS12 file")]
    NotPkcs12,
    /// An encryption or a MAC that we have no code for.
    #[error("is protected in a way that is not supported ({0})")]
    Unsupported(String),
    /// The password is right, and yet the content doesn't decode.
    #[error("is damaged ({0})")]
    Damaged(String),
    /// No password is configured, and the file doesn't open without one.
    #[error("needs a password")]
    PasswordNeeded,
    /// The file doesn't open with the configured password.
    #[error("does not open with the password in management_center.pkcs12_password")]
    WrongPassword,
    /// The password holds a character beyond U+FFFF, which PKCS12 can't write.
    #[error(
        "can't have this password: management_center.pkcs12_password holds a character that PKCS12 has no code for"
    )]
    PasswordCharacter,
    /// Certificates alone, as a trust store has them.
    #[error("holds no private key")]
    NoKey,
    /// A key alone.
    #[error("holds no certificate")]
    NoCertificate,
    /// A kind or a size of key that TLS can't use here.
    #[error("holds a private key that can't be used")]
    UnusableKey,
    /// Key and certificate, but not of one another.
    #[error("holds a private key and a certificate that do not belong together")]
    KeyMismatch,
    /// The client certificate's time is over.
    #[error("holds the certificate of {name}, which expired on {}", date(*at))]
    Expired {
        /// Common name of the certificate.
        name: String,
        /// End of its validity.
        at: SystemTime,
    },
    /// The client certificate's time has not come; hardly ever its fault.
    #[error("holds the certificate of {name}, which is valid only from {}", date(*from))]
    NotYetValid {
        /// Common name of the certificate.
        name: String,
        /// Start of its validity.
        from: SystemTime,
    },
}

impl Problem for Error {
    fn kind(&self) -> problem::Kind {
        problem::Kind::ClientCertificate
    }

    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self.fault {
            IdentityFault::Unreadable(_) => {
                "let the user that runs this read it; in Kubernetes fsGroup and defaultMode: 0440"
            }
            IdentityFault::Missing => "put the PKCS12 file of this client there, or correct management_center.pkcs12",
            IdentityFault::Directory => "name the PKCS12 file in it as management_center.pkcs12",
            IdentityFault::TooLong => "correct management_center.pkcs12",
            IdentityFault::NotPkcs12 | IdentityFault::Damaged(_) => "download it from the Management Center again",
            IdentityFault::Unsupported(_) => "write it anew with openssl pkcs12 -export",
            IdentityFault::PasswordNeeded => "set management_center.pkcs12_password",
            IdentityFault::NoKey | IdentityFault::NoCertificate | IdentityFault::KeyMismatch => {
                "take the file that the Management Center issued for this client"
            }
            IdentityFault::UnusableKey => "RSA of 2048 to 4096 bits, ECDSA P-256 or P-384 and Ed25519 can",
            IdentityFault::NotYetValid { .. } => "check this machine's clock",
            IdentityFault::Pem => {
                "take the file as the Management Center issued it, or join certificate and key with openssl pkcs12 -export"
            }
            IdentityFault::WrongPassword => {
                "it is the one that was typed on the Management Center when the client was made"
            }
            IdentityFault::PasswordCharacter | IdentityFault::Expired { .. } => self.kind().row().remedy,
        };
        remedy.into()
    }
}

impl Identity {
    /// Reads a PKCS12 file. An empty password is the same as none.
    ///
    /// Of several pairs of key and certificate the first that is valid at `now` is taken.
    pub fn open(path: &Path, password: Option<&SecretString>, now: SystemTime) -> Result<Self, Error> {
        content(path)
            .and_then(|bytes| Self::read(&bytes, password, now))
            .map_err(|fault| Error {
                path: path.to_owned(),
                fault,
            })
    }

    /// The same from the file's bytes.
    pub fn read(bytes: &[u8], password: Option<&SecretString>, now: SystemTime) -> Result<Self, IdentityFault> {
        let archive = pkcs12::open(bytes, password.map_or("", |password| password.expose_secret()))?;
        // Every certificate was parsed by p12-keystore already, so none is left out here.
        let certificates: Vec<X509Certificate<'_>> = archive
            .certs
            .iter()
            .filter_map(|bag| X509Certificate::from_der(bag.cert.as_der()).ok())
            .map(|(_, certificate)| certificate)
            .collect();
        let keys: Vec<Arc<dyn SigningKey>> = archive
            .keys
            .iter()
            .filter_map(|bag| {
                any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bag.key.as_der()))).ok()
            })
            .collect();
        match (&archive.keys[..], &keys[..], &certificates[..]) {
            ([], _, _) => return Err(IdentityFault::NoKey),
            (_, _, []) => return Err(IdentityFault::NoCertificate),
            (_, [], _) => return Err(IdentityFault::UnusableKey),
            _ => {}
        }

        let mut fault = IdentityFault::KeyMismatch;
        for (key, own) in pairs(&keys, &certificates) {
            let certificate = Certificate::new(own);
            match valid(&certificate, now) {
                Ok(()) => {
                    return Ok(Self {
                        certificate,
                        certified_key: Arc::new(CertifiedKey::new(chain(own, &certificates), key.clone())),
                        authorities: authorities(own, &certificates),
                    });
                }
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// The facts of the client certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The client certificate, then what leads from it to its CA, that one excluded: every server has its own copy.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified_key.cert
    }

    /// Chain and key, ready to sign a handshake.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        self.certified_key.clone()
    }

    /// The CA certificates beside the client's: the InternalCA of the Management Center that issued the file.
    pub fn authorities(&self) -> &[CertificateDer<'static>] {
        &self.authorities
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate", &self.certificate)
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}

/// The file's bytes, overwritten when dropped: the key in them may be in the clear.
fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, IdentityFault> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => IdentityFault::Missing,
        io::ErrorKind::IsADirectory => IdentityFault::Directory,
        io::ErrorKind::FileTooLarge => IdentityFault::TooLong,
        _ => IdentityFault::Unreadable(error),
    };
    input_file::read(path, FileKind::Stream).map_err(unreadable)
}

/// Each key with each certificate that is its own, compared by the public key: the local key ids of the container
/// say the same, but nobody has to write them.
fn pairs<'a, 'c>(
    keys: &'a [Arc<dyn SigningKey>],
    certificates: &'a [X509Certificate<'c>],
) -> impl Iterator<Item = (&'a Arc<dyn SigningKey>, &'a X509Certificate<'c>)> {
    keys.iter().flat_map(move |key| {
        let public = key.public_key();
        certificates
            .iter()
            .filter(move |certificate| public.as_deref() == Some(certificate.public_key().raw))
            .map(move |certificate| (key, certificate))
    })
}

/// The certificate and its issuers as far as the file has them, without a self-signed one.
fn chain(own: &X509Certificate<'_>, certificates: &[X509Certificate<'_>]) -> Vec<CertificateDer<'static>> {
    let mut chain = vec![own];
    // Each certificate once at most, so that certificates that issue each other don't go round for ever.
    while let Some(issuer) = chain.last().and_then(|last| {
        certificates.iter().find(|issuer| {
            issuer.subject().as_raw() == last.issuer().as_raw()
                && !is_self_issued(issuer)
                && !chain.iter().any(|known| known.as_raw() == issuer.as_raw())
        })
    }) {
        chain.push(issuer);
    }
    chain.into_iter().map(der).collect()
}

/// The certificates that can have issued another.
fn authorities(own: &X509Certificate<'_>, certificates: &[X509Certificate<'_>]) -> Vec<CertificateDer<'static>> {
    certificates
        .iter()
        .filter(|certificate| certificate.as_raw() != own.as_raw())
        .filter(|certificate| certificate.is_ca() || is_self_issued(certificate))
        .map(der)
        .collect()
}

fn valid(certificate: &Certificate, now: SystemTime) -> Result<(), IdentityFault> {
    let name = || certificate.name().to_owned();
    if now > certificate.not_after {
        Err(IdentityFault::Expired {
            name: name(),
            at: certificate.not_after,
        })
    } else if now < certificate.not_before {
        Err(IdentityFault::NotYetValid {
            name: name(),
            from: certificate.not_before,
        })
    } else {
        Ok(())
    }
}

fn der(certificate: &X509Certificate<'_>) -> CertificateDer<'static> {
    CertificateDer::from(certificate.as_raw().to_vec())
}
