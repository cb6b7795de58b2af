//! Faults as they are typed.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use thiserror::Error;

use super::{Certificate, Effect, Fate, Fault, Instead, Transfer, Truncate};
use crate::qualys::action::Action;

/// What a name means: its argument (if it takes one), where it strikes by itself, what it does.
struct Name {
    name: &'static str,
    argument: &'static str,
    at: Action,
    does: &'static str,
    effect: fn(&str) -> Result<Effect, String>,
}

const fn name(
    name: &'static str,
    argument: &'static str,
    at: Action,
    does: &'static str,
    effect: fn(&str) -> Result<Effect, String>,
) -> Name {
    Name {
        name,
        argument,
        at,
        does,
        effect,
    }
}

#[rustfmt::skip]
static NAMES: &[Name] = &[
    name("code", "CODE[/STATUS]", Action::Any, "Qualys answers with this code of its own", |code| instead(Instead::Code(code.parse()?))),
    name("throttled", "SECONDS", Action::Any, "409, code 1965: wait so long", |seconds| instead(Instead::Throttled { seconds: number(seconds)? })),
    name("busy", "CALLS", Action::Any, "409, code 1960: so many calls have to end first", |calls| instead(Instead::Busy { calls: number(calls)? })),
    name("maintenance", "", Action::Any, "503, code 1999", |_| instead(Instead::Code("1999".parse()?))),
    name("status", "STATUS[/RETRY-AFTER]", Action::Any, "the edge answers with this HTTP status and a page of its own", status),
    name("empty", "", Action::Any, "200 without a byte", |_| instead(Instead::Empty)),
    name("html", "", Action::Any, "200 with a login page", |_| instead(Instead::Html)),
    name("redirect", "URL", Action::Any, "301 to somewhere else", |url| instead(Instead::Redirect(url.to_owned()))),
    name("close", "", Action::Any, "the connection ends before an answer", |_| instead(Instead::Close)),
    name("reset", "", Action::Any, "the connection is reset before an answer", |_| instead(Instead::Reset)),
    name("hang", "", Action::Any, "no answer ever", |_| instead(Instead::Hang)),
    name("error-report", "", Action::Fetch, "a report that holds an ERROR, with status 200", |_| instead(Instead::ErrorReport)),
    name("wrong-root", "NAME", Action::Fetch, "a document with another root element", |root| instead(Instead::WrongRoot(root.to_owned()))),
    name("delay", "DURATION", Action::Any, "the answer begins late", |delay| Ok(Effect::Delay(duration(delay)?))),
    name("twice", "", Action::Any, "the action is carried out twice, and the second answer is sent", |_| Ok(Effect::Twice)),
    name("refuse", "DURATION", Action::Any, "from the answer on, connections are refused for so long", |length| Ok(Effect::Refuse(duration(length)?))),
    name("truncate-report", "BYTES", Action::Fetch, "the report ends early, its transfer and its gzip are whole", |at| Ok(Effect::Truncate(Truncate::Report(number(at)?)))),
    name("truncate", "BYTES", Action::Fetch, "the report, as gzip if so asked, ends early; its transfer is whole", |at| Ok(Effect::Truncate(Truncate::Encoded(number(at)?)))),
    name("cut", "BYTES", Action::Fetch, "the connection ends inside the answer, whose length said otherwise", |at| transfer(Transfer::Cut(number(at)?))),
    name("cut-wire", "BYTES", Action::Any, "the connection ends when so many bytes of the answer have left, encryption and head included", |at| Ok(Effect::Wire(number(at)?))),
    name("length", "BYTES", Action::Fetch, "the length that is announced, whatever comes", |length| transfer(Transfer::Length(number(length)?))),
    name("cut-chunked", "BYTES", Action::Fetch, "the connection ends inside a chunked answer", |at| transfer(Transfer::CutChunked(number(at)?))),
    name("cut-close", "BYTES", Action::Fetch, "the connection ends inside an answer without a length: nothing tells", |at| transfer(Transfer::CutClose(number(at)?))),
    name("reset-body", "BYTES", Action::Fetch, "the connection is reset inside the answer", |at| transfer(Transfer::Reset(number(at)?))),
    name("hang-body", "BYTES", Action::Fetch, "nothing more comes, and the connection stays", |at| transfer(Transfer::Hang(number(at)?))),
    name("drip", "BYTES", Action::Fetch, "so many bytes a second", |rate| transfer(Transfer::Drip(number::<u64>(rate)?.max(1)))),
    name("ends", "STATE", Action::Launch, "the report ends in this state: Errors, Canceled, any word", |state| fate(Fate::Ends(state.to_owned()))),
    name("passes", "STATE", Action::Launch, "while it's made, the report's state has this name", |state| fate(Fate::Passes(state.to_owned()))),
    name("runs-forever", "", Action::Launch, "the report is never finished", |_| fate(Fate::RunsForever)),
    name("unlisted", "", Action::Launch, "the list never shows the report", |_| fate(Fate::Unlisted)),
    name("late-fetch", "TIMES", Action::Launch, "finished, yet fetch says 7001 so many times", |times| fate(Fate::LateFetch(number(times)?))),
    name("clock", "SECONDS", Action::Any, "the Date header is so far ahead, or behind with a minus sign", |seconds| Ok(Effect::Clock(number(seconds)?))),
    name("certificate", "foreign|expired|other-name|renewed", Action::Connection, "the certificate isn't to be trusted, or it's a good one but another", certificate),
];

/// Why something typed is no fault.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No fault has this name.
    #[error("there is no fault `{0}`; `connector-lab qualys --help` lists them")]
    Name(String),
    /// The argument is missing, superfluous or wrong.
    #[error("`{name}` takes {takes}: {reason}")]
    Argument {
        /// The fault.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// `@ACTION[/ID][:WHEN]` isn't understood.
    #[error("{0}")]
    At(String),
    /// Only an answer can be lost after the action was done.
    #[error("`done-` goes with faults that replace the answer, which `{0}` doesn't")]
    Done(&'static str),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (what, at) = match text.rsplit_once('@') {
            Some((what, at)) => (what, Some(at)),
            None => (text, None),
        };
        let (name, argument) = what.split_once('=').unwrap_or((what, ""));
        let (name, done) = match name.strip_prefix("done-") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let known = NAMES.iter().find(|known| known.name == name);
        let known = known.ok_or_else(|| FaultError::Name(name.to_owned()))?;
        let wrong = |reason| FaultError::Argument {
            name: known.name,
            takes: if known.argument.is_empty() {
                "nothing"
            } else {
                known.argument
            },
            reason,
        };
        if known.argument.is_empty() != argument.is_empty() {
            return Err(wrong(format!("`{argument}` was given")));
        }
        let mut effect = (known.effect)(argument).map_err(wrong)?;
        match &mut effect {
            Effect::Instead { done: it, .. } => *it = done,
            _ if done => return Err(FaultError::Done(known.name)),
            _ => {}
        }
        let (at, id, (first, last)) = match at {
            Some(at) => parse_at(at).map_err(FaultError::At)?,
            None => (known.at, None, ALWAYS),
        };
        Ok(Self {
            text: text.to_owned(),
            effect,
            at,
            id,
            first,
            last,
            seen: Arc::new(AtomicU32::new(0)),
        })
    }
}

/// The help of `--fault`.
pub(in crate::qualys) fn help() -> String {
    let mut help = "What goes wrong, and when: [done-]NAME[=ARGUMENT][@ACTION[/ID][:WHEN]]. \
        With done-, the action is carried out and only its answer is lost. ACTION is launch, list, fetch, cancel, \
        delete, login, logout, asset-data-report, template-list, about, host-list, detections, knowledge-base, \
        connection or any; with ID only requests whose ids name this host or QID; WHEN counts them: 2, 2-4 or 2-. \
        As in status=503@list:1-3 or status=504@detections/40000006.\n\nNAME is one of:\n"
        .to_owned();
    for name in NAMES {
        let typed = match name.argument {
            "" => name.name.to_owned(),
            argument => format!("{}={argument}", name.name),
        };
        help.push_str(&format!("  {typed}: {} (@{})\n", name.does, name.at));
    }
    help
}

/// An HTTP status.
pub(in crate::qualys) fn parse_status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(status @ 200..=599) => Ok(status),
        _ => Err(format!("`{text}` is no HTTP status (200 to 599)")),
    }
}

const ALWAYS: (u32, u32) = (1, u32::MAX);

/// Where it strikes, and when.
type At = (Action, Option<u64>, (u32, u32));

fn parse_at(text: &str) -> Result<At, String> {
    let (place, when) = match text.split_once(':') {
        Some((place, when)) => (place, parse_when(when)?),
        None => (text, ALWAYS),
    };
    let (action, id) = match place.split_once('/') {
        Some((action, id)) => (action, Some(number(id)?)),
        None => (place, None),
    };
    Ok((action.parse()?, id, when))
}

fn parse_when(text: &str) -> Result<(u32, u32), String> {
    Ok(match text.split_once('-') {
        None => (number(text)?, number(text)?),
        Some((first, "")) => (number(first)?, u32::MAX),
        Some((first, last)) => (number(first)?, number(last)?),
    })
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

fn instead(what: Instead) -> Result<Effect, String> {
    Ok(Effect::Instead { what, done: false })
}

fn status(text: &str) -> Result<Effect, String> {
    let (status, retry_after) = match text.split_once('/') {
        Some((status, after)) => (status, Some(after.to_owned())),
        None => (text, None),
    };
    instead(Instead::Status {
        status: parse_status(status)?,
        retry_after,
    })
}

fn transfer(transfer: Transfer) -> Result<Effect, String> {
    Ok(Effect::Transfer(transfer))
}

fn fate(fate: Fate) -> Result<Effect, String> {
    Ok(Effect::Fate(fate))
}

fn certificate(text: &str) -> Result<Effect, String> {
    Ok(Effect::Certificate(match text {
        "foreign" => Certificate::Foreign,
        "expired" => Certificate::Expired,
        "other-name" => Certificate::OtherName,
        "renewed" => Certificate::Renewed,
        other => return Err(format!("there is no `{other}`")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Fault>().unwrap_err().to_string()
    }

    #[test]
    fn every_name_can_be_typed() {
        for name in NAMES {
            let example = match name.argument {
                "" => String::new(),
                "CODE[/STATUS]" => "=1999/200".to_owned(),
                "STATUS[/RETRY-AFTER]" => "=429/30".to_owned(),
                "DURATION" => "=5s".to_owned(),
                "foreign|expired|other-name|renewed" => "=expired".to_owned(),
                _ => "=7".to_owned(),
            };
            let fault: Fault = format!("{}{example}", name.name).parse().unwrap();
            assert_eq!(fault.at, name.at);
        }
    }

    #[test]
    fn what_is_typed_wrongly_is_explained() {
        assert_eq!(
            refused("sleepy"),
            "there is no fault `sleepy`; `connector-lab qualys --help` lists them"
        );
        assert_eq!(refused("cut"), "`cut` takes BYTES: `` was given");
        assert_eq!(refused("cut=half"), "`cut` takes BYTES: `half` is no number");
        assert_eq!(refused("reset=7"), "`reset` takes nothing: `7` was given");
        assert_eq!(refused("reset@list:x"), "`x` is no number");
        assert_eq!(refused("reset@detections/x:1"), "`x` is no number");
        assert_eq!(
            refused("done-cut=7"),
            "`done-` goes with faults that replace the answer, which `cut` doesn't"
        );
    }
}
