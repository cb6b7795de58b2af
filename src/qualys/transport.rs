//! Transport: one conversation with Qualys. Requests with login, limits, retries and counts.
//!
//! Knows no reports: what is asked, and in which order, is the business of whoever stands on it ([`super::reports`]).
//! Methods take `&self`, because several reports are made at the same time; they share one login, the calls that Qualys
//! allows at once, and the pauses that it asks for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument as _, debug, info, warn};

use super::Settings;
use super::error::Error;
use super::fault::{Fault, Short};
use super::progress::{Progress, Wait, Waits};
use super::refusal::Refusal;
use super::usage::Usage;
use crate::problem::{Kind, Problem as _, Reason, RetryPolicy};
use crate::stage::Stage;
use crate::telemetry::spans;

pub(super) mod answer;
pub(super) mod body;
pub(super) mod calls;
mod download;
pub(super) mod gate;
pub(super) mod http;
pub(super) mod limits;
mod login;
pub(super) mod retry;
pub(super) mod stream;

use answer::{Document, Root};
use calls::Calls;
use gate::Gate;
use http::{Expects, Http, Reply, Request};
use limits::Limits;
use login::Credentials;
use retry::{Attempts, afford};
use stream::Stream;

/// Small answers end here.
pub(super) const DOCUMENT: usize = 1 << 20;

/// How much of a report is looked at before it is passed on. An error is shorter.
const PEEK: usize = 16 << 10;

/// One run's conversation with Qualys.
#[derive(Debug)]
pub(super) struct Transport {
    settings: Settings,
    deadline: Instant,
    http: Http,
    credentials: Credentials,
    /// A session is opened once, though several ask for it.
    session: tokio::sync::Mutex<()>,
    calls: Calls,
    gate: Gate,
    /// The refusal of the login. Whatever is asked next would be refused as well, and locks an account in the end.
    refused: Mutex<Option<Refusal>>,
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

/// Why one attempt brought nothing.
enum Failed {
    /// The proof had expired; there is another one now.
    Expired,
    Fault(Fault),
}

impl Transport {
    /// Prepares the conversation; sends nothing. Everything ends at `deadline`.
    pub(super) fn new(settings: &Settings, deadline: std::time::Instant) -> Result<Self, Error> {
        let new = || {
            Ok(Transport {
                settings: settings.clone(),
                deadline: Instant::from_std(deadline),
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
            deadline: self.deadline,
        }
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
        self.ask_again(call, request, 0, read).await
    }

    /// Asks for something that was asked for already, `resends` times.
    pub(super) async fn ask_again<T>(
        &self,
        call: Call,
        request: &Request,
        resends: u32,
        read: impl Fn(Received) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let mut attempts = self.attempts();
        loop {
            let received = self.once(call, request, resends + attempts.made()).await;
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
        // One failure is nothing that anybody must look at.
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

    async fn attempt(&self, call: Call, request: &Request, resends: u32, renew: bool) -> Result<Received, Failed> {
        let permit = self.calls.permit(call.deadline, self.settings.deadline).await;
        let permit = permit.map_err(Failed::Fault)?;
        self.not_refused().map_err(Failed::Fault)?;
        self.open_session(call).await.map_err(Failed::Fault)?;
        self.pass_gate(call).await.map_err(Failed::Fault)?;
        let (builder, proof) = self
            .credentials
            .prove(self.http.prepare(request))
            .map_err(Failed::Fault)?;
        let received = self.exchange(call, request, builder, resends).await.0;
        match received {
            Ok((received, limits)) => {
                self.credentials.accepted(&proof);
                self.calls.allow(&limits);
                Ok(match received {
                    Received::Report(mut stream) => {
                        stream.hold(permit);
                        Received::Report(stream)
                    }
                    document => document,
                })
            }
            Err(Fault::Refused(refusal)) if refusal.kind().row().closes => {
                if renew && refusal.kind() == Kind::BadLogin && self.credentials.renew(&proof) {
                    return Err(Failed::Expired);
                }
                // Noted before the permit is given back: whoever waits for it must not ask with a refused login.
                *locked(&self.refused) = Some(refusal.clone());
                Err(Failed::Fault(Fault::Refused(refusal)))
            }
            Err(fault) => Err(Failed::Fault(fault)),
        }
    }

    /// A login that was refused is not tried again, whoever asks for what.
    fn not_refused(&self) -> Result<(), Fault> {
        match &*locked(&self.refused) {
            Some(refusal) => Err(Fault::Refused(refusal.clone())),
            None => Ok(()),
        }
    }

    /// Waits until Qualys takes calls again, if it said that it doesn't.
    async fn pass_gate(&self, call: Call) -> Result<(), Fault> {
        if let Some((reason, wait)) = self.gate.closed() {
            afford(call.deadline, reason, wait)?;
            info!(stage = %call.stage, reason = reason.label(), wait = %Short(wait), "waiting until Qualys takes calls again");
            self.sleep(reason, wait).await;
        }
        Ok(())
    }

    /// One request, one reply, counted. Beside it, the cookies that came along.
    async fn exchange(
        &self,
        call: Call,
        request: &Request,
        builder: reqwest::RequestBuilder,
        resends: u32,
    ) -> (Result<(Received, Limits), Fault>, String) {
        let started = Instant::now();
        let span = self.http.span(request, resends);
        let mut cookies = String::new();
        let sent = self.send(call, builder, request.expects, &span, &mut cookies);
        let received = sent.instrument(span.span().clone()).await;
        let label = received
            .as_ref()
            .map_or_else(|fault| fault.kind().row().label, |_| "ok");
        if received.is_err() {
            span.fail(label);
        }
        self.note(|progress| progress.usage.count(call.stage, label));
        debug!(stage = %call.stage, outcome = label, took = ?started.elapsed(), "request");
        (received, cookies)
    }

    async fn send(
        &self,
        call: Call,
        builder: reqwest::RequestBuilder,
        expects: Expects,
        span: &spans::RequestSpan,
        cookies: &mut String,
    ) -> Result<(Received, Limits), Fault> {
        let sent = self.http.send(builder, expects, call.deadline, span).await;
        let status = sent.as_ref().map(|reply| reply.status).map_err(Fault::kind);
        self.note(|progress| progress.usage.answer(call.stage, status));
        let mut reply = sent?;
        if let Some(wait) = reply.limits.to_wait {
            // Comes with good answers too: the next call would be refused.
            self.gate.close(Reason::RateLimit, wait);
        }
        *cookies = reply.cookies();
        let limits = reply.limits.clone();
        *locked(&self.limits) = Some(limits.clone());
        let received = receive(&mut reply, expects).await.map_err(|fault| match fault {
            // The headers count precisely; what the body says comes second.
            Fault::Refused(mut refusal) => {
                refusal.wait = limits.wait().or(refusal.wait);
                refusal.busy = limits.busy;
                Fault::Refused(refusal)
            }
            fault => fault,
        })?;
        let received = match received {
            Ok(document) => Received::Document(document),
            Err(peeked) => Received::Report(Box::new(Stream::new(peeked, reply))),
        };
        Ok((received, limits))
    }

    /// Opens a session where one is needed and there is none.
    async fn open_session(&self, call: Call) -> Result<(), Fault> {
        let _one = self.session.lock().await;
        let Some(login) = self.credentials.session_login() else {
            return Ok(());
        };
        self.not_refused()?;
        let builder = self.http.prepare(&login);
        let (received, cookies) = self.exchange(call, &login, builder, 0).await;
        match received {
            Ok((Received::Document(Document::Done(_)), _)) if !cookies.is_empty() => {
                self.credentials.set_session(Some(cookies));
                debug!(stage = %call.stage, "logged in");
                Ok(())
            }
            Ok(_) => Err(Fault::Unexpected {
                found: "a login without a session's cookie".into(),
            }),
            Err(fault) => {
                if let Fault::Refused(refusal) = &fault
                    && refusal.kind().row().closes
                {
                    *locked(&self.refused) = Some(refusal.clone());
                }
                Err(fault)
            }
        }
    }

    /// Logs out of a session, if there is one. Failing is no harm: the session ends by itself after an hour.
    pub(super) async fn close_session(&self, deadline: Instant) {
        if !self.credentials.has_session() {
            return;
        }
        let call = Call {
            stage: Stage::TidyUp,
            deadline,
        };
        let logout = self.credentials.session_logout();
        let outcome = match self.credentials.prove(self.http.prepare(&logout)) {
            Ok((builder, _)) => self.exchange(call, &logout, builder, 0).await.0.map(drop),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = outcome {
            warn!("the session at Qualys wasn't closed: {fault}");
        } else {
            debug!("logged out");
        }
        self.credentials.set_session(None);
    }
}

/// What a mutex guards. Nothing here panics while it holds one, and what is guarded is whole at every moment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a report from everything else that can come in its place, with status 200 too. `Err` holds what was peeked of
/// a report whose rest is still to come.
async fn receive(reply: &mut Reply, expects: Expects) -> Result<Result<Document, Vec<u8>>, Fault> {
    let limit = match expects {
        Expects::Document(limit) => limit,
        Expects::Report | Expects::ReportAfterSilence => DOCUMENT,
    };
    let status = reply.status;
    if matches!(expects, Expects::Document(_)) || status != 200 {
        let body = reply.rest(Vec::new(), limit).await?;
        return answer::read(status, body).map(Ok);
    }
    let mut peeked = Vec::new();
    let whole = loop {
        match reply.chunk().await? {
            Some(chunk) => peeked.extend_from_slice(&chunk),
            None => break true,
        }
        if peeked.len() >= PEEK {
            break false;
        }
    };
    match answer::root(&peeked) {
        Root::Empty | Root::Html => {}
        Root::Element(name) if name.ends_with("_RETURN") => peeked = reply.rest(peeked, limit).await?,
        Root::Element(_) if whole => {
            // API v1 puts an error into the document that was asked for.
            return match answer::error(status, &peeked) {
                Some(refusal) => Err(refusal.into()),
                None => Ok(Err(peeked)),
            };
        }
        Root::Element(_) | Root::Zip | Root::Unfinished | Root::Unknown => return Ok(Err(peeked)),
    }
    answer::read(status, peeked).map(Ok)
}
