//! The transcript: what happened on every connection, one JSON object a line, in memory and in `transcript.jsonl`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::hostinputd::FrameSummary;

/// Everything so far.
#[derive(Debug)]
pub(crate) struct Transcript {
    began: Instant,
    events: Mutex<(Vec<Event>, File)>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the start.
    pub at: f64,
    /// Number of the connection, from 1.
    pub connection: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// A client connected.
    Connection {
        /// From where.
        peer: String,
    },
    /// TLS is established.
    Tls {
        /// Such as `TLSv1_3`.
        version: String,
        /// The registered address in the client's certificate.
        client: String,
    },
    /// TLS wasn't established.
    TlsFailed {
        /// Why.
        error: String,
    },
    /// A frame came.
    Frame {
        /// 0 for VERSION, then 1 and so on.
        number: u64,
        /// Its type.
        kind: u32,
        /// Bytes of payload.
        bytes: usize,
        /// Seconds that it took to process it.
        took: f64,
        /// What was in it, if it was one of commands.
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        summary: Option<FrameSummary>,
    },
    /// A frame was answered.
    Answer {
        /// The frame's number.
        number: u64,
        /// The answer's text; empty for MAX_SIZE.
        text: String,
        /// What was made wrong with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// The connection ended, what was pending has taken effect, and `network-map.json` is written.
    Close {
        /// How.
        #[serde(flatten)]
        how: Close,
    },
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Close {
    /// The client closed between two frames, with a close_notify.
    Orderly,
    /// The client closed between two frames, without a close_notify.
    WithoutCloseNotify,
    /// The client closed within a frame.
    CutFrame {
        /// How many bytes of it had come.
        bytes: usize,
    },
    /// The client's system reset the connection.
    Reset,
    /// The Management Center closed.
    Closed {
        /// Why.
        reason: String,
    },
}

impl Transcript {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            events: Mutex::new((Vec::new(), File::create(path)?)),
        })
    }

    pub(crate) fn add(&self, connection: u64, what: What) {
        let event = Event {
            at: self.began.elapsed().as_secs_f64(),
            connection,
            what,
        };
        tracing::debug!(?event);
        let mut guard = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let (events, file) = &mut *guard;
        if let Err(error) = write_line(file, &event) {
            tracing::warn!(%error, "the transcript can't be written");
        }
        events.push(event);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let guard = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        guard.0.clone()
    }
}

/// Writes an event in one piece.
fn write_line(file: &mut impl Write, event: &Event) -> io::Result<()> {
    file.write_all(&line(event)?)
}

/// An event as a line of JSON.
pub(crate) fn line(event: &Event) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object() {
        let event = |what| Event {
            at: 0.5,
            connection: 1,
            what,
        };
        let text = |what| String::from_utf8(line(&event(what)).unwrap()).unwrap();
        let close = What::Close {
            how: Close::CutFrame { bytes: 3 },
        };
        assert_eq!(
            text(close),
            "{\"at\":0.5,\"connection\":1,\"event\":\"close\",\"how\":\"cut_frame\",\"bytes\":3}\n"
        );
        let frame = What::Frame {
            number: 1,
            kind: 3,
            bytes: 10,
            took: 0.25,
            summary: Some(FrameSummary::default()),
        };
        let read: Event = serde_json::from_str(&text(frame.clone())).unwrap();
        assert_eq!(read, event(frame));
    }
}
