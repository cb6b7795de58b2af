//! Reports: Qualys' report share, as one run uses it. Launch, wait, download, tidy up.
//!
//! Several templates' reports may be on their way at the same time. Each is a value of its own, [`Launched`]; they share
//! the conversation ([`Transport`]) and the lists that Qualys gives of its reports.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::watch;
use tokio::time::Instant;

use super::error::Error;
use super::progress::Progress;
use super::transport::http::{Expects, Request};
use super::transport::limits::Limits;
use super::transport::{DOCUMENT, Transport};
use super::usage::Usage;
use super::{Api, Settings};
use crate::mutex::locked;

mod download;
mod launch;
pub(super) mod list;
mod probe;
mod template;
mod tidy_up;
mod title;
mod wait;

pub use tidy_up::{Ending, HURRY};
pub use wait::Finished;

use launch::OurReports;
use wait::Board;

/// A week's list of a big subscription is longer than other documents: some 600 bytes a report.
const LIST: usize = 16 << 20;

/// One run's reports at Qualys, over all its templates.
///
/// The stages are methods, in the order of the story: [`launch`](Self::launch), [`wait`](Self::wait),
/// [`download`](Self::download), [`tidy_up`](Self::tidy_up) for each template, [`close`](Self::close) at the end, on
/// every path. Any number of templates may be in any stage at the same time.
#[derive(Debug)]
pub struct ReportShare {
    transport: Transport,
    /// Our reports, as a list showed them. Locked while it is asked for, so that several launches ask once.
    ours: tokio::sync::Mutex<Option<OurReports>>,
    board: Board,
    /// Since when tidying up has done nothing but fail.
    in_vain_since: Mutex<Option<Instant>>,
}

/// A report that Qualys is making, or has made.
#[derive(Debug)]
pub struct Launched {
    /// The template it is made from.
    pub template: u64,
    /// Its id in the report share; `None` where there is none, with `qualys.api` = `asset-data-report`.
    pub id: Option<u64>,
    /// An earlier attempt launched it.
    pub adopted: bool,
    /// How old it was, and when that was.
    age: (Duration, Instant),
    phase: Mutex<Phase>,
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Being made, as far as we know.
    Running,
    /// Ready to be downloaded.
    Finished,
    /// Cancelled, or Qualys couldn't make it.
    Failed,
    /// Not at Qualys any more.
    Lost,
}

impl ReportShare {
    /// Prepares the conversation; sends nothing. Everything it does ends at `deadline`.
    ///
    /// # Errors
    /// Settings that can't work, and files they name that can't be read: exit code 78.
    pub fn new(settings: &Settings, deadline: std::time::Instant) -> Result<Self, Error> {
        Ok(ReportShare {
            transport: Transport::new(settings, deadline)?,
            ours: tokio::sync::Mutex::default(),
            board: Board::default(),
            in_vain_since: Mutex::default(),
        })
    }

    /// What was asked of Qualys so far.
    pub fn usage(&self) -> Usage {
        self.transport.usage()
    }

    /// Whether Qualys refused the login. It isn't asked again in this run, because that locks an account in the end.
    pub fn login_is_refused(&self) -> bool {
        self.transport.login_is_refused()
    }

    /// How far the conversation is, at any moment from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.transport.progress()
    }

    /// What the headers of the latest answer said.
    pub fn limits(&self) -> Option<Limits> {
        self.transport.limits()
    }

    fn settings(&self) -> &Settings {
        self.transport.settings()
    }

    /// A request of the report share.
    fn request(&self, action: &'static str, parameters: Vec<(&'static str, String)>) -> Request {
        let (method, expects) = match action {
            "list" => (Method::GET, Expects::Document(LIST)),
            "fetch" => (Method::GET, Expects::Report),
            _ => (Method::POST, Expects::Document(DOCUMENT)),
        };
        let mut all = vec![("action", action.to_owned())];
        all.extend(parameters);
        Request {
            method,
            path: format!("/api/{}/fo/report/", self.settings().api_version),
            parameters: all,
            secret: None,
            expects,
        }
    }
}

/// A request of API v1.
fn v1(script: &str, parameters: Vec<(&'static str, String)>, expects: Expects) -> Request {
    Request {
        method: Method::GET,
        path: format!("/msp/{script}.php"),
        parameters,
        secret: None,
        expects,
    }
}

impl Launched {
    /// A report that was launched just now.
    fn new(template: u64, id: Option<u64>, phase: Phase) -> Self {
        Launched {
            template,
            id,
            adopted: false,
            age: (Duration::ZERO, Instant::now()),
            phase: Mutex::new(phase),
        }
    }

    /// Whether Qualys doesn't have it any more: deleted by another run, cancelled under us, expired, or lost. Another one
    /// can be launched.
    pub fn is_lost(&self) -> bool {
        match self.phase() {
            Phase::Lost => true,
            // Who launched it may have cancelled it.
            Phase::Failed => self.adopted,
            Phase::Running | Phase::Finished => false,
        }
    }

    fn phase(&self) -> Phase {
        *locked(&self.phase)
    }

    fn reached(&self, phase: Phase) {
        *locked(&self.phase) = phase;
    }

    /// For how long from now on another run may adopt it.
    fn adoptable_for(&self, settings: &Settings) -> Option<Duration> {
        let (age, at) = self.age;
        let left = settings.adopt_within.checked_sub(age + at.elapsed())?;
        let kept = settings.keep_report && self.phase() == Phase::Finished;
        (!left.is_zero() && !kept).then_some(left)
    }
}
