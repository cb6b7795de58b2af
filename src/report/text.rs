//! Text: from what Qualys' report holds to one readable line.
//!
//! A report's long texts are HTML inside XML, in capitals and unbalanced, with entities of its own level. After
//! XML is undone, tags give way to what they stand for, entities to their characters, and white space to single
//! blanks. The result is still Unicode. Every step is linear in the text, whatever the text is.

use std::borrow::Cow;

use crate::printable::{Text, is_hidden};

/// One line of a text without markup, as titles and names are; at most `limit` bytes of it.
pub(super) fn line(text: &str, limit: usize) -> String {
    collapse(&htmlize::unescape(text), limit)
}

/// What a sentence of ours repeats; at most `limit` characters of it.
pub(super) fn shown(text: &str, limit: usize) -> String {
    Text::bounded(text.as_bytes(), limit).to_string()
}

/// One line of an HTML text; at most `limit` bytes of it.
pub(super) fn prose(html: &str, limit: usize) -> String {
    line(&without_tags(html), limit)
}

/// Tags that stand inside words and sentences; every other one separates.
const INLINE: [&str; 16] = [
    "a", "abbr", "b", "big", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "tt", "u", "wbr",
];

/// Without `<...>` that begins as tags and comments do, and ends before another `<`; a lone `<` is text.
fn without_tags(html: &str) -> Cow<'_, str> {
    let mut pieces = html.split('<');
    let (Some(first), true) = (pieces.next(), html.contains('<')) else {
        return Cow::Borrowed(html);
    };
    let mut text = String::with_capacity(html.len());
    text.push_str(first);
    for piece in pieces {
        match piece.split_once('>') {
            Some((tag, rest)) if tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) => {
                let name = tag.trim_start_matches('/');
                let name = name
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .next()
                    .unwrap_or_default();
                if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
                    text.push(' ');
                }
                text.push_str(rest);
            }
            _ => {
                text.push('<');
                text.push_str(piece);
            }
        }
    }
    Cow::Owned(text)
}

/// White space to single blanks, none at the ends; without characters that nobody sees.
fn collapse(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit));
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if !is_hidden(c) {
            let blank = gap && !line.is_empty();
            if line.len() + usize::from(blank) + c.len_utf8() > limit {
                break;
            }
            if blank {
                line.push(' ');
            }
            line.push(c);
            gap = false;
        }
    }
    line.shrink_to_fit();
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    #[test]
    fn html_becomes_one_readable_line() {
        let threat = "<P>\nAn <B>unauthenticated</B> user<BR>may read <A HREF=\"https://e.example/?a=1\" \
            TARGET=\"_blank\">files</A>.<UL><LI>one<LI>two</UL>\r\n\t&quot;R&amp;D&quot; caf&eacute; &#8211; \u{a0}end<P>";
        assert_eq!(
            prose(threat, 1000),
            "An unauthenticated user may read files. one two \"R&D\" café – end"
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        assert_eq!(
            prose("if a < b and b > c, x<5>y, a <b <P>c", 1000),
            "if a < b and b > c, x<5>y, a <b c"
        );
        assert_eq!(
            prose("&lt;SCRIPT&gt; is text, <!-- this --> isn't", 1000),
            "<SCRIPT> is text, isn't"
        );
        assert_eq!(prose("cut <A HREF=", 1000), "cut <A HREF=");
        assert_eq!(
            line("Execution in <script> &amp; more", 1000),
            "Execution in <script> & more"
        );
    }

    #[test]
    fn what_nobody_sees_is_left_out() {
        assert_eq!(
            line("\u{feff}a\u{0}b\u{1b}[0m\u{200b}c\u{ad}d\u{202e}", 1000),
            "ab[0mcd"
        );
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        assert_eq!(line("añb", 2), "a");
        assert_eq!(line("añb", 3), "añ");
        assert_eq!(line("a b", 2), "a");
        assert_eq!(line("anything", 0), "");
    }

    #[test]
    fn hostile_text_takes_no_longer_than_any_other() {
        for hostile in ["<", "<a", "&", "&#", "<!--", "& lt;", "\u{0}"] {
            let text = hostile.repeat(4_000_000 / hostile.len());
            let start = Instant::now();
            prose(&text, 10_000);
            assert!(start.elapsed() < Duration::from_secs(5), "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn every_text_becomes_one_clean_line(text in r"(?s)([<>&;#/a-z \n\t\u{0}-\u{1f}]|\PC|&amp;|<B>|<P>){0,60}", limit in 0usize..80) {
            for line in [prose(&text, limit), line(&text, limit)] {
                prop_assert!(line.len() <= limit);
                prop_assert_eq!(line.trim(), &line);
                prop_assert!(!line.contains("  ") && !line.chars().any(char::is_control));
            }
        }
    }
}
