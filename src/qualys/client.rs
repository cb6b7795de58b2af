//! The client: requests with login, limits, retries and counts. What is asked, and in which order, stands in the stages'
//! own files: `launch`, `wait`, `download`, `tidy_up`.

use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument as _, debug, info, warn};

use super::answer::{self, Document, Root};
use super::body::Stream;
use super::error::{Error, Stage};
use super::fault::Fault;
use super::http::{Expects, Http, Reply, Request};
use super::launch::Listing;
use super::limits::Limits;
use super::login::Credentials;
use super::patience::{Patience, Reason, Remedy, Tries};
use super::progress::{Progress, Wait};
use super::refusal::Meaning;
use super::tidy_up::InHand;
use super::usage::Usage;
use super::{Api, Login, Settings};
use crate::redact::Secrets;
use crate::telemetry::spans;

/// Small answers end here.
const DOCUMENT: usize = 1 << 20;

/// A week's list of a big subscription is longer: some 600 bytes a report.
const LIST: usize = 16 << 20;

/// How much of a report is looked at before it is passed on. An error is shorter.
const PEEK: usize = 16 << 10;

/// One run's conversation with Qualys, over all its templates.
///
/// The stages are methods, in the order of the story: [`launch`](Self::launch), [`wait`](Self::wait),
/// [`download`](Self::download), [`tidy_up`](Self::tidy_up) for each template, [`close`](Self::close) at the end, on
/// every path. What one of them was doing when its future was dropped is known to the next.
#[derive(Debug)]
pub struct Client {
    pub(super) settings: Settings,
    http: Http,
    credentials: Credentials,
    pub(super) patience: Patience,
    pub(super) listing: Option<Listing>,
    pub(super) in_hand: Option<InHand>,
    /// Whether the latest answer refused the login.
    login_refused: bool,
    /// What the headers of the latest answer said.
    pub(super) heard: Option<Limits>,
    pub(super) progress: watch::Sender<Progress>,
}

/// What came back, when it is no fault.
pub(super) enum Received {
    Document(Document),
    Report(Box<Stream>),
}

impl Client {
    /// Prepares the client; sends nothing. Everything it does ends at `deadline`.
    ///
    /// # Errors
    /// Settings that can't work, and files they name that can't be read: exit code 78.
    pub fn new(settings: &Settings, deadline: std::time::Instant) -> Result<Self, Error> {
        let new = || {
            check(settings)?;
            Ok(Client {
                settings: settings.clone(),
                http: Http::new(settings)?,
                credentials: Credentials::new(settings)?,
                patience: Patience::new(Instant::from_std(deadline), settings.poll_interval),
                listing: None,
                in_hand: None,
                login_refused: false,
                heard: None,
                progress: watch::Sender::default(),
            })
        };
        new().map_err(|fault| Error {
            stage: Stage::Configure,
            host: settings.url.host_str().unwrap_or_default().to_owned(),
            fault: Box::new(fault),
        })
    }

    /// What was asked of Qualys so far.
    pub fn usage(&self) -> Usage {
        self.progress.borrow().usage.clone()
    }

    /// Whether the latest answer refused the login. To ask again would be refused too, and locks an account in the end.
    pub fn login_is_refused(&self) -> bool {
        self.login_refused
    }

    /// How far the conversation is, at any moment from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Takes note of something for whoever watches, and for the end.
    pub(super) fn note(&self, something: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(something);
    }

    /// What no answer may be shown with.
    pub(super) fn secrets(&self) -> Secrets {
        let proxy = self.settings.proxy.as_ref().and_then(|proxy| {
            let user = proxy.username.as_deref().unwrap_or_default();
            Some((user, proxy.password.as_ref()?.expose_secret()))
        });
        Secrets::new(self.credentials.secrets().chain(proxy))
    }

    pub(super) fn error(&self, stage: Stage, fault: Fault) -> Error {
        Error {
            stage,
            host: self.http.host(),
            fault: Box::new(fault.redacted(&self.secrets())),
        }
    }

    /// Asks until there is an answer, as long as a fault is worth another try.
    pub(super) async fn ask<T>(
        &mut self,
        stage: Stage,
        request: &Request,
        read: impl Fn(Received) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        self.ask_again(stage, request, 0, read).await
    }

    /// Asks for something that was asked for already, `resends` times.
    pub(super) async fn ask_again<T>(
        &mut self,
        stage: Stage,
        request: &Request,
        resends: u32,
        read: impl Fn(Received) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let mut tries = self.patience.tries();
        loop {
            match self.once(stage, request, resends + tries.made()).await.and_then(&read) {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.again(stage, fault, &mut tries).await?,
            }
        }
    }

    /// Waits as a fault's remedy says; gives the fault back when asking again isn't worth it.
    pub(super) async fn again(&mut self, stage: Stage, fault: Fault, tries: &mut Tries) -> Result<(), Error> {
        let remedy = fault.remedy();
        let Some((reason, wait)) = self.patience.pause(remedy, tries) else {
            return Err(self.error(stage, fault));
        };
        if let Err(too_long) = self.patience.afford(reason, wait) {
            let fault = match remedy {
                Remedy::FewTries => fault,
                _ => too_long.into(),
            };
            return Err(self.error(stage, fault));
        }
        let failed = self.error(stage, fault);
        warn!(%stage, reason = reason.label(), ?wait, retry = tries.made(), "{failed}; trying again");
        self.note(|progress| progress.usage.retry(stage));
        self.sleep(reason, wait).await;
        Ok(())
    }

    /// Waits for a reason other than a fault.
    pub(super) async fn pause(&mut self, reason: Reason, wait: Duration) -> Result<(), Fault> {
        self.patience.afford(reason, wait)?;
        self.sleep(reason, wait).await;
        Ok(())
    }

    async fn sleep(&mut self, reason: Reason, wait: Duration) {
        let _counted = Wait::begin(&self.progress, reason, wait);
        tokio::time::sleep(wait).await;
    }

    /// Asks once. A proof that expired is renewed, once: that is another login, not a refused one again.
    pub(super) async fn once(&mut self, stage: Stage, request: &Request, resends: u32) -> Result<Received, Fault> {
        match self.logged_in(stage, request, resends).await {
            Err(Fault::Refused(refusal)) if refusal.meaning() == Meaning::BadLogin && self.credentials.renew() => {
                info!(%stage, "the login has expired and is renewed");
                self.logged_in(stage, request, resends + 1).await
            }
            received => received,
        }
    }

    async fn logged_in(&mut self, stage: Stage, request: &Request, resends: u32) -> Result<Received, Fault> {
        if self.credentials.needs_session() {
            self.open_session(stage).await?;
        }
        self.pass_gate(stage).await?;
        let builder = self.credentials.prove(self.http.prepare(request))?;
        let received = self
            .exchange(stage, request, builder, resends)
            .await
            .map(|(received, _)| received);
        if received.is_ok() {
            self.credentials.accepted();
        }
        received
    }

    /// Waits until Qualys takes calls again, if it said that it doesn't.
    async fn pass_gate(&mut self, stage: Stage) -> Result<(), Fault> {
        if let Some((reason, wait)) = self.patience.gate() {
            self.patience.afford(reason, wait)?;
            info!(%stage, reason = reason.label(), ?wait, "waiting until Qualys takes calls again");
            self.sleep(reason, wait).await;
        }
        Ok(())
    }

    /// One request, one reply, counted.
    async fn exchange(
        &mut self,
        stage: Stage,
        request: &Request,
        builder: reqwest::RequestBuilder,
        resends: u32,
    ) -> Result<(Received, String), Fault> {
        let started = Instant::now();
        let span = self.http.span(request, resends);
        let sent = self.send(stage, builder, request.expects, &span);
        let received = sent.instrument(span.span().clone()).await;
        let label = received.as_ref().map_or_else(Fault::label, |_| "ok");
        if received.is_err() {
            span.fail(label);
        }
        self.login_refused = received.as_ref().is_err_and(Fault::is_about_the_login);
        self.note(|progress| progress.usage.count(stage, label));
        debug!(%stage, outcome = label, took = ?started.elapsed(), "request");
        received
    }

    async fn send(
        &mut self,
        stage: Stage,
        builder: reqwest::RequestBuilder,
        expects: Expects,
        span: &spans::Request,
    ) -> Result<(Received, String), Fault> {
        let sent = self.http.send(builder, expects, self.patience.deadline(), span).await;
        self.note(|progress| progress.usage.answer(stage, &sent));
        let mut reply = sent?;
        if let Some(wait) = reply.limits.to_wait {
            // Comes with good answers too: the next call would be refused.
            self.patience.close_gate(Reason::RateLimit, wait);
        }
        let cookies = reply.cookies();
        let limits = reply.limits.clone();
        self.heard = Some(limits.clone());
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
        Ok((received, cookies))
    }

    async fn open_session(&mut self, stage: Stage) -> Result<(), Fault> {
        let login = self.credentials.session_login();
        let builder = self.http.prepare(&login);
        match self.exchange(stage, &login, builder, 0).await? {
            (Received::Document(Document::Done(_)), cookies) if !cookies.is_empty() => {
                self.credentials.set_session(Some(cookies));
                debug!(%stage, "logged in");
                Ok(())
            }
            _ => Err(Fault::Unexpected {
                found: "a login without a session's cookie".to_owned(),
            }),
        }
    }

    /// Logs out of a session, if there is one. Failing is no harm: the session ends by itself after an hour.
    pub(super) async fn close_session(&mut self) {
        if !self.credentials.has_session() {
            return;
        }
        let logout = self.credentials.session_logout();
        let outcome = match self.credentials.prove(self.http.prepare(&logout)) {
            Ok(builder) => self.exchange(Stage::TidyUp, &logout, builder, 0).await.map(drop),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = outcome {
            warn!(
                "the session at Qualys wasn't closed: {}",
                fault.redacted(&self.secrets())
            );
        } else {
            debug!("logged out");
        }
        self.credentials.set_session(None);
    }

    /// A request of the report share.
    pub(super) fn report_share(&self, action: &'static str, parameters: Vec<(&'static str, String)>) -> Request {
        let (method, expects) = match action {
            "list" => (Method::GET, Expects::Document(LIST)),
            "fetch" => (Method::GET, Expects::Report),
            _ => (Method::POST, Expects::Document(DOCUMENT)),
        };
        let mut all = vec![("action", action.to_owned())];
        all.extend(parameters);
        Request {
            method,
            path: format!("/api/{}/fo/report/", self.settings.api_version),
            parameters: all,
            secret: None,
            expects,
        }
    }

    /// A request of API v1.
    pub(super) fn v1(&self, script: &str, parameters: Vec<(&'static str, String)>, expects: Expects) -> Request {
        Request {
            method: Method::GET,
            path: format!("/msp/{script}.php"),
            parameters,
            secret: None,
            expects,
        }
    }
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
        return answer::read(status, &body).map(Ok);
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
            return match answer::read(status, &peeked) {
                Err(fault @ Fault::Refused(_)) => Err(fault),
                _ => Ok(Err(peeked)),
            };
        }
        Root::Element(_) | Root::Zip | Root::Unfinished | Root::Unknown => return Ok(Err(peeked)),
    }
    answer::read(status, &peeked).map(Ok)
}

fn check(settings: &Settings) -> Result<(), Fault> {
    if settings.api == Api::AssetDataReport && settings.login != Login::Basic {
        return Err(Fault::Setting {
            key: "qualys.login",
            problem: "must be basic for qualys.api = asset-data-report, which knows no other".to_owned(),
        });
    }
    if settings.poll_interval.is_zero() {
        return Err(Fault::Setting {
            key: "qualys.poll_interval",
            problem: "must be longer than zero".to_owned(),
        });
    }
    Ok(())
}
