//! One connection: TLS, VERSION and MAX_SIZE, then frames of commands and their answers, one by one (certain).
//!
//! Every way to end it is an [`Ending`]; what was pending takes effect before the client can notice the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::answer::{Answer, Follow};
use super::center::Center;
use super::fault::{AnswerFault, Faults, VersionRefusal};
use super::queue::Queue;
use super::transcript::{Close, What};
use super::wire::{self, End, Frame, Received, Wire};

/// One connection at work.
struct Connection {
    center: Arc<Center>,
    faults: Arc<Faults>,
    number: u64,
    peer: SocketAddr,
    queue: Queue,
}

/// How a connection ends.
struct Ending {
    how: Close,
    goodbye: Goodbye,
    wire: Option<Wire<TlsStream<TcpStream>>>,
}

/// What the Management Center does last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    /// A close_notify and the end of the stream.
    Orderly,
    /// The end of the stream.
    Cut,
    Reset,
}

/// Serves a connection until it ends, or `stop` does.
pub(super) async fn serve(center: Arc<Center>, socket: TcpStream, peer: SocketAddr, stop: impl Future<Output = ()>) {
    let number = center.begin_connection();
    let mut connection = Connection {
        faults: center.faults_for(number),
        center,
        number,
        peer,
        queue: Queue::default(),
    };
    connection.note(What::Connection { peer: peer.to_string() });
    let ending = tokio::select! {
        ending = connection.converse(socket) => ending,
        () = stop => Ending::closed("the lab stops", None),
    };
    let Connection {
        center,
        faults,
        mut queue,
        ..
    } = connection;
    center.daemon().close(&mut queue, &faults);
    center.write_network_map().await;
    let how = ending.how.clone();
    ending.say_goodbye().await;
    center.transcript.add(number, What::Close { how });
    center.end_connection();
}

impl Connection {
    async fn converse(&mut self, mut socket: TcpStream) -> Ending {
        // Answers are small: without this they'd wait for the client's acknowledgements.
        let _ = socket.set_nodelay(true);
        if self.faults.silent {
            wait_for_end(&mut socket).await;
            return Ending::closed("silent", None);
        }
        if self.faults.plain_text {
            let _ = socket.write_all(b"220 This is not TLS.\r\n").await;
            return Ending::closed("plain text", None);
        }
        let acceptor = match self.center.acceptor(&self.faults) {
            Ok(acceptor) => acceptor,
            Err(error) => return Ending::closed(error, None),
        };
        let stream = match acceptor.accept(socket).await {
            Ok(stream) => stream,
            Err(error) => {
                let error = error.to_string();
                self.note(What::TlsFailed { error });
                return Ending::closed("TLS failed", None);
            }
        };
        self.note_tls(&stream);
        let rejection = self.rejection(&stream).await;
        let mut wire = Wire::new(stream);
        match rejection {
            Some(reason) => Ending::closed(reason, Some(wire)),
            None => {
                let (how, goodbye) = self.answer_frames(&mut wire).await;
                Ending {
                    how,
                    goodbye,
                    wire: Some(wire),
                }
            }
        }
    }

    /// Why this client is turned away right after TLS (likely).
    async fn rejection(&self, stream: &TlsStream<TcpStream>) -> Option<&'static str> {
        let (_, tls) = stream.get_ref();
        let certificate = tls.peer_certificates().and_then(<[_]>::first);
        if self.faults.close_after_tls {
            Some("fault: close after TLS")
        } else if certificate != Some(self.center.client_certificate()) {
            Some("the certificate isn't a registered client's")
        } else if self.center.client_is_deleted() {
            Some("the client was deleted")
        } else if !self.center.source_is_allowed(self.peer.ip()).await {
            Some("the source address isn't the registered client's")
        } else {
            None
        }
    }

    async fn answer_frames(&mut self, wire: &mut Wire<TlsStream<TcpStream>>) -> (Close, Goodbye) {
        // An answer that waits for the next one to be sent.
        let mut late = BytesMut::new();
        for number in 0.. {
            if self.faults.answers.get(&number) == Some(&AnswerFault::StopReading) {
                std::future::pending::<()>().await;
            }
            let received = wire.receive(self.limit(number)).await;
            let frame = match received {
                Received::Frame(frame) => frame,
                other => return self.ended(number, other),
            };
            let answer = match self.process(number, &frame) {
                Ok(answer) => answer,
                Err(reason) => return (closed(reason), Goodbye::Orderly),
            };
            pause(self.faults.slow_answers).await;
            if wire.has_more().await {
                self.center.violation(|violations| violations.early_frames += 1);
            }
            self.note(What::Answer {
                number,
                text: answer.text.clone(),
                fault: answer.fault.map(|fault| format!("{fault:?}")),
            });
            if answer.follow == Follow::AfterNext {
                late = answer.bytes;
                continue;
            }
            let bytes = [&answer.bytes[..], &std::mem::take(&mut late)].concat();
            if self.send(wire, &bytes).await.is_err() {
                return (Close::Reset, Goodbye::Reset);
            }
            let goodbye = match answer.follow {
                Follow::NextFrame | Follow::AfterNext => continue,
                Follow::Silence => {
                    while let Received::Frame(_) = wire.receive(u32::MAX).await {}
                    return (closed("fault: never answered"), Goodbye::Orderly);
                }
                Follow::Close => Goodbye::Orderly,
                Follow::Cut => Goodbye::Cut,
                Follow::Reset => Goodbye::Reset,
            };
            return (closed(answer.reason()), goodbye);
        }
        (closed("no more frames"), Goodbye::Orderly)
    }

    /// VERSION has four bytes; whatever it is, nothing longer is taken before it was accepted.
    fn limit(&self, number: u64) -> u32 {
        match number {
            0 => 4,
            _ => self.center.options.max_size,
        }
    }

    /// Takes in a frame and prepares its answer. The error says why the connection closes instead.
    fn process(&mut self, number: u64, frame: &Frame) -> Result<Answer, &'static str> {
        let fault = self.faults.answers.get(&number).copied();
        let began = Instant::now();
        let note = |summary| What::Frame {
            number,
            kind: frame.kind,
            bytes: frame.payload.len(),
            took: began.elapsed().as_micros() as f64 / 1e6,
            summary,
        };
        match (number, frame.kind) {
            (0, wire::VERSION) => {
                self.note(note(None));
                let version = <[u8; 4]>::try_from(&frame.payload[..]).map(u32::from_be_bytes);
                if version.is_ok_and(|version| version <= self.center.options.protocol_version)
                    && self.faults.refuse_version.is_none()
                {
                    Ok(Answer::max_size(self.center.options.max_size, fault))
                } else if self.faults.refuse_version == Some(VersionRefusal::Error) {
                    Ok(Answer::refusal("version not supported\n"))
                } else {
                    Err("the client's version is newer")
                }
            }
            (1.., wire::DATA) => {
                let outcome = {
                    let mut daemon = self.center.daemon();
                    daemon.run_frame(&mut self.queue, &frame.payload, &self.faults)
                };
                let commands = outcome.summary.commands;
                self.note(note(Some(outcome.summary)));
                let mut text = outcome.answer;
                if self.faults.long_answers > 0 {
                    text.insert_str(0, &format!("{}\n", "Lorem ".repeat(self.faults.long_answers / 6)));
                }
                Ok(Answer::text(text, commands, fault))
            }
            _ => {
                self.note(note(None));
                self.center.violation(|violations| violations.unexpected_frames += 1);
                Err("an unexpected frame")
            }
        }
    }

    fn ended(&self, number: u64, received: Received) -> (Close, Goodbye) {
        match received {
            Received::Oversized { announced } => {
                self.center.violation(|violations| match number {
                    0 => violations.unexpected_frames += 1,
                    _ => violations.oversized_frames += 1,
                });
                let reason = format!("a frame of {announced} bytes, {} are allowed", self.limit(number));
                (closed(reason), Goodbye::Orderly)
            }
            Received::CutOff { bytes } => {
                self.center.violation(|violations| violations.cut_frames += 1);
                (Close::CutFrame { bytes }, Goodbye::Orderly)
            }
            Received::End(End::Reset) => (Close::Reset, Goodbye::Orderly),
            Received::End(End::WithoutCloseNotify) => (Close::WithoutCloseNotify, Goodbye::Orderly),
            Received::End(End::Orderly) | Received::Frame(_) => (Close::Orderly, Goodbye::Orderly),
        }
    }

    async fn send(&self, wire: &mut Wire<TlsStream<TcpStream>>, bytes: &[u8]) -> std::io::Result<()> {
        let Some(between) = self.faults.split_answers else {
            return wire.send(bytes).await;
        };
        for byte in bytes {
            wire.send(std::slice::from_ref(byte)).await?;
            pause(between).await;
        }
        Ok(())
    }

    fn note_tls(&self, stream: &TlsStream<TcpStream>) {
        let (_, tls) = stream.get_ref();
        let version = tls.protocol_version();
        self.note(What::Tls {
            version: version.map(|version| format!("{version:?}")).unwrap_or_default(),
            client: self.center.options.client_name.clone(),
        });
    }

    fn note(&self, what: What) {
        self.center.transcript.add(self.number, what);
    }
}

impl Ending {
    fn closed(reason: impl std::fmt::Display, wire: Option<Wire<TlsStream<TcpStream>>>) -> Self {
        Self {
            how: closed(reason),
            goodbye: Goodbye::Orderly,
            wire,
        }
    }

    async fn say_goodbye(self) {
        /// How long a client may take to close, too. If it still sends then, its system gets a reset.
        const PATIENCE: Duration = Duration::from_secs(1);
        let Some(Wire { mut stream, .. }) = self.wire else {
            return;
        };
        // Whatever fails here, the connection is gone.
        let _ = match self.goodbye {
            Goodbye::Orderly => stream.shutdown().await,
            Goodbye::Cut => stream.get_mut().0.shutdown().await,
            Goodbye::Reset => stream.get_mut().0.set_zero_linger(),
        };
        if self.goodbye != Goodbye::Reset {
            let _ = tokio::time::timeout(PATIENCE, wait_for_end(stream.get_mut().0)).await;
        }
    }
}

fn closed(reason: impl std::fmt::Display) -> Close {
    Close::Closed {
        reason: reason.to_string(),
    }
}

/// Tokio's sleep of no time at all takes a millisecond.
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Reads and forgets.
async fn wait_for_end(socket: &mut TcpStream) {
    let mut space = [0; 1 << 12];
    while let Ok(1..) = socket.read(&mut space).await {}
}
