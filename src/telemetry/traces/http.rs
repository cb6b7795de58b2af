//! HTTP to a collector: our own TLS, no redirects, and the cause when it fails, which the exporter keeps to itself.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use super::environment::Plan;
use super::tally::Tally;
use super::tls;
use crate::http;

/// Bytes of an answer, at most: it is empty, or says what was refused.
const ANSWER: usize = 1 << 20;

/// Sends what the exporter has encoded.
#[derive(Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    tally: Tally,
}

impl Client {
    pub(super) fn new(plan: &Plan, tally: &Tally) -> Result<Self, String> {
        let via = plan.via().map_err(|error| error.to_string())?;
        let client = http::client(via.as_ref(), tls::http(plan)?)
            .map_err(|error| error.to_string())?
            .timeout(plan.timeout)
            .build()
            .map_err(|error| http::cause(&error.without_url()))?;
        Ok(Client {
            client,
            tally: tally.clone(),
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let mut reply = self.client.execute(request.try_into()?).await?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = reply.status();
        *answer.headers_mut() = reply.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await?
            && body.len() + chunk.len() <= ANSWER
        {
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.into();
        Ok(answer)
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.exchange(request).await.map_err(|error| {
            let cause = match error.is_timeout() {
                true => "it didn't answer in time".to_owned(),
                false => http::cause(&error.without_url()),
            };
            self.tally.failed(cause.clone());
            HttpError::from(cause)
        })?;
        if !answer.status().is_success() {
            self.tally.failed(format!("it answered {}", answer.status()));
        }
        Ok(answer)
    }
}
