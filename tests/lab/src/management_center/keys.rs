//! RSA key pairs of 2,048 bits, as the real Management Center's certificates have them (certain).
//!
//! Making one takes some 0.3 s, so a process makes one per [`Role`] and all its Management Centers share it.
//! Their certificates still differ: each InternalCA has a name of its own.

use std::sync::OnceLock;

use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use thiserror::Error;

/// Whom a key pair is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    InternalCa,
    Client,
    Server,
    /// The CA of another Management Center, for the fault `foreign-certificate`.
    ForeignCa,
}

/// A key pair that can sign.
#[derive(Debug, Clone)]
pub(crate) struct KeyPair {
    private: RsaPrivateKey,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

/// Why a key can't be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Making or decoding the key failed.
    #[error("the RSA key can't be used: {0}")]
    Unusable(String),
}

impl KeyPair {
    /// This process's key pair for a role.
    pub(crate) fn of(role: Role) -> Result<Self, KeyError> {
        static KEYS: [OnceLock<KeyPair>; 4] = [const { OnceLock::new() }; 4];
        let [internal_ca, client, server, foreign_ca] = &KEYS;
        let place = match role {
            Role::InternalCa => internal_ca,
            Role::Client => client,
            Role::Server => server,
            Role::ForeignCa => foreign_ca,
        };
        match place.get() {
            Some(key) => Ok(key.clone()),
            None => {
                let private = RsaPrivateKey::new(&mut OsRng, 2048).map_err(unusable)?;
                let key = Self::new(private)?;
                Ok(place.get_or_init(|| key).clone())
            }
        }
    }

    pub(crate) fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::new(RsaPrivateKey::from_pkcs8_pem(pem).map_err(unusable)?)
    }

    pub(crate) fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.private.to_pkcs8_pem(LineEnding::LF).map_err(unusable)?;
        Ok(pem.as_str().to_owned())
    }

    /// PrivateKeyInfo, DER.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// SubjectPublicKeyInfo, DER.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// sha256WithRSAEncryption over `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(unusable)?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &ring::rand::SystemRandom::new(),
            message,
            &mut signature,
        )
        .map_err(unusable)?;
        Ok(signature)
    }

    fn new(private: RsaPrivateKey) -> Result<Self, KeyError> {
        Ok(Self {
            pkcs8: private.to_pkcs8_der().map_err(unusable)?.as_bytes().to_vec(),
            public: private
                .to_public_key()
                .to_public_key_der()
                .map_err(unusable)?
                .as_bytes()
                .to_vec(),
            private,
        })
    }
}

fn unusable(error: impl std::fmt::Display) -> KeyError {
    KeyError::Unusable(error.to_string())
}
