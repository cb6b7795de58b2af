//! Strangers' words, made safe to show: in a log, on a terminal, on a page, in metrics.
//!
//! Qualys, the Management Center, a Pushgateway, a collector, proxies, certificates and names of files say what they
//! like: a password that was sent to them, the escape sequences of a terminal, lines that look like ours, characters
//! that turn the direction of reading. [`Text`] is the one gate. It takes the words as they came, cuts the secrets out
//! (see `secrets`), makes visible what nobody would see, and bounds the length. A field that holds strangers' words has
//! this type, so that raw words don't reach a sentence.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::{Deserialize, Deserializer};

mod decode;
mod peel;
mod secrets;

pub(crate) use secrets::{Look, hide, redacted};

/// Longest text, in characters.
const LONGEST: usize = 300;

/// Longest name of a file, in characters.
const LONGEST_PATH: usize = 1024;

/// Bytes that are looked at. What comes later could only be shown if all of these were white space.
const WINDOW: usize = 16 * 1024;

/// Words of somebody else, safe to show: one line without secrets, of visible characters, not without end.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Passes words through the gate, as they came.
    pub fn of(words: impl AsRef<[u8]>) -> Self {
        Self::bounded(words.as_ref(), LONGEST)
    }

    /// The name of a file.
    pub fn of_path(path: impl AsRef<Path>) -> Self {
        Self::bounded(path.as_ref().as_os_str().as_bytes(), LONGEST_PATH)
    }

    /// At most `longest` characters of the words.
    pub fn bounded(words: &[u8], longest: usize) -> Self {
        let cut = words.get(..WINDOW.max(4 * longest)).unwrap_or(words);
        Text(redacted(cut, Look::Everything, |redacted| {
            let mut line = line(&String::from_utf8_lossy(redacted), longest);
            if cut.len() < words.len() && !line.ends_with(MORE) {
                line.push(MORE);
            }
            line
        }))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Our own words, which stand in the code.
impl From<&'static str> for Text {
    fn from(words: &'static str) -> Self {
        Text(words.to_owned())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Words of an answer pass the gate as they are read.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Text::of(String::deserialize(deserializer)?))
    }
}

/// Stands for what was left out.
const MORE: char = '…';

/// Characters that nobody sees, or that change what is seen: controls, marks of direction, what has no width, separators
/// of lines, fillers, and what isn't a character at all.
///
/// Unicode's general categories Cc, Cf, Zl, Zp, Co and Cn as far as they matter, and Default_Ignorable_Code_Point.
pub(crate) fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}' | '\u{1160}'
            | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The text, with the escapes of Rust for what nobody would see: nothing in it ends a line or steers a terminal.
///
/// For our own sentences, on their way out; nothing is lost.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

/// The same for a text of several lines.
pub(crate) fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// JSON, with its own escapes for what nobody would see; such characters stand in its strings only, but for the ends of its
/// lines.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) && c != '\n' {
            true => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
            false => out.push(c),
        }
    }
    out
}

/// The text as one line: white space as single blanks, and escapes for what nobody would see.
pub(crate) fn one_line(text: &str) -> String {
    line(text, usize::MAX)
}

/// The text in at most so many bytes.
pub(crate) fn shortened(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest.saturating_sub(MORE.len_utf8())));
        text.push(MORE);
    }
    text
}

/// One line, white space as single blanks, hidden characters as their escapes, at most so many characters as they are shown.
fn line(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest));
    let (mut count, mut blank) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() {
            blank = count > 0;
            continue;
        }
        let shown = match is_hidden(c) {
            true => c.escape_default().len(),
            false => 1,
        };
        if count + usize::from(blank) + shown > longest {
            out.push(MORE);
            break;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
            count += 1;
        }
        push(&mut out, c);
        count += shown;
    }
    out
}

fn push(out: &mut String, c: char) {
    match is_hidden(c) {
        true => out.extend(c.escape_default()),
        false => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_says_is_one_line_that_a_terminal_only_shows() {
        for (words, shown) in [
            (
                "\r\n Bad  Login/\tPassword \u{85}\u{2028}now\n",
                "Bad Login/ Password now",
            ),
            ("\x1b[2J\x1b]0;title\x07x", "\\u{1b}[2J\\u{1b}]0;title\\u{7}x"),
            ("a\u{202e}b\u{200b}c\u{feff}d", "a\\u{202e}b\\u{200b}c\\u{feff}d"),
            ("\u{9b}31m \u{e0041}", "\\u{9b}31m \\u{e0041}"),
            ("Größe 129,1 MB – 🦀", "Größe 129,1 MB – 🦀"),
            ("", ""),
        ] {
            assert_eq!(Text::of(words).as_str(), shown);
        }
        assert_eq!(Text::of(b"caf\xe9").as_str(), "caf\u{fffd}");
        assert_eq!(Text::of_path("/tmp/\x1b[31m\nx").as_str(), "/tmp/\\u{1b}[31m x");
    }

    /// Unicode 16: general category Cf and Default_Ignorable_Code_Point below the planes that are hidden as a whole.
    #[test]
    fn every_character_that_unicode_calls_invisible_is_hidden() {
        const INVISIBLE: [(u32, u32); 31] = [
            (0xad, 0xad),
            (0x34f, 0x34f),
            (0x600, 0x605),
            (0x61c, 0x61c),
            (0x6dd, 0x6dd),
            (0x70f, 0x70f),
            (0x890, 0x891),
            (0x8e2, 0x8e2),
            (0x115f, 0x1160),
            (0x17b4, 0x17b5),
            (0x180b, 0x180f),
            (0x200b, 0x200f),
            (0x2028, 0x202e),
            (0x2060, 0x206f),
            (0x3164, 0x3164),
            (0xe000, 0xe000),
            (0xf8ff, 0xf8ff),
            (0xfdd0, 0xfdef),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xffa0, 0xffa0),
            (0xfff0, 0xfffb),
            (0xfffe, 0xffff),
            (0x110bd, 0x110bd),
            (0x110cd, 0x110cd),
            (0x13430, 0x1343f),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0x1fffe, 0x1ffff),
            (0x2fffe, 0x2ffff),
            (0xe0000, 0xe0fff),
        ];
        let all = INVISIBLE.into_iter().flat_map(|(first, last)| first..=last);
        let shown: Vec<_> = all.filter_map(char::from_u32).filter(|c| !is_hidden(*c)).collect();
        assert!(shown.is_empty(), "{shown:?}");
    }

    #[test]
    fn it_ends() {
        assert_eq!(Text::of("é".repeat(LONGEST)).as_str(), "é".repeat(LONGEST));
        let long = format!("{}…", "é".repeat(LONGEST));
        assert_eq!(Text::of("é".repeat(LONGEST + 1)).as_str(), long);
        assert_eq!(Text::of("é".repeat(1 << 20)).as_str(), long);
        assert_eq!(Text::of(" ".repeat(1 << 20) + "x").as_str(), "…");
        // An escape is as long as it looks.
        let escapes = format!("{}…", "\\u{1b}".repeat(LONGEST / 6));
        assert_eq!(Text::of("\u{1b}".repeat(LONGEST)).as_str(), escapes);
        assert_eq!(shortened("éé".to_owned(), 4), "éé");
        assert_eq!(shortened("ééé".to_owned(), 5), "é…");
    }

    #[test]
    fn our_own_words_lose_nothing() {
        assert_eq!(escaped("a\nb\u{1b}[31m \u{202e}"), "a\\nb\\u{1b}[31m \\u{202e}");
        assert_eq!(
            escaped_json("{\n\"a\": \"\u{202e}\u{7f}\"}"),
            "{\n\"a\": \"\\u202e\\u007f\"}"
        );
    }
}
