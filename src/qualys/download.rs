//! Download: the finished report, straight into the parser while it arrives.
//!
//! Qualys keeps a report until it is deleted, so that a body which was cut off is simply fetched again, from its
//! beginning: the parser starts anew too.

use std::panic;

use tokio::task::spawn_blocking;
use tracing::info;

use super::body::{Body, Pumped, Stream, bridge};
use super::client::{Client, Received};
use super::error::{Error, Stage};
use super::fault::Fault;
use super::http::{Expects, Request};
use super::launch::unexpected;
use super::wait::Finished;

impl Client {
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
        &mut self,
        finished: &Finished,
        parse: impl Fn(Body) -> Result<T, E> + Clone + Send + 'static,
        cut_off: impl Fn(&E) -> bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let request = self.download_request(finished);
        let mut tries = self.patience.tries();
        loop {
            let mut stream = self.fetch(&request, tries.made()).await?;
            let (pumped, parsed) = self.pump(&mut stream, parse.clone()).await;
            let fault = match (pumped, parsed) {
                (Err(fault), _) => fault,
                (Ok(_), Err(error)) if cut_off(&error) => Fault::CutOff {
                    received: stream.received(),
                    cause: "the document isn't at its end".to_owned(),
                },
                (Ok(_), Err(error)) => return Err(error),
                (Ok(pumped), Ok(parsed)) => {
                    let drained = match pumped {
                        Pumped::Whole => Ok(()),
                        Pumped::Abandoned => stream.drain().await,
                    };
                    match drained {
                        Ok(()) => {
                            self.note(|progress| progress.usage.bytes += stream.received());
                            info!(
                                template = finished.launched.template,
                                bytes = stream.received(),
                                "report downloaded"
                            );
                            return Ok(parsed);
                        }
                        Err(fault) => fault,
                    }
                }
            };
            self.again(Stage::Download, fault, &mut tries).await?;
        }
    }

    /// Asks for the body until it begins to arrive; `resends` bodies broke off before.
    async fn fetch(&mut self, request: &Request, resends: u32) -> Result<Stream, Error> {
        self.ask_again(Stage::Download, request, resends, |received| match received {
            Received::Report(stream) => Ok(*stream),
            other => Err(unexpected(other)),
        })
        .await
    }

    /// Network and parser, side by side, to the end of both.
    async fn pump<T, E>(
        &self,
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
                |fault| self.error(Stage::Download, fault),
                |received| self.note(|progress| progress.received = received),
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

    fn download_request(&self, finished: &Finished) -> Request {
        match finished.launched.id {
            Some(id) => self.report_share("fetch", vec![("id", id.to_string())]),
            None => {
                let template = ("template_id", finished.launched.template.to_string());
                self.v1("asset_data_report", vec![template], Expects::ReportAfterSilence)
            }
        }
    }
}
