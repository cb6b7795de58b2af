//! Faults: everything that can go wrong between a request and a usable answer.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::refusal::{Meaning, Refusal};
use super::transport::retry::{Retry, Short, TooLong};
use crate::exit::Exit;
use crate::printable::Text;

/// What went wrong. The sentence says what to do; [`Error`](super::Error) adds where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
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
    /// A template of which no usable report can be made.
    Template {
        /// Its id.
        id: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// No connection: name not found, refused, no route. Nothing was sent.
    Connect(Text),
    /// The other side's certificate isn't trusted, or TLS failed otherwise. Nothing was sent.
    Tls(Text),
    /// The other side's certificate is for another name. Nothing was sent.
    WrongName(Text),
    /// The proxy wants credentials, or refuses those it was given.
    ProxyLogin,
    /// The proxy can't be reached, or refuses to connect us to Qualys.
    Proxy(Text),
    /// The proxy was given as https:// but doesn't speak TLS.
    ProxySpeaksPlainHttp {
        /// How the setting should read.
        remedy: String,
    },
    /// One of the three time-outs fired.
    TimedOut(TimeOut),
    /// The connection broke before the answer began. Whether Qualys acted on the request is unknown.
    Broken(Text),
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
    /// Success without a body.
    Empty,
    /// A page for people.
    Html,
    /// XML, but not the document that belongs here.
    Unexpected {
        /// What it is instead.
        found: Text,
    },
    /// An answer that should be small isn't.
    TooLarge {
        /// The most that is accepted, in bytes.
        limit: usize,
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

/// The three time-outs, with their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOut {
    /// `qualys.connect_timeout`.
    Connect(Duration),
    /// `qualys.idle_timeout`.
    Idle(Duration),
    /// `qualys.deadline`.
    Deadline(Duration),
}

impl Fault {
    pub(super) fn retry(&self) -> Retry {
        match self {
            Fault::Refused(refusal) => refusal.retry(),
            Fault::TimedOut(TimeOut::Deadline(_)) => Retry::Never,
            Fault::Connect(_)
            | Fault::Proxy(_)
            | Fault::TimedOut(_)
            | Fault::Broken(_)
            | Fault::CutOff { .. }
            | Fault::Empty
            | Fault::Html => Retry::FewTimes,
            Fault::Setting { .. }
            | Fault::File { .. }
            | Fault::Template { .. }
            | Fault::Tls(_)
            | Fault::WrongName(_)
            | Fault::ProxyLogin
            | Fault::ProxySpeaksPlainHttp { .. }
            | Fault::Redirected { .. }
            | Fault::Unexpected { .. }
            | Fault::TooLarge { .. }
            | Fault::Canceled { .. }
            | Fault::ReportFailed { .. }
            | Fault::Vanished { .. }
            | Fault::StillRunning { .. }
            | Fault::Wait(_) => Retry::Never,
        }
    }

    /// Qualys may have acted on the request although no proper answer arrived.
    pub(super) fn is_unclear(&self) -> bool {
        match self {
            Fault::TimedOut(time_out) => !matches!(time_out, TimeOut::Connect(_)),
            Fault::Refused(refusal) => matches!(
                refusal.meaning(),
                Meaning::InternalError | Meaning::Unavailable | Meaning::BeingProcessed
            ),
            Fault::Broken(_) | Fault::CutOff { .. } | Fault::Empty | Fault::Html | Fault::Unexpected { .. } => true,
            _ => false,
        }
    }

    /// A fixed word for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Fault::Setting { .. } | Fault::File { .. } => "configuration",
            Fault::Template { .. } => "bad_template",
            Fault::Connect(_) => "connect",
            Fault::Tls(_) | Fault::WrongName(_) => "tls",
            Fault::ProxyLogin => "proxy_login",
            Fault::Proxy(_) | Fault::ProxySpeaksPlainHttp { .. } => "proxy",
            Fault::TimedOut(TimeOut::Connect(_)) => "connect_timeout",
            Fault::TimedOut(TimeOut::Idle(_)) => "idle_timeout",
            Fault::TimedOut(TimeOut::Deadline(_)) => "deadline",
            Fault::Broken(_) => "broken",
            Fault::CutOff { .. } => "cut_off",
            Fault::Refused(refusal) => refusal.meaning().label(),
            Fault::Redirected { .. } => "redirected",
            Fault::Empty => "empty",
            Fault::Html | Fault::Unexpected { .. } | Fault::TooLarge { .. } => "unexpected",
            Fault::Canceled { .. } => "canceled",
            Fault::ReportFailed { .. } => "report_failed",
            Fault::Vanished { .. } => "vanished",
            Fault::StillRunning { .. } => "still_running",
            Fault::Wait(_) => "wait_too_long",
        }
    }

    /// The exit code that this fault decides.
    pub fn exit(&self) -> Exit {
        match self {
            Fault::Setting { .. } | Fault::File { .. } | Fault::ProxySpeaksPlainHttp { .. } => Exit::Config,
            Fault::Template { .. } | Fault::Redirected { .. } => Exit::Config,
            Fault::Tls(_) | Fault::WrongName(_) | Fault::ProxyLogin => Exit::Credentials,
            Fault::Connect(_) | Fault::Proxy(_) | Fault::Broken(_) | Fault::CutOff { .. } => Exit::Unavailable,
            Fault::TimedOut(TimeOut::Deadline(_)) => Exit::TryAgain,
            Fault::TimedOut(_) => Exit::Unavailable,
            Fault::Refused(refusal) => refusal.exit(),
            Fault::Empty | Fault::Html => Exit::Unavailable,
            Fault::Unexpected { .. } | Fault::TooLarge { .. } => Exit::Report,
            Fault::Canceled { .. } | Fault::ReportFailed { .. } => Exit::Report,
            Fault::Vanished { .. } | Fault::StillRunning { .. } | Fault::Wait(_) => Exit::TryAgain,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Setting { key, problem } => write!(f, "{key}: {problem}"),
            Fault::File { key, path, problem } => write!(f, "{key}: {}: {problem}", Text::of_path(path)),
            Fault::Template { id, problem } => write!(f, "template {id} {problem}; check qualys.template_ids"),
            Fault::Connect(cause) => write!(
                f,
                "no connection ({cause}); check qualys.url, name resolution, and that firewall and proxy let it pass"
            ),
            Fault::Tls(cause) => write!(
                f,
                "no trusted TLS connection ({cause}); where a private CA or an inspecting proxy signs, name its \
                 certificate in qualys.ca_file"
            ),
            Fault::WrongName(cause) => write!(
                f,
                "no trusted TLS connection ({cause}); check qualys.url, name resolution, and whether something between \
                 here and Qualys answers in its place"
            ),
            Fault::ProxyLogin => f.write_str(
                "the proxy refuses us (407); check qualys.proxy.username and qualys.proxy.password, or the user and \
                 password in HTTPS_PROXY",
            ),
            Fault::Proxy(cause) => write!(
                f,
                "the proxy gives no connection to Qualys ({cause}); check qualys.proxy.url (or HTTPS_PROXY), and \
                 that the proxy lets CONNECT to Qualys pass"
            ),
            Fault::ProxySpeaksPlainHttp { remedy } => write!(
                f,
                "the proxy was given as https://, but doesn't speak TLS itself; write {remedy} (what passes through \
                 it to Qualys is encrypted either way)"
            ),
            Fault::TimedOut(time_out) => time_out.fmt(f),
            Fault::Broken(cause) => write!(f, "the connection broke before the answer began ({cause})"),
            Fault::CutOff { received, cause } => {
                write!(f, "the answer was cut off after {received} bytes ({cause})")
            }
            Fault::Refused(refusal) => refusal.fmt(f),
            Fault::Redirected { to } => write!(
                f,
                "the answer redirects to {}, which is never followed, because the credentials would go along; \
                 check qualys.url and qualys.api_version",
                to.as_ref().map_or("another address", Text::as_str)
            ),
            Fault::Empty => f.write_str("the answer is empty, although its status says success"),
            Fault::Html => f.write_str(
                "the answer is a page for people (HTML) instead of XML; a proxy's log-in page, a maintenance page, or \
                 a wrong qualys.url",
            ),
            Fault::Unexpected { found } => {
                write!(
                    f,
                    "the answer is {found}, which doesn't belong here; check qualys.url and qualys.api_version"
                )
            }
            Fault::TooLarge { limit } => write!(f, "an answer that should be short has more than {limit} bytes"),
            Fault::Canceled { id, message } => {
                write!(f, "report {id} was cancelled by somebody at Qualys{}", Quoted(message))
            }
            Fault::ReportFailed { id, message } => write!(
                f,
                "Qualys failed to make report {id}{}; try the template in Qualys itself",
                Quoted(message)
            ),
            Fault::Vanished { id } => write!(
                f,
                "report {id} isn't in Qualys' list; somebody deleted it, or Qualys lost it: run again"
            ),
            Fault::StillRunning {
                id,
                state,
                adoptable,
                wait,
            } => write!(
                f,
                "report {id} is still being made ({state}) and qualys.deadline is reached; come back after {}{}",
                humantime::format_rfc3339_seconds(wait.until),
                if *adoptable {
                    ", the next run goes on with it"
                } else {
                    " or raise qualys.deadline"
                }
            ),
            Fault::Wait(too_long) => too_long.fmt(f),
        }
    }
}

impl fmt::Display for TimeOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeOut::Connect(length) => write!(
                f,
                "no connection within qualys.connect_timeout ({}); check qualys.url, firewall and proxy",
                Short(*length)
            ),
            TimeOut::Idle(length) => write!(f, "not a byte arrived within qualys.idle_timeout ({})", Short(*length)),
            TimeOut::Deadline(length) => {
                write!(
                    f,
                    "qualys.deadline ({}) was reached before the answer was complete",
                    Short(*length)
                )
            }
        }
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
