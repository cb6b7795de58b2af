//! Leaves: elements without attributes that hold nothing but plain text, which is what most of a report consists of. They are
//! found by the next `<` alone, in a fraction of the time that three events take. Whatever is unlike that, however slightly,
//! is left to the reader.

use std::str::from_utf8;

use memchr::memchr2;
use simdutf8::basic;

/// Bytes of a name, at most.
const NAME: usize = 64;
/// Of each byte, whether it may stand in the name of a leaf: letters, digits and `_`, without an end, a blank or a quote.
static NAME_BYTES: [bool; 256] = name_bytes();

const fn name_bytes() -> [bool; 256] {
    let mut bytes = [false; 256];
    let mut rest: &mut [bool] = &mut bytes;
    let mut byte = 0_u8;
    while let [first, others @ ..] = rest {
        *first = byte.is_ascii_alphanumeric() || byte == b'_';
        byte = byte.wrapping_add(1);
        rest = others;
    }
    bytes
}

/// An element that holds a text, and the text behind it up to the next tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf<'b> {
    pub(super) name: &'b str,
    pub(super) text: &'b str,
    pub(super) behind: &'b str,
    /// The next tag, and all that follows.
    pub(super) rest: &'b str,
}

impl<'b> Leaf<'b> {
    /// The leaf that `document` begins with, if it does.
    #[inline]
    pub(super) fn at(document: &'b str) -> Option<Self> {
        let tag = document.strip_prefix('<')?;
        let is_name = |byte: &u8| NAME_BYTES.get(usize::from(*byte)).copied().unwrap_or_default();
        let length = tag.as_bytes().iter().take(NAME + 1).position(|byte| !is_name(byte))?;
        let (name, inside) = tag.split_at_checked(length)?;
        let (text, close) = until_tag(inside.strip_prefix('>')?)?;
        let behind = close.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        let (behind, rest) = until_tag(behind)?;
        let leaf = Leaf {
            name,
            text,
            behind,
            rest,
        };
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            .then_some(leaf)
    }
}

/// As much of `bytes` as is UTF-8.
pub(super) fn valid(bytes: &[u8]) -> &str {
    // Many bytes at a time; it doesn't say where it found another one.
    basic::from_utf8(bytes).unwrap_or_else(|_| {
        let valid = from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        bytes
            .get(..valid)
            .and_then(|valid| from_utf8(valid).ok())
            .unwrap_or_default()
    })
}

/// The text up to the next `<`, if there is no reference in it, and what follows.
#[inline]
fn until_tag(text: &str) -> Option<(&str, &str)> {
    let end = memchr2(b'<', b'&', text.as_bytes())?;
    let (text, rest) = text.split_at_checked(end)?;
    rest.starts_with('<').then_some((text, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plain_is_a_leaf() {
        let leaf = Leaf::at("<QID>38173</QID>\n  <TYPE>").unwrap();
        assert_eq!((leaf.name, leaf.text, leaf.behind), ("QID", "38173", "\n  "));
        assert_eq!(leaf.rest, "<TYPE>");
        assert_eq!(Leaf::at("<A></A><B/>").unwrap().text, "");
        for other in [
            "",
            "<",
            "<A",
            "<A>",
            "<A>x",
            "<A>x</A",
            "<A>x</A>",
            "<A>x</A>y",
            "<A>x</A>&amp;<B>",
            "<A>&lt;</A><B>",
            "<A b=\"c\">x</A><B>",
            "<A >x</A><B>",
            "<A/><B>",
            "<A>x</A ><B>",
            "<A>x</B><B>",
            "<A><B>x</B></A><C>",
            "<A><![CDATA[x]]></A><B>",
            "<A>x<!-- y --></A><B>",
            "<a:b>x</a:b><B>",
            "<1>x</1><B>",
            "<>x</><B>",
            "<!-- x --><B>",
            "<?x?><B>",
            "</A><B>",
            "x<A>x</A><B>",
        ] {
            assert_eq!(Leaf::at(other), None, "{other}");
        }
        assert_eq!(valid(b"<A>\xff</A><B>"), "<A>");
        assert_eq!(valid("<A>\u{e9}".as_bytes()), "<A>\u{e9}");
    }
}
