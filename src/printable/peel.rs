//! Peeling: encodings that stand inside of each other, however many, one layer after the other.
//!
//! Every decoder by itself, and every one inside of every other, is too much beyond a few layers. What wraps a text several
//! times is plain though: its layers are printable, so each shows what it is.

use super::decode::{BASE64, Base, Decoding, Escape, HEX, backslash, entity, percent, quoted_printable, twice, utf16};

/// Runs of digits, and how many of them are passed over at their beginning.
const RUNS: [(usize, &Base); 6] = [
    (0, &HEX),
    (1, &HEX),
    (0, &BASE64),
    (1, &BASE64),
    (2, &BASE64),
    (3, &BASE64),
];

/// The common escapes, a kind each.
const ESCAPES: [Escape; 5] = [
    |text| twice(text, b'%').or_else(|| percent(text)),
    entity,
    backslash,
    quoted_printable,
    utf16,
];

impl Decoding {
    /// Without one layer, each shorter than before: of escapes of any one kind, since those of another may be the secret's own
    /// characters; where there are none, of digits that stand for printable text.
    pub(super) fn peeled(&self, shortest: usize) -> Vec<Self> {
        let escapes: Vec<_> = ESCAPES.into_iter().filter_map(|escape| self.each(escape)).collect();
        if !escapes.is_empty() {
            return escapes;
        }
        let mut runs = RUNS.into_iter();
        let run = runs.find_map(|(skip, base)| self.runs(skip, shortest, base, printable));
        run.into_iter().collect()
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
