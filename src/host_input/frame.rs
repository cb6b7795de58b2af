//! Frames: how bytes on the wire become messages, and back.
//!
//! A frame is a header of eight bytes (kind and length, both unsigned 32-bit big-endian) and exactly
//! `length` bytes of payload. There is no checksum and no sequence number; order is all the protocol has.
//!
//! This module knows nothing of TLS, of sessions, or of what a payload says. It never trusts a length:
//! a peer that announces more than [`FrameCodec::limit`] is refused before a byte of it is stored.
//!
//! Source: Cisco's reference client, both directions (certain); the payload of [`Frame::Error`] is a guess.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;
use tokio_util::codec::{Decoder, Encoder};

/// Bytes of kind and length together.
const HEADER: usize = 8;

/// One message of the Host Input protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Server to client, once, in answer to [`Frame::Version`]: the largest data payload it takes, in bytes.
    MaxSize(u32),
    /// Client to server, first of all: the protocol's version.
    Version(u32),
    /// Client to server: whole command lines. Server to client: its answer as text.
    Data(Bytes),
    /// Server to client: it refuses.
    Error(Bytes),
}

/// Why bytes from the peer are not a frame. Each one ends the session: after it, no byte can be placed.
#[derive(Debug, Error)]
pub enum FrameError {
    /// A kind that no source documents; most often the peer isn't a Management Center at all.
    #[error("unknown frame kind {0} (is this really a Management Center's host input port?)")]
    UnknownKind(u32),
    /// The peer announced more than we accept; nothing of the payload was read.
    #[error("a frame of {announced} bytes was announced, at most {limit} are accepted")]
    TooLong {
        /// Bytes that the header announced.
        announced: u32,
        /// Bytes accepted.
        limit: u32,
    },
    /// A number frame whose payload isn't four bytes long.
    #[error("a frame of kind {kind} carries {length} bytes instead of 4")]
    NotANumber {
        /// Kind of the frame.
        kind: u32,
        /// Bytes it carries.
        length: u32,
    },
    /// The connection ended inside a frame.
    #[error("the connection ended {missing} bytes before the end of a frame")]
    CutOff {
        /// Bytes that were still owed, as far as the header tells.
        missing: usize,
    },
    /// The connection itself failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Turns a byte stream into [`Frame`]s and back.
#[derive(Debug, Clone, Copy)]
pub struct FrameCodec {
    /// Largest payload accepted from the peer, in bytes.
    pub limit: u32,
}

impl Decoder for FrameCodec {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some((mut header, _)) = bytes.split_at_checked(HEADER) else {
            return Ok(None);
        };
        let (kind, length) = (header.get_u32(), header.get_u32());
        // Reported at once: bytes that aren't a header don't say how many follow.
        if !(1..=4).contains(&kind) {
            return Err(FrameError::UnknownKind(kind));
        }
        if length > self.limit {
            return Err(FrameError::TooLong {
                announced: length,
                limit: self.limit,
            });
        }
        let end = HEADER + length as usize;
        if bytes.len() < end {
            bytes.reserve(end - bytes.len());
            return Ok(None);
        }
        let payload = bytes.split_to(end).split_off(HEADER).freeze();
        Frame::new(kind, payload).map(Some)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        match self.decode(bytes)? {
            Some(frame) => Ok(Some(frame)),
            None if bytes.is_empty() => Ok(None),
            None => Err(FrameError::CutOff {
                missing: missing(bytes),
            }),
        }
    }
}

impl Encoder<&Frame> for FrameCodec {
    type Error = FrameError;

    /// Writes header and payload into one buffer, so that they leave in one write: two small writes wait
    /// for each other's acknowledgement, some 40 ms a frame.
    fn encode(&mut self, frame: &Frame, bytes: &mut BytesMut) -> Result<(), FrameError> {
        let number;
        let payload: &[u8] = match frame {
            Frame::MaxSize(n) | Frame::Version(n) => {
                number = n.to_be_bytes();
                &number
            }
            Frame::Data(payload) | Frame::Error(payload) => payload,
        };
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        if length > self.limit {
            return Err(FrameError::TooLong {
                announced: length,
                limit: self.limit,
            });
        }
        bytes.reserve(HEADER + payload.len());
        bytes.put_u32(frame.kind());
        bytes.put_u32(length);
        bytes.put_slice(payload);
        Ok(())
    }
}

impl Frame {
    fn new(kind: u32, payload: Bytes) -> Result<Self, FrameError> {
        let number = |payload: &[u8]| match payload.try_into() {
            Ok(four) => Ok(u32::from_be_bytes(four)),
            Err(_) => Err(FrameError::NotANumber {
                kind,
                length: payload.len() as u32,
            }),
        };
        match kind {
            1 => number(&payload).map(Frame::MaxSize),
            2 => number(&payload).map(Frame::Version),
            3 => Ok(Frame::Data(payload)),
            4 => Ok(Frame::Error(payload)),
            unknown => Err(FrameError::UnknownKind(unknown)),
        }
    }

    fn kind(&self) -> u32 {
        match self {
            Frame::MaxSize(_) => 1,
            Frame::Version(_) => 2,
            Frame::Data(_) => 3,
            Frame::Error(_) => 4,
        }
    }
}

/// How many bytes a cut-off frame still owed, as far as its header tells.
fn missing(bytes: &BytesMut) -> usize {
    match bytes.split_at_checked(HEADER) {
        Some((mut header, rest)) => {
            let (_kind, length) = (header.get_u32(), header.get_u32());
            (length as usize).saturating_sub(rest.len())
        }
        None => HEADER - bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codec() -> FrameCodec {
        FrameCodec { limit: 64 }
    }

    fn wire(frame: &Frame) -> BytesMut {
        let mut bytes = BytesMut::new();
        codec().encode(frame, &mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Option<Frame>, String> {
        codec()
            .decode_eof(&mut BytesMut::from(bytes))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_documented_opening() {
        assert_eq!(&wire(&Frame::Version(1))[..], b"\0\0\0\x02\0\0\0\x04\0\0\0\x01");
        assert_eq!(
            read(b"\0\0\0\x01\0\0\0\x04\0\x08\0\0"),
            Ok(Some(Frame::MaxSize(524_288)))
        );
    }

    #[test]
    fn every_frame_comes_back_whole_however_it_is_split() {
        for frame in [
            Frame::MaxSize(7),
            Frame::Version(1),
            Frame::Data("ScanFlush\n".into()),
            Frame::Error(Bytes::new()),
        ] {
            let bytes = wire(&frame);
            for cut in 0..bytes.len() {
                let mut arrived = BytesMut::from(&bytes[..cut]);
                assert_eq!(codec().decode(&mut arrived).unwrap(), None, "{frame:?} cut at {cut}");
                arrived.extend_from_slice(&bytes[cut..]);
                assert_eq!(codec().decode(&mut arrived).unwrap().as_ref(), Some(&frame));
                assert!(arrived.is_empty());
            }
        }
    }

    proptest! {
        #[test]
        fn any_frames_come_back_in_order(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..8), cut in 0usize..64) {
            let frames: Vec<Frame> = payloads.into_iter().map(|payload| Frame::Data(payload.into())).collect();
            let mut wire = BytesMut::new();
            for frame in &frames {
                codec().encode(frame, &mut wire).unwrap();
            }
            let mut arrived = BytesMut::new();
            let mut read = Vec::new();
            for piece in wire.chunks(cut.max(1)) {
                arrived.extend_from_slice(piece);
                while let Some(frame) = codec().decode(&mut arrived).unwrap() {
                    read.push(frame);
                }
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn any_bytes_are_frames_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = codec().decode_eof(&mut bytes) {}
        }
    }

    #[test]
    fn a_peer_that_lies_is_refused_before_memory_is_spent() {
        let refused = |bytes: &[u8]| read(bytes).unwrap_err();
        assert_eq!(
            refused(b"\0\0\0\x03\xff\xff\xff\xff"),
            "a frame of 4294967295 bytes was announced, at most 64 are accepted"
        );
        assert_eq!(
            refused(b"\0\0\0\x09\0\0\0\x40"),
            "unknown frame kind 9 (is this really a Management Center's host input port?)"
        );
        assert_eq!(
            refused(b"\0\0\0\x01\0\0\0\x02\0\0"),
            "a frame of kind 1 carries 2 bytes instead of 4"
        );
    }

    #[test]
    fn an_orderly_close_is_not_a_cut_off_frame() {
        assert_eq!(read(b""), Ok(None));
        assert_eq!(
            read(b"\0\0\0").unwrap_err(),
            "the connection ended 5 bytes before the end of a frame"
        );
        assert_eq!(
            read(b"\0\0\0\x03\0\0\0\x04ab").unwrap_err(),
            "the connection ended 2 bytes before the end of a frame"
        );
    }
}
