//! The collector, as the preflight tries it: by the way that spans take.

use std::time::Duration;

use tokio::time::timeout;
use tonic::transport::Endpoint;
use url::Url;

use super::environment::{Environment, ExporterSettings, OtlpProtocol};
use super::{http, tls};

/// A collector that spans go to.
#[derive(Debug, Clone)]
pub struct Collector {
    url: Url,
    channel: Channel,
}

#[derive(Debug, Clone)]
enum Channel {
    Http(reqwest::Client),
    Grpc(Box<Endpoint>),
}

impl Collector {
    /// The collector that the environment names, if it asks for traces.
    ///
    /// # Errors
    /// What the environment asks for can't be done.
    pub fn of_process() -> Result<Option<Self>, String> {
        let (plan, warnings) = Environment::of_process().plan();
        match plan {
            Some(plan) => Ok(Some(Collector {
                channel: Channel::of(&plan)?,
                url: plan.endpoint,
            })),
            None if warnings.is_empty() => Ok(None),
            None => Err(warnings.join("; ")),
        }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Connects to it; no span is sent.
    ///
    /// # Errors
    /// Why that isn't possible.
    pub async fn reach(&self, longest_wait: Duration) -> Result<(), String> {
        match &self.channel {
            Channel::Http(client) => match crate::http::probe(client, self.url.clone(), longest_wait).await? {
                // Only spans that are posted are welcome, so a collector refuses this. The others are a proxy's.
                status @ (407 | 500..) => Err(format!("it is answered with HTTP status {status}")),
                _ => Ok(()),
            },
            Channel::Grpc(endpoint) => match timeout(longest_wait, endpoint.connect()).await {
                Ok(connected) => connected
                    .map(drop)
                    .map_err(|error| crate::http::cause(&error).to_string()),
                Err(_) => Err(format!(
                    "no connection within {}",
                    humantime::format_duration(longest_wait)
                )),
            },
        }
    }
}

impl Channel {
    fn of(plan: &ExporterSettings) -> Result<Self, String> {
        if plan.protocol == OtlpProtocol::Http {
            return Ok(Channel::Http(http::client(plan)?));
        }
        let endpoint = Endpoint::from_shared(plan.endpoint.to_string()).map_err(|error| error.to_string())?;
        let endpoint = match plan.endpoint.scheme() {
            "https" => endpoint
                .tls_config(tls::grpc(plan)?)
                .map_err(|error| error.to_string())?,
            _ => endpoint,
        };
        Ok(Channel::Grpc(Box::new(endpoint)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn collector(protocol: OtlpProtocol, url: &str) -> Collector {
        let plan = ExporterSettings {
            protocol,
            endpoint: url.parse().unwrap(),
            gzip: false,
            timeout: Duration::from_secs(10),
            certificate: None,
            identity: None,
            login: false,
        };
        Collector {
            channel: Channel::of(&plan).unwrap(),
            url: plan.endpoint,
        }
    }

    /// What is found of one that answers so.
    async fn found(status: &'static str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        collector(OtlpProtocol::Http, &url).reach(Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn one_that_refuses_what_is_no_span_is_there_and_a_proxy_that_answers_for_it_is_not() {
        assert_eq!(found("405 Method Not Allowed").await, Ok(()));
        assert_eq!(
            found("502 Bad Gateway").await,
            Err("it is answered with HTTP status 502".to_owned())
        );
    }

    #[tokio::test]
    async fn one_that_isnt_there_is_named_by_its_cause_over_http_and_grpc() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
            let collector = collector(protocol, &format!("http://{closed}"));
            let reached = collector.reach(Duration::from_secs(5)).await;
            assert_eq!(
                reached,
                Err("Connection refused (os error 111)".to_owned()),
                "{protocol:?}"
            );
        }
    }
}
