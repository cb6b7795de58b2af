//! HTTP to a collector: our own TLS, no redirects, and the cause of a failure, which the exporter doesn't report.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::header::CONTENT_TYPE;

use super::environment::ExporterSettings;
use super::tally::SpanTally;
use super::tls;
use crate::http;
use crate::printable::Text;

/// Bytes of an answer that are read, at most: it is empty, or names what was refused.
const ANSWER: usize = 1 << 20;

/// Sends what the exporter has encoded.
#[derive(Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    tally: SpanTally,
}

/// A client that takes the way to the collector.
pub(super) fn client(plan: &ExporterSettings) -> Result<reqwest::Client, String> {
    let via = plan.via().map_err(|error| error.to_string())?;
    let builder = http::client(via.as_ref(), tls::http(plan)?).map_err(|error| error.to_string())?;
    let client = builder.timeout(plan.timeout).build();
    client.map_err(|error| http::cause(&error.without_url()).to_string())
}

impl Client {
    pub(super) fn new(plan: &ExporterSettings, tally: &SpanTally) -> Result<Self, String> {
        Ok(Client {
            client: client(plan)?,
            tally: tally.clone(),
        })
    }

    /// Records why a batch was lost, which the exporter doesn't report.
    fn lost(&self, cause: Text) -> HttpError {
        self.tally.failed(cause.clone());
        HttpError::from(cause.to_string())
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
                true => "it didn't answer in time".into(),
                false => http::cause(&error.without_url()),
            };
            self.lost(cause)
        })?;
        if !answer.status().is_success() {
            // The exporter recognises a refused batch by its status, and retries it where that helps.
            let _ = self.lost(Text::of(format!("it answered {}{}", answer.status(), words(&answer))));
            return Ok(answer);
        }
        match Taken::read(&answer) {
            Taken::All => {}
            Taken::Part { rejected: 0, .. } => {}
            Taken::Part { rejected, why } => {
                self.tally.rejected(rejected);
                let said = if why.is_empty() {
                    String::new()
                } else {
                    format!(": {why}")
                };
                let _ = self.lost(Text::of(format!("it rejected {rejected} of them{said}")));
            }
            Taken::NotSaid => {
                let kind = answer.headers().get(CONTENT_TYPE).map(|kind| Text::of(kind.as_bytes()));
                let kind = kind.unwrap_or("an answer of no type".into());
                return Err(self.lost(Text::of(format!(
                    "it answered {} with {kind} instead of OTLP; check OTEL_EXPORTER_OTLP_ENDPOINT",
                    answer.status()
                ))));
            }
        }
        Ok(answer)
    }
}

/// The message of a refusal.
fn words(answer: &Response<Bytes>) -> String {
    let text = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match Text::of(answer.body()) {
        said if text && !said.is_empty() => format!(": {said}"),
        _ => String::new(),
    }
}

/// A collector's answer to success. By the specification it is an ExportTraceServiceResponse, empty where all spans were
/// accepted.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// The whole batch.
    All,
    /// The batch without so many spans.
    Part { rejected: u64, why: Text },
    /// Something else answered: most likely a web page.
    NotSaid,
}

impl Taken {
    fn read(answer: &Response<Bytes>) -> Self {
        let kind = answer.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
        match kind {
            Some(kind) if kind.starts_with(b"application/x-protobuf") => {
                Self::protobuf(answer.body()).unwrap_or(Taken::NotSaid)
            }
            // Some collectors always answer in JSON; then only the success is known.
            Some(kind) if kind.starts_with(b"application/json") => Taken::All,
            _ if answer.body().is_empty() => Taken::All,
            _ => Taken::NotSaid,
        }
    }

    /// `ExportTraceServiceResponse { partial_success = 1: { rejected_spans = 1, error_message = 2 } }`.
    fn protobuf(message: &[u8]) -> Option<Self> {
        let mut taken = Taken::All;
        for field in fields(message)? {
            if let (1, ProtobufValue::Bytes(partial)) = field {
                let (mut rejected, mut why) = (0, Text::default());
                for field in fields(partial)? {
                    match field {
                        (1, ProtobufValue::Number(spans)) => rejected = spans,
                        (2, ProtobufValue::Bytes(words)) => why = Text::of(words),
                        _ => {}
                    }
                }
                taken = Taken::Part { rejected, why };
            }
        }
        Some(taken)
    }
}

/// A value in a protobuf message.
enum ProtobufValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a protobuf message; none where it isn't one.
fn fields(mut message: &[u8]) -> Option<Vec<(u64, ProtobufValue<'_>)>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => ProtobufValue::Number(varint(&mut message)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                ProtobufValue::Bytes(message.split_off(..length)?)
            }
            1 => message.split_off(..8).map(|_| ProtobufValue::Fixed)?,
            5 => message.split_off(..4).map(|_| ProtobufValue::Fixed)?,
            _ => return None,
        };
        fields.push((key >> 3, value));
    }
    Some(fields)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *message.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(kind: Option<&str>, body: &[u8]) -> Taken {
        let mut answer = Response::new(Bytes::copy_from_slice(body));
        if let Some(kind) = kind {
            answer.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        Taken::read(&answer)
    }

    #[test]
    fn a_success_is_believed_if_it_is_one_of_a_collector() {
        const OTLP: Option<&str> = Some("application/x-protobuf");
        assert_eq!(taken(OTLP, b""), Taken::All);
        assert_eq!(taken(None, b""), Taken::All);
        assert_eq!(taken(Some("application/json; charset=utf-8"), b"{}"), Taken::All);
        assert_eq!(taken(Some("text/html"), b"<html>Welcome</html>"), Taken::NotSaid);
        assert_eq!(taken(None, b"OK"), Taken::NotSaid);
        assert_eq!(taken(OTLP, b"<html>"), Taken::NotSaid);
        let part = |rejected, why: &'static str| Taken::Part {
            rejected,
            why: why.into(),
        };
        assert_eq!(taken(OTLP, b"\x0a\x00"), part(0, ""));
        assert_eq!(taken(OTLP, b"\x0a\x09\x08\xac\x02\x12\x04full"), part(300, "full"));
        assert_eq!(taken(OTLP, b"\x0a\x09\x08\xac"), Taken::NotSaid);
        assert_eq!(taken(OTLP, &[0xff; 30]), Taken::NotSaid);
    }
}
