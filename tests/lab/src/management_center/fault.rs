//! Bad behaviour on demand.
//!
//! Each fault is a name that the program's `--fault` takes, and a field of [`Faults`]. Faults of an answer are given
//! by its number on its connection: 0 is the answer to VERSION, 1 the answer to the first frame of commands.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::credentials::WrongServer;
use super::x509::Validity;

/// What is to go wrong. By default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Only this many connections, the first ones, see any of the faults.
    pub connections: Option<u64>,
    /// What the connections after those see, instead of nothing.
    pub later: Option<Arc<Faults>>,
    /// Nobody listens any more after this many connections.
    pub refuse_connections_after: Option<u64>,
    /// Accepts a connection and never says a word, not even in TLS.
    pub silent: bool,
    /// Speaks plain text instead of TLS.
    pub plain_text: bool,
    /// The server certificate.
    pub certificate: ServerCertificate,
    /// Closes right after TLS, as for an unregistered client.
    pub close_after_tls: bool,
    /// Takes every client's version for a newer one.
    pub refuse_version: Option<VersionRefusal>,
    /// By the answer's number.
    pub answers: BTreeMap<u64, AnswerFault>,
    /// Waits this long before each answer.
    pub slow_answers: Duration,
    /// Sends answers byte by byte, with this pause between two.
    pub split_answers: Option<Duration>,
    /// Says this many bytes more in each answer to commands, nothing of trouble.
    pub long_answers: usize,
    /// Drops lines that contain one of these texts, as a parser would that finds fault with them.
    pub drop_lines: Vec<String>,
    /// Fails to execute commands for these addresses.
    pub refuse_hosts: BTreeSet<IpAddr>,
    /// Fails to store scan results of these addresses.
    pub refuse_scans: BTreeSet<IpAddr>,
}

/// What certificate the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerCertificate {
    /// The right one.
    #[default]
    Right,
    /// One of another Management Center's InternalCA.
    Foreign,
    /// One that ended yesterday.
    Expired,
    /// One that begins tomorrow.
    NotYetValid,
    /// One that was issued to another client of the same Management Center.
    OtherClient,
    /// The one of the client itself.
    OwnClient,
}

/// How a version is refused. Which of them the real one does isn't known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionRefusal {
    /// Closes (likely).
    Close,
    /// Sends an ERROR frame, then closes.
    Error,
}

/// What goes wrong with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFault {
    /// The connection closes, the frame was processed.
    CloseBefore,
    /// The answer is sent, then the connection closes.
    CloseAfter,
    /// This many bytes of the answer's frame are sent, then the connection closes.
    CloseWithin(usize),
    /// The connection ends instead, without a close_notify.
    Cut,
    /// The connection is reset instead.
    Reset,
    /// No answer, ever.
    Never,
    /// Nothing is read any more, not even this frame.
    StopReading,
    /// An ERROR frame in its place.
    Error,
    /// The number of commands is off by this.
    WrongCount(i64),
    /// Bytes that aren't text.
    Garbage,
    /// Without the line `Done processing`.
    WithoutDone,
    /// The header announces four gigabytes.
    HugeLength,
    /// The header announces this many bytes more than come.
    FalseLength(i32),
    /// A type that doesn't exist.
    WrongType,
    /// Sent twice.
    Twice,
    /// Sent after the answer that comes next.
    AfterNext,
}

/// A `--fault` that can't be understood.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No fault has that name.
    #[error("unknown fault \"{0}\"; known are: {known}", known = KNOWN.join(", "))]
    Unknown(String),
    /// It needs an argument of another form.
    #[error("fault \"{name}\" is written {form}")]
    Argument {
        /// Which fault.
        name: String,
        /// What is expected.
        form: &'static str,
    },
}

/// Every fault's form, for `--help` and errors.
const KNOWN: [&str; 34] = [
    "refuse-connections=AFTER",
    "silent",
    "plain-text",
    "foreign-certificate",
    "expired-certificate",
    "not-yet-valid-certificate",
    "other-clients-certificate",
    "own-clients-certificate",
    "close-after-tls",
    "refuse-version",
    "refuse-version=error",
    "close-after-handshake",
    "close-before-answer=N",
    "close-after-answer=N",
    "close-within-answer=N[:BYTES]",
    "cut=N",
    "reset=N",
    "never-answer=N",
    "stop-reading=N",
    "error-frame=N",
    "wrong-count=N[:DELTA]",
    "garbage=N",
    "without-done=N",
    "huge-length=N",
    "false-length=N[:DELTA]",
    "wrong-type=N",
    "twice=N",
    "after-next=N",
    "slow-answers=MS",
    "split-answers[=MS]",
    "long-answers=BYTES",
    "drop-lines=TEXT",
    "refuse-host=IP",
    "refuse-scan=IP",
];

impl Faults {
    /// Reads faults as the program's `--fault` gives them.
    ///
    /// # Errors
    /// One that names the fault and its form, or all the names.
    pub fn parse<'a>(faults: impl IntoIterator<Item = &'a str>) -> Result<Self, FaultError> {
        let mut parsed = Self::default();
        for fault in faults {
            parsed.add(fault)?;
        }
        Ok(parsed)
    }

    /// The form in which each fault is written.
    pub fn known() -> &'static [&'static str] {
        &KNOWN
    }

    /// These, with one more: a fault of the answer with that number.
    #[must_use]
    pub fn answer(mut self, number: u64, fault: AnswerFault) -> Self {
        self.answers.insert(number, fault);
        self
    }

    pub(crate) fn wrong_server(&self) -> Option<WrongServer> {
        match self.certificate {
            ServerCertificate::Right => None,
            ServerCertificate::Foreign => Some(WrongServer::Foreign),
            ServerCertificate::Expired => Some(WrongServer::Validity(Validity::Expired)),
            ServerCertificate::NotYetValid => Some(WrongServer::Validity(Validity::NotYetValid)),
            ServerCertificate::OtherClient => Some(WrongServer::OtherClient),
            ServerCertificate::OwnClient => Some(WrongServer::OwnClient),
        }
    }

    /// Adds a fault in the program's spelling.
    ///
    /// # Errors
    /// See [`Faults::parse`].
    pub fn add(&mut self, fault: &str) -> Result<(), FaultError> {
        let (name, argument) = match fault.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (fault, None),
        };
        self.set(name, argument).ok_or_else(|| {
            let form = KNOWN
                .iter()
                .copied()
                .find(|form| form.split(['=', '[']).next() == Some(name));
            match form {
                Some(form) => FaultError::Argument {
                    name: name.to_owned(),
                    form,
                },
                None => FaultError::Unknown(name.to_owned()),
            }
        })
    }

    fn set(&mut self, name: &str, argument: Option<&str>) -> Option<()> {
        match (name, argument) {
            ("refuse-connections", Some(after)) => self.refuse_connections_after = Some(after.parse().ok()?),
            ("silent", None) => self.silent = true,
            ("plain-text", None) => self.plain_text = true,
            ("foreign-certificate", None) => self.certificate = ServerCertificate::Foreign,
            ("expired-certificate", None) => self.certificate = ServerCertificate::Expired,
            ("not-yet-valid-certificate", None) => self.certificate = ServerCertificate::NotYetValid,
            ("other-clients-certificate", None) => self.certificate = ServerCertificate::OtherClient,
            ("own-clients-certificate", None) => self.certificate = ServerCertificate::OwnClient,
            ("close-after-tls", None) => self.close_after_tls = true,
            ("refuse-version", None) => self.refuse_version = Some(VersionRefusal::Close),
            ("refuse-version", Some("error")) => self.refuse_version = Some(VersionRefusal::Error),
            ("close-after-handshake", None) => drop(self.answers.insert(0, AnswerFault::CloseAfter)),
            ("slow-answers", Some(pause)) => self.slow_answers = milliseconds(pause)?,
            ("split-answers", pause) => self.split_answers = Some(milliseconds(pause.unwrap_or("0"))?),
            ("long-answers", Some(bytes)) => self.long_answers = bytes.parse().ok()?,
            ("drop-lines", Some(text)) if !text.is_empty() => self.drop_lines.push(text.to_owned()),
            ("refuse-host", Some(address)) => drop(self.refuse_hosts.insert(address.parse().ok()?)),
            ("refuse-scan", Some(address)) => drop(self.refuse_scans.insert(address.parse().ok()?)),
            (name, Some(argument)) => {
                let (number, fault) = answer_fault(name, argument)?;
                self.answers.insert(number, fault);
            }
            (_, None) => return None,
        }
        Some(())
    }
}

fn answer_fault(name: &str, argument: &str) -> Option<(u64, AnswerFault)> {
    let (number, more) = match argument.split_once(':') {
        Some((number, more)) => (number, Some(more)),
        None => (argument, None),
    };
    let fault = match (name, more) {
        ("close-within-answer", bytes) => AnswerFault::CloseWithin(bytes.unwrap_or("8").parse().ok()?),
        ("wrong-count", delta) => AnswerFault::WrongCount(delta.unwrap_or("-1").parse().ok()?),
        ("false-length", delta) => AnswerFault::FalseLength(delta.unwrap_or("1").parse().ok()?),
        (_, Some(_)) => return None,
        ("close-before-answer", None) => AnswerFault::CloseBefore,
        ("close-after-answer", None) => AnswerFault::CloseAfter,
        ("cut", None) => AnswerFault::Cut,
        ("reset", None) => AnswerFault::Reset,
        ("never-answer", None) => AnswerFault::Never,
        ("stop-reading", None) => AnswerFault::StopReading,
        ("error-frame", None) => AnswerFault::Error,
        ("garbage", None) => AnswerFault::Garbage,
        ("without-done", None) => AnswerFault::WithoutDone,
        ("huge-length", None) => AnswerFault::HugeLength,
        ("wrong-type", None) => AnswerFault::WrongType,
        ("twice", None) => AnswerFault::Twice,
        ("after-next", None) => AnswerFault::AfterNext,
        _ => return None,
    };
    Some((number.parse().ok()?, fault))
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_is_taken() {
        for form in KNOWN {
            let fault = form
                .replace("[=MS]", "=5")
                .replace("[:BYTES]", ":3")
                .replace("[:DELTA]", ":+2")
                .replace("=AFTER", "=1")
                .replace("=N", "=4")
                .replace("=MS", "=5")
                .replace("=BYTES", "=5")
                .replace("=IP", "=192.0.2.1");
            let faults = Faults::parse([fault.as_str()]).unwrap_or_else(|error| panic!("{error}"));
            assert_ne!(faults, Faults::default(), "{fault}");
        }
    }

    #[test]
    fn arguments_that_may_be_left_out_have_a_usual_value() {
        let faults = Faults::parse(["wrong-count=2", "close-within-answer=3", "split-answers"]).unwrap();
        let expected = Faults {
            split_answers: Some(Duration::ZERO),
            ..Faults::default()
        };
        let expected = expected
            .answer(2, AnswerFault::WrongCount(-1))
            .answer(3, AnswerFault::CloseWithin(8));
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_mistake_is_explained() {
        let message = |fault| Faults::parse([fault]).unwrap_err().to_string();
        assert_eq!(message("reset"), r#"fault "reset" is written reset=N"#);
        assert_eq!(message("reset=x"), r#"fault "reset" is written reset=N"#);
        assert!(message("rest=1").starts_with(r#"unknown fault "rest"; known are: refuse-connections"#));
    }
}
