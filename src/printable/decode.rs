//! Decoding: what words say once an encoding is undone, and which bytes of the words each decoded byte comes from.

use zeroize::Zeroizing;

use super::is_hidden;

/// Bytes, and for each of them the range of the words that it stands for.
pub(super) struct Decoding {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    ranges: Vec<(u32, u32)>,
}

/// Undoes one encoding wherever a view may hold it; nothing, where it holds none.
pub(super) type Decoder = fn(&Decoding, shortest: usize) -> Option<Decoding>;

/// All of them. Each is tried by itself, since what is an escape in one may be plain text in another.
pub(super) const DECODERS: [Decoder; 18] = [
    |view, _| view.folded(),
    |view, _| view.unhidden(),
    |view, _| view.each(percent),
    |view, _| view.each(form),
    |view, _| view.each(entity),
    |view, _| view.each(backslash),
    |view, _| view.each(quoted_printable),
    |view, _| view.each(doubled),
    |view, _| view.each(doubled_quotes),
    |view, _| view.each(|text| twice(text, b'"')),
    |view, _| view.each(|text| twice(text, b'\'')),
    |view, shortest| view.runs(0, shortest, &BASE64, |_| true),
    |view, shortest| view.runs(1, shortest, &BASE64, |_| true),
    |view, shortest| view.runs(2, shortest, &BASE64, |_| true),
    |view, shortest| view.runs(3, shortest, &BASE64, |_| true),
    |view, shortest| view.runs(0, shortest, &HEX, |_| true),
    |view, shortest| view.runs(1, shortest, &HEX, |_| true),
    |view, _| view.each(utf16),
];

/// Reads what a text begins with, where that stands for something else.
pub(super) type Escape = fn(&[u8]) -> Option<Code>;

/// What a piece of a text stands for: how many bytes it has, and the few bytes that it means.
pub(super) struct Code {
    length: usize,
    means: [u8; 8],
    count: usize,
}

impl Code {
    fn of(length: usize, bytes: &[u8]) -> Option<Self> {
        let mut means = [0; 8];
        means.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Code {
            length,
            means,
            count: bytes.len(),
        })
    }

    fn of_char(length: usize, c: char) -> Option<Self> {
        Self::of(length, c.encode_utf8(&mut [0; 4]).as_bytes())
    }

    fn bytes(&self) -> &[u8] {
        self.means.get(..self.count).unwrap_or_default()
    }
}

impl Decoding {
    /// The words themselves. They are short enough for their positions.
    pub(super) fn of(words: &[u8]) -> Self {
        Decoding {
            bytes: Zeroizing::new(words.to_owned()),
            ranges: (0..u32::try_from(words.len()).unwrap_or(u32::MAX))
                .map(|at| (at, at + 1))
                .collect(),
        }
    }

    fn empty(&self) -> Self {
        Decoding {
            bytes: Zeroizing::new(Vec::with_capacity(self.bytes.len())),
            ranges: Vec::with_capacity(self.bytes.len()),
        }
    }

    /// The range of the words that `length` bytes from `at` on come from.
    pub(super) fn range(&self, at: usize, length: usize) -> Option<(usize, usize)> {
        let (begin, _) = self.ranges.get(at)?;
        let (_, end) = self.ranges.get((at + length).checked_sub(1)?)?;
        Some((*begin as usize, *end as usize))
    }

    fn push(&mut self, bytes: &[u8], range: (usize, usize)) {
        let range = (range.0 as u32, range.1 as u32);
        self.bytes.extend_from_slice(bytes);
        self.ranges.extend(bytes.iter().map(|_| range));
    }

    fn copy(&mut self, from: &Decoding, at: usize, length: usize) {
        let bytes = from.bytes.get(at..at + length).unwrap_or_default();
        let ranges = from.ranges.get(at..at + length).unwrap_or_default();
        self.bytes.extend_from_slice(bytes);
        self.ranges.extend_from_slice(ranges);
    }

    /// With each unit in the place of what stands for it.
    pub(super) fn each(&self, unit: Escape) -> Option<Self> {
        let mut decoded = self.empty();
        let (mut at, mut changed) = (0, false);
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match unit(rest) {
                Some(unit) => {
                    decoded.push(unit.bytes(), self.range(at, unit.length)?);
                    at += unit.length;
                    changed = true;
                }
                None => {
                    decoded.copy(self, at, 1);
                    at += 1;
                }
            }
        }
        changed.then_some(decoded)
    }

    /// Without white space and without what nobody sees: words may have been wrapped, or their blanks changed.
    pub(super) fn folded(&self) -> Option<Self> {
        self.only(|c| !c.is_whitespace() && !is_hidden(c))
    }

    /// Without what nobody sees.
    fn unhidden(&self) -> Option<Self> {
        self.only(|c| c.is_whitespace() || !is_hidden(c))
    }

    /// With these characters only, and what is none.
    fn only(&self, kept: impl Fn(char) -> bool) -> Option<Self> {
        let mut left = self.empty();
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                if kept(c) {
                    left.copy(self, at, c.len_utf8());
                }
                at += c.len_utf8();
            }
            left.copy(self, at, chunk.invalid().len());
            at += chunk.invalid().len();
        }
        (left.bytes.len() < self.bytes.len()).then_some(left)
    }

    /// With what each long run of digits stands for, read from its digit `skip` on. Where a run begins isn't known, since
    /// what stands before it may look like digits too. A byte stands for its whole part of the run, as far as nothing was
    /// left out of the words within it. A run that stands for what isn't `accepted` stays.
    pub(super) fn runs(&self, skip: usize, shortest: usize, base: &Base, accepted: fn(&[u8]) -> bool) -> Option<Self> {
        let mut decoded = self.empty();
        let (mut at, mut changed) = (0, false);
        while at < self.bytes.len() {
            let run = self.run(at, base);
            if run.digits.len() < skip + (shortest * 8).div_ceil(base.bits as usize) {
                decoded.copy(self, at, run.length.max(1));
                at += run.length.max(1);
                continue;
            }
            // What was skipped may belong to what comes out.
            let before = decoded.bytes.len();
            decoded.copy(self, at, skip);
            let (mut bits, mut held, mut begin) = (0_u32, 0, None);
            for (digit, part) in run.digits.iter().skip(skip) {
                let part = run.parts.get(*part)?;
                bits = bits << base.bits | u32::from(*digit);
                held += base.bits;
                let first = *begin.get_or_insert(part.0);
                if held >= 8 {
                    held -= 8;
                    decoded.push(&[(bits >> held) as u8], (first, part.1));
                    bits &= (1 << held) - 1;
                    begin = (held > 0).then_some(part.0);
                }
            }
            match decoded.bytes.get(before + skip..).is_some_and(accepted) {
                true => changed = true,
                false => {
                    decoded.bytes.truncate(before);
                    decoded.ranges.truncate(before);
                    decoded.copy(self, at, run.length);
                }
            }
            at += run.length;
        }
        changed.then_some(decoded)
    }

    /// The digits from `at` on, over the ends of lines.
    fn run(&self, at: usize, base: &Base) -> Digits {
        let mut run = Digits {
            length: 0,
            digits: Zeroizing::new(Vec::new()),
            parts: Vec::new(),
        };
        let byte = |length: usize| self.bytes.get(at + length).copied();
        loop {
            let end_of_line = match (byte(run.length), byte(run.length + 1)) {
                (Some(b'\n'), _) => 1,
                (Some(b'\r'), Some(b'\n')) => 2,
                _ => 0,
            };
            // A run doesn't begin with the end of a line.
            let skipped = if run.length > 0 { end_of_line } else { 0 };
            let digit = byte(run.length + skipped).and_then(base.digit);
            let (Some(digit), Some(range)) = (digit, self.range(at + run.length + skipped, 1)) else {
                break;
            };
            match run.parts.last_mut() {
                Some((_, end)) if *end >= range.0 => *end = range.1.max(*end),
                _ => run.parts.push(range),
            }
            run.digits.push((digit, run.parts.len() - 1));
            run.length += skipped + 1;
        }
        while let (6, Some(b'='), Some((_, end))) = (base.bits, byte(run.length), run.parts.last_mut()) {
            *end = self.range(at + run.length, 1).map_or(*end, |(_, padded)| padded);
            run.length += 1;
        }
        run
    }
}

/// Digits without a gap.
struct Digits {
    /// Bytes that it takes up, padding included.
    length: usize,
    /// Each with its part.
    digits: Zeroizing<Vec<(u8, usize)>>,
    /// Ranges of the words: where something was left out of them, another begins.
    parts: Vec<(usize, usize)>,
}

/// A way to write bytes as digits.
pub(super) struct Base {
    bits: u32,
    digit: fn(u8) -> Option<u8>,
}

/// Both alphabets at once.
pub(super) const BASE64: Base = Base {
    bits: 6,
    digit: |byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    },
};

pub(super) const HEX: Base = Base {
    bits: 4,
    digit: |byte| Some(char::from(byte).to_digit(16)? as u8),
};

/// A number of exactly so many hexadecimal digits.
fn hexadecimal(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits?;
    let all = digits.iter().try_fold(0_u32, |number, digit| {
        Some(number << 4 | char::from(*digit).to_digit(16)?)
    });
    all.filter(|_| (1..=6).contains(&digits.len()))
}

/// A character whose UTF-16 units are written as four digits each, behind these two bytes.
fn unit16(text: &[u8], before: &[u8]) -> Option<Code> {
    let first = hexadecimal(text.get(2..6))?;
    if let Some(c) = char::from_u32(first) {
        return Code::of_char(6, c);
    }
    // Two halves of a character beyond the first plane.
    let second = text.get(6..8).filter(|begin| begin.eq_ignore_ascii_case(before));
    let second = hexadecimal(second.and_then(|_| text.get(8..12)))?;
    let both = char::decode_utf16([first as u16, second as u16]).next()?;
    Code::of_char(12, both.ok()?)
}

/// `%70`, and `%u0070` as old scripts write it.
pub(super) fn percent(text: &[u8]) -> Option<Code> {
    match text {
        [b'%', b'u' | b'U', ..] => unit16(text, b"%u"),
        [b'%', ..] => Code::of(3, &[hexadecimal(text.get(1..3))? as u8]),
        _ => None,
    }
}

/// The same, and `+` for a blank.
fn form(text: &[u8]) -> Option<Code> {
    match text {
        [b'+', ..] => Code::of(1, b" "),
        _ => percent(text),
    }
}

/// `&#112;`, `&#x70;`, with zeros and without the semicolon too; and `&amp;` with all other names that HTML knows.
pub(super) fn entity(text: &[u8]) -> Option<Code> {
    /// The longest name has 31 letters; nobody writes more zeros than that.
    const LONGEST: usize = 34;
    let text = text.get(..LONGEST.min(text.len()))?;
    let numeric = |begin: usize, radix: u32| {
        let digits = text.get(begin..)?.iter();
        let digits = digits.take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let number = std::str::from_utf8(text.get(begin..begin + digits)?).ok()?;
        let c = char::from_u32(u32::from_str_radix(number, radix).ok()?)?;
        let end = usize::from(text.get(begin + digits) == Some(&b';'));
        Code::of_char(begin + digits + end, c)
    };
    match text {
        [b'&', b'#', b'x' | b'X', ..] => numeric(3, 16),
        [b'&', b'#', ..] => numeric(2, 10),
        [b'&', ..] => {
            let end = memchr::memchr(b';', text)? + 1;
            let name = std::str::from_utf8(text.get(..end)?).ok()?;
            let means = htmlize::unescape(name);
            (means != name).then(|| Code::of(end, means.as_bytes()))?
        }
        _ => None,
    }
}

/// Escapes of JSON, of Rust, C and Python, and before punctuation.
pub(super) fn backslash(text: &[u8]) -> Option<Code> {
    let [b'\\', kind, ..] = text else { return None };
    let simple = |byte: u8| Code::of(2, &[byte]);
    match kind {
        b'u' if text.get(2) == Some(&b'{') => {
            let end = memchr::memchr(b'}', text.get(..12.min(text.len()))?)?;
            Code::of_char(end + 1, char::from_u32(hexadecimal(text.get(3..end))?)?)
        }
        b'u' => unit16(text, b"\\u"),
        b'U' => Code::of_char(
            10,
            char::from_u32(u32::from_str_radix(std::str::from_utf8(text.get(2..10)?).ok()?, 16).ok()?)?,
        ),
        b'x' => Code::of(4, &[hexadecimal(text.get(2..4))? as u8]),
        b'0'..=b'3' => {
            let digit = |at: usize| char::from(*text.get(at)?).to_digit(8);
            match (digit(1), digit(2), digit(3)) {
                (Some(high), Some(middle), Some(low)) => Code::of(4, &[(high << 6 | middle << 3 | low) as u8]),
                _ if *kind == b'0' => simple(0),
                _ => None,
            }
        }
        b'n' => simple(b'\n'),
        b't' => simple(b'\t'),
        b'r' => simple(b'\r'),
        b'b' => simple(8),
        b'f' => simple(12),
        b'v' => simple(11),
        b'e' => simple(27),
        b'a' => simple(7),
        other if other.is_ascii_punctuation() || *other == b' ' => simple(*other),
        _ => None,
    }
}

/// `=70`, and `=` at the end of a line that goes on.
pub(super) fn quoted_printable(text: &[u8]) -> Option<Code> {
    match text {
        [b'=', b'\n', ..] => Code::of(2, b""),
        [b'=', b'\r', b'\n', ..] => Code::of(3, b""),
        [b'=', ..] => Code::of(3, &[hexadecimal(text.get(1..3))? as u8]),
        _ => None,
    }
}

/// Quotes inside of quotes, as CSV, YAML and SQL write them; and what formats double.
fn doubled(text: &[u8]) -> Option<Code> {
    let others = || twice(text, b'%').or_else(|| twice(text, b'$'));
    doubled_quotes(text).or_else(others)
}

/// Quotes alone, since a secret may have two of the others by itself.
fn doubled_quotes(text: &[u8]) -> Option<Code> {
    twice(text, b'"').or_else(|| twice(text, b'\''))
}

pub(super) fn twice(text: &[u8], byte: u8) -> Option<Code> {
    match text {
        [one, other, ..] if *one == byte && *other == byte => Code::of(2, &[byte]),
        _ => None,
    }
}

/// A byte between bytes that are zero, in either order.
pub(super) fn utf16(text: &[u8]) -> Option<Code> {
    match text {
        [0, byte @ 1..=255, ..] | [byte @ 1..=255, 0, ..] => Code::of(2, &[*byte]),
        _ => None,
    }
}
