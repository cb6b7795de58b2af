//! A window that slides over a stream: the part of it that is in memory.

use std::io::{self, ErrorKind, Read};

/// Bytes in memory. Reading less at once costs time, more of them none.
pub(super) const SIZE: usize = 256 * 1024;

/// What was read of a stream and isn't done with yet.
pub(super) struct Window {
    buffer: Box<[u8]>,
    filled: usize,
    /// Place in the stream of the first byte.
    pub(super) offset: u64,
    /// Whether the stream has no more bytes than these.
    pub(super) ended: bool,
}

impl Window {
    pub(super) fn new() -> Self {
        Window {
            buffer: vec![0; SIZE].into_boxed_slice(),
            filled: 0,
            offset: 0,
            ended: false,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// The bytes up to the last whole character, where the text is UTF-8.
    pub(super) fn characters(&self) -> &[u8] {
        let bytes = self.bytes();
        // A character has at most four bytes, and its first one tells how many by its leading ones.
        for (behind, byte) in bytes.iter().rev().take(3).enumerate() {
            match byte.leading_ones() as usize {
                1 => {}
                needed @ 2..=4 if needed > behind + 1 => {
                    return bytes.get(..bytes.len() - behind - 1).unwrap_or_default();
                }
                _ => break,
            }
        }
        bytes
    }

    /// Forgets the first `count` bytes.
    pub(super) fn advance(&mut self, count: usize) {
        let count = count.min(self.filled);
        self.buffer.copy_within(count..self.filled, 0);
        self.filled -= count;
        self.offset += count as u64;
    }

    /// Reads until the window is full or the stream ends.
    pub(super) fn fill(&mut self, stream: &mut impl Read) -> io::Result<()> {
        while !self.ended {
            let space = self.buffer.get_mut(self.filled..).unwrap_or_default();
            if space.is_empty() {
                break;
            }
            match stream.read(space) {
                Ok(0) => self.ended = true,
                Ok(count) => self.filled = (self.filled + count).min(SIZE),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window over all of `bytes`.
    fn window(mut bytes: &[u8]) -> Window {
        let mut window = Window::new();
        window.fill(&mut bytes).unwrap();
        window
    }

    #[test]
    fn a_character_that_is_not_whole_waits_for_its_rest() {
        for text in ["x", "xé", "x–", "x😀", "é", "😀"] {
            let whole = text.char_indices().last().unwrap().0;
            for cut in whole + 1..text.len() {
                let window = window(&text.as_bytes()[..cut]);
                assert_eq!(window.characters(), &text.as_bytes()[..whole], "{text} cut at {cut}");
            }
            assert_eq!(window(text.as_bytes()).characters(), text.as_bytes());
        }
    }

    #[test]
    fn bytes_of_another_encoding_are_left_for_others_to_refuse() {
        for bytes in [&b"caf\xe9 x"[..], b"\xff", b"\x80\x80\x80\x80"] {
            assert_eq!(window(bytes).characters(), bytes);
        }
    }

    #[test]
    fn it_slides_and_knows_where_it_is() {
        let stream: Vec<u8> = (0..2 * SIZE + 5).map(|n| n as u8).collect();
        let mut rest = &stream[..];
        let mut window = Window::new();
        while !window.ended {
            window.fill(&mut rest).unwrap();
            let offset = window.offset as usize;
            assert_eq!(window.bytes(), &stream[offset..offset + window.bytes().len()]);
            window.advance(SIZE / 3);
        }
        assert!(window.bytes().len() < SIZE);
    }
}
