//! The one step of TLS that is ours: whether the certificate that a server presents is the Management Center's.
//!
//! What the InternalCA of a Management Center looks like decides what may be asked of a chain: no key usage, no key
//! identifiers, only that it is a CA (certain); and the server's certificate may carry any name or none (unknown).
//! Chains are built by webpki through rustls, which copes with all of that. It does not look at the dates of the CA
//! itself; those are checked here, as OpenSSL would, for an InternalCA lives no longer than ten years.

use std::time::{Duration, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::authority::Authority;
use super::refused::{Distrust, Refused, words};
use crate::host_input::identity::{Certificate, Fingerprint};

/// What makes a server certificate the Management Center's.
#[derive(Debug)]
pub(super) enum Rule {
    /// One of these CAs issued it, and not to a client, or it is one of them itself; and it is for the name, if there is one.
    IssuedBy(Vec<Authority>, Option<ServerName<'static>>),
    /// It has one of these fingerprints. Its dates don't matter: the operator chose this very certificate.
    OneOf(Vec<Fingerprint>),
    /// Nothing: any will do.
    Any,
}

/// Asks a [`Rule`] for the certificate, and rustls for everything else.
#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    /// The public key of our own certificate.
    own: Fingerprint,
    algorithms: WebPkiSupportedAlgorithms,
}

/// A certificate as a server presents it.
struct Presented<'a> {
    der: &'a CertificateDer<'a>,
    parsed: &'a ParsedCertificate<'a>,
    intermediates: &'a [CertificateDer<'a>],
    certificate: &'a Certificate,
}

impl Verifier {
    pub(super) fn new(rule: Rule, own: Fingerprint, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { rule, own, algorithms }
    }

    fn judge(&self, presented: &Presented<'_>, now: SystemTime) -> Result<(), Distrust> {
        let certificate = presented.certificate;
        match &self.rule {
            Rule::Any => Ok(()),
            _ if certificate.public_key == self.own => Err(Distrust::Own),
            Rule::OneOf(fingerprints) if fingerprints.contains(&certificate.fingerprint) => Ok(()),
            Rule::OneOf(_) => Err(Distrust::NotPinned),
            Rule::IssuedBy(authorities, name) => {
                let issuer = self.issuer(presented, authorities, now)?;
                if certificate.is_for_a_client() {
                    return Err(Distrust::Client);
                }
                if now > certificate.not_after {
                    return Err(Distrust::Expired(certificate.not_after));
                }
                if now < certificate.not_before {
                    return Err(Distrust::NotYetValid(certificate.not_before));
                }
                if now > issuer.certificate.not_after {
                    return Err(Distrust::AuthorityExpired(issuer.certificate.not_after));
                }
                match name {
                    Some(name) if !is_for(presented, name) => Err(Distrust::WrongName {
                        expected: name.to_str().into_owned(),
                        presented: certificate.names.clone(),
                    }),
                    _ => Ok(()),
                }
            }
        }
    }

    /// The CA that the chain leads to.
    fn issuer<'a>(
        &self,
        presented: &Presented<'_>,
        authorities: &'a [Authority],
        now: SystemTime,
    ) -> Result<&'a Authority, Distrust> {
        // webpki accepts no CA as a server and, as an issuer, nothing else; but what was given to us byte for byte
        // needs nobody to vouch for it.
        if let Some(itself) = authorities.iter().find(|authority| authority.der == *presented.der) {
            return Ok(itself);
        }
        let mut refusal = match authorities {
            [] => Distrust::NoAuthority,
            _ => Distrust::UnknownIssuer,
        };
        if presented.certificate.self_issued {
            return Err(refusal);
        }
        // At a time of the certificate's own, so that a stranger's is called unknown and not merely expired.
        let Certificate {
            not_before, not_after, ..
        } = *presented.certificate;
        let then = unix(now.min(not_after).max(not_before));
        for authority in authorities {
            let verified = verify_server_cert_signed_by_trust_anchor(
                presented.parsed,
                &authority.anchor,
                presented.intermediates,
                then,
                self.algorithms.all,
            );
            match verified {
                Ok(()) => return Ok(authority),
                // The second is a CA of the same name with another key.
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {}
                Err(error) => refusal = Distrust::Unusable(words(error)),
            }
        }
        Err(refusal)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        der: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // webpki first: what it can't parse (version 1 of X.509, for one) can't sign a handshake either.
        let parsed = ParsedCertificate::try_from(der)?;
        let certificate = Certificate::parse(der).map_err(|_| CertificateError::BadEncoding)?;
        let presented = Presented {
            der,
            parsed: &parsed,
            intermediates,
            certificate: &certificate,
        };
        match self.judge(&presented, SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs())) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(why) => Err(Refused { certificate, why }.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether the certificate is for the name that the operator asked for.
///
/// By the rules of today, or literally: the Management Center writes addresses as DNS names, and old certificates
/// have a common name only.
fn is_for(presented: &Presented<'_>, name: &ServerName<'_>) -> bool {
    verify_server_name(presented.parsed, name).is_ok()
        || presented
            .certificate
            .names
            .iter()
            .any(|other| other.eq_ignore_ascii_case(&name.to_str()))
}

fn unix(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
