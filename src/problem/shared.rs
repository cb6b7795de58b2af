//! What rows of the table share: each of these is the beginning of several.

use super::{RetryPolicy, Row, Step};
use crate::exit::Exit;

/// What rows share, unless they say something else.
pub(super) const ROW: Row = Row {
    label: "",
    codes: &[],
    words: &[],
    texts: &[],
    statuses: &[],
    meaning: "",
    remedy: "",
    retry: RetryPolicy::Never,
    closes: false,
    acted: false,
    resumes: false,
    exit: Exit::Bug,
    step: None,
};
pub(super) const REPORT: Row = Row {
    exit: Exit::Report,
    ..ROW
};
pub(super) const CONFIGURATION: Row = Row {
    label: "configuration",
    exit: Exit::Config,
    ..ROW
};
pub(super) const BAD_TEMPLATE: Row = Row {
    label: "bad_template",
    exit: Exit::Config,
    step: Some(Step::Templates),
    ..ROW
};
pub(super) const BAD_REQUEST: Row = Row {
    label: "bad_request",
    remedy: "check that the template is an Auto (host based) scan template, and qualys.api_version; where hosts are asked for, \
             what chooses them (detections.*, selection.ip_ranges) and detections.*_version",
    ..BAD_TEMPLATE
};
/// Passes sooner or later.
pub(super) const NOT_NOW: Row = Row {
    resumes: true,
    exit: Exit::TryAgain,
    step: Some(Step::Qualys),
    ..ROW
};
pub(super) const UNAVAILABLE: Row = Row {
    exit: Exit::Unavailable,
    ..NOT_NOW
};
pub(super) const FORBIDDEN: Row = Row {
    label: "forbidden",
    resumes: true,
    exit: Exit::Credentials,
    step: Some(Step::Login),
    ..ROW
};
pub(super) const LOGIN_REFUSED: Row = Row {
    label: "login_refused",
    closes: true,
    ..FORBIDDEN
};
pub(super) const TLS: Row = Row {
    label: "tls",
    step: Some(Step::Qualys),
    ..FORBIDDEN
};
/// An answer that didn't come, or not in full.
pub(super) const INTERRUPTED_ANSWER: Row = Row {
    remedy: "try it again; if it stays so, see what is between here and Qualys (firewall, proxy, maintenance)",
    retry: RetryPolicy::FewTimes,
    acted: true,
    ..UNAVAILABLE
};
/// The Management Center, or the way to it.
pub(super) const AWAY: Row = Row {
    retry: RetryPolicy::Reconnect,
    ..UNAVAILABLE
};
pub(super) const UNWELCOME: Row = Row {
    step: Some(Step::Trust),
    ..FORBIDDEN
};
pub(super) const PROTOCOL: Row = Row {
    label: "protocol",
    exit: Exit::Protocol,
    step: Some(Step::HostInput),
    ..ROW
};
/// What is remembered between runs. An import goes on without it.
pub(super) const STATE: Row = Row {
    label: "state",
    step: Some(Step::State),
    ..ROW
};
