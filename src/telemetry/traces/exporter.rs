//! The exporter: OTLP over HTTP or gRPC, on a thread of its own.
//!
//! The SDK calls it from a thread without a runtime, which gRPC needs. Nothing on this thread is logged, or sending spans
//! would fill the log.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use opentelemetry_otlp::{Compression, SpanExporter, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use tokio::runtime::{Builder, Handle};
use tracing::dispatcher::{self, Dispatch};

use super::environment::{ExporterSettings, OtlpProtocol};
use super::http::Client;
use super::tally::SpanTally;
use super::tls;
use crate::printable::Text;

/// Starts the thread; connects to nothing yet.
pub(super) fn start(
    plan: &ExporterSettings,
    tally: &SpanTally,
) -> Result<impl opentelemetry_sdk::trace::SpanExporter + use<>, String> {
    let runtime = runtime().map_err(|error| format!("no thread can be started for traces: {error}"))?;
    let inside = runtime.enter();
    let exporter = match plan.protocol {
        OtlpProtocol::Http => over_http(plan, tally),
        OtlpProtocol::Grpc => over_grpc(plan),
    }?;
    drop(inside);
    Ok(Exporter {
        exporter: Arc::new(exporter),
        runtime,
        tally: tally.clone(),
    })
}

fn runtime() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("otlp".to_owned()).spawn(move || {
        let _silence = dispatcher::set_default(&Dispatch::none());
        runtime.block_on(std::future::pending::<()>());
    })?;
    Ok(handle)
}

fn over_http(plan: &ExporterSettings, tally: &SpanTally) -> Result<SpanExporter, String> {
    let client = Client::new(plan, tally)?;
    let mut builder = SpanExporter::builder()
        .with_http()
        .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
        .with_endpoint(plan.endpoint.as_str())
        .with_timeout(plan.timeout)
        .with_http_client(client);
    if plan.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    builder.build().map_err(|error| error.to_string())
}

fn over_grpc(plan: &ExporterSettings) -> Result<SpanExporter, String> {
    let mut builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(plan.endpoint.as_str())
        .with_timeout(plan.timeout);
    if plan.endpoint.scheme() == "https" {
        builder = builder.with_tls_config(tls::grpc(plan)?);
    }
    if plan.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    builder.build().map_err(|error| error.to_string())
}

struct Exporter {
    exporter: Arc<SpanExporter>,
    runtime: Handle,
    tally: SpanTally,
}

impl opentelemetry_sdk::trace::SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exporter = self.exporter.clone();
        let exported = self.runtime.spawn(async move { exporter.export(batch).await });
        let exported = exported
            .await
            .unwrap_or_else(|died| Err(OTelSdkError::InternalFailure(died.to_string())));
        match &exported {
            Ok(()) => self.tally.taken(spans),
            Err(error) if self.tally.cause().is_none() => self.tally.failed(cause(error)),
            // The client has the better cause.
            Err(_) => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

impl fmt::Debug for Exporter {
    /// The exporter beneath holds headers, which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

/// With gRPC this is the collector's message.
fn cause(error: &OTelSdkError) -> Text {
    match error {
        OTelSdkError::InternalFailure(cause) => Text::of(cause),
        other => Text::of(other.to_string()),
    }
}
