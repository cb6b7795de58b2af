//! A long answer as it arrives, proven to its end.

use bytes::{Bytes, BytesMut};

use super::calls::Permit;
use super::http::Reply;
use crate::qualys::fault::Fault;

/// Bytes that a piece has at least: unpacked bodies come in 8 KiB, four of which would not keep the parser busy while
/// the next ones are unpacked.
const PIECE: usize = 64 * 1024;

/// A report as it arrives: what was looked at already, then the rest.
#[derive(Debug)]
pub(in crate::qualys) struct Stream {
    peeked: Bytes,
    rest: Reply,
    received: u64,
    /// The call runs until its answer was read.
    permit: Option<Permit>,
}

impl Stream {
    pub(in crate::qualys) fn new(peeked: Vec<u8>, rest: Reply) -> Self {
        Stream {
            peeked: peeked.into(),
            rest,
            received: 0,
            permit: None,
        }
    }

    /// Keeps the permit of the call until the stream is dropped.
    pub(super) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// Bytes that were delivered.
    pub(in crate::qualys) fn received(&self) -> u64 {
        self.received
    }

    /// Reads to the end without keeping anything: proves that a report whose parser had enough was complete.
    pub(in crate::qualys) async fn drain(&mut self) -> Result<(), Fault> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// The next piece, large enough to be worth waking the parser for. What came before a fault is dropped: nothing
    /// that is parsed of a broken body counts.
    pub(in crate::qualys) async fn gather(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(first) = self.next().await? else {
            return Ok(None);
        };
        if first.len() >= PIECE {
            return Ok(Some(first));
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        piece.extend_from_slice(&first);
        while piece.len() < PIECE {
            match self.next().await? {
                Some(bytes) => piece.extend_from_slice(&bytes),
                None => break,
            }
        }
        Ok(Some(piece.freeze()))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let next = match std::mem::take(&mut self.peeked) {
            peeked if !peeked.is_empty() => Some(peeked),
            _ => self.rest.chunk().await?,
        };
        self.received += next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(next)
    }
}
