//! What a Management Center owns and hands out: its InternalCA, its server certificate, the client's certificate.
//!
//! Kept in the lab's directory, so that a client's PKCS12 is still good after a restart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::file;
use super::keys::{KeyError, KeyPair, Role};
use super::pkcs12::{self, Pkcs12Error};
use super::x509::{AlternativeName, Attribute, Name, Template, Validity, certificate_pem};
use super::{Options, domain, uuid};

/// Certificates and keys of one Management Center.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) ca: CertificateDer<'static>,
    /// The certificate of the one registered client.
    pub(crate) client: CertificateDer<'static>,
    pub(crate) server: CertificateDer<'static>,
    pub(crate) server_key: KeyPair,
    /// Unknown after a restart.
    client_key: Option<KeyPair>,
    ca_key: KeyPair,
    registration: Registration,
    server_names: Vec<String>,
}

/// Why there are no credentials.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// A file can't be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The directory belongs to an earlier start with other settings.
    #[error(
        "{} holds the client \"{earlier}\" of domain \"{domain}\": name the same with --client-name and \
         --certificate-domain, or take another directory", path.display()
    )]
    OtherClient {
        /// The directory.
        path: PathBuf,
        /// The client's registered address.
        earlier: String,
        /// The domain it was registered in.
        domain: String,
    },
    /// A file of the directory isn't what its name says.
    #[error("{}: not a usable {what}: remove the directory to start anew", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// A key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The client file failed.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
}

/// What the names in the certificates are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Registration {
    /// UUID of the Management Center.
    uuid: String,
    client_name: String,
    domain: String,
}

/// A server certificate that isn't the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongServer {
    /// From the CA of another Management Center.
    Foreign,
    /// From the right CA, but not now.
    Validity(Validity),
    /// From the right CA, for another client.
    OtherClient,
    /// The certificate and the key of the registered client.
    OwnClient,
}

impl Credentials {
    /// Those of an earlier start, else new ones, written to `dir`.
    pub(crate) fn open_or_create(dir: &Path, options: &Options) -> Result<Self, CredentialsError> {
        let path = dir.join("registration.json");
        let at = |error| CredentialsError::File {
            path: path.clone(),
            error,
        };
        match fs::read(&path) {
            Ok(json) => {
                let registration = serde_json::from_slice(&json).map_err(|_| CredentialsError::Damaged {
                    path: path.clone(),
                    what: "registration",
                })?;
                Self::open(dir, options, registration)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(dir, options),
            Err(error) => Err(at(error)),
        }
    }

    /// A server certificate for a fault, and its key.
    pub(crate) fn wrong_server(
        &self,
        wrong: WrongServer,
    ) -> Result<(CertificateDer<'static>, KeyPair), CredentialsError> {
        let names = &self.server_names;
        let certificate = match wrong {
            WrongServer::OwnClient => {
                let kept = KeyError::Unusable("a client's key isn't kept: take a new directory".to_owned());
                return Ok((self.client.clone(), self.client_key.clone().ok_or(kept)?));
            }
            WrongServer::OtherClient => {
                let other = Registration {
                    client_name: "192.0.2.99".to_owned(),
                    ..self.registration.clone()
                };
                client(&other, Validity::Current).issue(&self.server_key, &self.ca_key)?
            }
            WrongServer::Foreign => {
                let other = Registration {
                    uuid: uuid::random(),
                    ..self.registration.clone()
                };
                server(&other, names, Validity::Current).issue(&self.server_key, &KeyPair::of(Role::ForeignCa)?)?
            }
            WrongServer::Validity(validity) => {
                server(&self.registration, names, validity).issue(&self.server_key, &self.ca_key)?
            }
        };
        Ok((certificate, self.server_key.clone()))
    }

    fn create(dir: &Path, options: &Options) -> Result<Self, CredentialsError> {
        let registration = Registration {
            uuid: uuid::random(),
            client_name: options.client_name.clone(),
            domain: options.certificate_domain.clone(),
        };
        let ca_key = KeyPair::of(Role::InternalCa)?;
        let client_key = KeyPair::of(Role::Client)?;
        let server_key = KeyPair::of(Role::Server)?;
        let ca = internal_ca(&registration, options.ca_validity).issue(&ca_key, &ca_key)?;
        let client = client(&registration, options.client_validity).issue(&client_key, &ca_key)?;
        let server = server(&registration, &options.server_names, Validity::Current).issue(&server_key, &ca_key)?;
        let pkcs12 = pkcs12::container(
            &client,
            client_key.pkcs8(),
            (!options.pkcs12_without_ca).then_some(&ca),
            &options.pkcs12_password,
        )?;

        let write = |name: &str, bytes: &[u8], mode| {
            let path = dir.join(name);
            file::write(&path, mode, bytes).map_err(|error| CredentialsError::File { path, error })
        };
        write("ca.pem", certificate_pem(&ca)?.as_bytes(), file::PUBLIC)?;
        write("ca-key.pem", ca_key.to_pem()?.as_bytes(), file::PRIVATE)?;
        write("server.pem", certificate_pem(&server)?.as_bytes(), file::PUBLIC)?;
        write("server-key.pem", server_key.to_pem()?.as_bytes(), file::PRIVATE)?;
        write("client.pem", certificate_pem(&client)?.as_bytes(), file::PUBLIC)?;
        write("client.pkcs12", &pkcs12, file::PRIVATE)?;
        // Last, because it is what says that all of them are there.
        let json = serde_json::to_vec_pretty(&registration).map_err(|error| CredentialsError::File {
            path: dir.to_owned(),
            error: error.into(),
        })?;
        write("registration.json", &json, file::PUBLIC)?;
        Ok(Self {
            ca,
            client,
            server,
            server_key,
            client_key: Some(client_key),
            ca_key,
            registration,
            server_names: options.server_names.clone(),
        })
    }

    fn open(dir: &Path, options: &Options, registration: Registration) -> Result<Self, CredentialsError> {
        if registration.client_name != options.client_name || registration.domain != options.certificate_domain {
            return Err(CredentialsError::OtherClient {
                path: dir.to_owned(),
                earlier: registration.client_name,
                domain: registration.domain,
            });
        }
        let certificate = |name: &str| {
            let path = dir.join(name);
            CertificateDer::from_pem_file(&path).map_err(|_| CredentialsError::Damaged {
                path,
                what: "certificate",
            })
        };
        let key = |name: &str| {
            let path = dir.join(name);
            let pem = fs::read_to_string(&path).map_err(|error| CredentialsError::File {
                path: path.clone(),
                error,
            })?;
            KeyPair::from_pem(&pem).map_err(|_| CredentialsError::Damaged { path, what: "key" })
        };
        Ok(Self {
            ca: certificate("ca.pem")?,
            client: certificate("client.pem")?,
            server: certificate("server.pem")?,
            server_key: key("server-key.pem")?,
            client_key: None,
            ca_key: key("ca-key.pem")?,
            registration,
            server_names: options.server_names.clone(),
        })
    }
}

/// Self-signed, basic constraints only, a first relative name of three values (certain).
fn internal_ca(registration: &Registration, validity: Validity) -> Template {
    Template {
        serial: 1,
        issuer: ca_name(registration),
        subject: ca_name(registration),
        validity,
        is_ca: true,
        alternative_names: Vec::new(),
    }
}

/// As measured on a real one (certain).
fn client(registration: &Registration, validity: Validity) -> Template {
    let name = &registration.client_name;
    Template {
        serial: 3,
        issuer: ca_name(registration),
        subject: vec![
            vec![(Attribute::Title, "hostinputd".to_owned())],
            vec![(
                Attribute::GenerationQualifier,
                format!("client_{}", domain::uuid_of(&registration.domain)),
            )],
            vec![(Attribute::CommonName, name.clone())],
            vec![(Attribute::OrganizationalUnit, UNIT.to_owned())],
            vec![(Attribute::Organization, ORGANIZATION.to_owned())],
        ],
        validity,
        is_ca: false,
        alternative_names: vec![AlternativeName::Dns(name.clone())],
    }
}

/// That the InternalCA issues it is likely; its name is a guess, so by default it names nothing that a client dials.
fn server(registration: &Registration, names: &[String], validity: Validity) -> Template {
    Template {
        serial: 2,
        issuer: ca_name(registration),
        subject: vec![
            vec![(Attribute::CommonName, registration.uuid.clone())],
            vec![(Attribute::OrganizationalUnit, UNIT.to_owned())],
            vec![(Attribute::Organization, ORGANIZATION.to_owned())],
        ],
        validity,
        is_ca: false,
        alternative_names: names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => AlternativeName::Ip(address),
                Err(_) => AlternativeName::Dns(name.clone()),
            })
            .collect(),
    }
}

fn ca_name(registration: &Registration) -> Name {
    vec![
        vec![
            (Attribute::Title, "InternalCA".to_owned()),
            (Attribute::OrganizationalUnit, UNIT.to_owned()),
            (Attribute::CommonName, registration.uuid.clone()),
        ],
        vec![(Attribute::Organization, ORGANIZATION.to_owned())],
    ]
}

const UNIT: &str = "Intrusion Management System";
const ORGANIZATION: &str = "Cisco Systems, Inc";
