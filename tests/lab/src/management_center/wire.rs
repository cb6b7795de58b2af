//! Frames on the wire: a header of type and length, both unsigned 32-bit big-endian, then the payload (certain).
//!
//! The lab has frame code of its own, so that a mistake of the product isn't made twice.

use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Server to client: the largest payload, in bytes.
pub(crate) const MAX_SIZE: u32 = 1;
/// Client to server: its protocol's version.
pub(crate) const VERSION: u32 = 2;
/// Commands, and answers to them.
pub(crate) const DATA: u32 = 3;
/// A refusal.
pub(crate) const ERROR: u32 = 4;

const HEADER: usize = 8;

/// A frame as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u32,
    pub(crate) payload: Bytes,
}

/// What reading a frame ends with.
#[derive(Debug)]
pub(crate) enum Received {
    Frame(Frame),
    /// The header announced more than is allowed; the payload wasn't read.
    Oversized {
        announced: u32,
    },
    /// The stream ended between two frames.
    End(End),
    /// The stream ended within one, this many bytes after its beginning.
    CutOff {
        bytes: usize,
    },
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// In TLS, with a close_notify.
    Orderly,
    /// The transport just ended.
    WithoutCloseNotify,
    Reset,
}

/// A connection that carries frames.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Reads a frame whose payload has at most `limit` bytes.
    pub(crate) async fn receive(&mut self, limit: u32) -> Received {
        loop {
            match self.take(limit) {
                Some(received) => return received,
                None => {
                    self.buffer.reserve(1 << 14);
                    if let Err(end) = read(self.stream.read_buf(&mut self.buffer).await) {
                        return match self.buffer.len() {
                            0 => Received::End(end),
                            bytes => Received::CutOff { bytes },
                        };
                    }
                }
            }
        }
    }

    /// Whether more has arrived than was asked for. Never waits.
    pub(crate) async fn has_more(&mut self) -> bool {
        if self.buffer.is_empty() {
            let mut space = [0; 1 << 12];
            let mut space = ReadBuf::new(&mut space);
            // Pending or failed, nothing is there; a failure shows again at the next reading.
            let _ = std::future::poll_fn(|context| {
                let _ = Pin::new(&mut self.stream).poll_read(context, &mut space);
                Poll::Ready(())
            })
            .await;
            self.buffer.extend_from_slice(space.filled());
        }
        !self.buffer.is_empty()
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    fn take(&mut self, limit: u32) -> Option<Received> {
        let mut header = self.buffer.get(..HEADER)?;
        let (kind, announced) = (header.get_u32(), header.get_u32());
        if announced > limit {
            return Some(Received::Oversized { announced });
        }
        let end = HEADER + announced as usize;
        if self.buffer.len() < end {
            self.buffer.reserve(end - self.buffer.len());
            return None;
        }
        let payload = self.buffer.split_to(end).freeze().slice(HEADER..);
        Some(Received::Frame(Frame { kind, payload }))
    }
}

/// Bytes of a frame.
pub(crate) fn frame(kind: u32, payload: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(HEADER + payload.len());
    bytes.put_u32(kind);
    bytes.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    bytes.put_slice(payload);
    bytes
}

fn read(result: io::Result<usize>) -> Result<(), End> {
    match result {
        Ok(0) => Err(End::Orderly),
        Ok(_) => Ok(()),
        // That's how rustls says that the transport ended without a close_notify.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(End::WithoutCloseNotify),
        Err(_) => Err(End::Reset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn receive(bytes: &[u8], limit: u32) -> Received {
        let (mut near, far) = tokio::io::duplex(64);
        near.write_all(bytes).await.unwrap();
        drop(near);
        Wire::new(far).receive(limit).await
    }

    #[tokio::test]
    async fn a_frame_is_type_length_and_payload() {
        let bytes = frame(DATA, b"ScanFlush\n");
        assert_eq!(&bytes[..], b"\0\0\0\x03\0\0\0\x0aScanFlush\n");
        let Received::Frame(frame) = receive(&bytes, 10).await else {
            panic!("no frame");
        };
        assert_eq!((frame.kind, &frame.payload[..]), (DATA, &b"ScanFlush\n"[..]));
    }

    #[tokio::test]
    async fn too_long_cut_off_and_ended_are_told_apart() {
        let bytes = frame(DATA, b"ScanFlush\n");
        assert!(matches!(
            receive(&bytes, 9).await,
            Received::Oversized { announced: 10 }
        ));
        assert!(matches!(
            receive(&bytes[..12], 10).await,
            Received::CutOff { bytes: 12 }
        ));
        assert!(matches!(receive(b"", 10).await, Received::End(End::Orderly)));
    }
}
