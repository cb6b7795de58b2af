//! A CA like the InternalCA of a Management Center, and what it issues.
//!
//! Alike: self-signed, basicConstraints and no other extension; client certificates with the title `hostinputd` and
//! their address as a DNS name, even if it is an IP address. Not alike: ECDSA instead of RSA, for speed, and one
//! attribute in each part of the name; `openssl.rs` has both as they are.

use std::time::{Duration, SystemTime};

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use qualys_connector::host_input::identity::Identity;
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// First and last year of a certificate's validity.
pub(crate) type Years = (i32, i32);

/// Valid as long as anybody runs these tests.
pub(crate) const VALID: Years = (2020, 2120);

/// A time at which [`VALID`] certificates are.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) certificate: rcgen::Certificate,
    /// PKCS#8 in DER.
    pub(crate) key: Vec<u8>,
}

pub(crate) struct InternalCa {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) own: Issued,
}

impl InternalCa {
    pub(crate) fn new(name: &str, years: Years) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(title(), "InternalCA");
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Cisco Systems, Inc");
        // rcgen's own CA would have a key identifier; this is SEQUENCE { TRUE } and nothing else.
        let constraints = CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 3, 1, 1, 0xff]);
        params.custom_extensions = vec![constraints];
        validity(&mut params, years);
        let own = Issued {
            certificate: params.self_signed(&key).unwrap(),
            key: key.serialize_der(),
        };
        Self {
            issuer: Issuer::new(params, key),
            own,
        }
    }

    /// A server certificate for `names`; without any, one with a common name only.
    pub(crate) fn server(&self, names: &[&str], years: Years) -> Issued {
        self.issue("FMC", "sfmgr", names, years)
    }

    /// A client's certificate.
    pub(crate) fn client(&self, years: Years) -> Issued {
        self.issue("192.0.2.10", "hostinputd", &["192.0.2.10"], years)
    }

    /// A certificate as the Management Center issues it to a client of its Global domain.
    pub(crate) fn registered_client(&self) -> Issued {
        let qualifier = "client_e276abec-e0f2-11e3-8169-6d9ed49b625f";
        self.issue_qualified("192.0.2.11", "hostinputd", Some(qualifier), &["192.0.2.11"], VALID)
    }

    /// A client's PKCS12 file, opened.
    pub(crate) fn identity(&self) -> Identity {
        self.identity_of(&self.client(VALID))
    }

    /// The PKCS12 file of this client, opened.
    pub(crate) fn identity_of(&self, client: &Issued) -> Identity {
        let bytes = pkcs12(client, &[self.own.der()]);
        Identity::read(&bytes, None, now()).unwrap()
    }

    fn issue(&self, name: &str, its_title: &str, names: &[&str], years: Years) -> Issued {
        self.issue_qualified(name, its_title, None, names, years)
    }

    fn issue_qualified(
        &self,
        name: &str,
        its_title: &str,
        qualifier: Option<&str>,
        names: &[&str],
        years: Years,
    ) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(title(), its_title);
        if let Some(qualifier) = qualifier {
            let generation_qualifier = DnType::CustomDnType(vec![2, 5, 4, 44]);
            params.distinguished_name.push(generation_qualifier, qualifier);
        }
        // rcgen would make an IP address of what reads like one.
        let dns = |name: &&str| SanType::DnsName(Ia5String::try_from(*name).unwrap());
        params.subject_alt_names = names.iter().map(dns).collect();
        params.is_ca = IsCa::ExplicitNoCa;
        validity(&mut params, years);
        Issued {
            certificate: params.signed_by(&key, &self.issuer).unwrap(),
            key: key.serialize_der(),
        }
    }
}

impl Issued {
    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }

    /// Certificate and key as a server wants them.
    pub(crate) fn pair(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        (self.der().clone(), self.key())
    }

    pub(crate) fn fingerprint(&self) -> String {
        qualys_connector::host_input::identity::Fingerprint::of(self.der()).to_string()
    }
}

/// A PKCS12 file without a password: the certificate, its key and some others.
pub(crate) fn pkcs12(own: &Issued, others: &[&CertificateDer<'static>]) -> Vec<u8> {
    let certificates = std::iter::once(own.der()).chain(others.iter().copied());
    let certificates = certificates.map(|der| Certificate::from_der(der).unwrap());
    let chain = PrivateKeyChain::new("1", PrivateKey::from_der(&own.key).unwrap(), certificates);
    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(chain));
    store
        .writer("")
        .encryption_iterations(1)
        .mac_iterations(1)
        .write()
        .unwrap()
}

fn title() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 12])
}

fn validity(params: &mut CertificateParams, (first, last): Years) {
    params.not_before = rcgen::date_time_ymd(first, 1, 1);
    params.not_after = rcgen::date_time_ymd(last, 1, 1);
}
