//! One line of a frame: what Perl's `Text::CSV_XS` with its defaults and `allow_whitespace` makes of it.
//!
//! That the Management Center reads lines with that parser is likely; how the parser behaves is certain (measured).

use std::borrow::Cow;

/// A line that isn't empty and isn't a comment, as fields. Kept from line to line to spare allocations.
pub(crate) type Fields<'a> = Vec<Cow<'a, str>>;

/// What a line is, before anyone looks at the command in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Empty, blank or a comment.
    Nothing,
    /// Valid: its fields were read.
    Command,
    /// Not valid: dropped, and nobody is told.
    Broken,
}

/// Reads a line, without its line feed, into `fields`.
pub(crate) fn read<'a>(line: &'a [u8], fields: &mut Fields<'a>) -> Line {
    fields.clear();
    match line.trim_ascii_start().first() {
        None if !line.contains(&b'\r') => return Line::Nothing,
        Some(b'#') => return Line::Nothing,
        _ => {}
    }
    // A carriage return is one of the bytes that aren't taken.
    if !line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Line::Broken;
    }
    let read = str::from_utf8(line).ok().and_then(|line| split(line, fields));
    match read {
        Some(()) => Line::Command,
        None => Line::Broken,
    }
}

fn split<'a>(mut rest: &'a str, fields: &mut Fields<'a>) -> Option<()> {
    loop {
        rest = rest.trim_start_matches(BLANKS);
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (field, after) = quoted_field(quoted)?;
                (field, after.trim_start_matches(BLANKS))
            }
            None => {
                let (field, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                if field.contains('"') {
                    return None;
                }
                (Cow::Borrowed(field.trim_end_matches(BLANKS)), after)
            }
        };
        fields.push(field);
        if after.is_empty() {
            return Some(());
        }
        rest = after.strip_prefix(',')?;
    }
}

/// The field whose opening quote was just passed, and what follows its closing quote.
fn quoted_field(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut field = Cow::Borrowed("");
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field += part;
        match after.strip_prefix('"') {
            Some(more) => {
                field += "\"";
                rest = more;
            }
            None => return Some((field, after)),
        }
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Result<Vec<String>, Line> {
        let mut fields = Fields::new();
        match read(line.as_bytes(), &mut fields) {
            Line::Command => Ok(fields.into_iter().map(Cow::into_owned).collect()),
            other => Err(other),
        }
    }

    #[track_caller]
    fn reads(line: &str, expected: &[&str]) {
        assert_eq!(fields(line).unwrap(), expected);
    }

    #[test]
    fn double_quotes_quote_and_are_doubled_inside() {
        reads(r#"a,"b, c","d ""e"" f","""""#, &["a", "b, c", "d \"e\" f", "\""]);
        reads(r#""","#, &["", ""]);
    }

    #[test]
    fn blanks_around_commas_are_tolerated_and_kept_inside_quotes() {
        reads("  AddHost ,\t192.0.2.1 , \" x \" ", &["AddHost", "192.0.2.1", " x "]);
        reads("SetSource,two words", &["SetSource", "two words"]);
    }

    #[test]
    fn single_quotes_and_backslashes_are_ordinary() {
        reads(r"a,'b, c',d\,e", &["a", "'b", "c'", r"d\", "e"]);
        reads(r#""a\b""#, &[r"a\b"]);
    }

    #[test]
    fn what_breaks_a_line() {
        for broken in [
            r#"a,b"c"#,
            r#"a,"b"c"#,
            r#"a,"b\"c""#,
            r#"a,"b"#,
            "AddHost,192.0.2.1\r",
            "\r",
            "a,\u{e9}",
            "a,\"\u{e9}\"",
            "a,\u{7f}",
            "a,\0",
            "a,\u{1b}[0m",
        ] {
            assert_eq!(fields(broken), Err(Line::Broken), "{broken:?}");
        }
    }

    #[test]
    fn comments_and_blank_lines_are_nothing() {
        for nothing in ["", " \t ", "# x", "  # \u{e9}", "#\r"] {
            assert_eq!(fields(nothing), Err(Line::Nothing), "{nothing:?}");
        }
    }

    #[test]
    fn a_tab_is_taken() {
        reads("a,\"b\tc\"", &["a", "b\tc"]);
    }
}
