//! PKCS12 files that OpenSSL wrote, in the Management Center's manner and in its own.
//!
//! Needs the program `openssl` with its legacy provider; without it these tests are skipped.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use qualys_connector::host_input::identity::{Identity, date};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::handshakes::{converse, server};
use crate::internal_ca::now;

/// The Management Center's own settings; the iteration count of the MAC, being 1, is left out of the encoding.
const CLASSIC: &str = "-legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -macalg sha1 -nomaciter";

/// An InternalCA and a client certificate like real ones: RSA, and a CA with several attributes in one part of its name.
struct Workshop(TempDir);

impl Workshop {
    fn open() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            connector_lab::testing::skipped("openssl");
            return None;
        }
        let workshop = Self(tempfile::tempdir().unwrap());
        std::fs::write(
            workshop.path().join("openssl.cnf"),
            "[req]\n\
             distinguished_name = name\n\
             [name]\n\
             [ca]\n\
             basicConstraints = CA:TRUE\n\
             subjectKeyIdentifier = none\n\
             authorityKeyIdentifier = none\n\
             [client]\n\
             basicConstraints = CA:FALSE\n\
             extendedKeyUsage = clientAuth, serverAuth\n\
             subjectAltName = DNS:192.0.2.10\n\
             subjectKeyIdentifier = none\n\
             authorityKeyIdentifier = none\n",
        )
        .unwrap();
        let ca_name = "/title=InternalCA+OU=Intrusion Management System+CN=6a1e4f4e-0000-11ee-8000-000000000001/O=Cisco Systems, Inc";
        let name = "/O=Cisco Systems, Inc/OU=Intrusion Management System/CN=192.0.2.10/title=hostinputd\
                    /generationQualifier=client_e276abec-e0f2-11e3-8169-6d9ed49b625f";
        workshop.run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 -multivalue-rdn -extensions ca -subj", ca_name);
        workshop.run(
            "req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj",
            name,
        );
        workshop.run("x509 -req -in client.csr -CA ca.pem -CAkey ca.key -set_serial 3 -days 3650 -out client.pem -extensions client -extfile", "openssl.cnf");
        Some(workshop)
    }

    /// Writes a PKCS12 file of client certificate, key and CA.
    fn export(&self, options: &str, password: &str) -> Vec<u8> {
        let command = format!(
            "pkcs12 -export {options} -in client.pem -inkey client.key -certfile ca.pem -out client.p12 -passout"
        );
        self.run(&command, &format!("pass:{password}"));
        std::fs::read(self.path().join("client.p12")).unwrap()
    }

    /// Certificate and key of the Management Center itself, issued as its clients' are.
    fn server(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let name = "/O=Cisco Systems, Inc/OU=Intrusion Management System/CN=192.0.2.10/title=hostinputd";
        self.run(
            "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj",
            name,
        );
        self.run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days 3650 -out server.pem -extensions client -extfile", "openssl.cnf");
        (
            CertificateDer::from_pem_file(self.path().join("server.pem")).unwrap(),
            PrivateKeyDer::from_pem_file(self.path().join("server.key")).unwrap(),
        )
    }

    fn run(&self, command: &str, last: &str) {
        let output = Command::new("openssl")
            .args(command.split_whitespace())
            .arg(last)
            .env("OPENSSL_CONF", "openssl.cnf")
            .current_dir(self.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn read(bytes: &[u8], password: &str) -> Result<Identity, String> {
    Identity::read(bytes, Some(&SecretString::from(password)), SystemTime::now()).map_err(|fault| fault.to_string())
}

#[test]
fn every_kind_of_file_opens_with_its_password_and_with_no_other() {
    let Some(workshop) = Workshop::open() else { return };
    for options in [
        CLASSIC,
        "-legacy",
        "",
        "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
        "-certpbe AES-128-CBC -keypbe AES-128-CBC -macalg sha512",
        "-nomac",
    ] {
        for password in ["", "correct horse", "pässwörd"] {
            let bytes = workshop.export(options, password);
            let identity = read(&bytes, password).unwrap_or_else(|error| panic!("{options}: {error}"));
            assert_eq!(identity.certificate().name(), "192.0.2.10", "{options}");
            assert_eq!(identity.chain().len(), 1, "{options}");
            assert_eq!(identity.authorities().len(), 1, "{options}");

            let refusal = |password: &str| read(&bytes, password).unwrap_err();
            assert!(
                refusal("wrong").starts_with("does not open with the password"),
                "{options}"
            );
            if !password.is_empty() {
                assert!(refusal("").starts_with("needs a password"), "{options}");
            }
        }
    }
}

#[test]
fn a_file_in_the_clear_opens_without_a_password() {
    let Some(workshop) = Workshop::open() else { return };
    let bytes = workshop.export("-certpbe NONE -keypbe NONE -nomac", "");
    assert!(read(&bytes, "").is_ok());
}

#[test]
fn the_management_centers_own_manner_leaves_the_iteration_count_out() {
    let Some(workshop) = Workshop::open() else { return };
    let bytes = workshop.export(CLASSIC, "");
    // The salt, an OCTET STRING of eight bytes, is the very end.
    assert_eq!(bytes[bytes.len() - 10..][..2], [4, 8]);
    let identity = read(&bytes, "").unwrap();
    assert_eq!(identity.certificate().serial, "03");
    assert!(identity.certificate().is_for_host_input());
}

#[tokio::test]
async fn a_chain_of_rsa_to_a_ca_with_several_attributes_in_one_part_of_its_name() {
    let Some(workshop) = Workshop::open() else { return };
    let identity = read(&workshop.export(CLASSIC, ""), "").unwrap();
    let own = workshop.server();
    let ca_file = format!("ca_file:{},name:192.0.2.10", workshop.path().join("ca.pem").display());
    for trust in ["pkcs12", &ca_file] {
        let own = (own.0.clone(), own.1.clone_key());
        let acceptor = server(own, &identity.authorities()[0], rustls::ALL_VERSIONS);
        let outcome = converse(&identity, &trust.parse().unwrap(), acceptor).await;
        assert_eq!(outcome, Ok("192.0.2.10".to_owned()), "{trust}");
    }
}

#[test]
fn an_empty_password_encoded_as_no_bytes() {
    // Made once with OpenSSL 3.0's PKCS12_create and PKCS12_set_mac, each called with NULL for the password, as the
    // program itself can't. Certificates and keys are of the same kind as above.
    let bytes = include_bytes!("no-bytes-for-no-password.p12");
    let identity = Identity::read(bytes, None, now()).unwrap();
    assert_eq!(identity.certificate().name(), "192.0.2.10");
    assert_eq!(
        date(identity.certificate().not_after).to_string(),
        "2036-11-21T04:01:11Z"
    );
    assert_eq!(identity.authorities().len(), 1);
    assert_eq!(
        Identity::read(bytes, Some(&"wrong".into()), now())
            .unwrap_err()
            .to_string(),
        "does not open with the password in management_center.pkcs12_password"
    );
}

#[test]
fn passwords_and_keys_that_cant_be() {
    let Some(workshop) = Workshop::open() else { return };
    let bytes = workshop.export(CLASSIC, "correct horse");
    insta::assert_snapshot!(read(&bytes, "").unwrap_err(), @"needs a password");
    insta::assert_snapshot!(read(&bytes, "Correct horse").unwrap_err(), @"does not open with the password in management_center.pkcs12_password");
    insta::assert_snapshot!(read(&bytes, "🐎").unwrap_err(), @"can't have this password: management_center.pkcs12_password holds a character that PKCS12 has no code for");
    workshop.run(
        "req -x509 -newkey rsa:1024 -nodes -keyout client.key -out client.pem -days 3650 -subj",
        "/CN=192.0.2.10",
    );
    insta::assert_snapshot!(read(&workshop.export("", ""), "").unwrap_err(), @"holds a private key that can't be used");
    let other = workshop.export("-certpbe NONE -keypbe PBE-SHA1-RC4-128 -legacy", "");
    insta::assert_snapshot!(read(&other, "").unwrap_err(), @"is protected in a way that is not supported (Unsupported encryption scheme)");
}
