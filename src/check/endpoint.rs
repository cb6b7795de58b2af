//! Telemetry's far ends: whether Pushgateway and collector can be reached. No import fails because of them, unless
//! metrics are required.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::result::CheckResult;
use super::results::Preflight;
use crate::problem::{Kind, Step};

/// A server that telemetry goes to.
#[derive(Debug, Clone)]
pub struct TelemetryEndpoint {
    /// Its address.
    pub url: Url,
    /// TLS to it, for an address that begins with `https`.
    pub tls: Arc<ClientConfig>,
    /// Whether a proxy of its own stands before it.
    pub proxied: bool,
}

/// Far ends that settings name besides Qualys and the Management Center. `Err` says why a setting can't work.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The variable that names a proxy, where one does.
    pub proxy: Option<&'static str>,
    /// The Pushgateway that metrics are pushed to.
    pub pushgateway: Result<Option<TelemetryEndpoint>, String>,
    /// `telemetry.metrics_required`: an import fails where they can't be pushed.
    pub metrics_required: bool,
    /// The OpenTelemetry collector that spans go to.
    pub collector: Result<Option<TelemetryEndpoint>, String>,
    /// How long a connection may take.
    pub longest_wait: Duration,
}

pub(super) async fn results(endpoints: &Endpoints) -> Preflight {
    let mut results = Preflight::default();
    let pushgateway = match &endpoints.pushgateway {
        Ok(None) => CheckResult::not_needed(Step::Pushgateway, "none is set"),
        Ok(Some(endpoint)) if endpoint.proxied => {
            CheckResult::not_tried(Step::Pushgateway, "telemetry.pushgateway.proxy.url stands before it")
        }
        Ok(Some(endpoint)) => judged(
            Step::Pushgateway,
            endpoint,
            ready(endpoint, endpoints.longest_wait).await,
        ),
        Err(why) => CheckResult::warning(Step::Pushgateway, why, remedy(Step::Pushgateway)),
    };
    results.add(match endpoints.metrics_required {
        true => pushgateway.escalate(Kind::MetricsLost),
        false => pushgateway,
    });
    results.add(match &endpoints.collector {
        Ok(None) => CheckResult::not_needed(Step::Collector, "no OTEL_EXPORTER_OTLP_ENDPOINT is set"),
        Ok(Some(endpoint)) => judged(
            Step::Collector,
            endpoint,
            reach(endpoint, endpoints.longest_wait).await.map(drop),
        ),
        Err(why) => CheckResult::warning(Step::Collector, why, remedy(Step::Collector)),
    });
    results
}

fn judged(step: Step, endpoint: &TelemetryEndpoint, result: Result<(), String>) -> CheckResult {
    let place = place(&endpoint.url);
    match result {
        Ok(()) => CheckResult::passed(step, format!("{place} answers")),
        Err(why) => CheckResult::warning(step, format!("{place} isn't reached: {why}"), remedy(step)),
    }
}

fn remedy(step: Step) -> &'static str {
    match step {
        Step::Pushgateway => {
            "its metrics are lost, whatever becomes of the import: check telemetry.pushgateway.url, the network \
             policy, and that the Pushgateway runs"
        }
        _ => {
            "its traces are lost, whatever becomes of the import: check OTEL_EXPORTER_OTLP_ENDPOINT, the network \
             policy, and that the collector runs"
        }
    }
}

/// Without user, password and query, which nobody may read.
fn place(url: &Url) -> String {
    let (host, port) = (url.host_str().unwrap_or_default(), port(url));
    format!("{}://{host}:{port}", url.scheme())
}

fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or_default()
}

/// The Pushgateway's own answer to whether it is ready.
async fn ready(endpoint: &TelemetryEndpoint, longest_wait: Duration) -> Result<(), String> {
    let stream = reach(endpoint, longest_wait).await?;
    let url = &endpoint.url;
    let path = url.path().trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    let request = format!(
        "GET {path}/-/ready HTTP/1.1\r\nHost: {host}:{}\r\nConnection: close\r\n\r\n",
        port(url)
    );
    let answer = async {
        let mut stream = stream;
        stream.write_all(request.as_bytes()).await?;
        let mut head = vec![0; 64];
        let mut read = 0;
        while let Some(space) = head.get_mut(read..).filter(|space| !space.is_empty()) {
            match stream.read(space).await? {
                0 => break,
                more => read += more,
            }
        }
        head.truncate(read);
        std::io::Result::Ok(head)
    };
    let head = timeout(longest_wait, answer)
        .await
        .map_err(|_| "no answer".to_owned())?;
    let head = head.map_err(|error| error.to_string())?;
    let head = String::from_utf8_lossy(&head);
    match head.split(' ').nth(1) {
        Some("200") if head.starts_with("HTTP/1") => Ok(()),
        // It wants a login, or a proxy before it does; that it is there is proven.
        Some("401" | "403") if head.starts_with("HTTP/1") => Ok(()),
        Some(status) if head.starts_with("HTTP/1") => Err(format!("/-/ready is answered with HTTP status {status}")),
        _ => Err("it doesn't speak HTTP".to_owned()),
    }
}

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Stream for T {}

/// TCP, and TLS where the address says so.
async fn reach(endpoint: &TelemetryEndpoint, longest_wait: Duration) -> Result<Box<dyn Stream>, String> {
    let url = &endpoint.url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let connected = timeout(longest_wait, TcpStream::connect((host.as_str(), port(url)))).await;
    let stream = connected
        .map_err(|_| format!("no connection within {}", humantime::format_duration(longest_wait)))?
        .map_err(|error| error.to_string())?;
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let secured = timeout(
        longest_wait,
        TlsConnector::from(endpoint.tls.clone()).connect(name, stream),
    )
    .await;
    let secured = secured
        .map_err(|_| format!("no TLS handshake within {}", humantime::format_duration(longest_wait)))?
        .map_err(|error| error.to_string())?;
    Ok(Box::new(secured))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::result::Status;
    use super::*;

    fn pushing_to(url: &str) -> Endpoints {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        Endpoints {
            proxy: None,
            metrics_required: false,
            pushgateway: Ok(Some(TelemetryEndpoint {
                url: url.parse().unwrap(),
                tls: Arc::new(tls),
                proxied: false,
            })),
            collector: Ok(None),
            longest_wait: Duration::from_secs(5),
        }
    }

    /// What is found of a Pushgateway that answers so; nothing: it hangs up.
    async fn found(answer: &'static str) -> CheckResult {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/prefix/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(
                request
                    .get(..read)
                    .unwrap()
                    .starts_with(b"GET /prefix/-/ready HTTP/1.1\r\n")
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let endpoints = pushing_to(&url);
        results(&endpoints).await.results.remove(0)
    }

    #[tokio::test]
    async fn a_pushgateway_is_asked_whether_it_is_ready() {
        let status = async |answer| found(answer).await.status;
        assert_eq!(
            status("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await,
            Status::Passed
        );
        assert_eq!(status("HTTP/1.1 401 Unauthorized\r\n\r\n").await, Status::Passed);
        assert_eq!(
            status("HTTP/1.1 503 Service Unavailable\r\n\r\n").await,
            Status::Warning
        );
        assert_eq!(status("SSH-2.0-OpenSSH\r\n").await, Status::Warning);
        assert_eq!(status("").await, Status::Warning);
    }

    #[tokio::test]
    async fn a_pushgateway_that_isnt_there_costs_no_more_than_its_metrics() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let endpoints = pushing_to(&format!("http://user:secret@{closed}"));
        let result = results(&endpoints).await.results.remove(0);
        let said = result.text.replace(&closed.to_string(), "HOST");
        insta::assert_snapshot!(said, @"http://HOST isn't reached: Connection refused (os error 111)");
        assert_eq!(
            (result.status, result.exit),
            (Status::Warning, crate::exit::Exit::Success)
        );
    }
}
