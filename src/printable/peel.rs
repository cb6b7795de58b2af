//! Peeling: encodings that stand inside of each other, however many, one layer after the other.
//!
//! Every decoder by itself, and every one inside of every other, is too much beyond a few layers. What wraps a text several
//! times is plain though: its layers are printable, so each shows what it is, and all that is of one layer is undone at once.

use super::decode::{BASE64, Base, Code, Decoding, HEX, backslash, entity, percent, quoted_printable, twice, utf16};

/// Runs of digits, and how many of them are passed over at their beginning.
const RUNS: [(usize, &Base); 6] = [
    (0, &HEX),
    (1, &HEX),
    (0, &BASE64),
    (1, &BASE64),
    (2, &BASE64),
    (3, &BASE64),
];

impl Decoding {
    /// Without its outermost layer of escapes, or of digits that stand for printable text; shorter than before. Nothing, where
    /// it has none.
    pub(super) fn peeled(&self, shortest: usize) -> Option<Self> {
        let runs = || {
            RUNS.into_iter()
                .find_map(|(skip, base)| self.runs(skip, shortest, base, printable))
        };
        self.each(escape).or_else(runs)
    }
}

/// What any of the common escapes stands for.
fn escape(text: &[u8]) -> Option<Code> {
    match text.first()? {
        b'%' => twice(text, b'%').or_else(|| percent(text)),
        b'&' => entity(text),
        b'\\' => backslash(text),
        b'=' => quoted_printable(text),
        _ => utf16(text),
    }
}

/// Whether another layer may be in it, in Unicode's wider encoding too. Its end may be cut off.
fn printable(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_some() => None,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|text| std::str::from_utf8(text).ok()),
    };
    text.is_some_and(|text| text.chars().all(|c| !c.is_control() || c.is_whitespace() || c == '\0'))
}
