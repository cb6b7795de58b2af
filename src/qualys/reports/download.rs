//! Download: the finished report, straight into the parser while it arrives.
//!
//! Qualys keeps a report until it is deleted, so that a body which was cut off is simply fetched again, from its
//! beginning: the parser starts anew too.

use std::panic;

use tokio::task::spawn_blocking;
use tracing::info;

use super::body::{Body, Pumped, bridge};
use super::list::unexpected;
use super::{Finished, Launched, Phase, ReportShare, v1};
use crate::problem::{Kind, Problem as _};
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::transport::http::{Expects, Request};
use crate::qualys::transport::stream::Stream;
use crate::qualys::transport::{Call, Received};
use crate::stage::Stage;

impl ReportShare {
    /// Downloads a report into `parse`, which reads the body on a thread of its own while it arrives.
    ///
    /// `parse` is called again, with a new body, when a download broke off. What it says of a broken body doesn't
    /// count, except where only it can tell: `cut_off` recognises the error of a parser whose document ended too early,
    /// because a body that isn't framed by a length ends like a whole one. What it makes of a body is given back only
    /// when that body was proven to be whole.
    ///
    /// # Errors
    /// Those of `parse`, and [`Error`] for everything before it: a report that Qualys doesn't hand out, and every fault
    /// that stayed.
    pub async fn download<T, E>(
        &self,
        finished: Finished<'_>,
        parse: impl Fn(Body) -> Result<T, E> + Clone + Send + 'static,
        cut_off: impl Fn(&E) -> bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let request = self.download_request(finished);
        let mut attempts = self.transport.attempts();
        loop {
            let arrived = self.arrive(finished, &request, attempts.made(), parse.clone(), &cut_off);
            match arrived.await? {
                Ok(parsed) => return Ok(parsed),
                Err(fault) => {
                    let call = self.transport.call(Stage::Download);
                    self.transport.again(call, fault, &mut attempts).await?;
                }
            }
        }
    }

    /// Downloads once. The inner fault says why the body can't be believed.
    async fn arrive<T, E>(
        &self,
        finished: Finished<'_>,
        request: &Request,
        resends: u32,
        parse: impl Fn(Body) -> Result<T, E> + Send + 'static,
        cut_off: impl Fn(&E) -> bool,
    ) -> Result<Result<T, Fault>, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let template = finished.launched.template;
        let mut stream = self.fetch(finished.launched, request, resends).await?;
        let (pumped, parsed) = self.pump(template, &mut stream, parse).await;
        let parsed = match (pumped, parsed) {
            (Err(fault), _) => return Ok(Err(fault)),
            (Ok(_), Err(error)) if cut_off(&error) => {
                return Ok(Err(Fault::CutOff {
                    received: stream.received(),
                    cause: "the document isn't at its end".into(),
                }));
            }
            (Ok(_), Err(error)) => return Err(error),
            (Ok(Pumped::Whole), Ok(parsed)) => parsed,
            (Ok(Pumped::Abandoned), Ok(parsed)) => match stream.drain().await {
                Ok(()) => parsed,
                Err(fault) => return Ok(Err(fault)),
            },
        };
        let bytes = stream.received();
        self.transport.note(|progress| progress.usage.bytes += bytes);
        info!(template, bytes, "report downloaded");
        Ok(Ok(parsed))
    }

    /// Asks for the body until it begins to arrive; `resends` bodies broke off before.
    async fn fetch(&self, launched: &Launched, request: &Request, resends: u32) -> Result<Stream, Error> {
        let call = self.transport.call(Stage::Download);
        let read = |received| match received {
            Received::Report(stream) => Ok(*stream),
            other => Err(unexpected(&other)),
        };
        let mut attempts = self.transport.attempts();
        let mut looked = false;
        loop {
            let received = self.transport.once(call, request, resends + attempts.made()).await;
            match (received.and_then(read), launched.id) {
                (Ok(stream), _) => return Ok(stream),
                (Err(fault), Some(id))
                    if fault.kind() == Kind::NotFetchable && !looked && !self.is_listed(call, id).await? =>
                {
                    launched.reached(Phase::Lost);
                    return Err(self.transport.error(Stage::Download, Fault::Vanished { id }));
                }
                (Err(fault), _) => {
                    looked |= fault.kind() == Kind::NotFetchable;
                    self.transport.again(call, fault, &mut attempts).await?;
                }
            }
        }
    }

    /// A report that isn't there is refused in the same words as one that isn't ready (recorded); the list tells.
    async fn is_listed(&self, call: Call, id: u64) -> Result<bool, Error> {
        let list = self.list(call, Some(id)).await?;
        Ok(list.into_reports().iter().any(|report| report.id == id))
    }

    /// Network and parser, side by side, to the end of both.
    async fn pump<T, E>(
        &self,
        template: u64,
        stream: &mut Stream,
        parse: impl Fn(Body) -> Result<T, E> + Send + 'static,
    ) -> (Result<Pumped, Fault>, Result<T, E>)
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let (pump, body) = bridge();
        let parser = spawn_blocking(move || parse(body));
        let pumped = pump
            .run(
                stream,
                |fault| self.transport.error(Stage::Download, fault),
                |received| {
                    self.transport
                        .note(|progress| progress.report(template).received = received);
                },
            )
            .await;
        match parser.await {
            Ok(parsed) => (pumped, parsed),
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                Err(stopped) => unreachable!("a blocking task that runs is never cancelled: {stopped}"),
            },
        }
    }

    fn download_request(&self, finished: Finished<'_>) -> Request {
        match finished.launched.id {
            Some(id) => self.request("fetch", vec![("id", id.to_string())]),
            None => {
                let template = ("template_id", finished.launched.template.to_string());
                v1("asset_data_report", vec![template], Expects::ReportAfterSilence)
            }
        }
    }
}
