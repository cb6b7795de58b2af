//! The client file, built like one that a real Management Center issued (certain, measured on one):
//! certificates first, client then CA, under 40-bit RC2; then the key in a shrouded bag under triple DES, without a
//! friendly name; then a SHA-1 MAC of one iteration, a count that DER leaves out because it is the default.
//!
//! The crate `p12` has the old ciphers but neither that order of attributes nor that MAC, so its parts are put
//! together here. No password is written as the two zero bytes of an empty BMPString.

use p12::{
    AlgorithmIdentifier, CertBag, ContentInfo, DigestInfo, EncryptedData, PFX, PKCS12Attribute, SafeBag, SafeBagKind,
};
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};
use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use rustls::pki_types::CertificateDer;
use thiserror::Error;

/// Why no container came out.
#[derive(Debug, Error)]
#[error("the client's PKCS12 can't be made: {0}")]
pub struct Pkcs12Error(String);

/// DER of a container that holds a client's certificate and key, and most often its CA.
pub(crate) fn container(
    client: &CertificateDer<'_>,
    pkcs8: &[u8],
    ca: Option<&CertificateDer<'_>>,
    password: &str,
) -> Result<Vec<u8>, Pkcs12Error> {
    let local_key_id = PKCS12Attribute::LocalKeyId(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, client).as_ref().to_vec());
    let certificate = |der: &CertificateDer<'_>, attributes| SafeBag {
        bag: SafeBagKind::CertBag(CertBag::X509(der.to_vec())),
        attributes,
    };
    let mut certificates = vec![certificate(client, vec![local_key_id.clone()])];
    certificates.extend(ca.map(|ca| certificate(ca, Vec::new())));
    let password_bytes = bmp_string(password);
    let certificates = EncryptedData::from_safe_bags(&certificates, &password_bytes)
        .ok_or_else(|| Pkcs12Error("the certificates can't be encrypted".to_owned()))?;
    let key = SafeBag {
        bag: shrouded_key(client, pkcs8, password)?,
        attributes: vec![local_key_id],
    };
    let key = yasna::construct_der(|w| w.write_sequence_of(|w| key.write(w.next())));
    let contents = yasna::construct_der(|w| {
        w.write_sequence_of(|w| {
            ContentInfo::EncryptedData(certificates).write(w.next());
            ContentInfo::Data(key).write(w.next());
        });
    });
    Ok(with_mac(contents, &password_bytes))
}

/// The key as `p12` shrouds it. It does so only while making a whole container, of which one bag is taken.
fn shrouded_key(client: &CertificateDer<'_>, pkcs8: &[u8], password: &str) -> Result<SafeBagKind, Pkcs12Error> {
    let whole = PFX::new(client, pkcs8, None, password, "").ok_or_else(|| Pkcs12Error("no randomness".to_owned()))?;
    let bags = whole.bags(password).map_err(|error| Pkcs12Error(error.to_string()))?;
    bags.into_iter()
        .map(|bag| bag.bag)
        .find(|bag| matches!(bag, SafeBagKind::Pkcs8ShroudedKeyBag(_)))
        .ok_or_else(|| Pkcs12Error("the key can't be encrypted".to_owned()))
}

fn with_mac(contents: Vec<u8>, password: &[u8]) -> Vec<u8> {
    let salt: [u8; 8] = rand_salt();
    let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &mac_key(password, &salt));
    let mac = DigestInfo {
        digest_algorithm: AlgorithmIdentifier::Sha1,
        digest: hmac::sign(&key, &contents).as_ref().to_vec(),
    };
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_u8(3);
            ContentInfo::Data(contents).write(w.next());
            w.next().write_sequence(|w| {
                mac.write(w.next());
                w.next().write_bytes(&salt);
            });
        });
    })
}

/// RFC 7292 appendix B.2 with one iteration and a key no longer than the digest: a single SHA-1.
fn mac_key(password: &[u8], salt: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    const MAC: u8 = 3;
    let whole_blocks = |bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().div_ceil(BLOCK) * BLOCK;
        bytes.iter().copied().cycle().take(length).collect()
    };
    let input = [vec![MAC; BLOCK], whole_blocks(salt), whole_blocks(password)].concat();
    digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, &input).as_ref().to_vec()
}

fn bmp_string(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect()
}

fn rand_salt() -> [u8; 8] {
    use rsa::rand_core::{OsRng, RngCore};
    OsRng.next_u64().to_be_bytes()
}
