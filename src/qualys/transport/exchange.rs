//! One exchange: a request with its login goes out, and what comes back is told apart and counted.

use tokio::time::Instant;
use tracing::{Instrument as _, debug, info, warn};

use super::answer::{self, Document, Root};
use super::http::{Expects, Reply, Request};
use super::limits::Limits;
use super::retry::afford;
use super::stream::Stream;
use super::{Call, DOCUMENT, Received, Transport};
use crate::mutex::locked;
use crate::problem::{Kind, Problem as _, Reason};
use crate::qualys::fault::{Fault, Short};
use crate::stage::Stage;
use crate::telemetry::spans;

/// How much of a report is looked at before it is passed on. An error is shorter.
const PEEK: usize = 16 << 10;

/// Why one attempt brought nothing.
pub(super) enum Failed {
    /// The proof had expired; there is another one now.
    Expired,
    Fault(Fault),
}

impl Transport {
    /// One request with its login, as far as limits, pauses and an earlier refusal let it through.
    pub(super) async fn attempt(
        &self,
        call: Call,
        request: &Request,
        resends: u32,
        renew: bool,
    ) -> Result<Received, Failed> {
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
            Err(fault) if fault.kind().row().closes => {
                if renew && fault.kind() == Kind::BadLogin && self.credentials.renew(&proof) {
                    return Err(Failed::Expired);
                }
                // Noted before the permit is given back: whoever waits for it must not ask with a refused login.
                *locked(&self.refused) = Some(fault.clone());
                Err(Failed::Fault(fault))
            }
            Err(fault) => Err(Failed::Fault(fault)),
        }
    }

    /// A login that was refused is not tried again, whoever asks for what.
    fn not_refused(&self) -> Result<(), Fault> {
        match &*locked(&self.refused) {
            Some(refusal) => Err(refusal.clone()),
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
        if let Some(left) = limits.remaining {
            self.note(|progress| progress.usage.left(call.stage, left));
        }
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
                if fault.kind().row().closes {
                    *locked(&self.refused) = Some(fault.clone());
                }
                Err(fault)
            }
        }
    }

    /// Logs out of a session, if there is one. Failing is no harm: the session ends by itself after an hour.
    pub(in crate::qualys) async fn close_session(&self, deadline: Instant) {
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
