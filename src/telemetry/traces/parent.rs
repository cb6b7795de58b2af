//! The parent span of a run: a trace context in the environment, as schedulers and pipelines pass it on.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The parent span that the environment names.
#[derive(Debug)]
pub(super) enum Parent {
    /// None.
    None,
    /// A variable that can't be parsed.
    Malformed,
    /// The span that caused the run.
    Context(Context),
}

impl Parent {
    pub(super) fn read(parent: Option<String>, state: Option<String>) -> Self {
        let Some(parent) = parent else {
            return Parent::None;
        };
        let variables = Variables { parent, state };
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &variables);
        match context.span().span_context().is_valid() {
            true => Parent::Context(context),
            false => Parent::Malformed,
        }
    }
}

/// `TRACEPARENT` and `TRACESTATE`, under the names of the headers.
struct Variables {
    parent: String,
    state: Option<String>,
}

impl Extractor for Variables {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(&self.parent),
            "tracestate" => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}
