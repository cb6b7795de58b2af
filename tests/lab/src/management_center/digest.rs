//! FNV-1a, 64 bits: the checksum of the network map, simple enough to be computed by anyone who checks it.

/// A digest in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field and the line feed that ends it.
    pub(crate) fn field(self, field: &str) -> Self {
        self.text(field).text("\n")
    }

    /// Adds a list's items, a blank between them, and the line feed that ends it.
    pub(crate) fn list<'a>(self, items: impl Iterator<Item = &'a str>) -> Self {
        let (digest, _) = items.fold((self, ""), |(digest, blank), item| (digest.text(blank).text(item), " "));
        digest.text("\n")
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    fn text(self, text: &str) -> Self {
        Self(text.bytes().fold(self.0, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn it_is_the_published_function() {
        assert_eq!(Digest::new().text("foobar").value(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_list_is_a_field_with_blanks() {
        let list = Digest::new().list(["a", "b"].into_iter());
        assert_eq!(list, Digest::new().field("a b"));
        assert_eq!(Digest::new().list([].into_iter()), Digest::new().field(""));
    }
}
