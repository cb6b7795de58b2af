//! PKCS12: opening the container that holds certificate, key and CA.
//!
//! The work is p12-keystore's: RC2-40 and 3DES with a SHA-1 MAC as the Management Center writes them, PBES2 with
//! AES and a SHA-2 MAC as OpenSSL 3 does, and files without MAC (measured). What is ours is the one thing that it
//! leaves out, the [second encoding of an empty password](no_password), and to say what is wrong with a file.

use der::Decode;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use pkcs12::Pfx;

use super::IdentityFault;

mod no_password;

/// Takes keys and certificates out of a container.
pub(super) fn open(bytes: &[u8], password: &str) -> Result<Pkcs12Archive, IdentityFault> {
    if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err(IdentityFault::Pem);
    }
    let container = Pfx::from_der(bytes).map_err(|_| IdentityFault::NotPkcs12)?;
    // A BMPString holds characters of 16 bits, and p12-keystore calls others a mistake in the file.
    if password.chars().any(|c| u32::from(c) > 0xffff) {
        return Err(IdentityFault::PasswordCharacter);
    }
    let proven = container.mac_data.is_some();
    match Pkcs12Archive::from_pkcs12(bytes, password) {
        Ok(archive) => Ok(archive),
        Err(error) if password.is_empty() => no_password::open(container).map_err(|_| fault(error, proven, password)),
        Err(error) => Err(fault(error, proven, password)),
    }
}

/// What an error of the reader means to the owner of the file.
///
/// `proven` tells that the container has a MAC: then a password that gets past it is right.
fn fault(error: Error, proven: bool, password: &str) -> IdentityFault {
    let password = match password {
        "" => IdentityFault::PasswordNeeded,
        _ => IdentityFault::WrongPassword,
    };
    match error {
        Error::MacError(_) => password,
        Error::UnsupportedContentType
        | Error::UnsupportedCertificateType
        | Error::UnsupportedEncryptionScheme
        | Error::UnsupportedMacAlgorithm
        | Error::InvalidParameters => IdentityFault::Unsupported(error.to_string()),
        // Without a MAC a wrong password shows only in what comes out of the decryption.
        _ if !proven => password,
        Error::Pkcs5Error(error) => IdentityFault::Unsupported(error),
        error => IdentityFault::Damaged(error.to_string()),
    }
}
