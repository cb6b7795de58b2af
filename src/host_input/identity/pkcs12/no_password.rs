//! The second encoding of an empty password.
//!
//! RFC 7292 turns a password into a BMPString with two zero bytes at its end, so that an empty one becomes two zero
//! bytes. OpenSSL's functions take "no password" literally instead and make it no bytes at all (certain); whether a
//! Management Center calls them so is a guess. The difference is one in the derivation of keys only; so the
//! container is decrypted here and handed to p12-keystore in the clear.
//!
//! The MAC is not checked: without a password anybody can make one, and what was damaged doesn't decode.

use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use der::asn1::{ContextSpecific, OctetString};
use der::oid::ObjectIdentifier;
use der::{Any, Decode, Encode};
use des::TdesEde3;
use p12_keystore::error::Error;
use p12_keystore::{Pkcs12Archive, Result};
use pkcs12::cms::cert::x509::spki::AlgorithmIdentifierOwned;
use pkcs12::cms::content_info::ContentInfo;
use pkcs12::cms::encrypted_data::EncryptedData;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::pbe_params::{EncryptedPrivateKeyInfo, Pkcs12PbeParams};
use pkcs12::safe_bag::SafeContents;
use pkcs12::{AuthenticatedSafe, Pfx, SafeBag};
use rc2::Rc2;
use sha1::Sha1;
use zeroize::Zeroizing;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");

/// Most rounds of key derivation that a file may ask for; p12-keystore's own limit.
const MOST_ROUNDS: i32 = 1_000_000;

/// Opens a container whose empty password was encoded as no bytes.
pub(super) fn open(mut container: Pfx) -> Result<Pkcs12Archive> {
    let safes = container.auth_safe.content.decode_as::<OctetString>()?;
    let safes = AuthenticatedSafe::from_der(safes.as_bytes())?
        .into_iter()
        .map(in_the_clear)
        .collect::<Result<Vec<_>>>()?;
    container.auth_safe = data(&safes.to_der()?)?;
    container.mac_data = None;
    Pkcs12Archive::from_pkcs12(&Zeroizing::new(container.to_der()?), "")
}

/// A safe without the encryption, whole or of its keys, that depends on how the password was encoded.
fn in_the_clear(safe: ContentInfo) -> Result<ContentInfo> {
    let contents = if safe.content_type == ENCRYPTED_DATA {
        let encrypted = safe.content.decode_as::<EncryptedData>()?.enc_content_info;
        let contents = encrypted.encrypted_content.ok_or(Error::InvalidData)?;
        match decrypt(&encrypted.content_enc_alg, contents.as_bytes())? {
            Some(contents) => contents,
            None => return Ok(safe),
        }
    } else {
        Zeroizing::new(safe.content.decode_as::<OctetString>()?.into_bytes().into())
    };
    let bags = SafeContents::from_der(&contents)?
        .into_iter()
        .map(bag_in_the_clear)
        .collect::<Result<Vec<_>>>()?;
    data(&Zeroizing::new(bags.to_der()?))
}

fn bag_in_the_clear(mut bag: SafeBag) -> Result<SafeBag> {
    // Read, a bag's value has its tag [0] around it; written, it gets that tag.
    let value = ContextSpecific::<Any>::from_der(&bag.bag_value)?.value;
    bag.bag_value = value.to_der()?;
    if bag.bag_id == pkcs12::PKCS_12_PKCS8_KEY_BAG_OID {
        let shrouded: EncryptedPrivateKeyInfo = value.decode_as()?;
        if let Some(mut key) = decrypt(&shrouded.encryption_algorithm, shrouded.encrypted_data.as_bytes())? {
            bag.bag_id = pkcs12::PKCS_12_KEY_BAG_OID;
            bag.bag_value = std::mem::take(&mut *key);
        }
    }
    Ok(bag)
}

/// Decrypts with the password of no bytes; `None` for PBES2, to which both encodings are the same.
fn decrypt(algorithm: &AlgorithmIdentifierOwned, bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let (length, decrypt): (_, Decrypt) = match algorithm.oid {
        pkcs12::PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC => (5, cbc::<Rc2>),
        pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC => (24, cbc::<TdesEde3>),
        _ => return Ok(None),
    };
    let parameters = algorithm.parameters.as_ref().ok_or(Error::InvalidParameters)?;
    let Pkcs12PbeParams { salt, iterations } = parameters.decode_as()?;
    if !(1..=MOST_ROUNDS).contains(&iterations) {
        return Err(Error::InvalidParameters);
    }
    let derive = |kind, length| Zeroizing::new(derive_key::<Sha1>(b"", salt.as_bytes(), kind, iterations, length));
    let (key, iv) = (
        derive(Pkcs12KeyType::EncryptionKey, length),
        derive(Pkcs12KeyType::Iv, 8),
    );
    decrypt(&key, &iv, bytes).map(Zeroizing::new).map(Some)
}

/// From key, initialisation vector and encrypted bytes to those in the clear.
type Decrypt = fn(&[u8], &[u8], &[u8]) -> Result<Vec<u8>>;

fn cbc<Cipher: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
    Decryptor::<Cipher>::new_from_slices(key, iv)
        .map_err(|_| Error::InvalidLength)?
        .decrypt_padded_vec::<Pkcs7>(bytes)
        .map_err(|_| Error::UnpadError)
}

/// Content of the kind that is neither encrypted nor signed.
fn data(bytes: &[u8]) -> Result<ContentInfo> {
    Ok(ContentInfo {
        content_type: DATA,
        content: Any::encode_from(&OctetString::new(bytes)?)?,
    })
}
