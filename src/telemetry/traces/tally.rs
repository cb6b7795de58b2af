//! The tally: how many spans ended, and how many of them a collector took. What lies between is lost, however it was
//! lost: the SDK says `Ok` to a flush that reached nobody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};

use crate::mutex::locked;
use crate::printable::Text;

/// Counts spans.
#[derive(Debug, Clone, Default)]
pub(super) struct SpanTally(Arc<SpanCounts>);

#[derive(Debug, Default)]
struct SpanCounts {
    ended: AtomicU64,
    taken: AtomicU64,
    rejected: AtomicU64,
    cause: Mutex<Option<Text>>,
}

impl SpanTally {
    /// A processor that counts what it passes on to `exporter`.
    pub(super) fn processor<E: SpanExporter + 'static>(&self, exporter: E) -> impl SpanProcessor + use<E> {
        Counted {
            tally: self.clone(),
            processor: BatchSpanProcessor::builder(exporter).build(),
        }
    }

    /// A collector took so many.
    pub(super) fn taken(&self, spans: usize) {
        self.0.taken.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// A collector took a batch, but for so many of it.
    pub(super) fn rejected(&self, spans: u64) {
        self.0.rejected.fetch_add(spans, Ordering::Relaxed);
    }

    /// A batch was lost; the first cause of the last batch is what counts.
    pub(super) fn failed(&self, cause: Text) {
        *locked(&self.0.cause) = Some(cause);
    }

    /// How many were lost, if any.
    pub(super) fn lost(&self) -> Option<u64> {
        let ended = self.0.ended.load(Ordering::Relaxed);
        let rejected = self.0.rejected.load(Ordering::Relaxed);
        let taken = self.0.taken.load(Ordering::Relaxed).saturating_sub(rejected);
        let lost = ended.saturating_sub(taken);
        (lost > 0).then_some(lost)
    }

    /// Why the last lost batch was lost.
    pub(super) fn cause(&self) -> Option<Text> {
        locked(&self.0.cause).clone()
    }
}

#[derive(Debug)]
struct Counted {
    tally: SpanTally,
    processor: BatchSpanProcessor,
}

impl SpanProcessor for Counted {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.tally.0.ended.fetch_add(1, Ordering::Relaxed);
        }
        self.processor.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}
