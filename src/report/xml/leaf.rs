//! Leaves: elements without attributes that hold nothing but plain text, which is what most of a report consists of. They are
//! found by the next `<` alone, in a fraction of the time that three events take. Whatever is unlike that, however slightly,
//! is left to the reader.

use std::str::from_utf8;

use memchr::memchr2;

/// Bytes of a name, at most.
const NAME: usize = 64;

/// An element that holds a text, and the text behind it up to the next tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf<'b> {
    pub(super) name: &'b str,
    pub(super) text: &'b str,
    pub(super) behind: &'b str,
    /// The next tag, and all that follows.
    pub(super) rest: &'b [u8],
}

impl<'b> Leaf<'b> {
    /// The leaf that `bytes` begin with, if they do.
    #[inline]
    pub(super) fn at(bytes: &'b [u8]) -> Option<Self> {
        let tag = bytes.strip_prefix(b"<")?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = tag.iter().take(NAME + 1).position(|byte| !is_name(byte))?;
        let (name, inside) = tag.split_at(length);
        let (text, close) = until_tag(inside.strip_prefix(b">")?)?;
        let behind = close.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")?;
        let (behind, rest) = until_tag(behind)?;
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic);
        is_name.then_some(Leaf {
            name: from_utf8(name).ok()?,
            text: from_utf8(text).ok()?,
            behind: from_utf8(behind).ok()?,
            rest,
        })
    }
}

/// The text up to the next `<`, if there is no reference in it, and what follows.
#[inline]
fn until_tag(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr2(b'<', b'&', bytes)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    rest.starts_with(b"<").then_some((text, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plain_is_a_leaf() {
        let leaf = Leaf::at("<QID>38173</QID>\n  <TYPE>".as_bytes()).unwrap();
        assert_eq!((leaf.name, leaf.text, leaf.behind), ("QID", "38173", "\n  "));
        assert_eq!(leaf.rest, b"<TYPE>");
        assert_eq!(Leaf::at(b"<A></A><B/>").unwrap().text, "");
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
            assert_eq!(Leaf::at(other.as_bytes()), None, "{other}");
        }
        assert_eq!(Leaf::at(b"<A>\xff</A><B>"), None);
    }
}
