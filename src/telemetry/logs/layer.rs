//! The layer: makes a line of each event, with the template and the stage that it belongs to.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::line::LogLine;
use super::output::LogOutput;
use crate::telemetry::spans;

/// The id of the trace, once there is one.
pub(super) type Traced = Arc<OnceLock<String>>;

/// Turns events into lines for all outputs.
pub(super) struct LogLayer {
    outputs: Arc<Vec<LogOutput>>,
    trace: Traced,
}

/// The fields that a span gives to all lines inside it.
#[derive(Default)]
struct Position {
    template: Option<String>,
    stage: Option<String>,
}

impl LogLayer {
    pub(super) fn new(outputs: Arc<Vec<LogOutput>>, trace: Traced) -> Self {
        LogLayer { outputs, trace }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut place = Position::default();
        attributes.record(&mut place);
        if let (true, Some(span)) = (place.is_somewhere(), context.span(id)) {
            span.extensions_mut().insert(place);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = LogLine {
            at: SystemTime::now(),
            level: *metadata.level(),
            target: (!super::super::traces::is_ours(metadata)).then(|| metadata.target()),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut Fields(&mut line));
        let mut place = Position::default();
        for span in context.event_scope(event).into_iter().flatten() {
            place.lies_in(span.extensions().get());
        }
        line.set("stage", place.stage);
        line.set("template", place.template);
        line.set("trace_id", self.trace.get().cloned());
        for output in self.outputs.iter() {
            output.write(&line);
        }
    }
}

impl Position {
    /// Adds the fields of an outer span.
    fn lies_in(&mut self, outer: Option<&Position>) {
        if let Some(outer) = outer {
            self.template = self.template.take().or_else(|| outer.template.clone());
            self.stage = self.stage.take().or_else(|| outer.stage.clone());
        }
    }

    fn is_somewhere(&self) -> bool {
        self.template.is_some() || self.stage.is_some()
    }
}

impl Visit for Position {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            spans::TEMPLATE => self.template = Some(value.to_owned()),
            spans::STAGE => self.stage = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

struct Fields<'l, 'a>(&'l mut LogLine<'a>);

impl Fields<'_, '_> {
    fn add(&mut self, field: &Field, value: Value) {
        self.0.fields.push((field.name(), value));
    }
}

impl Visit for Fields<'_, '_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.0.message.push_str(value),
            _ => self.add(field, value.into()),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
