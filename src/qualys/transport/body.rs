//! The bridge between the network and the parser: a report arrives asynchronously and is parsed by a thread that
//! blocks. A few pieces wait in between, not more: a slow parser holds the network back, and memory stays small.

use std::io;

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::transport::stream::Stream;

/// Pieces between network and parser; hyper's are at most 400 KiB.
const PIECES: usize = 4;

/// The body of a report, to be read by a thread that may block.
///
/// Its end is reported only when it was proven: a download that was cut off, timed out or was abandoned ends in an
/// [`io::Error`] that carries the [`Error`].
#[derive(Debug)]
pub struct Body {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

/// How far the network side came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qualys) enum Pumped {
    /// To the proven end.
    Whole,
    /// The parser stopped reading.
    Abandoned,
}

/// The network's end of the bridge.
#[derive(Debug)]
pub(in crate::qualys) struct Pump(mpsc::Sender<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Broken(Box<Error>),
    End,
}

/// Both ends.
pub(in crate::qualys) fn bridge() -> (Pump, Body) {
    let (sender, pieces) = mpsc::channel(PIECES);
    let body = Body {
        pieces,
        current: Bytes::new(),
        ended: false,
    };
    (Pump(sender), body)
}

impl Pump {
    /// Carries a report over. A fault goes to both sides; `error` dresses it for the reader. `arrived` learns how many
    /// bytes there are so far.
    pub(in crate::qualys) async fn run(
        self,
        stream: &mut Stream,
        error: impl Fn(Fault) -> Error,
        arrived: impl Fn(u64),
    ) -> Result<Pumped, Fault> {
        loop {
            let next = stream.gather().await;
            arrived(stream.received());
            let (piece, outcome) = match next {
                Ok(Some(bytes)) => (Piece::Bytes(bytes), None),
                Ok(None) => (Piece::End, Some(Ok(Pumped::Whole))),
                Err(fault) => (Piece::Broken(Box::new(error(fault.clone()))), Some(Err(fault))),
            };
            let taken = self.0.send(piece).await;
            match outcome {
                Some(outcome) => return outcome,
                None if taken.is_err() => return Ok(Pumped::Abandoned),
                None => {}
            }
        }
    }
}

impl io::Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended && !buffer.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                Some(Piece::Broken(error)) => return Err(io::Error::other(*error)),
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::ConnectionAborted,
                        "the download was abandoned",
                    ));
                }
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(buffer.split_at_mut(length).0);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::problem::{Kind, Problem as _};
    use crate::qualys::Error;
    use crate::stage::Stage;

    async fn read(pieces: Vec<Piece>) -> (Vec<u8>, Option<io::Error>) {
        let (Pump(sender), mut body) = bridge();
        let reader = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            let error = body.read_to_end(&mut all).err();
            (all, error)
        });
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        drop(sender);
        reader.await.unwrap()
    }

    fn bytes(text: &'static str) -> Piece {
        Piece::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn pieces_arrive_in_order_and_the_end_is_an_end() {
        let (all, error) = read(vec![bytes("<A>"), bytes(""), bytes("</A>"), Piece::End]).await;
        assert_eq!(all, b"<A></A>");
        assert!(error.is_none());
    }

    #[tokio::test]
    async fn a_broken_download_reaches_the_reader_with_its_cause() {
        let broken = Error {
            stage: Stage::Download,
            host: "qualysapi.qualys.com".into(),
            fault: Box::new(Fault::CutOff {
                received: 3,
                cause: "reset".into(),
            }),
        };
        let (all, error) = read(vec![bytes("<A>"), Piece::Broken(Box::new(broken))]).await;
        assert_eq!(all, b"<A>");
        let error = error.unwrap().into_inner().unwrap().downcast::<Error>().unwrap();
        assert_eq!(error.fault.kind(), Kind::CutOff);
    }

    #[tokio::test]
    async fn a_download_that_is_dropped_is_not_an_end() {
        let (_, error) = read(vec![bytes("<A>")]).await;
        assert_eq!(error.unwrap().kind(), io::ErrorKind::ConnectionAborted);
    }
}
