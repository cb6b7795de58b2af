//! Transport: one conversation with Qualys. Requests with login, limits, retries and counts.
//!
//! Knows no reports: what is asked, and in which order, is the business of whoever stands on it ([`super::reports`]).
//! Methods take `&self`, because several reports are made at the same time; they share one login, the calls that Qualys
//! allows at once, and the pauses that it asks for.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::Settings;
use super::error::Error;
use super::fault::{Fault, Short};
use super::progress::{Progress, Wait, Waits};
use super::usage::Usage;
use crate::mutex::locked;
use crate::problem::{Problem as _, Reason, RetryPolicy};
use crate::stage::Stage;

pub(super) mod answer;
pub(super) mod body;
pub(super) mod calls;
mod download;
mod exchange;
pub(super) mod gate;
pub(super) mod http;
pub(super) mod limits;
mod login;
pub(super) mod retry;
pub(super) mod stream;

use answer::Document;
use calls::Calls;
use exchange::Failed;
use gate::Gate;
use http::{Http, Request};
use limits::Limits;
use login::Credentials;
use retry::{Attempts, afford};
use stream::Stream;

/// Small answers end here.
pub(super) const DOCUMENT: usize = 1 << 20;

/// One run's conversation with Qualys.
#[derive(Debug)]
pub(super) struct Transport {
    settings: Settings,
    deadline: Mutex<Instant>,
    http: Http,
    credentials: Credentials,
    /// A session is opened once, though several ask for it.
    session: tokio::sync::Mutex<()>,
    calls: Calls,
    gate: Gate,
    /// The refusal of a login, at Qualys or at the proxy. Whatever is asked next would be refused as well, and locks an account in
    /// the end.
    refused: Mutex<Option<Fault>>,
    /// What the headers of the latest answer said.
    limits: Mutex<Option<Limits>>,
    waits: Waits,
    progress: watch::Sender<Progress>,
}

/// What a request is for, and by when its answer must be complete.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) stage: Stage,
    pub(super) deadline: Instant,
}

/// What came back, when it is no fault.
pub(super) enum Received {
    Document(Document),
    Report(Box<Stream>),
}

impl Received {
    /// The stream of an answer that may be long.
    pub(super) fn into_stream(self) -> Result<Box<Stream>, Fault> {
        match self {
            Received::Report(stream) => Ok(stream),
            Received::Document(document) => Err(Fault::Unexpected {
                found: document.found(),
            }),
        }
    }
}

impl Transport {
    /// Prepares the conversation; sends nothing. Everything ends at `deadline`.
    pub(super) fn new(settings: &Settings, deadline: std::time::Instant) -> Result<Self, Error> {
        let new = || {
            Ok(Transport {
                settings: settings.clone(),
                deadline: Instant::from_std(deadline).into(),
                http: Http::new(settings)?,
                credentials: Credentials::new(settings),
                session: tokio::sync::Mutex::default(),
                calls: Calls::default(),
                gate: Gate::new(settings.poll_interval),
                refused: Mutex::default(),
                limits: Mutex::default(),
                waits: Waits::default(),
                progress: watch::Sender::default(),
            })
        };
        new().map_err(|fault| Error {
            stage: Stage::Configure,
            host: settings.url.host_str().unwrap_or_default().to_owned(),
            fault: Box::new(fault),
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A request of `stage`, which has until the deadline.
    pub(super) fn call(&self, stage: Stage) -> Call {
        Call {
            stage,
            deadline: *locked(&self.deadline),
        }
    }

    /// Moves the deadline on by a time in which nobody wanted anything of Qualys.
    pub(super) fn rested(&self, time: Duration) {
        *locked(&self.deadline) += time;
    }

    /// Notes how many hosts Qualys lists.
    pub(super) fn listed(&self, hosts: u64) {
        self.note(|progress| progress.usage.listed = Some(hosts));
    }

    /// What was asked of Qualys so far.
    pub(super) fn usage(&self) -> Usage {
        self.progress.borrow().usage.clone()
    }

    /// Whether the login was refused.
    pub(super) fn login_is_refused(&self) -> bool {
        locked(&self.refused).is_some()
    }

    /// What the headers of the latest answer said.
    pub(super) fn limits(&self) -> Option<Limits> {
        locked(&self.limits).clone()
    }

    /// How far the conversation is, at any moment from now on.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Notes something for observers, and for the end.
    pub(super) fn note(&self, something: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(something);
    }

    pub(super) fn error(&self, stage: Stage, fault: Fault) -> Error {
        Error {
            stage,
            host: self.http.host(),
            fault: Box::new(fault),
        }
    }

    /// The pauses of one request and its repetitions.
    pub(super) fn attempts(&self) -> Attempts {
        Attempts::new(self.settings.poll_interval)
    }

    /// Asks until there is an answer, as long as a fault is worth another try.
    pub(super) async fn ask<T>(
        &self,
        call: Call,
        request: &Request,
        read: impl Fn(Received) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let mut attempts = self.attempts();
        loop {
            let received = self.once(call, request, attempts.made()).await;
            match received.and_then(&read) {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.again(call, fault, &mut attempts).await?,
            }
        }
    }

    /// Waits as a fault's retry policy says; gives the fault back when asking again isn't worth it.
    pub(super) async fn again(&self, call: Call, fault: Fault, attempts: &mut Attempts) -> Result<(), Error> {
        let stage = call.stage;
        let retry_after = fault.retry_after();
        let policy = fault.kind().row().retry.for_answer(retry_after);
        let Some((reason, wait)) = attempts.pause(policy, retry_after, &self.gate) else {
            return Err(self.error(stage, fault));
        };
        if let Err(too_long) = afford(call.deadline, reason, wait) {
            let fault = match policy {
                RetryPolicy::UntilDeadline(_) => too_long.into(),
                _ => fault,
            };
            return Err(self.error(stage, fault));
        }
        let failed = self.error(stage, fault);
        let (label, pause, retry) = (reason.label(), Short(wait), attempts.made());
        // A single failure needs nobody's attention.
        match retry {
            1 => info!(%stage, reason = label, wait = %pause, retry, "{failed}; trying again in {pause}"),
            _ => warn!(%stage, reason = label, wait = %pause, retry, "{failed}; trying again in {pause}"),
        }
        self.note(|progress| progress.usage.retry(stage));
        self.sleep(reason, wait).await;
        Ok(())
    }

    /// Waits for a reason other than a fault.
    pub(super) async fn pause(&self, call: Call, reason: Reason, wait: Duration) -> Result<(), Fault> {
        afford(call.deadline, reason, wait)?;
        self.sleep(reason, wait).await;
        Ok(())
    }

    async fn sleep(&self, reason: Reason, wait: Duration) {
        let _counted = Wait::begin(&self.waits, &self.progress, reason, wait);
        tokio::time::sleep(wait).await;
    }

    /// Asks once. A proof that expired is renewed, once: that is another login, not a refused one again.
    pub(super) async fn once(&self, call: Call, request: &Request, resends: u32) -> Result<Received, Fault> {
        match self.attempt(call, request, resends, true).await {
            Ok(received) => Ok(received),
            Err(Failed::Fault(fault)) => Err(fault),
            Err(Failed::Expired) => {
                info!(stage = %call.stage, "the login has expired and is renewed");
                let again = self.attempt(call, request, resends + 1, false).await;
                again.map_err(|failed| match failed {
                    Failed::Fault(fault) => fault,
                    Failed::Expired => unreachable!("a proof is renewed only where that is asked for"),
                })
            }
        }
    }
}
