//! Spans: the names and attributes of everything that is traced. A test compares them with `docs/traces.md`.
//!
//! They are spans of `tracing`, which cost next to nothing where no collector is configured. Log lines take their template
//! and stage from them.

use std::cell::Cell;

use opentelemetry::trace::TraceContextExt as _;
use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use url::Url;

use crate::exit::Exit;
use crate::stage::Stage;

/// The attribute that names a template, for log lines too.
pub const TEMPLATE: &str = "qualys_connector.template";
/// The attribute that names a stage, for log lines too.
pub const STAGE: &str = "qualys_connector.stage";

/// The program's name, as the conventions for command lines want it.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// A whole invocation.
pub fn run() -> Span {
    info_span!(
        parent: None,
        "run",
        "otel.name" = PROGRAM,
        "process.executable.name" = PROGRAM,
        "process.pid" = i64::from(std::process::id()),
        "process.exit.code" = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// Records the exit code on the run's span.
pub fn ended(run: &Span, exit: Exit) {
    run.record("process.exit.code", i64::from(exit.code()));
    if !exit.is_success() {
        fail(run, exit.label());
    }
}

/// The import of one template.
pub fn template(name: &str) -> Span {
    info_span!(
        "template",
        "qualys_connector.template" = name,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// One stage. [`count`] adds its counts when it ends.
pub fn stage(stage: Stage) -> Span {
    let name = stage.name();
    info_span!(
        "stage",
        "otel.name" = name,
        "qualys_connector.stage" = name,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// Puts a number on a span: `name` without the prefix.
pub fn count(span: &Span, name: &str, count: impl TryInto<i64>) {
    let count: i64 = count.try_into().unwrap_or(i64::MAX);
    span.set_attribute(format!("qualys_connector.{name}"), count);
}

/// Marks a span as failed. `error` is one of a fixed set of words.
pub fn fail(span: &Span, error: &str) {
    span.record("error.type", error);
    span.record("otel.status_code", "ERROR");
}

/// One attempt at a request over HTTP. Dropped without an answer or a fault, it was cancelled, which is no failure.
#[derive(Debug)]
pub struct RequestSpan {
    span: Span,
    failed: Cell<bool>,
}

/// A request to `url`, without credentials; `resends` counts the attempts before this one.
pub fn request(method: &str, url: &Url, action: &str, resends: u32) -> RequestSpan {
    let mut shown = url.clone();
    // Both only fail for URLs without a host, which hold no credentials.
    let _ = (shown.set_username(""), shown.set_password(None));
    let span = info_span!(
        "request",
        "otel.name" = format!("{method} {}", url.path()),
        "otel.kind" = "client",
        "http.request.method" = method,
        "http.request.resend_count" = (resends > 0).then_some(i64::from(resends)),
        "http.response.status_code" = Empty,
        "url.full" = shown.as_str(),
        "url.template" = url.path(),
        "server.address" = url.host_str().unwrap_or_default(),
        "server.port" = url.port_or_known_default().map(i64::from),
        "qualys_connector.action" = action,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    );
    RequestSpan {
        span,
        failed: Cell::new(false),
    }
}

impl RequestSpan {
    /// The span, to run the request in.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Records the answer's status; from 400 on it is a failure by the semantic conventions.
    pub fn answered(&self, status: u16) {
        self.span.record("http.response.status_code", i64::from(status));
        if status >= 400 {
            self.fail(&status.to_string());
        }
    }

    /// Records a fault, one of a fixed set of words; only the first one counts.
    pub fn fail(&self, error: &str) {
        if !self.failed.replace(true) {
            fail(&self.span, error);
        }
    }
}

/// A batch of frames to a Management Center. [`count`] adds its counts when it ends.
pub fn frames(server: &str, port: u16) -> Span {
    info_span!(
        "frames",
        "otel.kind" = "client",
        "server.address" = server,
        "server.port" = i64::from(port),
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// The id of the trace that a span belongs to, if it is traced.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| context.trace_id().to_string())
}
