//! Traces: spans on their way to a collector, over OTLP.
//!
//! Off unless the environment names an endpoint. A dead collector neither fails nor delays an import:
//! spans are sent from their own thread, and the flush at the end has a time budget. Lost spans become a warning.

use std::time::Duration;

use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::Registry;

mod collector;
mod environment;
mod exporter;
mod http;
mod parent;
mod resource;
mod tally;
mod tls;

pub use collector::Collector;
use environment::{Environment, ExporterSettings};
use parent::Parent;
use tally::SpanTally;

use crate::printable::Text;

/// A layer of the one subscriber.
pub(super) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Settings that no standard `OTEL_*` variable covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `telemetry.flush_timeout`: longest time that the last spans may take at the end.
    pub flush_timeout: Duration,
}

/// Where spans go, while there is a run.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
    tally: SpanTally,
    parent: Parent,
    flush_timeout: Duration,
}

impl Traces {
    /// Traces, if the environment asks for them; and warnings.
    pub(super) fn from_environment(settings: &Settings) -> (Option<Self>, Vec<String>) {
        let environment = Environment::of_process();
        let (plan, mut warnings) = environment.plan();
        let traces = plan.and_then(|plan| {
            let begun = Traces::begin(&plan, environment.parent(), settings);
            begun
                .map_err(|problem| warnings.push(format!("{problem}; no traces are sent")))
                .ok()
        });
        (traces, warnings)
    }

    fn begin(plan: &ExporterSettings, parent: Parent, settings: &Settings) -> Result<Self, String> {
        let tally = SpanTally::default();
        let exporter = exporter::start(plan, &tally)?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource::resource())
            .with_span_processor(tally.processor(exporter))
            .build();
        Ok(Traces {
            provider,
            tally,
            parent,
            flush_timeout: settings.flush_timeout,
        })
    }

    /// The layer that turns our spans into OpenTelemetry's. Events stay in the logs.
    pub(super) fn layer(&self) -> BoxedLayer {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false);
        let ours = FilterFn::new(|metadata| metadata.is_span() && is_ours(metadata));
        layer.with_filter(ours).boxed()
    }

    /// Continues the trace that the environment names; gives warnings.
    pub(super) fn adopt(&self, run: &Span) -> Vec<String> {
        match &self.parent {
            Parent::None => Vec::new(),
            Parent::Malformed => {
                vec!["TRACEPARENT isn't a trace context of the W3C; a new trace is begun".to_owned()]
            }
            Parent::Context(parent) => {
                // Without a layer there is no trace to continue.
                let _ = run.set_parent(parent.clone());
                let sampled = run.context().span().span_context().is_sampled();
                match sampled || parent.span().span_context().is_sampled() {
                    true => Vec::new(),
                    false => vec!["TRACEPARENT says that its trace isn't sampled; no spans are sent".to_owned()],
                }
            }
        }
    }

    /// Flushes the last spans, within the budget; gives a warning about those that were lost.
    pub(super) fn finish(self) -> Option<String> {
        let flushed = self.provider.shutdown_with_timeout(self.flush_timeout);
        let lost = self.tally.lost()?;
        let cause = match (flushed, self.tally.cause()) {
            (_, Some(cause)) => cause,
            (Err(_), None) => Text::of(format!(
                "no answer within {} (telemetry.flush_timeout)",
                humantime::format_duration(self.flush_timeout)
            )),
            (Ok(()), None) => "the queue was full".into(),
        };
        Some(format!("{lost} spans didn't reach the collector: {cause}"))
    }
}

/// Whether a span or an event is of this crate, and not of a library beneath it.
pub(super) fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target().strip_prefix(env!("CARGO_CRATE_NAME"));
    target.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
