//! PKCS12 files: whatever they hold, they open or are refused, and soon.

#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use qualys_connector::host_input::identity::Identity;
use secrecy::SecretString;

fuzz_target!(|data: &[u8]| {
    // A day on which the certificates of the corpus are valid, whenever this runs.
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for password in ["", "secret"] {
        match Identity::read(data, Some(&SecretString::from(password)), now) {
            Ok(identity) => {
                assert!(!identity.chain().is_empty());
                let certificate = identity.certificate();
                assert!(certificate.not_before <= now && now <= certificate.not_after);
                assert!(identity.certified_key().key.public_key().is_some());
                let _ = format!("{identity:?}");
            }
            Err(fault) => {
                let sentence = fault.to_string();
                assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            }
        }
    }
});
