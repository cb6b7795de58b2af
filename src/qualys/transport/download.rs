//! Download: a long answer, straight into its parser while it arrives.

use std::panic;

use tokio::task::spawn_blocking;

use super::body::{Body, Pumped, bridge};
use super::http::Request;
use super::stream::Stream;
use super::{Received, Transport};
use crate::qualys::error::Error;
use crate::qualys::fault::Fault;
use crate::stage::Stage;

impl Transport {
    /// Asks for an answer until it has arrived whole, as long as a fault is worth another try and `give_up` doesn't say
    /// otherwise. `parse` reads each body on a thread of its own; see [`arrive`](Self::arrive).
    pub(in crate::qualys) async fn obtain<T, E>(
        &self,
        stage: Stage,
        request: &Request,
        parse: impl Fn(Body) -> Result<T, E> + Clone + Send + 'static,
        cut_off: impl Fn(&E) -> bool,
        give_up: impl Fn(&Fault) -> bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let call = self.call(stage);
        let mut attempts = self.attempts();
        loop {
            let received = self.once(call, request, attempts.made()).await;
            let fault = match received.and_then(Received::into_stream) {
                Ok(mut stream) => {
                    let before = self.usage().bytes;
                    let arrived = |bytes| self.note(|progress| progress.report(0).received = before + bytes);
                    match self
                        .arrive(stage, &mut stream, parse.clone(), &cut_off, arrived)
                        .await?
                    {
                        Ok(parsed) => return Ok(parsed),
                        Err(fault) => fault,
                    }
                }
                Err(fault) => fault,
            };
            if give_up(&fault) {
                return Err(self.error(stage, fault).into());
            }
            self.again(call, fault, &mut attempts).await?;
        }
    }

    /// Receives an answer that has begun. The inner fault says why it can't be believed.
    ///
    /// What `parse` says of a broken body doesn't count, except where only it can tell: `cut_off` recognises the error of a
    /// parser whose document ended too early, because a body that isn't framed by a length ends like a whole one.
    pub(in crate::qualys) async fn arrive<T, E>(
        &self,
        stage: Stage,
        stream: &mut Stream,
        parse: impl Fn(Body) -> Result<T, E> + Send + 'static,
        cut_off: impl Fn(&E) -> bool,
        arrived: impl Fn(u64),
    ) -> Result<Result<T, Fault>, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (pump, body) = bridge();
        let parser = spawn_blocking(move || parse(body));
        let pumped = pump.run(stream, |fault| self.error(stage, fault), arrived).await;
        let parsed = match parser.await {
            Ok(parsed) => parsed,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                Err(stopped) => unreachable!("a blocking task that runs is never cancelled: {stopped}"),
            },
        };
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
        self.note(|progress| progress.usage.bytes += bytes);
        Ok(Ok(parsed))
    }
}
