//! One connection to the Management Center: from its name to the first answer, then a frame each way.
//!
//! Source: Cisco's reference client (certain): the client speaks first, with its version; the server answers with
//! the largest payload it takes; after that each data frame gets one answer; there is no goodbye.
//!
//! With several frames under way, answers are read while the next frame is written: a server that won't read on
//! before its answer is taken, and a client that won't take it before its frame is written, would wait for each
//! other for ever. Answers carry no number; that they come in the order of the frames is all that ties them together.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_util::codec::Framed;
use tracing::debug;

use super::answer::readable;
use super::frame::{Frame, FrameCodec, FrameError};
use super::trust::HandshakeError;
use super::{Error, Settings, trust};

/// The protocol's version that both known clients send.
const VERSION: u32 = 1;
/// Bytes of an answer, at most: a line for each command of a frame that is refused, and room to spare.
const ANSWER_LIMIT: u32 = 4 * 1024 * 1024;

/// How long the end of a connection may take.
const CLOSING: Duration = Duration::from_secs(2);

/// A connection that is past its handshake.
pub(super) struct Connection {
    frames: Framed<TlsStream<TcpStream>, FrameCodec>,
    /// Bytes of commands that a frame may carry, as the server says.
    pub(super) maximum: u32,
    /// When the server's certificate expires.
    pub(super) certificate_expires: Option<SystemTime>,
    answer_timeout: Duration,
    peer: SocketAddr,
    /// Frames of commands whose answers haven't been taken by [`Connection::answer`] yet.
    unanswered: usize,
    /// Answers that came while a frame was written, oldest first.
    arrived: VecDeque<Frame>,
    /// The error of a frame that was being written; reported after the answers that came before it.
    failure: Option<Error>,
}

impl Connection {
    /// Connects to the first address of the server that answers, proves both ends, and exchanges the opening frames.
    pub(super) async fn open(settings: &Settings, tls: &Arc<ClientConfig>) -> Result<Self, Error> {
        let addresses = resolve(settings).await?;
        let (stream, peer) = connect(settings, addresses).await?;
        let stream = secure(settings, tls, stream, peer).await?;
        Self::introduced(settings, stream, peer).await
    }

    /// Exchanges the opening frames.
    pub(super) async fn introduced(
        settings: &Settings,
        stream: TlsStream<TcpStream>,
        peer: SocketAddr,
    ) -> Result<Self, Error> {
        let certificate_expires = trust::presented(&stream).map(|certificate| certificate.not_after);
        let mut connection = Connection {
            certificate_expires,
            frames: Framed::new(stream, FrameCodec { limit: ANSWER_LIMIT }),
            maximum: 0,
            answer_timeout: settings.answer_timeout,
            peer,
            unanswered: 0,
            arrived: VecDeque::new(),
            failure: None,
        };
        connection.maximum = connection.introduce(&settings.server, peer).await?;
        debug!(%peer, maximum = connection.maximum, "connected to the Management Center");
        Ok(connection)
    }

    /// VERSION, and the MAX_SIZE that answers it.
    async fn introduce(&mut self, server: &str, peer: SocketAddr) -> Result<u32, Error> {
        let rejected = |said: &str| Error::Rejected {
            peer: peer.to_string(),
            said: said.to_owned(),
        };
        let not_host_input = |what: String| Error::NotHostInput {
            peer: peer.to_string(),
            what,
        };
        // Where the server has closed already, the reason why stands in what can still be read.
        let _ = self.send(Frame::Version(VERSION)).await;
        match self.receive(self.answer_timeout).await {
            Ok(Frame::MaxSize(maximum)) => Ok(maximum),
            Ok(Frame::Error(text) | Frame::Data(text)) => {
                Err(rejected(readable(&String::from_utf8_lossy(&text)).trim()))
            }
            Ok(Frame::Version(_)) => Err(not_host_input(
                "it sent a version instead of its maximum size".to_owned(),
            )),
            Err(error) => Err(match refused_certificate(server, error) {
                Ok(refused) => refused,
                Err(Error::Closed | Error::Lost(FrameError::Io(_))) => rejected(""),
                Err(Error::Lost(error @ FrameError::CutOff { .. })) => Error::Lost(error),
                Err(Error::Lost(error)) => not_host_input(error.to_string()),
                Err(error) => error,
            }),
        }
    }

    /// Sends commands. [`Connection::answer`] reports any error in its turn, so that no answer that
    /// came before is lost.
    pub(super) async fn send_commands(&mut self, payload: Bytes) {
        if self.failure.is_none() {
            self.failure = self.write(&Frame::Data(payload)).await.err();
        }
        self.unanswered += 1;
    }

    /// Whether nothing more can be sent: the error follows the answers that have arrived.
    pub(super) fn is_broken(&self) -> bool {
        self.failure.is_some()
    }

    /// Waits for the answer to the oldest unanswered commands, `limit` at most; returns its text.
    pub(super) async fn answer(&mut self, limit: Duration) -> Result<(Bytes, AnswerKind), Error> {
        let frame = match (self.arrived.pop_front(), self.failure.take()) {
            (Some(frame), failure) => {
                self.failure = failure;
                frame
            }
            (None, Some(failure)) => return Err(failure),
            (None, None) => self.receive(limit.min(self.answer_timeout)).await?,
        };
        self.unanswered = self.unanswered.saturating_sub(1);
        match frame {
            Frame::Error(text) => Ok((text, AnswerKind::Error)),
            Frame::Data(text) => Ok((text, AnswerKind::Text)),
            // The reference client ignores the type; so a number is a text without meaning.
            Frame::MaxSize(_) | Frame::Version(_) => Ok((Bytes::new(), AnswerKind::Text)),
        }
    }

    /// Writes a frame, and takes the answers that come meanwhile.
    async fn write(&mut self, frame: &Frame) -> Result<(), Error> {
        // An answer that nobody waits for would be taken for the next one's.
        if let Some(failure) = poll_fn(|context| Poll::Ready(self.take_answers(context))).await {
            return Err(failure);
        }
        self.frames.feed(frame).await.map_err(Error::Lost)?;
        let limit = self.answer_timeout;
        loop {
            let before = self.arrived.len();
            let step = poll_fn(|context| self.write_on(context, before));
            match timeout(limit, step).await {
                Ok(Ok(WriteStep::Whole)) => return Ok(()),
                // The server is working, so its time limit starts again.
                Ok(Ok(WriteStep::Answered)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(self.no_answer(limit)),
            }
        }
    }

    /// Goes on with a frame until it is written or there are more answers than `before`.
    fn write_on(&mut self, context: &mut Context<'_>, before: usize) -> Poll<Result<WriteStep, Error>> {
        let written = Pin::new(&mut self.frames).poll_flush(context);
        if let (Poll::Ready(Ok(())), 0) = (&written, self.unanswered) {
            return Poll::Ready(Ok(WriteStep::Whole));
        }
        // Also after a failed write: what the server sent before it left can still be read.
        let failure = self.take_answers(context);
        Poll::Ready(match (written, failure) {
            (Poll::Ready(Err(error)), _) => Err(Error::Lost(error)),
            (_, Some(failure)) => Err(failure),
            (Poll::Ready(Ok(())), None) => Ok(WriteStep::Whole),
            (Poll::Pending, None) if self.arrived.len() > before => Ok(WriteStep::Answered),
            (Poll::Pending, None) => return Poll::Pending,
        })
    }

    /// Takes the answers that are there; returns why there will be no more, if so.
    fn take_answers(&mut self, context: &mut Context<'_>) -> Option<Error> {
        loop {
            match Pin::new(&mut self.frames).poll_next(context) {
                Poll::Pending => return None,
                Poll::Ready(Some(Ok(_))) if self.arrived.len() == self.unanswered => return Some(Error::Unasked),
                Poll::Ready(Some(Ok(frame))) => self.arrived.push_back(frame),
                Poll::Ready(Some(Err(error))) => return Some(Error::Lost(error)),
                Poll::Ready(None) => return Some(Error::Closed),
            }
        }
    }

    /// Ends the connection: the Management Center now applies what is still queued. All that was sent has been answered, so
    /// nothing more may come: of an answer that came twice, the last one is still on its way.
    ///
    /// # Errors
    /// [`Error::Unasked`].
    pub(super) async fn close(mut self) -> Result<(), Error> {
        let closed = async {
            // There is no goodbye: the server closes its side when it sees ours closed, however that shows.
            let _ = self.frames.close().await;
            match self.frames.next().await {
                Some(Ok(_)) => Err(Error::Unasked),
                Some(Err(_)) | None => Ok(()),
            }
        };
        timeout(CLOSING, closed).await.unwrap_or(Ok(()))
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Error> {
        match timeout(self.answer_timeout, self.frames.send(&frame)).await {
            Ok(sent) => sent.map_err(Error::Lost),
            Err(_) => Err(self.no_answer(self.answer_timeout)),
        }
    }

    async fn receive(&mut self, limit: Duration) -> Result<Frame, Error> {
        match timeout(limit, self.frames.next()).await {
            Ok(Some(frame)) => frame.map_err(Error::Lost),
            Ok(None) => Err(Error::Closed),
            Err(_) => Err(self.no_answer(limit)),
        }
    }

    fn no_answer(&self, limit: Duration) -> Error {
        Error::AnswerTimeout {
            peer: self.peer.to_string(),
            limit,
        }
    }
}

/// How the writing of a frame ended.
enum WriteStep {
    /// All of it is on its way.
    Whole,
    /// An answer to an earlier one has come.
    Answered,
}

/// How an answer was framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerKind {
    /// As text.
    Text,
    /// As an error.
    Error,
}

/// With TLS 1.3 a client learns at its first read that its certificate isn't accepted.
fn refused_certificate(server: &str, error: Error) -> Result<Error, Error> {
    match error {
        Error::Lost(FrameError::Io(io)) => match HandshakeError::of(server, &io) {
            Some(refusal) => Ok(Error::Tls(Box::new(refusal))),
            None => Err(Error::Lost(FrameError::Io(io))),
        },
        error => Err(error),
    }
}

/// An IPv6 address may be written in brackets.
fn name(server: &str) -> &str {
    server
        .strip_prefix('[')
        .and_then(|server| server.strip_suffix(']'))
        .unwrap_or(server)
}

/// Every address of the server that may be tried.
pub(super) async fn resolve(settings: &Settings) -> Result<Vec<SocketAddr>, Error> {
    let server = name(&settings.server);
    let resolve = |source| Error::Resolve {
        server: server.to_owned(),
        source,
    };
    let lookup = timeout(settings.connect_timeout, lookup_host((server, settings.port))).await;
    let found = lookup
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(resolve)?;
    let addresses: Vec<SocketAddr> = found.filter(|address| address.is_ipv6() || !settings.ipv6).collect();
    match addresses.is_empty() {
        false => Ok(addresses),
        true => Err(Error::NoIpv6 {
            server: server.to_owned(),
        }),
    }
}

/// Connects to the first address that answers.
pub(super) async fn connect(
    settings: &Settings,
    addresses: Vec<SocketAddr>,
) -> Result<(TcpStream, SocketAddr), Unreached> {
    let mut unreached = Unreached {
        tried: Vec::new(),
        timeout: settings.connect_timeout,
    };
    for address in addresses {
        let connected = timeout(settings.connect_timeout, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                // A frame leaves in one write and waits for its answer: nothing is gained by holding it back.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Err(error) => unreached.tried.push((address, error)),
        }
    }
    Err(unreached)
}

/// Proves both ends to each other.
pub(super) async fn secure(
    settings: &Settings,
    tls: &Arc<ClientConfig>,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<TlsStream<TcpStream>, Error> {
    let handshake = trust::connect(stream, tls.clone(), name(&settings.server));
    match timeout(settings.connect_timeout, handshake).await {
        Ok(stream) => Ok(stream.map_err(Box::new)?),
        Err(_) => {
            let after = humantime::format_duration(settings.connect_timeout);
            Err(Error::Connect {
                tried: format!("{peer}: no TLS handshake within {after}"),
            })
        }
    }
}

/// Every address that was tried, and what went wrong with it.
#[derive(Debug)]
pub struct Unreached {
    /// Each address with its error; [`io::ErrorKind::TimedOut`] where nothing came back.
    pub tried: Vec<(SocketAddr, io::Error)>,
    timeout: Duration,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (address, error)) in self.tried.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            match error.kind() {
                io::ErrorKind::TimedOut => {
                    let after = humantime::format_duration(self.timeout);
                    write!(f, "{comma}{address}: no answer within {after}")?;
                }
                _ => write!(f, "{comma}{address}: {error}")?,
            }
        }
        Ok(())
    }
}

impl From<Unreached> for Error {
    fn from(unreached: Unreached) -> Self {
        Error::Connect {
            tried: unreached.to_string(),
        }
    }
}
