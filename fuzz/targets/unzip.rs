//! Packed reports: zip and gzip, recognised and unpacked as they arrive.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use qualys_connector::report::file::decode;

#[path = "../pieces.rs"]
mod pieces;
use pieces::Pieces;

/// Bytes that are looked at of what comes out: a packed byte can become a thousand.
const ENOUGH: u64 = 8 << 20;

fuzz_target!(|data: &[u8]| {
    let pace = 1 + data
        .first_chunk()
        .map_or(0, |first| u32::from_le_bytes(*first) as usize % 31);
    let whole = unpacked(data);
    let pieces = unpacked(Pieces(data, pace));
    assert_eq!(whole, pieces);
    // What isn't packed comes out as it went in.
    if !data.starts_with(b"PK") && !data.starts_with(b"\x1f\x8b") {
        assert_eq!(whole, Ok(data.to_vec()));
    }
    // A zip that came out whole has its end; without it, it is cut off.
    if data.starts_with(b"PK\x03\x04") && whole.as_ref().is_ok_and(|bytes| (bytes.len() as u64) < ENOUGH) {
        let after_files: [&[u8]; 4] = [b"PK\x06\x08", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"];
        assert!(data.windows(4).any(|four| after_files.contains(&four)));
    }
});

fn unpacked(stream: impl Read + Send) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let stream = decode(stream).map_err(|error| error.to_string())?;
    match stream.take(ENOUGH).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let sentence = error.to_string();
            assert!(
                !sentence.chars().any(char::is_control) && sentence.chars().count() < 1000,
                "{sentence:?}"
            );
            Err(sentence)
        }
    }
}
