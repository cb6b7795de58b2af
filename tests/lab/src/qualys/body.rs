//! How an answer's body is sent: as it comes, or with whatever goes wrong on the way.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::call::CutOff;
use super::fault::Transfer;
use super::library::Content;
use super::limits::Pass;

/// Long enough for what was sent to leave before the connection goes.
const PARTING: Duration = Duration::from_millis(50);

/// The body of an answer, made as it's sent. The call runs until it's gone.
pub(super) struct Payload {
    content: Content,
    /// What is left of a piece that was too long.
    rest: Bytes,
    length: Option<u64>,
    sent: u64,
    transfers: Vec<Transfer>,
    line: Arc<Line>,
    pause: Option<Pin<Box<Sleep>>>,
    /// After the pause, the connection is given up.
    parting: bool,
    _pass: Option<Pass>,
}

/// The connection under an answer.
#[derive(Debug, Default)]
pub(super) struct Line {
    reset: AtomicBool,
    /// How many bytes may still leave, where that is limited.
    left: Mutex<Option<u64>>,
}

impl Line {
    /// When the connection ends, it's reset.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    /// From now on so many bytes may leave, then the connection ends.
    pub(super) fn end_after(&self, bytes: u64) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    /// How many of these bytes may leave.
    pub(super) fn allowed(&self, bytes: usize) -> usize {
        let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.map_or(bytes, |left| usize::try_from(left).unwrap_or(bytes).min(bytes))
    }

    /// So many bytes have left.
    pub(super) fn sent(&self, bytes: usize) {
        if let Some(left) = &mut *self.left.lock().unwrap_or_else(PoisonError::into_inner) {
            *left = left.saturating_sub(bytes as u64);
        }
    }
}

impl Payload {
    pub(super) fn new(content: Content, length: Option<u64>, pass: Option<Pass>, line: Arc<Line>) -> Self {
        Self {
            content,
            rest: Bytes::new(),
            length,
            sent: 0,
            transfers: Vec::new(),
            line,
            pause: None,
            parting: false,
            _pass: pass,
        }
    }

    pub(super) fn with(mut self, transfers: Vec<Transfer>) -> Self {
        self.transfers = transfers;
        self
    }

    /// The next piece, no longer than this.
    fn piece(&mut self, longest: u64) -> Option<Result<Bytes, CutOff>> {
        while self.rest.is_empty() {
            match self.content.next()? {
                Ok(piece) => self.rest = piece,
                Err(_) => return Some(Err(CutOff)),
            }
        }
        let length = usize::try_from(longest).map_or(self.rest.len(), |longest| longest.min(self.rest.len()));
        Some(Ok(self.rest.split_to(length)))
    }

    /// The fault whose byte has come, and how many bytes may be sent until the next one's.
    fn due(&self) -> (Option<Transfer>, u64) {
        let mut allowed = u64::MAX;
        for &transfer in &self.transfers {
            let left = match transfer {
                Transfer::Drip(rate) => (rate / 10).max(1),
                Transfer::Length(_) => u64::MAX,
                Transfer::Cut(at)
                | Transfer::CutChunked(at)
                | Transfer::CutClose(at)
                | Transfer::Reset(at)
                | Transfer::Hang(at) => at.saturating_sub(self.sent),
            };
            if left == 0 {
                return (Some(transfer), 0);
            }
            allowed = allowed.min(left);
        }
        (None, allowed)
    }

    /// More was announced than there is.
    fn owes(&self) -> bool {
        let sent = self.sent;
        self.transfers
            .iter()
            .any(|transfer| matches!(transfer, Transfer::Length(announced) if *announced > sent))
    }

    fn rate(&self) -> Option<u64> {
        self.transfers.iter().find_map(|transfer| match transfer {
            Transfer::Drip(rate) => Some(*rate),
            _ => None,
        })
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
            if self.parting {
                return Poll::Ready(Some(Err(CutOff)));
            }
        }
        let (due, allowed) = self.due();
        match due {
            None => {}
            Some(Transfer::Hang(_)) => return Poll::Pending,
            Some(Transfer::CutClose(_)) => return Poll::Ready(None),
            Some(transfer) => {
                if matches!(transfer, Transfer::Reset(_)) {
                    self.line.reset();
                }
                self.parting = true;
                self.pause = Some(Box::pin(sleep(PARTING)));
                return self.poll_frame(cx);
            }
        }
        let piece = match self.piece(allowed) {
            None if self.owes() => {
                self.parting = true;
                self.pause = Some(Box::pin(sleep(PARTING)));
                return self.poll_frame(cx);
            }
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(piece)) => piece,
        };
        self.sent += piece.len() as u64;
        if let Some(rate) = self.rate() {
            self.pause = Some(Box::pin(sleep(Duration::from_secs_f64(
                piece.len() as f64 / rate as f64,
            ))));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.length == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
