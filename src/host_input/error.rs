//! Why commands couldn't be delivered.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use thiserror::Error;

use super::frame::FrameError;
use super::trust::HandshakeError;
use super::{identity, trust};
use crate::problem::{Kind, Problem, RetryPolicy};

/// Why commands couldn't be delivered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The PKCS12 file is of no use.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// Identity and trust don't make a TLS client.
    #[error(transparent)]
    Trust(#[from] trust::ClientConfigError),
    /// There is no TLS: one of the two ends doesn't accept the other's certificate, most often.
    #[error("the Management Center {0}")]
    Tls(#[from] Box<HandshakeError>),
    /// No address belongs to the server's name.
    #[error("can't resolve the Management Center's name {server}: {source}")]
    Resolve {
        /// `management_center.server`.
        server: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The server has addresses, but none of the family that is asked for.
    #[error("the Management Center {server} has no IPv6 address, and management_center.ipv6 asks for one")]
    NoIpv6 {
        /// `management_center.server`.
        server: String,
    },
    /// None of its addresses answers.
    #[error("can't connect to the Management Center: {tried}")]
    Connect {
        /// Every address and what went wrong with it.
        tried: String,
    },
    /// It closed the connection instead of saying its maximum size.
    #[error("{}", rejected(peer, said))]
    Rejected {
        /// Address and port.
        peer: String,
        /// What it said before, if anything.
        said: String,
    },
    /// It answers, but not as a Management Center does.
    #[error("{peer} doesn't speak Host Input: {what}")]
    NotHostInput {
        /// Address and port.
        peer: String,
        /// What it did.
        what: String,
    },
    /// Its maximum leaves no room for commands.
    #[error(
        "the Management Center takes frames of {maximum} bytes (management_center.max_frame: {configured}), too few for \
         a command"
    )]
    MaximumTooSmall {
        /// What it announced.
        maximum: u32,
        /// What the configuration allows.
        configured: u32,
    },
    /// It refused the context that all commands need.
    #[error("the Management Center refused the commands' source or domain: {reason}")]
    HeaderRefused {
        /// In its words.
        reason: String,
    },
    /// It refused to close what a refused frame had left queued; the end of the connection closes it as well.
    #[error("the Management Center refused ScanUpdate after a refused frame: {reason}")]
    UpdateRefused {
        /// In its words.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection to the Management Center was lost: {0}")]
    Lost(#[source] FrameError),
    /// The connection was closed in good order, but too early.
    #[error("the Management Center closed the connection instead of answering")]
    Closed,
    /// More answers than frames.
    #[error("the Management Center sent an answer that no commands asked for")]
    Unasked,
    /// No answer within `management_center.answer_timeout`.
    #[error(
        "the Management Center at {peer} didn't answer within {} (management_center.answer_timeout)",
        humantime::format_duration(*limit)
    )]
    AnswerTimeout {
        /// Address and port.
        peer: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It stayed away until `management_center.connect_deadline`.
    #[error("{error}; it stayed so for {} (management_center.connect_deadline)", humantime::format_duration(*limit))]
    Away {
        /// What the last attempt failed for.
        error: Box<Error>,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It let nobody in before `management_center.deadline`.
    #[error(
        "there was no way into the Management Center {server} within {} (management_center.deadline)",
        humantime::format_duration(*limit)
    )]
    NotLetIn {
        /// `management_center.server` and port.
        server: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// Not finished within `management_center.deadline`.
    #[error(
        "sending to the Management Center {server} wasn't finished within {} (management_center.deadline), and its last \
         answer came {} before the end", humantime::format_duration(*limit), humantime::format_duration(*silent)
    )]
    Deadline {
        /// `management_center.server` and port.
        server: String,
        /// The deadline.
        limit: Duration,
        /// How long it said nothing before, in whole seconds.
        silent: Duration,
    },
    /// SIGTERM or SIGINT.
    #[error("sending was interrupted")]
    Interrupted,
}

impl Error {
    /// Whether another connection may succeed where this one failed.
    pub(super) fn is_passing(&self) -> bool {
        // One that stayed away was waited for.
        !matches!(self, Error::Away { .. }) && self.kind().row().retry == RetryPolicy::Reconnect
    }
}

fn rejected(peer: &str, said: &str) -> String {
    match said {
        "" => format!("the Management Center at {peer} closed the connection before its first answer"),
        said => format!("the Management Center at {peer} refuses this client and says: {said}"),
    }
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::Identity(error) => error.kind(),
            Error::Trust(error) => error.kind(),
            Error::Tls(error) => error.kind(),
            Error::Away { error, .. } => error.kind(),
            Error::Resolve { .. } => Kind::NameUnresolved,
            Error::NoIpv6 { .. } => Kind::NoIpv6,
            Error::Connect { .. } => Kind::Unreached,
            Error::Rejected { said, .. } if said.is_empty() => Kind::ClientUnwelcome,
            // It says why, and will say so again.
            Error::Rejected { .. } => Kind::ClientRejected,
            Error::NotHostInput { .. } => Kind::NotHostInput,
            Error::MaximumTooSmall { .. } => Kind::FrameTooSmall,
            Error::HeaderRefused { .. } => Kind::HeaderRefused,
            Error::Lost(FrameError::Io(_) | FrameError::CutOff { .. }) | Error::Closed => Kind::ConnectionLost,
            Error::AnswerTimeout { .. } => Kind::AnswerTimeout,
            Error::NotLetIn { .. } | Error::Deadline { .. } => Kind::Overdue,
            Error::UpdateRefused { .. } | Error::Lost(_) | Error::Unasked => Kind::ProtocolBroken,
            Error::Interrupted => Kind::Terminated,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Error::Identity(error) => error.remedy(),
            Error::Trust(error) => error.remedy(),
            Error::Tls(error) => error.remedy(),
            Error::Away { error, .. } => error.remedy(),
            _ => self.kind().row().remedy.into(),
        }
    }
}
