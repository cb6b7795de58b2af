//! X.509 certificates, written as DER by hand: rcgen can't write a relative distinguished name of several values,
//! nor a CA without key identifiers, and the Management Center's InternalCA is just that (certain).

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use yasna::models::{ObjectIdentifier, UTCTime};
use yasna::{DERWriter, Tag};

use super::keys::{KeyError, KeyPair};

/// Which attribute of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    CommonName,
    Organization,
    OrganizationalUnit,
    Title,
    GenerationQualifier,
}

/// A distinguished name: a sequence of sets, most of them of one attribute.
pub(crate) type Name = Vec<Vec<(Attribute, String)>>;

/// Another name of a certificate's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AlternativeName {
    /// As client certificates have it even when it is an address (certain).
    Dns(String),
    Ip(IpAddr),
}

/// A certificate's lifetime, seen from now. Ten years long, like the real ones (certain).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Validity {
    /// Began yesterday.
    #[default]
    Current,
    /// Ended yesterday.
    Expired,
    /// Begins tomorrow.
    NotYetValid,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) serial: u64,
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    pub(crate) validity: Validity,
    pub(crate) is_ca: bool,
    pub(crate) alternative_names: Vec<AlternativeName>,
}

impl Template {
    /// Issues the certificate: DER, version 3, SHA-256 with RSA.
    pub(crate) fn issue(&self, subject: &KeyPair, issuer: &KeyPair) -> Result<CertificateDer<'static>, KeyError> {
        let body = yasna::construct_der(|w| self.write_body(w, subject));
        let signature = issuer.sign(&body)?;
        let certificate = yasna::construct_der(|w| {
            w.write_sequence(|w| {
                w.next().write_der(&body);
                write_algorithm(w.next());
                w.next().write_bitvec_bytes(&signature, signature.len() * 8);
            });
        });
        Ok(certificate.into())
    }

    fn write_body(&self, w: DERWriter<'_>, subject: &KeyPair) {
        let (not_before, not_after) = self.validity.limits();
        w.write_sequence(|w| {
            w.next().write_tagged(Tag::context(0), |w| w.write_u8(2));
            w.next().write_u64(self.serial);
            write_algorithm(w.next());
            write_name(w.next(), &self.issuer);
            w.next().write_sequence(|w| {
                w.next().write_utctime(&UTCTime::from_datetime(not_before));
                w.next().write_utctime(&UTCTime::from_datetime(not_after));
            });
            write_name(w.next(), &self.subject);
            w.next().write_der(subject.public());
            w.next()
                .write_tagged(Tag::context(3), |w| w.write_sequence(|w| self.write_extensions(w)));
        });
    }

    fn write_extensions(&self, w: &mut yasna::DERWriterSeq<'_>) {
        write_extension(w.next(), &[2, 5, 29, 19], |w| {
            w.write_sequence(|w| {
                if self.is_ca {
                    w.next().write_bool(true);
                }
            });
        });
        if !self.is_ca {
            write_extension(w.next(), &[2, 5, 29, 37], |w| {
                w.write_sequence(|w| {
                    w.next().write_oid(&oid(&[1, 3, 6, 1, 5, 5, 7, 3, 2]));
                    w.next().write_oid(&oid(&[1, 3, 6, 1, 5, 5, 7, 3, 1]));
                });
            });
        }
        if !self.alternative_names.is_empty() {
            write_extension(w.next(), &[2, 5, 29, 17], |w| {
                w.write_sequence(|w| {
                    for name in &self.alternative_names {
                        name.write(w.next());
                    }
                });
            });
        }
    }
}

impl AlternativeName {
    fn write(&self, w: DERWriter<'_>) {
        match self {
            AlternativeName::Dns(name) => w.write_tagged_implicit(Tag::context(2), |w| w.write_ia5_string(name)),
            AlternativeName::Ip(IpAddr::V4(address)) => {
                w.write_tagged_implicit(Tag::context(7), |w| w.write_bytes(&address.octets()));
            }
            AlternativeName::Ip(IpAddr::V6(address)) => {
                w.write_tagged_implicit(Tag::context(7), |w| w.write_bytes(&address.octets()));
            }
        }
    }
}

impl Validity {
    fn limits(self) -> (OffsetDateTime, OffsetDateTime) {
        let now = OffsetDateTime::now_utc().truncate_to_second();
        let begin = match self {
            Validity::Current => now - Duration::DAY,
            Validity::Expired => now - Duration::DAY - TEN_YEARS,
            Validity::NotYetValid => now + Duration::DAY,
        };
        (begin, begin + TEN_YEARS)
    }
}

const TEN_YEARS: Duration = Duration::days(3650);

/// The certificate as a PEM block.
pub(crate) fn certificate_pem(certificate: &CertificateDer<'_>) -> Result<String, KeyError> {
    use rsa::pkcs8::{LineEnding, der::pem};
    pem::encode_string("CERTIFICATE", LineEnding::LF, certificate)
        .map_err(|error| KeyError::Unusable(error.to_string()))
}

fn write_name(w: DERWriter<'_>, name: &Name) {
    w.write_sequence_of(|w| {
        for set in name {
            w.next().write_set_of(|w| {
                for (attribute, value) in set {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&attribute.oid());
                        w.next().write_utf8_string(value);
                    });
                }
            });
        }
    });
}

fn write_algorithm(w: DERWriter<'_>) {
    w.write_sequence(|w| {
        w.next().write_oid(&oid(&[1, 2, 840, 113_549, 1, 1, 11]));
        w.next().write_null();
    });
}

fn write_extension(w: DERWriter<'_>, id: &[u64], value: impl FnOnce(DERWriter<'_>)) {
    w.write_sequence(|w| {
        w.next().write_oid(&oid(id));
        w.next().write_bytes(&yasna::construct_der(value));
    });
}

impl Attribute {
    fn oid(self) -> ObjectIdentifier {
        let last = match self {
            Attribute::CommonName => 3,
            Attribute::Organization => 10,
            Attribute::OrganizationalUnit => 11,
            Attribute::Title => 12,
            Attribute::GenerationQualifier => 44,
        };
        oid(&[2, 5, 4, last])
    }
}

fn oid(numbers: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(numbers)
}
