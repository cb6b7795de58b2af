//! Telemetry's far ends: whether Pushgateway and collector can be reached. No import fails because of them, unless
//! metrics are required.

use std::time::Duration;

use url::Url;

use super::result::CheckResult;
use super::results::Preflight;
use crate::problem::{Kind, Step};
use crate::telemetry::metrics::pushgateway::Pushgateway;
use crate::telemetry::traces::Collector;

/// Far ends that settings name besides Qualys and the Management Center. `Err` says why a setting can't work.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The Pushgateway that metrics are pushed to.
    pub pushgateway: Result<Option<Pushgateway>, String>,
    /// `telemetry.metrics_required`: an import fails where they can't be pushed.
    pub metrics_required: bool,
    /// The OpenTelemetry collector that spans go to.
    pub collector: Result<Option<Collector>, String>,
    /// How long a connection may take.
    pub longest_wait: Duration,
}

pub(super) async fn results(endpoints: &Endpoints) -> Preflight {
    let mut results = Preflight::default();
    let pushgateway = match &endpoints.pushgateway {
        Ok(None) => CheckResult::not_needed(Step::Pushgateway, "none is set"),
        Ok(Some(pushgateway)) => judged(
            Step::Pushgateway,
            pushgateway.url(),
            pushgateway.ready(endpoints.longest_wait).await,
        ),
        Err(why) => CheckResult::warning(Step::Pushgateway, why, remedy(Step::Pushgateway)),
    };
    results.add(match endpoints.metrics_required {
        true => pushgateway.escalate(Kind::MetricsLost),
        false => pushgateway,
    });
    results.add(match &endpoints.collector {
        Ok(None) => CheckResult::not_needed(Step::Collector, "no OTEL_EXPORTER_OTLP_ENDPOINT is set"),
        Ok(Some(collector)) => judged(
            Step::Collector,
            collector.url(),
            collector.reach(endpoints.longest_wait).await,
        ),
        Err(why) => CheckResult::warning(Step::Collector, why, remedy(Step::Collector)),
    });
    results
}

fn judged(step: Step, url: &Url, result: Result<(), String>) -> CheckResult {
    let place = place(url);
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
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}://{host}:{port}", url.scheme())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::result::CheckStatus;
    use super::*;
    use crate::telemetry::metrics::pushgateway::{Proxy, Settings};

    fn pushing_to(url: &str, proxy: Option<&str>) -> Endpoints {
        let settings = Settings {
            url: url.parse().unwrap(),
            job: "qualys-connector".parse().unwrap(),
            namespace: None,
            username: None,
            password: None,
            token: None,
            ca_file: None,
            proxy: proxy.map(|url| Proxy {
                url: url.parse().unwrap(),
                username: None,
                password: None,
            }),
            timeout: Duration::from_secs(10),
            interval: Duration::ZERO,
        };
        Endpoints {
            metrics_required: false,
            pushgateway: Ok(Some(Pushgateway::new(&settings, &"default".parse().unwrap()).unwrap())),
            collector: Ok(None),
            longest_wait: Duration::from_secs(5),
        }
    }

    /// What is found of a Pushgateway, or of one behind a proxy, that answers so when it is asked for `target`; nothing: it
    /// hangs up.
    async fn found(target: &str, answer: &'static str) -> CheckResult {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let endpoints = match target.strip_suffix("/-/ready").unwrap() {
            path if path.starts_with('/') => pushing_to(&format!("{here}{path}/"), None),
            url => pushing_to(url, Some(&here)),
        };
        let asked = format!("GET {target} HTTP/1.1\r\n");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let result = results(&endpoints).await.results.remove(0);
        let request = server.await.unwrap();
        assert!(request.starts_with(&asked), "{request}");
        result
    }

    #[tokio::test]
    async fn a_pushgateway_is_asked_whether_it_is_ready() {
        let status = async |answer| found("/prefix/-/ready", answer).await.status;
        assert_eq!(
            status("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await,
            CheckStatus::Passed
        );
        assert_eq!(status("HTTP/1.1 401 Unauthorized\r\n\r\n").await, CheckStatus::Passed);
        assert_eq!(
            status("HTTP/1.1 503 Service Unavailable\r\n\r\n").await,
            CheckStatus::Warning
        );
        assert_eq!(status("SSH-2.0-OpenSSH\r\n").await, CheckStatus::Warning);
        assert_eq!(status("").await, CheckStatus::Warning);
    }

    #[tokio::test]
    async fn a_pushgateway_behind_a_proxy_is_asked_through_it() {
        let result = found("http://gateway.example:9091/-/ready", "HTTP/1.1 200 OK\r\n\r\n").await;
        assert_eq!(
            (result.status, result.text.as_str()),
            (CheckStatus::Passed, "http://gateway.example:9091 answers")
        );
    }

    #[tokio::test]
    async fn a_pushgateway_that_isnt_there_costs_no_more_than_its_metrics() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let endpoints = pushing_to(&format!("http://{closed}"), None);
        let result = results(&endpoints).await.results.remove(0);
        let said = result.text.replace(&closed.to_string(), "HOST");
        insta::assert_snapshot!(said, @"http://HOST isn't reached: Connection refused (os error 111)");
        assert_eq!((result.status, result.kind), (CheckStatus::Warning, None));
    }
}
