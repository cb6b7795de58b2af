//! An answer that is written while it is sent, part by part.

use std::io;

use bytes::Bytes;

use crate::qualys::library::Content;
use crate::report::xml::Xml;

/// A piece is sent once it has so many bytes.
const PIECE: usize = 64 * 1024;

/// Content whose parts `write` adds, one a call, until it says that it was the last.
pub(super) fn content(mut write: impl FnMut(&mut Xml) -> bool + Send + 'static) -> Content {
    let mut over = false;
    Box::new(std::iter::from_fn(move || {
        if over {
            return None;
        }
        // Every part stands in RESPONSE, in a list.
        let mut xml = Xml::part(0, false, PIECE + 8_192);
        while !over && xml.len() < PIECE {
            over = !write(&mut xml);
        }
        Some(io::Result::Ok(Bytes::from(xml.into_bytes())))
    }))
}
