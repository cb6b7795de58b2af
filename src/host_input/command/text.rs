//! Text as the Management Center's parser can read it.
//!
//! Its stock CSV parser takes the bytes 0x20 to 0x7E and TAB, and drops a whole line for any other byte
//! (certain for the parser, likely for the Management Center); a quoted field with doubled quotes is the one
//! style that survives it. The server drops unreadable lines silently, so only readable ones are written.

use deunicode::deunicode_char;

/// Appends `text` as a quoted field: transliterated to printable ASCII, runs of white space made one blank, and
/// cut at a word to `length` characters, quotes not counted.
pub(super) fn quoted(out: &mut Vec<u8>, text: &str, length: usize) {
    out.push(b'"');
    quoted_part(out, text, length);
    out.push(b'"');
}

/// The inside of a quoted field; see [`quoted`].
pub(super) fn quoted_part(out: &mut Vec<u8>, text: &str, length: usize) {
    for byte in ascii(text, length).bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
}

/// `text` in printable ASCII on one line, at most `length` characters, cut at a word and then ended with `...`.
pub(super) fn ascii(text: &str, length: usize) -> String {
    let mut line = String::with_capacity(text.len().min(length.saturating_add(1)));
    let mut gap = false;
    for character in text.chars() {
        // One character can become several, or a blank, so white space is looked for in what it became.
        let mut one = [0; 4];
        let readable = match character {
            ' '..='~' => &*character.encode_utf8(&mut one),
            _ if character.is_whitespace() || character.is_control() => " ",
            _ => deunicode_char(character).unwrap_or("?"),
        };
        for letter in readable.chars() {
            match letter {
                '!'..='~' => {
                    if gap && !line.is_empty() {
                        line.push(' ');
                    }
                    gap = false;
                    line.push(letter);
                }
                _ => gap = true,
            }
        }
        if line.len() > length {
            break;
        }
    }
    if line.len() > length {
        cut(&mut line, length);
    }
    line
}

/// Shortens an ASCII line to `length` at the end of a word, where one ends in its second half.
fn cut(line: &mut String, length: usize) {
    const ELLIPSIS: &str = "...";
    let room = length.saturating_sub(ELLIPSIS.len());
    // One character further, so that a word which just fits is kept.
    line.truncate(room + 1);
    match line.rfind(' ').filter(|&end| end >= room / 2) {
        Some(end) => line.truncate(end),
        None => line.truncate(room),
    }
    line.push_str(ELLIPSIS);
    line.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(text: &str, length: usize) -> String {
        let mut out = Vec::new();
        quoted(&mut out, text, length);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_can_still_read_it() {
        assert_eq!(
            field("Microsoft® “Fix” – naïve\u{a0}café", 99),
            r#""Microsoft(r) ""Fix"" - naive cafe""#
        );
        assert_eq!(field(" a\r\n\tb\u{7}c ", 99), r#""a b c""#);
        assert_eq!(field("漏洞", 99), r#""Lou Dong""#);
        assert_eq!(field("", 99), r#""""#);
    }

    #[test]
    fn a_long_text_ends_at_a_word() {
        assert_eq!(field("The quick brown fox jumps", 18), r#""The quick brown...""#);
        assert_eq!(field("The quick brown fox", 19), r#""The quick brown fox""#);
        assert_eq!(field("abcdefghijklmnopqrstuvwxyz", 10), r#""abcdefg...""#);
        assert_eq!(field("anything", 0), r#""""#);
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_readable_field(text in "\\PC*|(.|\\s)*", length in 0usize..300) {
            let line = ascii(&text, length);
            prop_assert!(line.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert!(line.len() <= length);
            prop_assert!(!line.contains("  ") && line.trim() == line);
            let field = field(&text, length);
            let inside = &field[1..field.len() - 1];
            prop_assert_eq!(inside.replace("\"\"", ""), line.replace('"', ""));
        }
    }
}
