//! Download: the finished report, straight into the parser while it arrives.
//!
//! Qualys keeps a report until it is deleted, so that a body which was cut off is simply fetched again, from its
//! beginning: the parser starts anew too.

use tracing::info;

use super::{Finished, Launched, Phase, ReportShare, v1};
use crate::problem::{Kind, Problem as _};
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::qualys::transport::body::Body;
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
        let template = finished.launched.template;
        let request = self.download_request(finished);
        let mut attempts = self.transport.attempts();
        let note = |received| {
            self.transport
                .note(|progress| progress.report(template).received = received);
        };
        loop {
            let mut stream = self.fetch(finished.launched, &request, attempts.made()).await?;
            let arriving = self
                .transport
                .arrive(Stage::Download, &mut stream, parse.clone(), &cut_off, note);
            let fault = match arriving.await? {
                Ok(parsed) => {
                    info!(template, bytes = stream.received(), "report downloaded");
                    return Ok(parsed);
                }
                Err(fault) => fault,
            };
            // Others may call while this one waits.
            drop(stream);
            let call = self.transport.call(Stage::Download);
            self.transport.again(call, fault, &mut attempts).await?;
        }
    }

    /// Asks for the body until it begins to arrive; `resends` bodies broke off before.
    async fn fetch(&self, launched: &Launched, request: &Request, resends: u32) -> Result<Stream, Error> {
        let call = self.transport.call(Stage::Download);
        let mut attempts = self.transport.attempts();
        let mut looked = false;
        loop {
            let received = self.transport.once(call, request, resends + attempts.made()).await;
            match (received.and_then(Received::into_stream), launched.id) {
                (Ok(stream), _) => return Ok(*stream),
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
