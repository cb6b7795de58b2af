//! UUIDs in their usual spelling.

use rsa::rand_core::{OsRng, RngCore};

/// A random one (version 4).
pub(crate) fn random() -> String {
    of(OsRng.next_u64(), OsRng.next_u64())
}

/// One made of 128 bits, of which six say that the others mean nothing.
pub(crate) fn of(high: u64, low: u64) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let number = format!("{high:016x}{low:016x}");
    let mut text = String::with_capacity(36);
    for (place, digit) in number.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_uuid_has_five_groups_a_version_and_a_variant() {
        assert_eq!(super::of(0, 0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(super::of(u64::MAX, u64::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
