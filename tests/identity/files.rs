//! What can be wrong with the file, in the words that people read.

use std::path::Path;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use proptest::prelude::*;
use qualys_connector::exit::Exit;
use qualys_connector::host_input::identity::{Identity, IdentityFault, date};
use qualys_connector::problem::Problem as _;
use rustls::pki_types::CertificateDer;
use secrecy::SecretString;

use crate::internal_ca::{InternalCa, Issued, VALID, now, pkcs12};

fn refused(name: &str, content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    sentence(&path).replace(&format!("{}/", folder.path().display()), "")
}

fn sentence(path: &Path) -> String {
    let error = Identity::open(path, None, now()).unwrap_err();
    assert_eq!(error.kind().exit(), Exit::Credentials);
    error.sentence()
}

fn fault(bytes: &[u8]) -> String {
    Identity::read(bytes, None, now()).unwrap_err().to_string()
}

fn store(entries: impl IntoIterator<Item = KeyStoreEntry>) -> Vec<u8> {
    let mut store = KeyStore::new();
    for (n, entry) in entries.into_iter().enumerate() {
        store.add_entry(&n.to_string(), entry);
    }
    store
        .writer("")
        .encryption_iterations(1)
        .mac_iterations(1)
        .write()
        .unwrap()
}

#[test]
fn a_file_that_is_none_or_not_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let without_folder = |sentence: String| sentence.replace(&folder.path().display().to_string(), "/secrets");
    insta::assert_snapshot!(without_folder(sentence(&folder.path().join("client.pkcs12"))), @"/secrets/client.pkcs12 does not exist; put the PKCS12 file of this client there, or correct management_center.pkcs12");
    insta::assert_snapshot!(without_folder(sentence(folder.path())), @"/secrets is a directory; name the PKCS12 file in it as management_center.pkcs12");
    insta::assert_snapshot!(refused("client.pkcs12", b""), @"client.pkcs12 is not a whole PKCS12 file; download it from the Management Center again");
    insta::assert_snapshot!(refused("client.pkcs12", b"\x30\x82hello"), @"client.pkcs12 is not a whole PKCS12 file; download it from the Management Center again");
    insta::assert_snapshot!(refused("client.pem", b"\n-----BEGIN CERTIFICATE-----\n"), @"client.pem is PEM text, not PKCS12; take the file as the Management Center issued it, or join certificate and key with openssl pkcs12 -export");
    insta::assert_snapshot!(refused("video.mp4", &vec![0x30; (1 << 20) + 1]), @"video.mp4 is larger than 1 MiB, so it is not the PKCS12 file of a client; correct management_center.pkcs12");
}

#[test]
fn a_file_that_ends_early_is_no_pkcs12_file() {
    let ca = InternalCa::new("fmc", VALID);
    let bytes = pkcs12(&ca.client(VALID), &[ca.own.der()]);
    for end in 0..bytes.len() {
        assert!(
            matches!(
                Identity::read(&bytes[..end], None, now()),
                Err(IdentityFault::NotPkcs12)
            ),
            "cut at {end}"
        );
    }
}

#[test]
fn a_certificate_out_of_its_time() {
    let ca = InternalCa::new("fmc", VALID);
    let file = |years| pkcs12(&ca.client(years), &[ca.own.der()]);
    insta::assert_snapshot!(refused("client.pkcs12", &file((2010, 2020))), @"client.pkcs12 holds the certificate of 192.0.2.10, which expired on 2020-01-01T00:00:00Z; make a new client on the Management Center, and use its PKCS12 file");
    insta::assert_snapshot!(refused("client.pkcs12", &file((2090, 2100))), @"client.pkcs12 holds the certificate of 192.0.2.10, which is valid only from 2090-01-01T00:00:00Z; check this machine's clock");
}

#[test]
fn of_several_pairs_the_valid_one_is_taken() {
    let ca = InternalCa::new("fmc", VALID);
    let (old, new) = (ca.client((2010, 2020)), ca.client(VALID));
    let entry = |issued: &Issued, id: &str| {
        let certificates = [issued.der(), ca.own.der()].map(|der| Certificate::from_der(der).unwrap());
        KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(
            id,
            PrivateKey::from_der(&issued.key).unwrap(),
            certificates,
        ))
    };
    let identity = Identity::read(&store([entry(&old, "1"), entry(&new, "2")]), None, now()).unwrap();
    assert_eq!(identity.chain(), [new.der().clone()]);
    assert!(identity.authorities().contains(ca.own.der()));
}

#[test]
fn a_pair_that_is_none() {
    let ca = InternalCa::new("fmc", VALID);
    let (one, other) = (ca.client(VALID), ca.client(VALID));
    let chain = |key: &[u8], certificates: &[&CertificateDer<'_>]| {
        let certificates: Vec<_> = certificates
            .iter()
            .map(|der| Certificate::from_der(der).unwrap())
            .collect();
        store([KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(
            "1",
            PrivateKey::from_der(key).unwrap(),
            certificates,
        ))])
    };
    let certificate = KeyStoreEntry::Certificate(Certificate::from_der(ca.own.der()).unwrap());
    insta::assert_snapshot!(fault(&store([certificate])), @"holds no private key");
    insta::assert_snapshot!(fault(&chain(&one.key, &[])), @"holds no certificate");
    insta::assert_snapshot!(fault(&chain(&one.key, &[other.der()])), @"holds a private key and a certificate that do not belong together");
}

#[test]
fn intermediate_certificates_are_shown_to_the_server_and_the_root_is_not() {
    let (client, issuing, root) = chain_of_three();
    let identity = Identity::read(&pkcs12(&client, &[&root, &issuing]), None, now()).unwrap();
    assert_eq!(identity.chain(), [client.der().clone(), issuing.clone()]);
    assert_eq!(identity.authorities(), [root, issuing]);
}

#[test]
fn facts_for_people_and_nothing_of_the_key() {
    let ca = InternalCa::new("fmc", VALID);
    let client = ca.client(VALID);
    let identity = Identity::read(&pkcs12(&client, &[ca.own.der()]), None, now()).unwrap();
    let facts = identity.certificate();
    assert_eq!(facts.common_name.as_deref(), Some("192.0.2.10"));
    assert_eq!(facts.names, ["192.0.2.10"]);
    assert!(facts.is_for_host_input());
    assert_eq!(date(facts.not_before).to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(date(facts.not_after).to_string(), "2120-01-01T00:00:00Z");
    assert_eq!(facts.fingerprint.to_string(), client.fingerprint());
    let shown = format!("{identity:?}");
    assert!(
        shown.starts_with("Identity { certificate: Certificate { common_name: Some(\"192.0.2.10\")"),
        "{shown}"
    );
    assert!(shown.ends_with("authorities: 1, .. }"), "{shown}");
}

#[test]
fn a_certificate_that_is_not_for_host_input_is_a_matter_of_facts() {
    let ca = InternalCa::new("fmc", VALID);
    let identity = Identity::read(&pkcs12(&ca.server(&["fmc.example.org"], VALID), &[]), None, now()).unwrap();
    assert!(!identity.certificate().is_for_host_input());
    assert_eq!(identity.certificate().title.as_deref(), Some("sfmgr"));
}

fn chain_of_three() -> (Issued, CertificateDer<'static>, CertificateDer<'static>) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let params = |name: &str, is_ca| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = is_ca;
        params
    };
    let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
    let keys: [KeyPair; 3] = std::array::from_fn(|_| KeyPair::generate().unwrap());
    let [root_key, issuing_key, key] = keys;
    let root = params("root", ca());
    let root_der = root.self_signed(&root_key).unwrap().der().clone();
    let root = Issuer::new(root, root_key);
    let issuing = params("issuing", ca());
    let issuing_der = issuing.signed_by(&issuing_key, &root).unwrap().der().clone();
    let issuing = Issuer::new(issuing, issuing_key);
    let client = Issued {
        certificate: params("192.0.2.10", IsCa::NoCa).signed_by(&key, &issuing).unwrap(),
        key: key.serialize_der(),
    };
    (client, issuing_der, root_der)
}

/// A PKCS12 file that every test of mutations starts from: classic encryption, made by OpenSSL.
const CLASSIC: &[u8] = include_bytes!("no-bytes-for-no-password.p12");

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512), password in "\\PC{0,8}") {
        prop_assert!(Identity::read(&bytes, Some(&SecretString::from(password)), now()).is_err());
    }

    #[test]
    fn mutated_files_never_panic(at in 0..CLASSIC.len(), byte: u8, and_at in 0..256_usize, and_byte: u8) {
        let mut bytes = CLASSIC.to_vec();
        bytes[at] = byte;
        bytes[and_at] = and_byte;
        let _ = Identity::read(&bytes, None, now());
    }
}
