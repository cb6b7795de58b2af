//! The frame that answers a frame, with what a fault makes of it.

use bytes::BytesMut;

use super::fault::AnswerFault;
use super::wire;

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) bytes: BytesMut,
    /// Its text, for the transcript.
    pub(crate) text: String,
    pub(crate) fault: Option<AnswerFault>,
    pub(crate) follow: Follow,
}

/// What comes after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    NextFrame,
    /// The next answer, and then this one.
    AfterNext,
    /// Nothing, until the client closes.
    Silence,
    Close,
    Cut,
    Reset,
}

impl Answer {
    /// The answer to a VERSION that is accepted.
    pub(crate) fn max_size(max_size: u32, fault: Option<AnswerFault>) -> Self {
        Self::new(wire::MAX_SIZE, &max_size.to_be_bytes(), String::new(), fault)
    }

    /// The answer to a frame whose `commands` were counted.
    pub(crate) fn text(text: String, commands: u64, fault: Option<AnswerFault>) -> Self {
        let done = format!("Done processing {commands} commands.\n");
        let text = match fault {
            Some(AnswerFault::WrongCount(delta)) => {
                let wrong = commands.saturating_add_signed(delta);
                text.replace(&done, &format!("Done processing {wrong} commands.\n"))
            }
            Some(AnswerFault::WithoutDone) => text.replace(&done, ""),
            _ => text,
        };
        Self::new(wire::DATA, text.as_bytes(), text.clone(), fault)
    }

    /// An ERROR frame, behind which the connection closes.
    pub(crate) fn refusal(text: &str) -> Self {
        Self {
            follow: Follow::Close,
            ..Self::new(wire::ERROR, text.as_bytes(), text.to_owned(), None)
        }
    }

    /// Why the connection closes after this.
    pub(crate) fn reason(&self) -> String {
        match self.fault {
            Some(fault) => format!("fault: {fault:?}"),
            None => self.text.trim_end().to_owned(),
        }
    }

    fn new(kind: u32, payload: &[u8], text: String, fault: Option<AnswerFault>) -> Self {
        let right = wire::frame(kind, payload);
        let (bytes, follow) = match fault {
            None | Some(AnswerFault::WrongCount(_) | AnswerFault::WithoutDone | AnswerFault::StopReading) => {
                (right, Follow::NextFrame)
            }
            Some(AnswerFault::CloseBefore) => (BytesMut::new(), Follow::Close),
            Some(AnswerFault::CloseAfter) => (right, Follow::Close),
            Some(AnswerFault::CloseWithin(length)) => {
                let mut part = right;
                part.truncate(length);
                (part, Follow::Close)
            }
            Some(AnswerFault::Cut) => (BytesMut::new(), Follow::Cut),
            Some(AnswerFault::Reset) => (BytesMut::new(), Follow::Reset),
            Some(AnswerFault::Never) => (BytesMut::new(), Follow::Silence),
            Some(AnswerFault::Error) => (wire::frame(wire::ERROR, b"error made by the lab\n"), Follow::NextFrame),
            Some(AnswerFault::Garbage) => (wire::frame(kind, b"\xff\xfe\0\x07\xc3\x28"), Follow::NextFrame),
            Some(AnswerFault::HugeLength) => {
                let header = [kind, u32::MAX].map(u32::to_be_bytes).concat();
                (BytesMut::from(&[&header, payload].concat()[..]), Follow::NextFrame)
            }
            Some(AnswerFault::FalseLength(delta)) => {
                let length = u32::try_from(payload.len())
                    .unwrap_or(u32::MAX)
                    .saturating_add_signed(delta);
                let header = [kind, length].map(u32::to_be_bytes).concat();
                (BytesMut::from(&[&header, payload].concat()[..]), Follow::NextFrame)
            }
            Some(AnswerFault::AfterNext) => (right, Follow::AfterNext),
            Some(AnswerFault::WrongType) => (wire::frame(9, payload), Follow::NextFrame),
            Some(AnswerFault::Twice) => {
                let mut twice = right.clone();
                twice.extend_from_slice(&right);
                (twice, Follow::NextFrame)
            }
        };
        Self {
            bytes,
            text,
            fault,
            follow,
        }
    }
}
