//! Bytes that arrive a few at a time.

use std::io::{self, Read};

/// The bytes, and how many come at once at the most.
pub struct Pieces<'a>(pub &'a [u8], pub usize);

impl Read for Pieces<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(self.1).min(space.len());
        let (piece, rest) = self.0.split_at(count);
        space[..count].copy_from_slice(piece);
        self.0 = rest;
        Ok(count)
    }
}
