//! Faults: everything that can go wrong between a request and a usable answer.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::refusal::Refusal;
use crate::printable::Text;
use crate::problem::{Kind, Problem, Reason};

/// What went wrong. [`Error`](super::Error) adds where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// What its kind means, and how that showed; the latter may be empty.
    Plain(Kind, Text),
    /// A setting that can't work, with its key.
    Setting {
        /// `section.key`.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that a setting names can't be used.
    File {
        /// `section.key`.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The proxy was given as https:// but doesn't speak TLS.
    ProxySpeaksPlainHttp {
        /// How the setting should read.
        setting: String,
    },
    /// The answer ended before its end.
    CutOff {
        /// Bytes that had arrived, uncompressed.
        received: u64,
        /// How that showed.
        cause: Text,
    },
    /// Qualys answered with something else than what was asked for.
    Refused(Refusal),
    /// The answer sends us elsewhere, which is never followed: our credentials would go along.
    Redirected {
        /// Where to, without its query.
        to: Option<Text>,
    },
    /// XML, but not the document that belongs here.
    Unexpected {
        /// What it is instead.
        found: Text,
    },
    /// Somebody cancelled the report.
    Canceled {
        /// The report.
        id: u64,
        /// Qualys' words.
        message: Text,
    },
    /// Qualys failed to make the report.
    ReportFailed {
        /// The report.
        id: u64,
        /// Qualys' words.
        message: Text,
    },
    /// The report isn't in the list any more, or never got there.
    Vanished {
        /// The report.
        id: u64,
    },
    /// The deadline came first.
    StillRunning {
        /// The report.
        id: u64,
        /// State and progress, in Qualys' words.
        state: Text,
        /// Whether the next run will go on with it.
        adoptable: bool,
        /// The wait that doesn't fit.
        wait: TooLong,
    },
    /// A wait that doesn't fit into what is left of the deadline.
    Wait(TooLong),
}

/// A wait that doesn't fit into what is left of the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLong {
    /// What would be waited for.
    pub reason: Reason,
    /// How long that takes.
    pub wait: Duration,
    /// What is left of `qualys.deadline`.
    pub left: Duration,
    /// When it is worth to come back.
    pub until: SystemTime,
}

impl Fault {
    /// The kind says it all.
    pub(super) fn plain(kind: Kind) -> Self {
        Fault::Plain(kind, Text::default())
    }

    /// A time-out of this length.
    pub(super) fn timed_out(kind: Kind, length: Duration) -> Self {
        Fault::Plain(kind, Text::of(Short(length).to_string()))
    }

    /// How long the answer asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Fault::Refused(refusal) => refusal.wait,
            _ => None,
        }
    }
}

impl Problem for Fault {
    fn kind(&self) -> Kind {
        match self {
            Fault::Plain(kind, _) => *kind,
            Fault::Setting { .. } | Fault::File { .. } => Kind::Configuration,
            Fault::ProxySpeaksPlainHttp { .. } => Kind::ProxySpeaksPlainHttp,
            Fault::CutOff { .. } => Kind::CutOff,
            Fault::Refused(refusal) => refusal.kind(),
            Fault::Redirected { .. } => Kind::Redirected,
            Fault::Unexpected { .. } => Kind::Unexpected,
            Fault::Canceled { .. } => Kind::Canceled,
            Fault::ReportFailed { .. } => Kind::ReportFailed,
            Fault::Vanished { .. } => Kind::Vanished,
            Fault::StillRunning { .. } => Kind::StillRunning,
            Fault::Wait(_) => Kind::WaitTooLong,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Fault::Refused(refusal) => refusal.remedy(),
            Fault::ProxySpeaksPlainHttp { setting } => {
                format!("write {setting} (what passes through it to Qualys is encrypted either way)").into()
            }
            Fault::StillRunning { adoptable, wait, .. } => {
                let otherwise = match adoptable {
                    true => ", the next run goes on with it",
                    false => " or raise qualys.deadline",
                };
                format!("{}{otherwise}", wait.remedy()).into()
            }
            Fault::Wait(wait) => wait.remedy().into(),
            _ => self.kind().row().remedy.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Plain(kind, cause) if cause.as_str().is_empty() => f.write_str(kind.row().meaning),
            Fault::Plain(kind, cause) => write!(f, "{} ({cause})", kind.row().meaning),
            Fault::Setting { key, problem } => write!(f, "{key}: {problem}"),
            Fault::File { key, path, problem } => write!(f, "{key}: {}: {problem}", Text::of_path(path)),
            Fault::ProxySpeaksPlainHttp { .. } => f.write_str(self.kind().row().meaning),
            Fault::CutOff { received, cause } => write!(f, "the answer was cut off after {received} bytes ({cause})"),
            Fault::Refused(refusal) => refusal.fmt(f),
            Fault::Redirected { to } => write!(
                f,
                "the answer redirects to {}, which is never followed, because the credentials would go along",
                to.as_ref().map_or("another address", Text::as_str)
            ),
            Fault::Unexpected { found } => write!(f, "the answer is {found}, which doesn't belong here"),
            Fault::Canceled { id, message } => {
                write!(f, "report {id} was cancelled by somebody at Qualys{}", Quoted(message))
            }
            Fault::ReportFailed { id, message } => write!(f, "Qualys failed to make report {id}{}", Quoted(message)),
            Fault::Vanished { id } => write!(f, "report {id} isn't in Qualys' list"),
            Fault::StillRunning { id, state, .. } => {
                write!(
                    f,
                    "report {id} is still being made ({state}) and qualys.deadline is reached"
                )
            }
            Fault::Wait(too_long) => too_long.fmt(f),
        }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the next call would have to wait {}, but only {} are left of qualys.deadline",
            self.reason.clause(),
            Short(self.wait),
            Short(self.left),
        )
    }
}

impl TooLong {
    /// When to come back.
    pub(super) fn remedy(&self) -> String {
        format!("come back after {}", humantime::format_rfc3339_seconds(self.until))
    }
}

/// Qualys' words, where there are any.
struct Quoted<'a>(&'a Text);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            "" => Ok(()),
            words => write!(f, " (\"{words}\")"),
        }
    }
}

/// A duration as people write it: whole seconds, or milliseconds below one.
#[derive(Debug)]
pub(super) struct Short(pub(super) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = match self.0.as_secs() {
            0 => Duration::from_millis(self.0.as_millis() as u64),
            seconds => Duration::from_secs(seconds),
        };
        humantime::format_duration(whole).fmt(f)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused(refusal)
    }
}

impl From<TooLong> for Fault {
    fn from(too_long: TooLong) -> Self {
        Fault::Wait(too_long)
    }
}
