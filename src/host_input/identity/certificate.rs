//! What people and metrics want to know of an X.509 certificate.
//!
//! Only facts: whether a certificate is to be trusted is decided in [`trust`](crate::host_input::trust).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::printable::Text;
use sha2::{Digest, Sha256};
use thiserror::Error;
use x509_parser::oid_registry::asn1_rs::oid;
use x509_parser::oid_registry::{OID_X509_COMMON_NAME, OID_X509_TITLE, Oid};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate, X509Error, X509Name};

/// The title that the Management Center gives to the certificates of its Host Input clients.
const HOST_INPUT: &str = "hostinputd";

/// X.520's generationQualifier, which holds `client_` and the UUID of the domain (certain for one real file).
const GENERATION_QUALIFIER: Oid<'static> = oid!(2.5.4.44);

/// Longest text taken from a certificate, in characters; X.520 allows 64, and a host name 253.
const LONGEST_TEXT: usize = 255;

/// Most names taken from a certificate.
const MOST_NAMES: usize = 16;

/// The facts of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject; in a client certificate the address that was registered for the client.
    pub common_name: Option<String>,
    /// Title of the subject: `hostinputd` for a Host Input client, `InternalCA` for the Management Center's CA.
    pub title: Option<String>,
    /// Common name of the issuer; the Management Center's CA carries the UUID of its Management Center.
    pub issuer: Option<String>,
    /// UUID of the domain that a client was made in; a certificate that isn't a client's has none.
    pub domain: Option<String>,
    /// What it is for: the DNS names and addresses of subjectAltName, or without these the common name. The
    /// Management Center writes addresses as DNS names (certain for client certificates).
    pub names: Vec<String>,
    /// Whether subject and issuer are the same, as in a CA's own certificate.
    pub self_issued: bool,
    /// Serial number, hexadecimal with colons.
    pub serial: String,
    /// Start of the validity.
    pub not_before: SystemTime,
    /// End of the validity.
    pub not_after: SystemTime,
    /// SHA-256 of the whole certificate.
    pub fingerprint: Fingerprint,
    /// SHA-256 of its public key.
    pub public_key: Fingerprint,
}

impl Certificate {
    /// Reads the facts from the certificate's DER encoding.
    pub fn parse(der: &[u8]) -> Result<Self, X509Error> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| match error {
            x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error,
            x509_parser::nom::Err::Incomplete(_) => X509Error::InvalidCertificate,
        })?;
        Ok(Self::new(&certificate))
    }

    /// The facts of a certificate that is parsed already.
    pub fn new(certificate: &X509Certificate<'_>) -> Self {
        let common_name = text(certificate.subject(), &OID_X509_COMMON_NAME);
        Self {
            names: alternative_names(certificate).unwrap_or_else(|| common_name.iter().cloned().collect()),
            common_name,
            title: text(certificate.subject(), &OID_X509_TITLE),
            issuer: text(certificate.issuer(), &OID_X509_COMMON_NAME),
            domain: texts(certificate.subject(), &GENERATION_QUALIFIER)
                .find_map(|text| Some(text.strip_prefix("client_")?.to_owned())),
            self_issued: is_self_issued(certificate),
            serial: certificate.raw_serial_as_string(),
            not_before: time(certificate.validity().not_before),
            not_after: time(certificate.validity().not_after),
            fingerprint: Fingerprint::of(certificate.as_raw()),
            public_key: Fingerprint::of(certificate.public_key().raw),
        }
    }

    /// The common name, or words that say that there is none.
    pub fn name(&self) -> &str {
        self.common_name.as_deref().unwrap_or("without a common name")
    }

    /// Whether it was issued to a client of the Management Center, going by the generationQualifier, which the
    /// certificates of its clients have (certain for one real file; that no server's has it is likely).
    pub fn is_for_a_client(&self) -> bool {
        self.domain.is_some()
    }

    /// Whether the Management Center issued it for Host Input, going by the title.
    ///
    /// That the Management Center looks at the title is likely, not certain; so another one is worth a warning
    /// and no more.
    pub fn is_for_host_input(&self) -> bool {
        self.title.as_deref() == Some(HOST_INPUT)
    }
}

/// SHA-256 of a certificate. Written as 64 hexadecimal digits; read in any case, with colons or without.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// Why a text is no [`Fingerprint`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FingerprintError {
    /// Something else than digits and colons; the commonest is the text that OpenSSL prints before the digits.
    #[error("a SHA-256 fingerprint is 64 hexadecimal digits, with colons or without; {0:?} is none of them")]
    Character(char),
    /// Cut off, or the fingerprint of another kind: one of SHA-1 has 40 digits.
    #[error("a SHA-256 fingerprint has 64 hexadecimal digits, this one has {0}")]
    Length(usize),
}

impl Fingerprint {
    /// The fingerprint of a certificate in DER encoding.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits = text
            .chars()
            .filter(|&c| c != ':')
            .map(|c| c.to_digit(16).ok_or(FingerprintError::Character(c)))
            .collect::<Result<Vec<_>, _>>()?;
        // A hexadecimal digit is less than 16, so two of them fit.
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8))
            .collect();
        match bytes.try_into() {
            Ok(bytes) if digits.len() == 64 => Ok(Self(bytes)),
            _ => Err(FingerprintError::Length(digits.len())),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(super) fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// A point of time as messages show it: RFC 3339, UTC.
pub fn date(time: SystemTime) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_seconds(time)
}

/// The first attribute of a kind.
fn text(name: &X509Name<'_>, kind: &Oid<'_>) -> Option<String> {
    texts(name, kind).next()
}

/// All attributes of a kind.
fn texts(name: &X509Name<'_>, kind: &Oid<'_>) -> impl Iterator<Item = String> {
    let attributes = name
        .iter_attributes()
        .filter(move |attribute| attribute.attr_type() == kind);
    attributes.map(|attribute| shown(&String::from_utf8_lossy(attribute.as_slice())))
}

/// DNS names and addresses of subjectAltName; `None` without that extension.
fn alternative_names(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let extension = certificate.subject_alternative_name().ok()??;
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(shown(name)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    Some(
        extension
            .value
            .general_names
            .iter()
            .filter_map(name)
            .take(MOST_NAMES)
            .collect(),
    )
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

/// A text fit to be shown: a stranger's certificate must not write lines into our log.
fn shown(text: &str) -> String {
    Text::bounded(text.as_bytes(), LONGEST_TEXT).to_string()
}

/// A certificate's time. What lies before 1970 is taken for 1970, which is as long over.
fn time(time: ASN1Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.timestamp().try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_tools_print_it() {
        let fingerprint = Fingerprint::of(b"");
        let plain = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(fingerprint.to_string(), plain);
        let colons = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
        assert_eq!(plain.parse(), Ok(fingerprint));
        assert_eq!(colons.parse(), Ok(fingerprint));
    }

    #[test]
    fn what_is_no_fingerprint_says_why() {
        let why = |text: &str| text.parse::<Fingerprint>().unwrap_err().to_string();
        insta::assert_snapshot!(why("da39a3ee5e6b4b0d3255bfef95601890afd80709"), @"a SHA-256 fingerprint has 64 hexadecimal digits, this one has 40");
        insta::assert_snapshot!(why(""), @"a SHA-256 fingerprint has 64 hexadecimal digits, this one has 0");
        insta::assert_snapshot!(why("sha256 Fingerprint=E3:B0"), @"a SHA-256 fingerprint is 64 hexadecimal digits, with colons or without; 's' is none of them");
        insta::assert_snapshot!(why(&"0".repeat(63)), @"a SHA-256 fingerprint has 64 hexadecimal digits, this one has 63");
    }
}
