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

use super::finding::Finding;
use super::walk::Walk;
use crate::exit::Exit;

const PUSHGATEWAY: &str = "Pushgateway";
const COLLECTOR: &str = "collector";

/// A server that telemetry goes to.
#[derive(Debug, Clone)]
pub struct FarEnd {
    /// Its address.
    pub url: Url,
    /// TLS to it, for an address that begins with `https`.
    pub tls: Arc<ClientConfig>,
    /// Whether a proxy of its own stands before it.
    pub proxied: bool,
}

/// Far ends that settings name besides Qualys and the Management Center. `Err` says why a setting can't work.
#[derive(Debug, Clone)]
pub struct FarEnds {
    /// The variable that names a proxy, where one does.
    pub proxy: Option<&'static str>,
    /// The Pushgateway that metrics are pushed to.
    pub pushgateway: Result<Option<FarEnd>, String>,
    /// `telemetry.metrics_required`: an import fails where they can't be pushed.
    pub metrics_required: bool,
    /// The OpenTelemetry collector that spans go to.
    pub collector: Result<Option<FarEnd>, String>,
    /// How long a connection may take.
    pub patience: Duration,
}

pub(super) async fn walk(far_ends: &FarEnds) -> Walk {
    let mut walk = Walk::default();
    let pushgateway = match &far_ends.pushgateway {
        Ok(None) => Finding::not_needed(PUSHGATEWAY, "none is set"),
        Ok(Some(far_end)) if far_end.proxied => {
            Finding::not_tried(PUSHGATEWAY, "telemetry.pushgateway.proxy.url stands before it")
        }
        Ok(Some(far_end)) => judged(PUSHGATEWAY, far_end, ready(far_end, far_ends.patience).await),
        Err(why) => Finding::warning(PUSHGATEWAY, why, remedy(PUSHGATEWAY)),
    };
    walk.add(match far_ends.metrics_required {
        true => pushgateway.weightier(Exit::Unavailable),
        false => pushgateway,
    });
    walk.add(match &far_ends.collector {
        Ok(None) => Finding::not_needed(COLLECTOR, "no OTEL_EXPORTER_OTLP_ENDPOINT is set"),
        Ok(Some(far_end)) => judged(COLLECTOR, far_end, reach(far_end, far_ends.patience).await.map(drop)),
        Err(why) => Finding::warning(COLLECTOR, why, remedy(COLLECTOR)),
    });
    walk
}

fn judged(step: &str, far_end: &FarEnd, result: Result<(), String>) -> Finding {
    let place = place(&far_end.url);
    match result {
        Ok(()) => Finding::passed(step, format!("{place} answers")),
        Err(why) => Finding::warning(step, format!("{place} isn't reached: {why}"), remedy(step)),
    }
}

fn remedy(step: &str) -> &'static str {
    match step {
        PUSHGATEWAY => {
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
async fn ready(far_end: &FarEnd, patience: Duration) -> Result<(), String> {
    let stream = reach(far_end, patience).await?;
    let url = &far_end.url;
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
    let head = timeout(patience, answer).await.map_err(|_| "no answer".to_owned())?;
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
async fn reach(far_end: &FarEnd, patience: Duration) -> Result<Box<dyn Stream>, String> {
    let url = &far_end.url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let connected = timeout(patience, TcpStream::connect((host.as_str(), port(url)))).await;
    let stream = connected
        .map_err(|_| format!("no connection within {}", humantime::format_duration(patience)))?
        .map_err(|error| error.to_string())?;
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let secured = timeout(patience, TlsConnector::from(far_end.tls.clone()).connect(name, stream)).await;
    let secured = secured
        .map_err(|_| format!("no TLS handshake within {}", humantime::format_duration(patience)))?
        .map_err(|error| error.to_string())?;
    Ok(Box::new(secured))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::finding::Status;
    use super::*;

    fn pushing_to(url: &str) -> FarEnds {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        FarEnds {
            proxy: None,
            metrics_required: false,
            pushgateway: Ok(Some(FarEnd {
                url: url.parse().unwrap(),
                tls: Arc::new(tls),
                proxied: false,
            })),
            collector: Ok(None),
            patience: Duration::from_secs(5),
        }
    }

    /// What is found of a Pushgateway that answers so; nothing: it hangs up.
    async fn found(answer: &'static str) -> Finding {
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
        let far_ends = pushing_to(&url);
        walk(&far_ends).await.findings.remove(0)
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
        let far_ends = pushing_to(&format!("http://user:secret@{closed}"));
        let finding = walk(&far_ends).await.findings.remove(0);
        let said = finding.text.replace(&closed.to_string(), "HOST");
        insta::assert_snapshot!(said, @"http://HOST isn't reached: Connection refused (os error 111)");
        assert_eq!(
            (finding.status, finding.exit),
            (Status::Warning, crate::exit::Exit::Success)
        );
    }
}
